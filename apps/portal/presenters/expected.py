"""When a vehicle is expected, as long as it has not come."""

from apps.appointments.models import Appointment, Expected
from apps.appointments.states import State


def expected_of(appointment: Appointment | None) -> Expected | None:
    """What was told last; 1 query where it was not fetched with the appointment."""
    if appointment is None or appointment.state != State.CONFIRMED:
        return None
    return getattr(appointment, "expected", None)
