"""What is put on record of a negotiation: offers, what was agreed, and that an offer is over."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.actors import Actor
from apps.accounts.services import revoke_links
from apps.appointments.announcing import ANSWER, announce
from apps.appointments.models import AnswerPolicy, Appointment, Offer
from apps.custody.canonical import format_time
from apps.custody.services import Personal
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.services.expecting import expect_answer, policy_to_answer
from apps.deliveries.services.recording import agreed_fact, record, slot_fact
from apps.tenancy import doorway
from apps.tenancy.outbox import enqueue


def of_delivery(delivery: Delivery, appointment_id: UUID) -> Appointment:
    appointment = (
        Appointment.objects.select_related("dock", "site")
        .filter(pk=appointment_id, delivery_id=delivery.pk)
        .first()
    )
    if appointment is None:
        raise UnknownDelivery("That appointment belongs to another delivery.")
    return appointment


def require_own_offer(delivery: Delivery, offer_id: UUID) -> Offer:
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise UnknownDelivery("There is no such offer.")
    of_delivery(delivery, offer.appointment_id)
    return offer


def open_offer_of(appointment: Appointment) -> Offer | None:
    return appointment.offers.filter(state="open").prefetch_related("slots__dock").first()


def policy_of_other(appointment: Appointment, actor: Actor) -> AnswerPolicy | None:
    return policy_to_answer(
        side=actor.side.other, site_id=appointment.site_id, shipper_id=appointment.shipper_id
    )


def record_first_offer(delivery: Delivery, appointment: Appointment, actor: Actor, now: datetime) -> None:
    """Put the offer that opens a negotiation on record and expect its answer."""
    record_offer("slots_offered", delivery, appointment, policy_of_other(appointment, actor), actor, now)


def record_offer(
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
    offer = open_offer_of(appointment)
    assert offer is not None
    expect_answer(offer, policy, now)
    details: dict[str, Any] = {
        "offer": str(offer.pk),
        "party": offer.side,
        "slots": [slot_fact(slot) for slot in offer.slots.all()],
        "expires": format_time(offer.expires_at),
        **note(offer.message),
    }
    if answers is not None:
        details["answers"] = str(answers.pk)
    record(event_type, delivery=delivery, actor=actor, now=now, details=details)


def record_agreed(
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


def answered_offer(offer_id: UUID | None, now: datetime) -> None:
    """Close the links to an offer that is over; those of the recipient's side are the network's."""
    if offer_id is not None:
        with doorway.network():
            revoke_links(ANSWER, subject_id=offer_id, now=now)


def note(message: str) -> dict[str, Any]:
    """Free text may name people, so the record only commits to it."""
    return {"note": Personal(message)} if message else {}
