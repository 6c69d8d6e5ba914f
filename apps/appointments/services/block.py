"""Blocking a dock for something that is no delivery: the hub's own use of its calendar."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import DockOccupancy
from apps.appointments.services.errors import AppointmentNotFound, SlotRefused, SlotTaken
from apps.appointments.services.occupancy import Claim, Conflict, lock_docks, take
from apps.core.ids import new_id
from apps.facilities.models import Dock


@transaction.atomic
def block_dock(
    *, actor: Actor, dock: Dock, lane: int, during: DateTimeTZRange, note: str, now: datetime
) -> DockOccupancy:
    """Keep one lane of a dock free of vehicles for a while.

    Raises:
        PermissionRefused: ``actor`` doesn't work at the dock's site.
        SlotRefused: the time ends before it starts, or the dock has no such lane.
        SlotTaken: a vehicle has the lane then; ``appointment`` in the details says which.
        DockBusy: others are booking the dock for too long.
    """
    require(actor, "appointments.block", dock.site)
    row = DockOccupancy(
        id=new_id(), dock=dock, lane=lane, during=during, kind=DockOccupancy.Kind.BLOCK, note=note
    )
    _take(row, now)
    return row


@transaction.atomic
def move_block(
    *, actor: Actor, occupancy_id: UUID, dock: Dock, lane: int, start: datetime, now: datetime
) -> DockOccupancy:
    """Have a block keep another lane, or another time, for as long as before.

    Raises:
        AppointmentNotFound, PermissionRefused: as in ``unblock_dock``.
        SlotRefused, SlotTaken, DockBusy: as in ``block_dock``; the block stays where it was.
    """
    block = _block(actor, occupancy_id)
    require(actor, "appointments.block", dock.site)
    lock_docks([block.dock_id, dock.pk])
    length = block.during.upper - block.during.lower
    moved = DockOccupancy(
        id=block.pk,
        dock=dock,
        lane=lane,
        during=DateTimeTZRange(start, start + length),
        kind=DockOccupancy.Kind.BLOCK,
        note=block.note,
    )
    block.delete()
    _take(moved, now)
    return moved


def _take(row: DockOccupancy, now: datetime) -> None:
    dock, during = row.dock, row.during
    if not during.lower < during.upper:
        raise SlotRefused("A block ends after it starts.")
    if not 1 <= row.lane <= dock.lanes:
        raise SlotRefused(f"{dock.name} has lanes 1 to {dock.lanes}.")
    claim = Claim(row.id, dock.pk, during, (row.lane,), DockOccupancy.Kind.BLOCK, note=row.note)
    try:
        take([claim], now=now)
    except Conflict as conflict:
        raise _who(row) from conflict


@transaction.atomic
def unblock_dock(*, actor: Actor, occupancy_id: UUID) -> None:
    """Take a block away again.

    Raises:
        AppointmentNotFound: there is no such block.
        PermissionRefused: ``actor`` doesn't work at the dock's site.
    """
    _block(actor, occupancy_id).delete()


def _block(actor: Actor, occupancy_id: UUID) -> DockOccupancy:
    blocks = DockOccupancy.objects.select_related("dock__site").filter(kind=DockOccupancy.Kind.BLOCK)
    block = blocks.filter(pk=occupancy_id).first()
    if block is None:
        raise AppointmentNotFound("There is no such block.")
    require(actor, "appointments.block", block.dock.site)
    return block


def _who(wanted: DockOccupancy) -> SlotTaken:
    in_the_way = (
        DockOccupancy.objects.select_related("appointment", "picking")
        .filter(dock=wanted.dock, lane=wanted.lane, during__overlap=wanted.during)
        .order_by("during")
        .first()
    )
    appointment = in_the_way.appointment if in_the_way else None
    if in_the_way and in_the_way.picking:
        return SlotTaken(f"Somebody is choosing {wanted.dock.name} then for {in_the_way.picking}.")
    if appointment is None:
        return SlotTaken(f"{wanted.dock.name} is blocked then already.")
    return SlotTaken(f"{wanted.dock.name} is taken then by {appointment}.", appointment=str(appointment.pk))
