"""The only writer of an appointment's state, and the row lock that every step takes first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, AppointmentEvent, Offer
from apps.appointments.services.errors import AppointmentNotFound
from apps.appointments.states import TRANSITIONS, State
from apps.core.errors import IllegalTransition


def lock_appointment(appointment_id: UUID) -> Appointment:
    """The appointment with its site, locked until the transaction ends: the first lock of every step.

    Raises:
        AppointmentNotFound: it isn't there, or not for whoever asks.
    """
    locked = Appointment.objects.select_for_update(of=("self",)).select_related("site")
    appointment = locked.filter(pk=appointment_id).order_by().first()
    if appointment is None:
        raise AppointmentNotFound("There is no such appointment.")
    return appointment


def lock_offer(offer_id: UUID) -> tuple[Appointment, Offer]:
    """An offer with its appointment, locked like it.

    Raises:
        AppointmentNotFound: it isn't there, or not for whoever asks.
    """
    appointment_id = Offer.objects.filter(pk=offer_id).values_list("appointment_id", flat=True).first()
    if appointment_id is None:
        raise AppointmentNotFound("There is no such offer.")
    appointment = lock_appointment(appointment_id)
    return appointment, Offer.objects.get(pk=offer_id)


def require_step(appointment: Appointment, to: State) -> None:
    """Refuse a step that the table of transitions doesn't have.

    Raises:
        IllegalTransition: it doesn't.
    """
    if to not in TRANSITIONS[State(appointment.state)]:
        raise IllegalTransition(
            f"This appointment is {appointment.get_state_display().lower()}; it can't be {to.label.lower()}.",
            state=appointment.state,
        )


def begin(appointment: Appointment, *, actor: Actor, at: datetime, offer: Offer, message: str) -> None:
    """Write the first row of an appointment's history; it was inserted as offered."""
    _record(appointment, "", "offered", actor, at, offer, message, "")


def transition(
    appointment: Appointment,
    to: State,
    *,
    step: str,
    actor: Actor,
    at: datetime,
    offer: Offer | None = None,
    message: str = "",
    reason_code: str = "",
    late: bool = False,
    **agreed: Any,
) -> None:
    """Move a locked appointment to ``to`` with the fields in ``agreed``, a new version and a row of history.

    Raises:
        IllegalTransition: the table has no such step.
    """
    require_step(appointment, to)
    before = appointment.state
    changes = {"must_act": "", "must_act_by": None, **agreed, "state": to, "version": appointment.version + 1}
    for name, value in changes.items():
        setattr(appointment, name, value)
    appointment.save(update_fields=list(changes))
    _record(appointment, before, step, actor, at, offer, message, reason_code, late)


def walk_in(appointment: Appointment, *, actor: Actor, at: datetime) -> None:
    """Write the first row of the history of a vehicle that came unannounced; it was inserted as arrived."""
    _record(appointment, "", "walked_in", actor, at, None, "", "")


def amend(
    appointment: Appointment, *, step: str, actor: Actor, at: datetime, message: str = "", **changed: Any
) -> None:
    """Change what a locked appointment says without moving it on: a new version and a row of history."""
    changes = {**changed, "version": appointment.version + 1}
    for name, value in changes.items():
        setattr(appointment, name, value)
    appointment.save(update_fields=list(changes))
    _record(appointment, appointment.state, step, actor, at, None, message, "")


def _record(
    appointment: Appointment,
    before: str,
    step: str,
    actor: Actor,
    at: datetime,
    offer: Offer | None,
    message: str,
    reason_code: str,
    late: bool = False,
) -> None:
    AppointmentEvent.objects.create(
        appointment=appointment,
        offer=offer,
        step=step,
        from_state=before,
        to_state=appointment.state,
        side=str(actor.side),
        actor_name=actor.name,
        at=at,
        message=message,
        reason_code=reason_code,
        means=actor.means.value,
        late=late,
    )
