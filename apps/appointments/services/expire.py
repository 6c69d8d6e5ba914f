"""Ending what nobody answered in time, so that nothing hangs and no dock is kept for nothing."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.occupancy import lock_docks, release_holds
from apps.appointments.services.transitions import transition
from apps.appointments.states import OfferState, State


@transaction.atomic
def expire_offers(*, now: datetime, limit: int = 100) -> list[UUID]:
    """Expire up to ``limit`` negotiations whose answer is overdue, the oldest first; returns their ids.

    Where a slot is agreed already it stands; only the proposal to move it ends.

    At the hub of every shipper, in a shipper's schema its own. Rows that somebody is just answering are
    passed over; several sweepers may run at once.
    """
    overdue = (
        Appointment.objects.select_for_update(skip_locked=True)
        .filter(must_act_by__lte=now)
        .order_by("must_act_by")[:limit]
    )
    lock_docks(appointment_ids=[appointment.pk for appointment in overdue])
    return [_expire(appointment, now) for appointment in overdue]


@transaction.atomic
def expire_offer(*, appointment_id: UUID, now: datetime) -> bool:
    """Expire one negotiation if its answer is overdue; False when it isn't, or somebody is just answering."""
    overdue = Appointment.objects.select_for_update(skip_locked=True).filter(
        pk=appointment_id, must_act_by__lte=now
    )
    return bool([_expire(appointment, now) for appointment in overdue])


def _expire(appointment: Appointment, now: datetime) -> UUID:
    offer = Offer.objects.filter(appointment=appointment, state=OfferState.OPEN).first()
    if offer is not None:
        Offer.objects.filter(pk=offer.pk).update(state=OfferState.EXPIRED, answered_at=now)
    release_holds(appointment.pk)
    moves = appointment.state == State.CONFIRMED
    transition(
        appointment,
        State.CONFIRMED if moves else State.EXPIRED,
        step="move_expired" if moves else "expired",
        actor=SYSTEM,
        at=now,
        offer=offer,
    )
    return appointment.pk
