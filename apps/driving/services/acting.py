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
from apps.custody.services import Device
from apps.deliveries import services as deliveries
from apps.deliveries.states import State
from apps.driving.errors import ActionForked, ActionInvalid
from apps.driving.models import DriverAction, DriverSession
from apps.driving.saying import failure_said, position_said, seals_said, statement_said, text_said
from apps.driving.selectors import Halt, Round, actor_of, round_of
from apps.driving.services.whereabouts import note_position

Kind = DriverAction.Kind
Outcome = DriverAction.Outcome
#: Drawn signatures and one-time codes belong to a statement that stands.
NOT_KEPT = frozenset({"released_strokes", "received_strokes", "code"})
#: What the gate may have recorded first: where a delivery stands once the step is known.
KNOWN_ONCE = {
    Kind.ARRIVE: frozenset({State.ARRIVED, State.UNLOADING, State.DELIVERED, State.REFUSED}),
    Kind.AT_DOOR: frozenset({State.UNLOADING, State.DELIVERED, State.REFUSED}),
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
    file: bytes = b""
    file_name: str = ""

    @property
    def digest(self) -> str:
        said = {
            "kind": self.kind,
            "stop": str(self.stop_id or ""),
            "device_time": format_time(self.device_time),
            "facts": dict(self.facts),
        }
        if self.file:
            said["file"] = sha256(self.file).hexdigest()
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
    try:
        digest = sent.digest
    except ValueError as error:
        raise ActionInvalid("This step holds a number that is none. Load the page again.") from error
    earlier = DriverAction.objects.filter(pk=sent.id).first()
    if earlier is not None:
        if earlier.session_id != session.pk or earlier.facts_sha256 != digest:
            raise ActionForked("This phone said something else before under the same id; that stands.")
        return earlier
    if sent.kind not in Kind.values:
        raise ActionInvalid("There is no such step. Load the page again.")
    whole = round_of(session)
    halt = whole.halt(sent.stop_id)
    if halt is None and sent.kind != Kind.SET_OFF:
        raise ActionInvalid("That stop is not on this route any more. Load the page again.")
    actor = actor_of(session)
    note_position(session=session, id=sent.id, facts=sent.facts, at=sent.device_time, now=now)
    wrong = _confirm(actor, halt, sent, now) if sent.kind == Kind.HAND_OVER else ""
    try:
        if wrong:
            raise ActionInvalid(wrong)
        with transaction.atomic():
            outcome = _do(Kind(sent.kind), actor, session, whole, halt, sent, now)
            answer = ""
    except DomainError as refusal:
        outcome, answer = Outcome.REFUSED, refusal.message
    return DriverAction.objects.create(
        id=sent.id,
        session=session,
        number=sent.number,
        kind=sent.kind,
        stop=halt.stop if halt else None,
        facts_sha256=digest,
        device_time=sent.device_time,
        received_at=now,
        skew_ms=(sent.sent_at - now) // timedelta(milliseconds=1),
        facts=_kept(sent.facts) if outcome == Outcome.REFUSED else {},
        outcome=outcome,
        answer=answer[:600],
    )


def _confirm(actor: Actor, halt: Halt | None, sent: Sent, now: datetime) -> str:
    """What is wrong with the one-time code that was typed; counted even where the statement is refused.

    It was typed as long ago as the phone kept the step, by whatever clock.
    """
    code = text_said(sent.facts, "code", 12)
    if not code or halt is None or not halt.delivery.site.asks_code:
        return ""
    typed_at = now - max(sent.sent_at - sent.device_time, timedelta(0))
    return deliveries.confirm_code(actor=actor, delivery_id=halt.delivery.pk, code=code, now=now, at=typed_at)


def _do(
    kind: DriverAction.Kind,
    actor: Actor,
    session: DriverSession,
    whole: Round,
    halt: Halt | None,
    sent: Sent,
    now: datetime,
) -> DriverAction.Outcome:
    when: dict[str, Any] = {"now": now, "device_time": sent.device_time}
    device, position = _device(session, sent, now), position_said(sent.facts)
    if kind == Kind.SET_OFF:
        return _set_off(actor, session, whole, sent, {**when, "position": position}, device)
    assert halt is not None
    delivery = halt.delivery
    if delivery.state in KNOWN_ONCE.get(kind, ()) or (kind == Kind.AT_DOOR and halt.at_door):
        return Outcome.KNOWN
    this: dict[str, Any] = {"actor": actor, "delivery_id": delivery.pk, **when}
    if kind == Kind.ARRIVE:
        deliveries.record_arrival(**this, vehicle=session.vehicle.plate, device=device, position=position)
    elif kind == Kind.AT_DOOR:
        deliveries.reach_door(actor=actor, delivery_id=delivery.pk, now=now)
    elif kind == Kind.UNLOAD:
        deliveries.start_unloading(**this, device=device)
    elif kind == Kind.PHOTO:
        deliveries.bring_photo(
            **this,
            content=sent.file,
            file_name=sent.file_name,
            subject=text_said(sent.facts, "subject", 60),
            device=device,
        )
    elif kind == Kind.PROBLEM:
        reason, note = failure_said(sent.facts)
        deliveries.record_failure(**this, reason=reason, note=note, device=device, position=position)
    else:
        _hand_over(session, whole, halt, sent, this, device)
    return Outcome.DONE


def _hand_over(
    session: DriverSession,
    whole: Round,
    halt: Halt,
    sent: Sent,
    this: dict[str, Any],
    device: Device | None,
) -> None:
    """The statement; steps before it that nobody took are recorded with it, at its time."""
    statement = statement_said(session.driver_name, sent.facts)
    state, carrier = halt.delivery.state, session.vehicle.carrier
    if state == State.IN_TRANSIT:
        deliveries.record_arrival(**this, vehicle=session.vehicle.plate, position=statement.position)
    if state in (State.IN_TRANSIT, State.ARRIVED):
        deliveries.start_unloading(**this)
    released_for = carrier.name if session.leg_id and not carrier.own_fleet else ""
    deliveries.hand_over(**this, statement=statement, device=device, released_for=released_for)
    if statement.seals_after:
        for later in whole.halts:
            if later.position > halt.position and later.delivery.state == State.IN_TRANSIT:
                deliveries.reseal(
                    actor=this["actor"], delivery_id=later.delivery.pk, seals=statement.seals_after
                )


def _set_off(
    actor: Actor,
    session: DriverSession,
    whole: Round,
    sent: Sent,
    when: dict[str, Any],
    device: Device | None,
) -> DriverAction.Outcome:
    """Everything of the round that is at the shipper is loaded and leaves."""
    waiting = [each.delivery for each in whole.halts if each.delivery.state in (State.OPEN, State.LOADED)]
    seals = seals_said(sent.facts, "seals")
    for delivery in waiting:
        this: dict[str, Any] = {
            "actor": actor,
            "delivery_id": delivery.pk,
            "vehicle": session.vehicle.plate,
            **when,
        }
        if delivery.state == State.OPEN:
            deliveries.record_loading(**this, seals=seals)
        deliveries.record_departure(**this, device=device)
        device = None  # a device's number stands for one event
    return Outcome.DONE if waiting else Outcome.KNOWN


def _device(session: DriverSession, sent: Sent, now: datetime) -> Device | None:
    """The phone as custody flags its clock by; None without a number of its own for this action.

    A number that it used before says that its storage was emptied: the action counts, the number doesn't.
    """
    if not sent.number or DriverAction.objects.filter(session=session, number=sent.number).exists():
        return None
    return Device(id=f"phone {session.pk}", seq=sent.number, skew=sent.sent_at - now)


def _kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was said in a step that could not be done, without what only a signed statement may hold."""
    return {name: value for name, value in facts.items() if name not in NOT_KEPT}
