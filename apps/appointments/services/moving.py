"""Giving a vehicle another dock: the recipient's own decision as long as the agreed time stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.landing import HERE, MOVABLE, Landing, begins, landings
from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.services.errors import ChangedMeanwhile, SlotRefused, SlotTaken
from apps.appointments.services.occupancy import Claim, Conflict, lock_docks, release, take
from apps.appointments.services.transitions import amend, lock_appointment
from apps.appointments.states import State
from apps.core.errors import DomainError, IllegalTransition
from apps.core.ids import new_id


class TimeIsAgreed(DomainError):
    """Both sides agreed on the time: another one is proposed to the other side, not set."""

    code = "time-is-agreed"
    status = 409


@transaction.atomic
def move_vehicle(
    *,
    actor: Actor,
    appointment_id: UUID,
    dock_id: UUID,
    lane: int,
    start: datetime | None = None,
    version: int | None = None,
    now: datetime,
) -> Appointment:
    """Give an agreed or arrived vehicle one lane of a dock; how long it takes there is the dock's.

    A confirmed appointment keeps its start. A vehicle that is here begins at ``start``, by default now, and
    never in the past. ``version`` is the appointment's as the mover saw it.

    Raises:
        AppointmentNotFound: no such appointment.
        PermissionRefused: ``actor`` doesn't work at the site.
        ChangedMeanwhile: the appointment is at another version.
        IllegalTransition: it is neither agreed nor here.
        TimeIsAgreed: ``start`` is not the time that both sides agreed on.
        SlotRefused: the site has no such lane, or a rule or closure excludes the vehicle there; ``free`` in
            the details are the lanes that would take it.
        SlotTaken: somebody else is there then; the reasons say who. Nothing has changed.
        DockBusy: others are booking these docks for too long.
    """
    appointment = _locked(actor, appointment_id, version)
    if appointment.state not in MOVABLE:
        raise IllegalTransition(
            f"{appointment} is {appointment.get_state_display().lower()}; it has no dock to leave.",
            state=appointment.state,
        )
    if appointment.state == State.CONFIRMED and start not in (None, appointment.during.lower):
        raise TimeIsAgreed(
            f"The time of {appointment} is agreed with {appointment.shipper.name}."
            " Another time is proposed to them; the agreed one stands until they answer."
        )
    places = landings(appointment=appointment, start=begins(appointment, start, now), now=now)
    place = next((p for p in places if (p.dock.pk, p.lane) == (dock_id, lane)), None)
    if place is None:
        raise SlotRefused(f"{appointment.site.name} has no such dock in use.", reasons=[])
    lock_docks([dock_id], appointment_ids=[appointment.pk])
    DockOccupancy.objects.filter(appointment=appointment).delete()
    try:
        if place.reasons:
            raise SlotRefused(" ".join(place.reasons), **_instead(place, places))
        take([_claim(appointment, place)], now=now)
    except Conflict as conflict:
        raise SlotTaken(f"{place.dock.name} is taken at that time.", **_instead(place, places)) from conflict
    before = appointment.dock.name if appointment.dock else ""
    amend(
        appointment,
        step="moved",
        actor=actor,
        at=now,
        message=f"{before} → {place.dock.name}" if before else f"→ {place.dock.name}",
        dock_id=place.dock.pk,
        lane=place.lane,
        during=DateTimeTZRange(place.start, place.end),
    )
    return appointment


@transaction.atomic
def take_from_dock(
    *, actor: Actor, appointment_id: UUID, version: int | None = None, now: datetime
) -> Appointment:
    """Have a vehicle that arrived wait for a dock; the one it had is free again.

    Raises:
        AppointmentNotFound, PermissionRefused, ChangedMeanwhile: as in ``move_vehicle``.
        IllegalTransition: the vehicle is not waiting: it has yet to come, or is being unloaded.
    """
    appointment = _locked(actor, appointment_id, version)
    if appointment.state != State.ARRIVED:
        raise IllegalTransition(
            f"{appointment} is {appointment.get_state_display().lower()}; only a vehicle that is here waits.",
            state=appointment.state,
        )
    release(appointment.pk)
    left: dict[str, Any] = {} if appointment.is_planned else {"dock_id": None, "lane": None, "during": None}
    amend(appointment, step="waits", actor=actor, at=now, **left)
    return appointment


def _locked(actor: Actor, appointment_id: UUID, version: int | None) -> Appointment:
    appointment = lock_appointment(appointment_id)
    require(actor, "appointments.move", appointment)
    if version is not None and version != appointment.version:
        raise ChangedMeanwhile(f"{appointment} was changed meanwhile; this is where it stands now.")
    return appointment


def is_movable(appointment: Appointment) -> bool:
    """Whether ``move_vehicle`` may be asked at all."""
    return appointment.state in MOVABLE


def may_choose_time(appointment: Appointment) -> bool:
    """Whether the mover says when: the vehicle is here, so no agreement about the time is left."""
    return appointment.state in HERE


def _claim(appointment: Appointment, place: Landing) -> Claim:
    return Claim(
        occupancy_id=new_id(),
        dock_id=place.dock.pk,
        during=place.during,
        lanes=(place.lane,),
        kind=DockOccupancy.Kind.BOOKING,
        appointment_id=appointment.pk,
    )


def _instead(place: Landing, places: list[Landing]) -> dict[str, object]:
    free = [p.dock.name if p.dock.lanes == 1 else f"{p.dock.name} · {p.lane}" for p in places if p.is_free]
    return {"reasons": list(place.reasons), "free": free}
