"""The gate and the dock beside arrival and unloading: check-in, call, door, end of unloading, leaving."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.models import Appointment
from apps.appointments.services.visiting import VisitStep, note_plate, note_visit
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import visit_of
from apps.deliveries.services.recording import record
from apps.deliveries.services.steps import record_arrival
from apps.deliveries.services.transitions import lock

#: A check-in that was begun longer ago than this was left lying; its beginning is not believed.
BEGUN_AT_MOST = timedelta(minutes=30)


@transaction.atomic
def check_in(
    *, actor: Actor, delivery_id: UUID, now: datetime, vehicle: str = "", begun_at: datetime | None = None
) -> Appointment:
    """Check a vehicle in that stands at the gate, whether or not its shipper recorded the departure.

    ``begun_at`` is when the gate turned to it; what lies between is the check-in's own time.

    Raises:
        DocumentsMissing, IllegalTransition, PermissionRefused: as ``record_arrival``.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    appointment = _appointment(delivery)
    if begun_at is not None and now - BEGUN_AT_MOST <= begun_at <= now:
        note_visit(actor=actor, appointment_id=appointment.pk, step=VisitStep.CHECKING_IN, at=begun_at)
    record_arrival(actor=actor, delivery_id=delivery_id, vehicle=vehicle, now=now, undeclared=True)
    note_plate(appointment.pk, vehicle)
    appointment.refresh_from_db()
    return appointment


@transaction.atomic
def call_to_dock(*, actor: Actor, delivery_id: UUID, now: datetime) -> Appointment:
    """Call a waiting vehicle to its dock; may be repeated.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        NoDockYet: it has no dock; one is given on the day board.
        IllegalTransition: it is not waiting.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    appointment = _appointment(delivery)
    if appointment.dock is None:
        raise appointments.NoDockYet(f"{appointment} has no dock yet; give it one first.")
    return note_visit(
        actor=actor,
        appointment_id=appointment.pk,
        step=VisitStep.CALLED,
        at=now,
        message=appointment.dock.name,
    )[0]


@transaction.atomic
def reach_door(*, actor: Actor, delivery_id: UUID, now: datetime) -> Appointment:
    """The vehicle stands at its door; it waits for one no longer. The second time nothing is recorded.

    Raises:
        PermissionRefused: ``actor`` neither works this site nor drives.
        NoDockYet: it has no dock, so it can't stand at one.
        IllegalTransition: it is not waiting for a door.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    appointment = _appointment(delivery)
    if appointment.dock is None:
        raise appointments.NoDockYet(f"{appointment} has no dock yet; the gate gives it one.")
    return note_visit(actor=actor, appointment_id=appointment.pk, step=VisitStep.AT_DOOR, at=now)[0]


@transaction.atomic
def end_unloading(
    *, actor: Actor, delivery_id: UUID, now: datetime, device_time: datetime | None = None
) -> Appointment:
    """The goods are off the vehicle; what follows is paperwork. The second time nothing is recorded.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        IllegalTransition: it is not being unloaded.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    appointment, is_new = note_visit(
        actor=actor, appointment_id=_appointment(delivery).pk, step=VisitStep.UNLOADED, at=now
    )
    if is_new:
        details = {"dock": appointment.dock.name} if appointment.dock is not None else {}
        record("unloaded", delivery=delivery, actor=actor, now=now, event_time=device_time, details=details)
    return appointment


@transaction.atomic
def check_out(*, actor: Actor, delivery_id: UUID, now: datetime) -> Appointment:
    """The vehicle leaves the site: its dwell is final. The second time nothing is recorded.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        IllegalTransition: its goods were not handed over.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    return note_visit(
        actor=actor, appointment_id=_appointment(delivery).pk, step=VisitStep.CHECKED_OUT, at=now
    )[0]


def _appointment(delivery: Delivery) -> Appointment:
    appointment = visit_of(delivery).appointment
    if appointment is None:
        raise UnknownDelivery(f"{delivery.number} has no appointment at {delivery.site.name}.")
    return appointment
