"""Reminding whoever has to answer before an offer ends, once, and on record for both sides."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import SYSTEM
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.transitions import amend, lock_appointment
from apps.appointments.states import OfferState


@transaction.atomic
def escalate_offers(*, now: datetime, limit: int = 100) -> list[Appointment]:
    """Note up to ``limit`` open offers whose reminder is due, the oldest first; returns their appointments.

    At the hub of every shipper, in a shipper's schema its own. Each offer is noted once, whoever sweeps.
    """
    due = Offer.objects.filter(
        state=OfferState.OPEN, escalated_at=None, escalate_at__lte=now, expires_at__gt=now
    ).order_by("escalate_at")
    return [noted for offer in list(due[:limit]) if (noted := _escalate(offer, now)) is not None]


def _escalate(offer: Offer, now: datetime) -> Appointment | None:
    appointment = lock_appointment(offer.appointment_id)
    still = Offer.objects.filter(pk=offer.pk, state=OfferState.OPEN, escalated_at=None)
    if not still.update(escalated_at=now):
        return None
    amend(appointment, step="escalated", actor=SYSTEM, at=now)
    return appointment
