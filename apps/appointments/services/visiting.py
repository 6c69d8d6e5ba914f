"""What happens to a vehicle on the site beside arriving and unloading: rows of the history both read."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.services.transitions import amend, lock_appointment
from apps.appointments.states import State
from apps.core.errors import IllegalTransition


class VisitStep(StrEnum):
    """A step that leaves the appointment's state as it is."""

    AT_GATE = "at_gate"
    CHECKING_IN = "checking_in"
    CALLED = "called"
    AT_DOOR = "at_door"
    UNLOADED = "unloaded"
    CHECKED_OUT = "checked_out"


#: In which states a step may be taken, and what to say otherwise.
ALLOWED = {
    VisitStep.AT_GATE: {State.CONFIRMED, State.NO_SHOW},
    VisitStep.CHECKING_IN: {State.CONFIRMED, State.NO_SHOW},
    VisitStep.CALLED: {State.ARRIVED},
    VisitStep.AT_DOOR: {State.ARRIVED},
    VisitStep.UNLOADED: {State.IN_PROGRESS},
    VisitStep.CHECKED_OUT: {State.COMPLETED},
}
REFUSED = {
    VisitStep.AT_GATE: "is not expected at the gate",
    VisitStep.CHECKING_IN: "is not expected at the gate",
    VisitStep.CALLED: "is called to its dock after its check-in and before unloading",
    VisitStep.AT_DOOR: "stands at its door after its check-in and before unloading",
    VisitStep.UNLOADED: "is not being unloaded",
    VisitStep.CHECKED_OUT: "leaves after the handover",
}


@transaction.atomic
def note_visit(
    *, actor: Actor, appointment_id: UUID, step: VisitStep, at: datetime, plate: str = "", message: str = ""
) -> tuple[Appointment, bool]:
    """Record one step of a vehicle's stay; the second time it is known already, and the answer says False.

    A call may be repeated: the driver may not have heard, or the dock may be another one now.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: the vehicle is not where this step begins.
    """
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.operate", appointment)
    known = AppointmentEvent.objects.filter(appointment=appointment, step=step).exists()
    if known and step != VisitStep.CALLED:
        return appointment, False
    if State(appointment.state) not in ALLOWED[step]:
        raise IllegalTransition(f"{appointment} {REFUSED[step]}.", state=appointment.state)
    changed = {"plate": normal_plate(plate)} if plate else {}
    amend(appointment, step=step.value, actor=actor, at=at, message=message, **changed)
    return appointment, True


def normal_plate(plate: str) -> str:
    """A plate as it is compared: letters and digits alone, in capitals."""
    return "".join(sign for sign in plate.upper() if sign.isalnum())[:15]


def note_plate(appointment_id: UUID, plate: str) -> None:
    """Keep by which plate the vehicle can be known at the gate; the caller's step is what is on record."""
    if normal_plate(plate):
        Appointment.objects.filter(pk=appointment_id).update(plate=normal_plate(plate))
