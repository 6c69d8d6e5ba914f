"""Negotiating a delivery's slot: the calendar's step and its custody event in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor, Side
from apps.accounts.permissions import require
from apps.accounts.services import revoke_links
from apps.appointments import services as appointments
from apps.appointments.announcing import ANSWER, announce
from apps.appointments.load import Load, Slot
from apps.appointments.models import AnswerPolicy, Appointment, Offer
from apps.appointments.services.reschedule import cutoff, needs_consent
from apps.appointments.states import State as AppointmentState
from apps.custody.canonical import format_time
from apps.custody.services import Personal
from apps.deliveries.errors import DocumentsMissing, UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import day_of_visit, goods_of, load_of, visit_of
from apps.deliveries.services.expecting import expect_answer, policy_to_answer, time_to_answer
from apps.deliveries.services.freed import slot_freed
from apps.deliveries.services.recording import agreed_fact, record, slot_fact
from apps.deliveries.services.transitions import try_again
from apps.documents.selectors import missing_documents
from apps.facilities.models import Step
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue


@transaction.atomic
def ask_for_slots(
    *,
    actor: Actor,
    delivery: Delivery,
    slots: Sequence[Slot],
    now: datetime,
    message: str = "",
    load: Load | None = None,
) -> Appointment:
    """The shipper offers one to five slots for a delivery; all are held until the offer expires.

    ``load`` may name the largest vehicle that will come; without it the delivery's own figures hold.

    Raises:
        PermissionRefused, SlotRefused, SlotTaken: as ``appointments.services.offer_slots``.
    """
    require(actor, "deliveries.plan")
    try_again(delivery, actor=actor, now=now)
    shipper_id = current_shipper().pk
    policy = policy_to_answer(side=Side.RECIPIENT, site_id=delivery.site_id, shipper_id=shipper_id)
    appointment = appointments.offer_slots(
        actor=actor,
        site=delivery.site,
        shipper_id=shipper_id,
        delivery_id=delivery.pk,
        reference=delivery.number,
        load=load or load_of(delivery),
        slots=slots,
        message=message,
        now=now,
        answer_within=time_to_answer(policy),
    )
    _record_offer("slots_offered", delivery, appointment, policy, actor, now)
    announce(appointment, "offered", actor.side)
    return appointment


@transaction.atomic
def counter_offer(
    *,
    actor: Actor,
    delivery: Delivery,
    appointment_id: UUID,
    slots: Sequence[Slot],
    now: datetime,
    message: str = "",
    reason_code: str = "",
) -> Appointment:
    """Answer an offer with other slots.

    Raises:
        UnknownDelivery: the appointment is not this delivery's.
        PermissionRefused, OfferClosed, SlotRefused, SlotTaken: as ``appointments.services.counter_offer``.
    """
    before = _of_delivery(delivery, appointment_id)
    answered, policy = _open_offer(before), _policy_of_other(before, actor)
    appointment = appointments.counter_offer(
        actor=actor,
        appointment_id=appointment_id,
        slots=slots,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=time_to_answer(policy),
    )
    _record_offer("slots_countered", delivery, appointment, policy, actor, now, answers=answered)
    _answered(answered.pk if answered else None, now)
    announce(appointment, "move_countered" if appointment.confirmation_number else "countered", actor.side)
    return appointment


@transaction.atomic
def accept_offer(
    *, actor: Actor, delivery: Delivery, offer_id: UUID, slot_index: int, now: datetime
) -> Appointment:
    """Accept one slot of the open offer: the appointment is confirmed and the delivery note is issued.

    Raises:
        UnknownDelivery: the offer is not this delivery's.
        DocumentsMissing: the site demands documents before it confirms.
        PermissionRefused, OfferClosed, SlotTaken: as ``appointments.services.accept_offer``.
    """
    offer = Offer.objects.filter(pk=offer_id).select_related("appointment").first()
    if offer is None:
        raise UnknownDelivery("There is no such offer.")
    before = _of_delivery(delivery, offer.appointment_id)
    appointment = appointments.accept_offer(actor=actor, offer_id=offer_id, slot_index=slot_index, now=now)
    require_documents(delivery, Step.CONFIRM)
    _record_agreed(
        delivery, appointment, actor, now, offer_id=offer_id, before=before if offer.moves else None
    )
    _answered(offer_id, now)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def propose_move(
    *,
    actor: Actor,
    delivery: Delivery,
    appointment_id: UUID,
    slots: Sequence[Slot],
    now: datetime,
    message: str = "",
    reason_code: str = "",
) -> Appointment:
    """Ask the other side for another slot; the agreed one stands until it accepts.

    Raises:
        UnknownDelivery: the appointment is not this delivery's.
        PermissionRefused, IllegalTransition, TooLate, SlotRefused, SlotTaken: as
            ``appointments.services.propose_move``.
    """
    policy = _policy_of_other(_of_delivery(delivery, appointment_id), actor)
    appointment = appointments.propose_move(
        actor=actor,
        appointment_id=appointment_id,
        slots=slots,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=time_to_answer(policy),
    )
    _record_offer("slots_offered", delivery, appointment, policy, actor, now)
    announce(appointment, "move_offered", actor.side)
    return appointment


@transaction.atomic
def move_now(
    *,
    actor: Actor,
    delivery: Delivery,
    appointment_id: UUID,
    slot: Slot,
    now: datetime,
    message: str = "",
    reason_code: str = "",
) -> Appointment:
    """Exchange the agreed slot for a free one, as either side may until the change cut-off.

    Raises:
        UnknownDelivery: the appointment is not this delivery's.
        PermissionRefused, ConsentNeeded, SlotRefused, SlotTaken: as ``appointments.services.move_now``.
    """
    before = _of_delivery(delivery, appointment_id)
    appointment = appointments.move_now(
        actor=actor,
        appointment_id=appointment_id,
        slot=slot,
        message=message,
        reason_code=reason_code,
        now=now,
    )
    require_documents(delivery, Step.CONFIRM)
    _record_agreed(delivery, appointment, actor, now, before=before)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def withdraw_move(*, actor: Actor, delivery: Delivery, offer_id: UUID, now: datetime) -> Appointment:
    """Take back the own proposal to move what is agreed; the agreed slot stands.

    Raises:
        UnknownDelivery: the offer is not this delivery's.
        PermissionRefused, IllegalTransition, NotYourTurn: as ``appointments.services.withdraw_move``.
    """
    _require_own_offer(delivery, offer_id)
    appointment = appointments.withdraw_move(actor=actor, offer_id=offer_id, now=now)
    record(
        "appointment_declined",
        delivery=delivery,
        actor=actor,
        now=now,
        details={"offer": str(offer_id), "reason": "withdrawn"},
    )
    _answered(offer_id, now)
    announce(appointment, "move_withdrawn", actor.side)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def decline_offer(
    *, actor: Actor, delivery: Delivery, offer_id: UUID, reason_code: str, now: datetime, message: str = ""
) -> Appointment:
    """Decline the open offer with a reason; every hold is released, an agreed slot stands."""
    offer = _require_own_offer(delivery, offer_id)
    appointment = appointments.decline_offer(
        actor=actor, offer_id=offer_id, reason_code=reason_code, message=message, now=now
    )
    record(
        "appointment_declined",
        delivery=delivery,
        actor=actor,
        now=now,
        details={"offer": str(offer_id), "reason": reason_code, **_note(message)},
    )
    _answered(offer_id, now)
    announce(appointment, "move_declined" if offer.moves else "declined", actor.side)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def cancel_appointment(
    *,
    actor: Actor,
    delivery: Delivery,
    appointment_id: UUID,
    reason_code: str,
    now: datetime,
    message: str = "",
) -> Appointment:
    """Cancel a negotiation or an agreed appointment with a reason; its time is free again.

    What was agreed and is cancelled after the change cut-off is recorded with that cut-off.
    """
    before = _of_delivery(delivery, appointment_id)
    late = before.state == AppointmentState.CONFIRMED and needs_consent(before, now)
    open_offer = _open_offer(before)
    appointment = appointments.cancel_appointment(
        actor=actor, appointment_id=appointment_id, reason_code=reason_code, message=message, now=now
    )
    record(
        "appointment_cancelled",
        delivery=delivery,
        actor=actor,
        now=now,
        details={
            "appointment": str(appointment_id),
            "reason": reason_code,
            **({"cutoff": format_time(cutoff(before))} if late else {}),
            **_note(message),
        },
    )
    if open_offer is not None:
        _answered(open_offer.pk, now)
    announce(appointment, "cancelled", actor.side)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def expire_offers(*, now: datetime) -> int:
    """End this shipper's offers that nobody answered in time; returns how many."""
    expired = appointments.expire_offers(now=now)
    for appointment in Appointment.objects.filter(pk__in=expired):
        offer = appointment.offers.order_by("-id").first()
        delivery = Delivery.objects.select_related("site").filter(pk=appointment.delivery_id).first()
        if offer is None or delivery is None:
            continue
        record(
            "offer_expired",
            delivery=delivery,
            actor=SYSTEM,
            now=now,
            details={"offer": str(offer.pk), "expired_at": format_time(offer.expires_at)},
        )
        moves = appointment.state == AppointmentState.CONFIRMED
        announce(appointment, "move_expired" if moves else "expired", Side.NETWORK)
        slot_freed(appointment.site_id)
    return len(expired)


def require_documents(delivery: Delivery, step: Step) -> None:
    """Let ``step`` pass once every paper is there that it takes, valid on the day of the visit.

    Raises:
        DocumentsMissing: the site demands documents by ``step`` that are not; names them.
    """
    missing = missing_documents(
        requirements=delivery.site.document_requirements.all(),
        delivery_id=delivery.pk,
        goods=goods_of(delivery),
        step=step,
        on=day_of_visit(delivery, visit_of(delivery).appointment),
    )
    if missing:
        names = ", ".join(str(kind.label) for kind in missing)
        raise DocumentsMissing(
            f"{delivery.site.name} needs {names} first. Add it to {delivery.number} and try again.",
            missing=[kind.value for kind in missing],
        )


def _of_delivery(delivery: Delivery, appointment_id: UUID) -> Appointment:
    appointment = (
        Appointment.objects.select_related("dock", "site")
        .filter(pk=appointment_id, delivery_id=delivery.pk)
        .first()
    )
    if appointment is None:
        raise UnknownDelivery("That appointment belongs to another delivery.")
    return appointment


def record_first_offer(delivery: Delivery, appointment: Appointment, actor: Actor, now: datetime) -> None:
    """Put the offer that opens a negotiation on record and expect its answer."""
    _record_offer("slots_offered", delivery, appointment, _policy_of_other(appointment, actor), actor, now)


def _policy_of_other(appointment: Appointment, actor: Actor) -> AnswerPolicy | None:
    return policy_to_answer(
        side=actor.side.other, site_id=appointment.site_id, shipper_id=appointment.shipper_id
    )


def _open_offer(appointment: Appointment) -> Offer | None:
    return appointment.offers.filter(state="open").prefetch_related("slots__dock").first()


def _record_offer(
    event_type: str,
    delivery: Delivery,
    appointment: Appointment,
    policy: AnswerPolicy | None,
    actor: Actor,
    now: datetime,
    *,
    answers: Offer | None = None,
) -> None:
    """Put an offer just made on record and expect its answer, by ``policy`` of whoever has to."""
    offer = _open_offer(appointment)
    assert offer is not None
    expect_answer(offer, policy, now)
    details: dict[str, Any] = {
        "offer": str(offer.pk),
        "party": offer.side,
        "slots": [slot_fact(slot) for slot in offer.slots.all()],
        "expires": format_time(offer.expires_at),
        **_note(offer.message),
    }
    if answers is not None:
        details["answers"] = str(answers.pk)
    record(event_type, delivery=delivery, actor=actor, now=now, details=details)


def _note(message: str) -> dict[str, Any]:
    """Free text may name people, so the record only commits to it."""
    return {"note": Personal(message)} if message else {}


def _record_agreed(
    delivery: Delivery,
    appointment: Appointment,
    actor: Actor,
    now: datetime,
    *,
    offer_id: UUID | None = None,
    before: Appointment | None = None,
) -> None:
    """Put on record what was agreed, and instead of what; issue the papers and tell both sides."""
    details: dict[str, Any] = {
        "appointment": str(appointment.pk),
        "slot": agreed_fact(appointment),
        "confirmation_number": appointment.confirmation_number,
    }
    if offer_id is not None:
        details["offer"] = str(offer_id)
    if before is not None:
        details["instead_of"] = agreed_fact(before)
    event_type = "appointment_confirmed" if before is None else "appointment_rescheduled"
    record(event_type, delivery=delivery, actor=actor, now=now, details=details)
    enqueue("deliveries.issue_delivery_note", delivery_id=str(delivery.pk))
    announce(appointment, "confirmed" if before is None else "rescheduled", actor.side)


def _answered(offer_id: UUID | None, now: datetime) -> None:
    """Close the links to an offer that is over; those of the recipient's side are the network's."""
    if offer_id is not None:
        with doorway.network():
            revoke_links(ANSWER, subject_id=offer_id, now=now)


def _require_own_offer(delivery: Delivery, offer_id: UUID) -> Offer:
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise UnknownDelivery("There is no such offer.")
    _of_delivery(delivery, offer.appointment_id)
    return offer
