"""Answering an offer with other slots, or taking up a negotiation again that was declined or had expired."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.errors import NotYourTurn
from apps.appointments.services.occupancy import lock_docks, release_holds
from apps.appointments.services.offer import already
from apps.appointments.services.picking import forget_picks
from apps.appointments.services.proposals import judge, propose
from apps.appointments.services.transitions import lock_appointment, require_step, transition
from apps.appointments.states import OfferState, State


@transaction.atomic
def counter_offer(
    *,
    actor: Actor,
    appointment_id: UUID,
    slots: Sequence[Slot],
    message: str = "",
    reason_code: str = "",
    now: datetime,
    answer_within: timedelta | None = None,
) -> Appointment:
    """Propose other slots to the other side; what the open offer held is released in the same transaction.

    While an offer is open only the side that has to answer may counter it. After a decline or an expiry
    either side may make a new proposal. An agreed slot that is to be moved stands.

    Raises:
        AppointmentNotFound, PermissionRefused
        NotYourTurn: the other side has to answer first.
        IllegalTransition: the appointment is agreed, cancelled or over.
        AlreadyNegotiating: the delivery has another live appointment by now.
        TooManySlots, SlotRefused, SlotTaken, DockBusy: as in ``offer_slots``; the open offer stands.
    """
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.offer", appointment)
    moves = appointment.state == State.CONFIRMED and bool(appointment.must_act)
    require_step(appointment, State.CONFIRMED if moves else State.OFFERED)
    require_turn(appointment, actor)
    search = judge(
        site=appointment.site, load=appointment.load, slots=slots, now=now, appointment=appointment
    )
    lock_docks([slot.dock_id for slot in slots], appointment_ids=[appointment.pk])
    countered = Offer.objects.filter(appointment=appointment, state=OfferState.OPEN)
    countered.update(state=OfferState.COUNTERED, answered_at=now)
    release_holds(appointment.pk)
    forget_picks(appointment)
    reopened = appointment.state in (State.DECLINED, State.EXPIRED)
    offer = propose(
        appointment=appointment,
        actor=actor,
        slots=slots,
        search=search,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=answer_within,
    )
    try:
        transition(
            appointment,
            State.CONFIRMED if moves else State.OFFERED,
            step="move_countered" if moves else "reopened" if reopened else "countered",
            actor=actor,
            at=now,
            offer=offer,
            message=message,
            reason_code=reason_code,
            must_act=str(actor.side.other),
            must_act_by=offer.expires_at,
        )
    except IntegrityError as error:
        raise already(error, appointment) from error
    return appointment


def require_turn(appointment: Appointment, actor: Actor) -> None:
    """Refuse the side that waits for an answer.

    Raises:
        NotYourTurn: the other side has to act.
    """
    if appointment.must_act and appointment.must_act != actor.side:
        raise NotYourTurn(f"The {appointment.must_act} has to answer first.", must_act=appointment.must_act)
