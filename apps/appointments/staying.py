"""The stay of one appointment's vehicle, from its history: how long, and whether free time runs out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.appointments.dwell import Dwell, dwell
from apps.appointments.models import Appointment, AppointmentEvent

#: So long before free time ends both sides are warned.
WARNED_BEFORE = timedelta(minutes=15)


def stay_of(appointment: Appointment, events: Iterable[AppointmentEvent], *, now: datetime) -> Dwell | None:
    """The stay as of ``now``; None when no vehicle came. The site comes with the appointment."""
    return dwell(
        [(event.step, event.at) for event in events],
        slot_start=appointment.during.lower if appointment.is_planned and appointment.during else None,
        free=timedelta(minutes=appointment.site.free_minutes),
        now=now,
    )


def runs_out(stay: Dwell, *, now: datetime) -> bool:
    """Whether the vehicle is here and its free time ends shortly or has ended."""
    return stay.left is None and stay.free_until is not None and stay.free_until - now <= WARNED_BEFORE
