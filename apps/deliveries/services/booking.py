"""Negotiating a delivery's slot: the calendar's step and its custody event in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, Offer
from apps.custody.canonical import format_time
from apps.custody.services import Personal
from apps.deliveries.errors import DocumentsMissing, UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import day_of_visit, load_of, visit_of
from apps.deliveries.services.recording import record, slot_fact
from apps.deliveries.services.transitions import try_again
from apps.documents.selectors import missing_documents
from apps.facilities.models import Step
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
    appointment = appointments.offer_slots(
        actor=actor,
        site=delivery.site,
        shipper_id=current_shipper().pk,
        delivery_id=delivery.pk,
        reference=delivery.number,
        load=load or load_of(delivery),
        slots=slots,
        message=message,
        now=now,
    )
    offer = _open_offer(appointment)
    _record_offer("slots_offered", delivery, appointment, offer, actor, now)
    _announce(appointment, "offered", actor)
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
    answered = _open_offer(_of_delivery(delivery, appointment_id))
    appointment = appointments.counter_offer(
        actor=actor,
        appointment_id=appointment_id,
        slots=slots,
        message=message,
        reason_code=reason_code,
        now=now,
    )
    _record_offer(
        "slots_countered", delivery, appointment, _open_offer(appointment), actor, now, answers=answered
    )
    _announce(appointment, "countered", actor)
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
    _of_delivery(delivery, offer.appointment_id)
    appointment = appointments.accept_offer(actor=actor, offer_id=offer_id, slot_index=slot_index, now=now)
    require_documents(delivery, Step.CONFIRM)
    assert appointment.dock is not None
    record(
        "appointment_confirmed",
        delivery=delivery,
        actor=actor,
        now=now,
        details={
            "appointment": str(appointment.pk),
            "offer": str(offer_id),
            "slot": {
                "dock": appointment.dock.name,
                "start": format_time(appointment.during.lower),
                "end": format_time(appointment.during.upper),
            },
            "confirmation_number": appointment.confirmation_number,
        },
    )
    enqueue("deliveries.issue_delivery_note", delivery_id=str(delivery.pk))
    _announce(appointment, "confirmed", actor)
    return appointment


@transaction.atomic
def decline_offer(
    *, actor: Actor, delivery: Delivery, offer_id: UUID, reason_code: str, now: datetime, message: str = ""
) -> Appointment:
    """Decline the open offer with a reason; every hold is released."""
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise UnknownDelivery("There is no such offer.")
    _of_delivery(delivery, offer.appointment_id)
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
    _announce(appointment, "declined", actor)
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
    """Cancel a negotiation or an agreed appointment with a reason; its time is free again."""
    _of_delivery(delivery, appointment_id)
    appointment = appointments.cancel_appointment(
        actor=actor, appointment_id=appointment_id, reason_code=reason_code, message=message, now=now
    )
    record(
        "appointment_cancelled",
        delivery=delivery,
        actor=actor,
        now=now,
        details={"appointment": str(appointment_id), "reason": reason_code, **_note(message)},
    )
    _announce(appointment, "cancelled", actor)
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
        _announce(appointment, "expired", SYSTEM)
    return len(expired)


def require_documents(delivery: Delivery, step: Step) -> None:
    """Let ``step`` pass once every paper is there that it takes, valid on the day of the visit.

    Raises:
        DocumentsMissing: the site demands documents by ``step`` that are not; names them.
    """
    missing = missing_documents(
        requirements=delivery.site.document_requirements.all(),
        delivery_id=delivery.pk,
        temperature_class=delivery.temperature_class,
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
    appointment = Appointment.objects.filter(pk=appointment_id, delivery_id=delivery.pk).first()
    if appointment is None:
        raise UnknownDelivery("That appointment belongs to another delivery.")
    return appointment


def _open_offer(appointment: Appointment) -> Offer | None:
    return appointment.offers.filter(state="open").prefetch_related("slots__dock").first()


def _record_offer(
    event_type: str,
    delivery: Delivery,
    appointment: Appointment,
    offer: Offer | None,
    actor: Actor,
    now: datetime,
    *,
    answers: Offer | None = None,
) -> None:
    assert offer is not None
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


def _announce(appointment: Appointment, step: str, actor: Actor) -> None:
    enqueue("deliveries.announce", appointment_id=str(appointment.pk), step=step, by=actor.side)
