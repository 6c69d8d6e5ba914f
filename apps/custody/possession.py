"""Who has the goods: a pure fold over a consignment's events, and what may not come next.

One party has the goods at a time: the shipper until they leave and again where they came to a site of its
own, the carrier on the way, the recipient once a handover was accepted. Steps are ordered by when they
happened, not by when they were heard of, so that what a device reports late finds its place. Arriving and
unloading change nobody's possession.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Holder(StrEnum):
    SHIPPER = "shipper"
    CARRIER = "carrier"
    RECIPIENT = "recipient"


#: With these the goods pass on; unattended too: who released them put them down and left.
ACCEPTED = frozenset(
    {
        "handover_accepted",
        "handover_accepted_with_reservation",
        "handover_partly_refused",
        "handover_unattended",
    }
)
#: The types that move goods, each with who has them afterwards.
MOVES = {
    "loaded": Holder.CARRIER,
    "departed": Holder.CARRIER,
    "handover_refused": Holder.CARRIER,
    "delivery_failed": Holder.CARRIER,
    "handover_own_site": Holder.SHIPPER,
    **dict.fromkeys(ACCEPTED, Holder.RECIPIENT),
}
#: What a carrier can't do with goods that the recipient has.
NEEDS_GOODS = frozenset({"loaded", "departed", "delivery_failed", "handover_refused", "handover_own_site"})
#: Discrepancies whose units did not pass to the recipient.
KEPT_BACK = frozenset({"short", "refused", "wrong_item"})
DID_NOT_OCCUR = "did_not_occur"


@dataclass(frozen=True, slots=True)
class Step:
    """An event as the fold needs it.

    ``order`` breaks ties between equal times. ``units`` are the SSCCs that it is about; of an accepted
    handover those that were passed on. A correction names the event that it ``corrects``.
    """

    event_id: str
    type: str
    at: datetime
    order: int
    units: frozenset[str] = frozenset()
    corrects: str = ""


@dataclass(frozen=True, slots=True)
class Possession:
    """Who has the goods, since when and by which event; the units that were handed over so far."""

    holder: Holder = Holder.SHIPPER
    since: datetime | None = None
    event_id: str = ""
    handed_over: frozenset[str] = frozenset()


def possession(steps: Iterable[Step]) -> Possession:
    """Who has a consignment's goods after ``steps``; for a past moment give the steps up to it."""
    now = Possession()
    for step in in_force(steps):
        holder = MOVES.get(step.type)
        if holder is None:
            continue
        units = now.handed_over | step.units if step.type in ACCEPTED else now.handed_over
        now = Possession(holder, step.at, step.event_id, units)
    return now


def passed_on(event_type: str, ssccs: Sequence[str], details: Mapping[str, Any]) -> frozenset[str]:
    """The units that a step is about; of an accepted handover those that were passed on."""
    if event_type not in ACCEPTED:
        return frozenset(ssccs)
    kept = {each.get("sscc") for each in details.get("discrepancies", ()) if each["kind"] in KEPT_BACK}
    return frozenset(ssccs) - kept


def in_force(steps: Iterable[Step]) -> list[Step]:
    """The steps that no correction took back, in the order in which they happened."""
    steps = list(steps)
    void = {step.corrects for step in steps if step.type == "correction"}
    return sorted(
        (step for step in steps if step.type != "correction" and step.event_id not in void),
        key=lambda step: (step.at, step.order),
    )


def conflict(steps: Iterable[Step], new: Step) -> str:
    """Why ``new`` can't be true after ``steps``; empty where it can.

    Goods that were not all handed over, as a pallet that came short, may be loaded and handed over later.
    """
    known = in_force(steps)
    if new.type in ACCEPTED:
        for step in known:
            if step.type in ACCEPTED and (not new.units or not step.units or new.units & step.units):
                return "The goods were handed over already; nothing is delivered twice."
    elif new.type in NEEDS_GOODS:
        before = possession(step for step in known if (step.at, step.order) <= (new.at, new.order))
        if before.holder == Holder.RECIPIENT and new.units <= before.handed_over:
            return "The recipient has the goods already, so the carrier can't have them."
    return ""
