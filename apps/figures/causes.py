"""Why a delivery came late or failed, read from its facts in the order in which harm is done. No queries.

The first thing that went wrong is the cause: what went wrong after it is its consequence. Each cause has the
step of the way that it belongs to, and the evidence it was read from.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.deliveries.states import FailureReason, State

#: Neither a departure nor a stop is late by less.
GRACE = timedelta(minutes=10)


class Step(TextChoices):
    """Where on its way something went wrong."""

    ORDER = "order", _("Order and papers")
    AGREEMENT = "agreement", _("Agreement")
    PLAN = "plan", _("Plan")
    CARRIER = "carrier", _("Carrier")
    LOADING = "loading", _("Loading")
    ROAD = "road", _("Road")
    GATE = "gate", _("Gate")
    DOCK = "dock", _("Dock")


class Cause(TextChoices):
    """Why a first attempt came late, failed, or was not accepted whole."""

    PAPERS = "papers", _("Papers were missing")
    ADDRESS = "address", _("Wrong or inaccessible address")
    NO_CARRIER = "no_carrier", _("No carrier in time")
    PLAN = "plan", _("Planned too late")
    NO_SHOW = "no_show", _("Never left")
    LATE_DEPARTURE = "late_departure", _("Left too late")
    STOP_BEFORE = "stop_before", _("Held up at the stop before")
    ROAD = "road", _("Too long on the road")
    GATE = "gate", _("Held up at the gate")
    RECEIVER = "receiver", _("Nobody to receive it")
    REJECTED = "rejected", _("Rejected by the receiver")
    DAMAGE = "damage", _("Damaged")
    SHORT = "short", _("Units missing")
    WRONG = "wrong", _("Wrong or too many goods")
    UNKNOWN = "unknown", _("The record does not say")


STEP_OF: dict[Cause, Step] = {
    Cause.PAPERS: Step.ORDER,
    Cause.ADDRESS: Step.ORDER,
    Cause.NO_CARRIER: Step.CARRIER,
    Cause.PLAN: Step.PLAN,
    Cause.NO_SHOW: Step.CARRIER,
    Cause.LATE_DEPARTURE: Step.LOADING,
    Cause.STOP_BEFORE: Step.ROAD,
    Cause.ROAD: Step.ROAD,
    Cause.GATE: Step.GATE,
    Cause.RECEIVER: Step.DOCK,
    Cause.REJECTED: Step.DOCK,
    Cause.DAMAGE: Step.ROAD,
    Cause.SHORT: Step.LOADING,
    Cause.WRONG: Step.LOADING,
    Cause.UNKNOWN: Step.ROAD,
}
_BY_REASON: dict[str, Cause] = {
    FailureReason.DAMAGE: Cause.DAMAGE,
    FailureReason.DELIVERED_ELSEWHERE: Cause.ADDRESS,
    FailureReason.WRONG_RECEIVER: Cause.ADDRESS,
    FailureReason.INACCESSIBLE: Cause.ADDRESS,
    FailureReason.INCOMPLETE: Cause.SHORT,
    FailureReason.INVALID_ADDRESS: Cause.ADDRESS,
    FailureReason.INVALID_LABEL: Cause.WRONG,
    FailureReason.RECEIVER_ABSENT: Cause.RECEIVER,
    FailureReason.REJECTED: Cause.REJECTED,
}


class Facts(Protocol):
    """What is read of a delivery; the row of ``VisitFacts`` has it."""

    state: str
    failure_reason: str
    window_from: datetime | None
    window_to: datetime | None
    planned_departure: datetime | None
    planned_arrival: datetime | None
    before_s: int | None
    left_at: datetime | None
    gate_at: datetime | None
    came_at: datetime | None
    has_failed: bool
    findings: list[str]
    papers_lacked: bool
    no_carrier: bool


@dataclass(frozen=True)
class Found:
    """The cause and what it was read from: ``(what, value)`` pairs of JSON values, moments in ISO 8601."""

    cause: Cause
    evidence: list[list[str]] = field(default_factory=list)

    @property
    def step(self) -> Step:
        return STEP_OF[self.cause]


def is_late(facts: Facts) -> bool:
    """Checked in after its arrival window."""
    return facts.came_at is not None and facts.window_to is not None and facts.came_at >= facts.window_to


def went_wrong(facts: Facts) -> bool:
    """Late, failed, refused, or handed over otherwise than expected."""
    return is_late(facts) or facts.has_failed or facts.state == State.REFUSED or bool(facts.findings)


def cause_of(facts: Facts) -> Found | None:
    """Why it went wrong; None where nothing did."""
    return next(_causes(facts), Found(Cause.UNKNOWN, [])) if went_wrong(facts) else None


def _causes(facts: Facts) -> Iterator[Found]:
    """Every cause that the facts show, the first on the way first."""
    failed = facts.has_failed or facts.state == State.REFUSED
    named = _BY_REASON.get(facts.failure_reason) if failed else None
    if named == Cause.ADDRESS:
        yield _named(facts, named)
    if facts.papers_lacked and (failed or is_late(facts)):
        yield Found(Cause.PAPERS, _told(papers="missing when it was due", window=facts.window_from))
    if facts.no_carrier and (failed or is_late(facts)):
        yield Found(Cause.NO_CARRIER, _told(carrier="every carrier declined or let it expire"))
    if is_late(facts) or (failed and facts.came_at is None):
        yield from _delays(facts)
    if named is not None:
        yield _named(facts, named)
    yield from _findings(facts)
    if facts.state == State.REFUSED:
        yield Found(Cause.REJECTED, _told(state="refused at the dock"))


def _delays(facts: Facts) -> Iterator[Found]:
    planned, due = facts.planned_arrival, facts.window_to
    if facts.gate_at is not None and due is not None and facts.gate_at < due:
        yield Found(Cause.GATE, _told(at_gate=facts.gate_at, checked_in=facts.came_at, window_end=due))
    if planned is not None and due is not None and planned >= due:
        yield Found(Cause.PLAN, _told(planned=planned, window_end=due))
    left, leaves = facts.left_at, facts.planned_departure
    held = timedelta(seconds=facts.before_s or 0)
    if left is None and facts.came_at is None and facts.gate_at is None:
        yield Found(Cause.NO_SHOW, _told(departure="none recorded", planned=leaves, window_end=due))
    if left is not None and leaves is not None and left > leaves + GRACE:
        yield Found(Cause.LATE_DEPARTURE, _told(planned=leaves, left=left))
    if held > GRACE:
        yield Found(Cause.STOP_BEFORE, _told(stop_before_min=f"{held // timedelta(minutes=1)}"))
    if left is not None and facts.came_at is not None and planned is not None:
        yield Found(Cause.ROAD, _told(left=left, planned=planned, came=facts.came_at))


def _findings(facts: Facts) -> Iterator[Found]:
    found = set(facts.findings)
    for kinds, cause in (
        ({"refused"}, Cause.REJECTED),
        ({"damaged"}, Cause.DAMAGE),
        ({"short"}, Cause.SHORT),
        ({"over", "wrong_item"}, Cause.WRONG),
    ):
        if kinds & found:
            yield Found(cause, _told(stated=", ".join(sorted(found))))


def _named(facts: Facts, cause: Cause) -> Found:
    return Found(cause, _told(reason=facts.failure_reason))


def _told(**values: Any) -> list[list[str]]:
    return [
        [name, value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)]
        for name, value in values.items()
        if value is not None
    ]
