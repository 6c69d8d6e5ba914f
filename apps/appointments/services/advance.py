"""The day itself: a vehicle arrives, is unloaded, leaves, or never comes."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.services.occupancy import release
from apps.appointments.services.reschedule import close_move
from apps.appointments.services.transitions import lock_appointment, require_step, transition
from apps.appointments.states import State
from apps.core.errors import DomainError, IllegalTransition

ON_THE_DAY = frozenset({State.ARRIVED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW})


class TooEarly(DomainError):
    """A vehicle isn't a no-show before its arrival window has closed."""

    code = "too-early"
    status = 409


class NoDockYet(DomainError):
    """The vehicle has no dock: it came unannounced, or after its slot was given up."""

    code = "no-dock-yet"
    status = 409


@transaction.atomic
def advance(*, actor: Actor, appointment_id: UUID, to: State, now: datetime) -> Appointment:
    """Record that the vehicle arrived, is being unloaded, is done, or did not come.

    Whatever is left of the slot when a vehicle is done is free again; all of it when it didn't come.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: not a step of the day, or not possible from where the appointment stands.
        TooEarly: a no-show before the arrival window has closed.
        NoDockYet: unloading at a dock that was not given to the vehicle.
    """
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.operate", appointment)
    if to not in ON_THE_DAY:
        raise IllegalTransition(f"“{to.label}” isn't something that happens at the gate.")
    require_step(appointment, to)
    if to == State.NO_SHOW and appointment.arrival_window and now < appointment.arrival_window.upper:
        raise TooEarly(
            "The arrival window is still open.", until=appointment.arrival_window.upper.isoformat()
        )
    if to == State.IN_PROGRESS and not DockOccupancy.objects.filter(appointment=appointment).exists():
        raise NoDockYet(f"{appointment} has no dock yet; move it to one on the day board first.")
    if appointment.must_act:
        close_move(appointment, now)
    if to == State.NO_SHOW:
        release(appointment.pk)
    if to == State.COMPLETED:
        _free_the_rest(appointment, now)
    transition(appointment, to, step=str(to), actor=actor, at=now)
    return appointment


def _free_the_rest(appointment: Appointment, now: datetime) -> None:
    for row in DockOccupancy.objects.filter(appointment=appointment):
        if row.during.upper <= now:
            continue
        if now <= row.during.lower:
            row.delete()
        else:
            row.during = DateTimeTZRange(row.during.lower, now)
            row.save(update_fields=["during"])
