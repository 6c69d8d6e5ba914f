"""Moving what is agreed: the old slot stands until a new one is; before the cut-off it may be exchanged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer, OfferedSlot
from apps.appointments.services.accept import book_instead, settle
from apps.appointments.services.counter import require_turn
from apps.appointments.services.errors import ConsentNeeded, NotYourTurn, TooLate
from apps.appointments.services.occupancy import lock_docks, release_holds
from apps.appointments.services.picking import forget_picks
from apps.appointments.services.proposals import judge, propose
from apps.appointments.services.transitions import lock_appointment, lock_offer, transition
from apps.appointments.states import OfferState, State
from apps.core.errors import IllegalTransition


@transaction.atomic
def propose_move(
    *,
    actor: Actor,
    appointment_id: UUID,
    slots: Sequence[Slot],
    message: str = "",
    reason_code: str = "",
    now: datetime,
    answer_within: timedelta | None = None,
) -> Appointment:
    """Ask the other side for another slot instead of the agreed one, which stands until it accepts.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: nothing is agreed, or the vehicle is there already.
        TooLate: the agreed slot has begun.
        NotYourTurn: another slot is being negotiated already; answer that, or wait for the answer.
        TooManySlots, SlotRefused, SlotTaken, TooManyHolds, DockBusy: as in ``offer_slots``.
    """
    appointment = _agreed(appointment_id, actor, now)
    if appointment.must_act:
        require_turn(appointment, actor)
        raise NotYourTurn("Another slot is proposed already; accept, counter or decline that.")
    offer = _put_forward(appointment, actor, slots, message, reason_code, now, answer_within)
    transition(
        appointment,
        State.CONFIRMED,
        step="move_offered",
        actor=actor,
        at=now,
        offer=offer,
        message=message,
        reason_code=reason_code,
        must_act=str(actor.side.other),
        must_act_by=offer.expires_at,
    )
    return appointment


@transaction.atomic
def move_now(
    *,
    actor: Actor,
    appointment_id: UUID,
    slot: Slot,
    message: str = "",
    reason_code: str = "",
    now: datetime,
) -> Appointment:
    """Exchange the agreed slot for a free one without asking, as either side may until the change cut-off.

    Raises:
        AppointmentNotFound, PermissionRefused, IllegalTransition, TooLate: as ``propose_move``.
        ConsentNeeded: the cut-off is over; propose it instead.
        SlotRefused, SlotTaken, TooManyHolds, DockBusy: as in ``offer_slots``; the agreed slot stands.
    """
    appointment = _agreed(appointment_id, actor, now)
    if needs_consent(appointment, now):
        raise ConsentNeeded(
            f"The change cut-off of {appointment.site.name} is over, so the {actor.side.other} has to agree."
            " Propose the other slot; the agreed one stands meanwhile.",
            cutoff=cutoff(appointment).isoformat(),
        )
    offer = _put_forward(appointment, actor, [slot], message, reason_code, now)
    accepted = OfferedSlot.objects.get(offer=offer)
    book_instead(appointment, accepted, now)
    settle(appointment, offer, accepted, step="rescheduled", actor=actor, now=now, message=message)
    return appointment


@transaction.atomic
def withdraw_move(*, actor: Actor, offer_id: UUID, now: datetime) -> Appointment:
    """Take back the own proposal to move what is agreed; the agreed slot stands.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: the offer isn't an open proposal to move.
        NotYourTurn: it is the other side's offer; that is declined, not withdrawn.
    """
    appointment, offer = lock_offer(offer_id)
    require(actor, "appointments.offer", appointment)
    if offer.state != OfferState.OPEN or not offer.moves:
        raise IllegalTransition("There is no open proposal to move this appointment.", state=offer.state)
    if offer.side != actor.side:
        raise NotYourTurn(f"The {offer.side} made this proposal; decline it instead.", must_act=actor.side)
    close_move(appointment, now)
    transition(appointment, State.CONFIRMED, step="move_withdrawn", actor=actor, at=now, offer=offer)
    return appointment


def close_move(appointment: Appointment, now: datetime) -> None:
    """End an open proposal to move a locked appointment, if there is one; what it held is free."""
    Offer.objects.filter(appointment=appointment, state=OfferState.OPEN).update(
        state=OfferState.WITHDRAWN, answered_at=now
    )
    release_holds(appointment.pk)


def cutoff(appointment: Appointment) -> datetime:
    """The last moment to change an agreed appointment without the other side's consent."""
    moment: datetime = appointment.during.lower - appointment.site.change_cutoff
    return moment


def needs_consent(appointment: Appointment, now: datetime) -> bool:
    """Whether the change cut-off of an agreed appointment is over."""
    return now > cutoff(appointment)


def _agreed(appointment_id: UUID, actor: Actor, now: datetime) -> Appointment:
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.offer", appointment)
    if appointment.state != State.CONFIRMED:
        stands = appointment.get_state_display().lower()
        raise IllegalTransition(
            f"This appointment is {stands}; there is no agreed slot to move.", state=appointment.state
        )
    if appointment.during.lower <= now:
        raise TooLate("The agreed slot has begun; it can't be moved any more.")
    return appointment


def _put_forward(
    appointment: Appointment,
    actor: Actor,
    slots: Sequence[Slot],
    message: str,
    reason_code: str,
    now: datetime,
    answer_within: timedelta | None = None,
) -> Offer:
    search = judge(
        site=appointment.site, load=appointment.load, slots=slots, now=now, appointment=appointment
    )
    lock_docks([slot.dock_id for slot in slots], appointment_ids=[appointment.pk])
    close_move(appointment, now)
    forget_picks(appointment)
    return propose(
        appointment=appointment,
        actor=actor,
        slots=slots,
        search=search,
        message=message,
        reason_code=reason_code,
        now=now,
        answer_within=answer_within,
    )
