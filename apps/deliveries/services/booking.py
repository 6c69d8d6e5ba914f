"""Negotiating a delivery's slot: the calendar's step and its custody event in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor, Side
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.announcing import announce
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.reschedule import cutoff, needs_consent
from apps.appointments.states import State as AppointmentState
from apps.custody.canonical import format_time
from apps.deliveries.errors import FormatRefused, UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.deliveries.services.expecting import policy_to_answer, time_to_answer
from apps.deliveries.services.freed import slot_freed
from apps.deliveries.services.negotiation_record import (
    answered_offer,
    note,
    of_delivery,
    open_offer_of,
    policy_of_other,
    record_agreed,
    record_offer,
    require_own_offer,
)
from apps.deliveries.services.recording import record
from apps.deliveries.services.required import require_documents
from apps.deliveries.services.transitions import try_again
from apps.facilities.models import Step
from apps.tenancy.doorway import current_shipper


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
        FormatRefused: its recipient collects it.
        PermissionRefused, SlotRefused, SlotTaken: as ``appointments.services.offer_slots``.
    """
    require(actor, "deliveries.plan")
    if delivery.format == Delivery.Format.PICKUP:
        raise FormatRefused(f"{delivery.number} is collected at {delivery.origin.name}; it takes no slot.")
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
    record_offer("slots_offered", delivery, appointment, policy, actor, now)
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
    before = of_delivery(delivery, appointment_id)
    answered, policy = open_offer_of(before), policy_of_other(before, actor)
    appointment = appointments.counter_offer(
        actor=actor,
        appointment_id=appointment_id,
        slots=slots,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=time_to_answer(policy),
    )
    record_offer("slots_countered", delivery, appointment, policy, actor, now, answers=answered)
    answered_offer(answered.pk if answered else None, now)
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
    before = of_delivery(delivery, offer.appointment_id)
    appointment = appointments.accept_offer(actor=actor, offer_id=offer_id, slot_index=slot_index, now=now)
    require_documents(delivery, Step.CONFIRM)
    record_agreed(
        delivery, appointment, actor, now, offer_id=offer_id, before=before if offer.moves else None
    )
    answered_offer(offer_id, now)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def decline_offer(
    *, actor: Actor, delivery: Delivery, offer_id: UUID, reason_code: str, now: datetime, message: str = ""
) -> Appointment:
    """Decline the open offer with a reason; every hold is released, an agreed slot stands."""
    offer = require_own_offer(delivery, offer_id)
    appointment = appointments.decline_offer(
        actor=actor, offer_id=offer_id, reason_code=reason_code, message=message, now=now
    )
    record(
        "appointment_declined",
        delivery=delivery,
        actor=actor,
        now=now,
        details={"offer": str(offer_id), "reason": reason_code, **note(message)},
    )
    answered_offer(offer_id, now)
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
    before = of_delivery(delivery, appointment_id)
    late = before.state == AppointmentState.CONFIRMED and needs_consent(before, now)
    open_offer = open_offer_of(before)
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
            **note(message),
        },
    )
    if open_offer is not None:
        answered_offer(open_offer.pk, now)
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
