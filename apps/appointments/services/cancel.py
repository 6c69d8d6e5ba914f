"""Cancelling: a negotiation is withdrawn or an agreed slot is given back, with a reason."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import Appointment, Offer
from apps.appointments.services.occupancy import release
from apps.appointments.services.reschedule import needs_consent
from apps.appointments.services.transitions import lock_appointment, transition
from apps.appointments.states import OfferState, State


@transaction.atomic
def cancel_appointment(
    *, actor: Actor, appointment_id: UUID, reason_code: str, message: str = "", now: datetime
) -> Appointment:
    """End an appointment that isn't over; its dock is free again and an open offer is withdrawn.

    An agreed one that is cancelled after the site's change cut-off is recorded as late.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: the appointment is over, or the vehicle is at the dock.
    """
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.cancel", appointment)
    agreed = appointment.state == State.CONFIRMED
    transition(
        appointment,
        State.CANCELLED,
        step="cancelled",
        actor=actor,
        at=now,
        message=message,
        reason_code=reason_code,
        late=agreed and needs_consent(appointment, now),
    )
    Offer.objects.filter(appointment=appointment, state=OfferState.OPEN).update(
        state=OfferState.WITHDRAWN, answered_at=now
    )
    release(appointment.pk)
    return appointment
