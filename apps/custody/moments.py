"""What a record says of a moment: a fold over its timeline, and what differs between two moments. No queries.

Two clocks can be asked. ``HAPPENED``: where things stood then, by all that is known today, late reports and
corrections included. ``RECORDED``: what the record said then, as whoever looked at that moment read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.custody.models import LOG_TYPES
from apps.custody.possession import MOVES, Holder, Step, passed_on, possession
from apps.custody.selectors import TimelineEntry


class Clock(StrEnum):
    HAPPENED = "happened"
    RECORDED = "recorded"


#: What is known, by field (`labels.STATE_LABELS`) and what it is about: a consignment, a paper, a unit, or
#: the delivery itself (empty). Values are as events hold them.
State = Mapping[tuple[str, str], Any]

#: Details that say how things stand until a later event says otherwise.
STANDING = (
    "slot",
    "confirmation_number",
    "dock",
    "carrier",
    "vehicle",
    "driver",
    "seals_out",
    "seals",
    "seals_after",
    "intact",
    "temperature_mc",
)
APPOINTMENT = frozenset(
    {
        "slots_offered",
        "slots_countered",
        "appointment_confirmed",
        "appointment_rescheduled",
        "appointment_declined",
        "appointment_cancelled",
        "offer_expired",
    }
)
ENDS_APPOINTMENT = frozenset({"appointment_declined", "appointment_cancelled", "offer_expired"})
STEPS = frozenset({*MOVES, "arrived", "unloading_started", "unloaded"})
PAPERS = frozenset({"document_issued", "document_received", "document_waived"})
#: About the record itself, not about the goods.
ABOUT_THE_RECORD = frozenset({*LOG_TYPES, "correction"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two moments say differently; None where one of them says nothing."""

    field: str
    subject: str
    before: Any
    after: Any


def state_at(entries: Sequence[TimelineEntry], moment: datetime, clock: Clock) -> State:
    """What the record says of ``moment``; ``entries`` are those of one delivery, as recorded."""
    told = told_of(entries, moment, clock)
    state: dict[tuple[str, str], Any] = {}
    for entry in told:
        _take(entry, state)
    for number in sorted({number for entry in told for number in entry.units}):
        has = possession(
            _step(entry, number, order) for order, entry in enumerate(told) if number in entry.units
        )
        state["holder", number] = {"holder": has.holder, "since": has.since}
        if has.holder == Holder.RECIPIENT:
            state["handed_over", number] = len(has.handed_over)
    return state


def told_of(entries: Iterable[TimelineEntry], moment: datetime, clock: Clock) -> list[TimelineEntry]:
    """The events about the goods that count at ``moment``, in the order in which they happened."""
    entries = list(entries)
    known = [entry for entry in entries if entry.received <= moment] if clock == Clock.RECORDED else entries
    void = {str(entry.details["corrects"]) for entry in known if entry.type == "correction"}
    counted = [
        entry
        for entry in known
        if (entry.at <= moment or clock == Clock.RECORDED)
        and entry.type not in ABOUT_THE_RECORD
        and str(entry.event_id) not in void
    ]
    return sorted(counted, key=lambda entry: entry.at)  # stable: equal times stay as recorded


def differences(before: State, after: State) -> list[Difference]:
    """What changed from one moment to the other, sorted by field and subject."""
    keys = sorted({*before, *after})
    return [
        Difference(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    ]


def _take(entry: TimelineEntry, state: dict[tuple[str, str], Any]) -> None:
    details = entry.details
    if entry.type in ENDS_APPOINTMENT:
        state.pop(("slot", ""), None)
        state.pop(("confirmation_number", ""), None)
    state.update({(name, ""): details[name] for name in STANDING if name in details})
    if entry.type in APPOINTMENT:
        state["appointment", ""] = entry.type
    if entry.type in STEPS:
        state["step", ""] = entry.type
    if entry.type in PAPERS:
        state["paper", details["document_type"]] = (
            {"number": details["number"], "sha256": details["sha256"]} if "sha256" in details else entry.type
        )
    if entry.type == "consignment_created":
        for number in entry.units:
            state["items", number] = details["items"]
    if entry.type == "condition_reading":
        state["measured", details["sensor"]] = {
            name: details[name] for name in ("minimum_mc", "maximum_mc", "within_limits")
        }
    for finding in details.get("discrepancies", ()):
        state["finding", finding.get("sscc") or finding.get("article") or ""] = finding["kind"]


def _step(entry: TimelineEntry, number: str, order: int) -> Step:
    units = passed_on(entry.type, entry.units[number], entry.details)
    return Step(str(entry.event_id), entry.type, entry.at, order, units)
