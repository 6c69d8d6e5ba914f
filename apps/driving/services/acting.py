"""What a driver's phone reports: each step counted once, done where it can be, else kept with the reason.

The server works in the order in which steps arrive and takes the phone's time as a claim. A step that came
twice gets its first answer; one that the gate recorded before is known already; whatever is refused stays on
record with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.core.errors import DomainError
from apps.custody.canonical import format_time, json_bytes
from apps.deliveries import services as deliveries
from apps.deliveries.models import Discrepancy
from apps.deliveries.services import Statement, UnitFinding
from apps.deliveries.states import FailureReason, State
from apps.driving.errors import ActionForked, ActionInvalid
from apps.driving.models import DriverAction, DriverSession
from apps.driving.selectors import actor_of, route_of, stops_of
from apps.routing.models import Stop

Kind = DriverAction.Kind
Outcome = DriverAction.Outcome
#: What the gate may have recorded first: where a delivery stands once the step is known.
KNOWN_ONCE = {
    Kind.ARRIVE: frozenset({State.ARRIVED, State.UNLOADING, State.DELIVERED, State.REFUSED}),
    Kind.UNLOAD: frozenset({State.UNLOADING, State.DELIVERED, State.REFUSED}),
}


@dataclass(frozen=True)
class Sent:
    """One action as it came: the phone's id and number for it, its time, and its clock when it was sent."""

    id: UUID
    number: int
    kind: str
    device_time: datetime
    sent_at: datetime
    stop_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        said = {
            "kind": self.kind,
            "stop": str(self.stop_id or ""),
            "device_time": format_time(self.device_time),
            "facts": dict(self.facts),
        }
        return sha256(json_bytes(said)).hexdigest()


@transaction.atomic
def perform(*, session: DriverSession, sent: Sent, now: datetime) -> DriverAction:
    """Do one step of a phone and keep what was answered; two copies at once are one.

    Raises:
        RouteClosed: the plan has no route for this vehicle any more.
        ActionForked: the id is on record with another content; that one stands.
        ActionInvalid: no such kind, or no such stop on this route; nothing was recorded.
    """
    DriverSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    earlier = DriverAction.objects.filter(pk=sent.id).first()
    if earlier is not None:
        if earlier.session_id != session.pk or earlier.facts_sha256 != sent.digest:
            raise ActionForked("This phone said something else before under the same id; that stands.")
        return earlier
    if sent.kind not in Kind.values:
        raise ActionInvalid("There is no such step. Load the page again.")
    stops = stops_of(route_of(session))
    stop = next((each for each in stops if each.pk == sent.stop_id), None)
    if stop is None and sent.kind != Kind.SET_OFF:
        raise ActionInvalid("That stop is not on this route any more. Load the page again.")
    actor = actor_of(session)
    try:
        with transaction.atomic():
            outcome = _do(Kind(sent.kind), actor, session, stops, stop, sent, now)
            answer = ""
    except DomainError as refusal:
        outcome, answer = Outcome.REFUSED, refusal.message
    return DriverAction.objects.create(
        id=sent.id,
        session=session,
        number=sent.number,
        kind=sent.kind,
        stop=stop,
        facts_sha256=sent.digest,
        device_time=sent.device_time,
        received_at=now,
        skew_ms=(sent.sent_at - now) // timedelta(milliseconds=1),
        outcome=outcome,
        answer=answer[:600],
    )


def _do(
    kind: DriverAction.Kind,
    actor: Actor,
    session: DriverSession,
    stops: list[Stop],
    stop: Stop | None,
    sent: Sent,
    now: datetime,
) -> DriverAction.Outcome:
    when: dict[str, Any] = {"now": now, "device_time": sent.device_time}
    if kind == Kind.SET_OFF:
        return _set_off(actor, session, stops, when)
    assert stop is not None
    delivery = stop.delivery
    if delivery.state in KNOWN_ONCE.get(kind, ()):
        return Outcome.KNOWN
    this: dict[str, Any] = {"actor": actor, "delivery_id": delivery.pk, **when}
    if kind == Kind.ARRIVE:
        deliveries.record_arrival(**this, vehicle=session.vehicle.plate)
    elif kind == Kind.UNLOAD:
        deliveries.start_unloading(**this)
    elif kind == Kind.PROBLEM:
        deliveries.record_failure(**this, reason=_reason(sent.facts))
    else:
        if delivery.state == State.ARRIVED:
            deliveries.start_unloading(**this)
        deliveries.hand_over(**this, statement=_statement(session, sent.facts))
    return Outcome.DONE


def _set_off(
    actor: Actor, session: DriverSession, stops: list[Stop], when: dict[str, Any]
) -> DriverAction.Outcome:
    """Everything of the round that is at the shipper is loaded and leaves."""
    waiting = [stop.delivery for stop in stops if stop.delivery.state in (State.OPEN, State.LOADED)]
    for delivery in waiting:
        this: dict[str, Any] = {
            "actor": actor,
            "delivery_id": delivery.pk,
            "vehicle": session.vehicle.plate,
            **when,
        }
        if delivery.state == State.OPEN:
            deliveries.record_loading(**this)
        deliveries.record_departure(**this)
    return Outcome.DONE if waiting else Outcome.KNOWN


def _reason(facts: Mapping[str, Any]) -> FailureReason:
    reason = str(facts.get("reason", ""))
    if reason not in FailureReason.values:
        raise ActionInvalid("Choose why it could not be delivered.")
    return FailureReason(reason)


def _statement(session: DriverSession, facts: Mapping[str, Any]) -> Statement:
    return Statement(
        released_by=session.driver_name,
        received_by=str(facts.get("received_by", ""))[:100],
        received_by_role=str(facts.get("received_by_role", ""))[:60],
        findings=[_finding(row) for row in facts.get("findings", [])],
        reservation=str(facts.get("reservation", ""))[:1000],
        refused=facts.get("refused") is True,
    )


def _finding(row: Mapping[str, Any]) -> UnitFinding:
    kind = str(row.get("kind", ""))
    if kind not in Discrepancy.Kind.values:
        raise ActionInvalid("A finding is over, short, damaged or refused.")
    return UnitFinding(Discrepancy.Kind(kind), str(row.get("sscc", "")), str(row.get("note", ""))[:300])
