"""Another time for what is agreed: proposed, taken back, or exchanged at once with a free one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.appointments import services as appointments
from apps.appointments.announcing import announce
from apps.appointments.load import Slot
from apps.appointments.models import Appointment
from apps.deliveries.models import Delivery
from apps.deliveries.services.expecting import time_to_answer
from apps.deliveries.services.freed import slot_freed
from apps.deliveries.services.negotiation_record import (
    answered_offer,
    of_delivery,
    policy_of_other,
    record_agreed,
    record_offer,
    require_own_offer,
)
from apps.deliveries.services.recording import record
from apps.deliveries.services.required import require_documents
from apps.facilities.models import Step


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
    policy = policy_of_other(of_delivery(delivery, appointment_id), actor)
    appointment = appointments.propose_move(
        actor=actor,
        appointment_id=appointment_id,
        slots=slots,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=time_to_answer(policy),
    )
    record_offer("slots_offered", delivery, appointment, policy, actor, now)
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
    before = of_delivery(delivery, appointment_id)
    appointment = appointments.move_now(
        actor=actor,
        appointment_id=appointment_id,
        slot=slot,
        message=message,
        reason_code=reason_code,
        now=now,
    )
    require_documents(delivery, Step.CONFIRM)
    record_agreed(delivery, appointment, actor, now, before=before)
    slot_freed(appointment.site_id)
    return appointment


@transaction.atomic
def withdraw_move(*, actor: Actor, delivery: Delivery, offer_id: UUID, now: datetime) -> Appointment:
    """Take back the own proposal to move what is agreed; the agreed slot stands.

    Raises:
        UnknownDelivery: the offer is not this delivery's.
        PermissionRefused, IllegalTransition, NotYourTurn: as ``appointments.services.withdraw_move``.
    """
    require_own_offer(delivery, offer_id)
    appointment = appointments.withdraw_move(actor=actor, offer_id=offer_id, now=now)
    record(
        "appointment_declined",
        delivery=delivery,
        actor=actor,
        now=now,
        details={"offer": str(offer_id), "reason": "withdrawn"},
    )
    answered_offer(offer_id, now)
    announce(appointment, "move_withdrawn", actor.side)
    slot_freed(appointment.site_id)
    return appointment
