"""Declining an offer: the negotiation ends with a reason and the dock is free again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.accept import require_open
from apps.appointments.services.counter import require_turn
from apps.appointments.services.occupancy import release_holds
from apps.appointments.services.transitions import lock_offer, transition
from apps.appointments.states import OfferState, State


@transaction.atomic
def decline_offer(
    *, actor: Actor, offer_id: UUID, reason_code: str, message: str = "", now: datetime
) -> Appointment:
    """Decline every slot of an open offer; either side may propose anew later. An agreed slot stands.

    Raises:
        AppointmentNotFound, PermissionRefused, OfferClosed, NotYourTurn: as in ``accept_offer``.
    """
    appointment, offer = lock_offer(offer_id)
    require(actor, "appointments.offer", appointment)
    require_open(offer, now)
    require_turn(appointment, actor)
    Offer.objects.filter(pk=offer.pk).update(state=OfferState.DECLINED, answered_at=now)
    release_holds(appointment.pk)
    transition(
        appointment,
        State.CONFIRMED if offer.moves else State.DECLINED,
        step="move_declined" if offer.moves else "declined",
        actor=actor,
        at=now,
        offer=offer,
        message=message,
        reason_code=reason_code,
    )
    return appointment
