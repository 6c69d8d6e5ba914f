"""The ledger of docks: a claim is inserted and stands or doesn't; the exclusion constraint has the last word.

Lock order, always: the appointment's row, then by key all docks where anything is released or taken, then the
shipper's holds at the site, then the site's days by key. So no two steps wait for each other in a circle; a
wait that gets too long is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from django.db import OperationalError, connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from psycopg.errors import DeadlockDetected, LockNotAvailable

from apps.appointments.services.errors import DockBusy
from apps.core.ids import new_id

LOCK_TIMEOUT = "3s"
DOCK, SITE_DAY, HOLDER = 1, 2, 3  # what an advisory lock stands for; part of its key


class Conflict(Exception):
    """A claim found its dock taken; whoever made it turns this into the answer that fits."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__(claim)
        self.claim = claim


@dataclass(frozen=True)
class Claim:
    """A stretch of a dock's time that is wanted, buffers included, in one of ``lanes`` (tried in order).

    ``own`` is what the same appointment has booked there, by lane: it stays, so only the rest is taken.
    """

    occupancy_id: UUID
    dock_id: UUID
    during: DateTimeTZRange
    lanes: tuple[int, ...]
    kind: str
    appointment_id: UUID | None = None
    offered_slot_id: UUID | None = None
    picking_id: UUID | None = None
    hold_expires_at: datetime | None = None
    note: str = ""
    own: tuple[tuple[int, DateTimeTZRange], ...] = ()

    def pieces(self, lane: int) -> list[DateTimeTZRange]:
        """What has to be taken of a lane: all of it, or what the own booking leaves over."""
        left = [self.during]
        for taken in (during for at, during in self.own if at == lane):
            left = [
                piece
                for whole in left
                for piece in (
                    (whole.lower, min(whole.upper, taken.lower)),
                    (max(whole.lower, taken.upper), whole.upper),
                )
                if piece[0] < piece[1]
            ]
            left = [DateTimeTZRange(lower, upper) for lower, upper in left]
        return left


def take(claims: Sequence[Claim], *, now: datetime) -> dict[Claim, int]:
    """Take all claims; returns the lane of each.

    Raises:
        Conflict: one of them is taken, by whomever; the caller's transaction has to end with a refusal then.
        DockBusy: others hold these docks' locks for too long.
    """
    lock_docks({claim.dock_id for claim in claims})
    return {
        claim: _take_one(claim, now) for claim in sorted(claims, key=lambda c: (c.dock_id, c.during.lower))
    }


def lock_docks(dock_ids: Iterable[UUID] = (), *, appointment_ids: Iterable[UUID] = ()) -> None:
    """One writer per dock until the transaction ends: these docks, and those where appointments hold time.

    Whoever will both release and take, or touches several appointments, locks everything in one call.

    Raises:
        DockBusy: the wait was too long.
    """
    _lock(DOCK, [str(dock_id) for dock_id in dock_ids], list(appointment_ids))


def lock_site_days(site_id: UUID, days: Iterable[date]) -> None:
    """One counter of a site's limits per local day until the transaction ends; taken after the docks' locks.

    Raises:
        DockBusy: the wait was too long.
    """
    _lock(SITE_DAY, [f"{site_id} {day}" for day in days], [])


def lock_holder(site_id: UUID, shipper_id: UUID) -> None:
    """One counter of a shipper's live holds at a site until the transaction ends; after the docks' locks.

    Raises:
        DockBusy: the wait was too long.
    """
    _lock(HOLDER, [f"{site_id} {shipper_id}"], [])


def release(appointment_id: UUID) -> None:
    """Give up everything an appointment holds or has booked.

    Raises:
        DockBusy: others hold these docks' locks for too long.
    """
    lock_docks(appointment_ids=[appointment_id])
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, [appointment_id])


def release_holds(appointment_id: UUID) -> None:
    """Give up what an appointment only holds; an agreed slot stays.

    Raises:
        DockBusy: others hold these docks' locks for too long.
    """
    lock_docks(appointment_ids=[appointment_id])
    with connection.cursor() as cursor:
        cursor.execute(f"{RELEASE} AND kind = 'hold'", [appointment_id])


def _take_one(claim: Claim, now: datetime) -> int:
    for lane in chain(claim.lanes, _lanes_of_expired_holds(claim, now)):
        if _insert_all(claim, lane):
            return lane
    raise Conflict(claim)


def _lanes_of_expired_holds(claim: Claim, now: datetime) -> Iterable[int]:
    """Asked only when every lane was taken: the lanes once more, if removing expired holds freed any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.appointments_release_expired(%s, %s, %s)", [claim.dock_id, claim.during, now]
        )
        if cursor.fetchone()[0]:
            yield from claim.lanes


INSERT = """
    INSERT INTO public.appointments_dockoccupancy
           (id, created_at, dock_id, lane, during, kind, appointment_id, offered_slot_id,
            picking_id, hold_expires_at, note)
    VALUES (%s, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


def _insert_all(claim: Claim, lane: int) -> bool:
    """Insert what is wanted of a lane, all of it or nothing."""
    inserted: list[UUID] = []
    for piece in claim.pieces(lane):
        row_id = new_id() if inserted else claim.occupancy_id
        if not _insert(claim, row_id, lane, piece):
            _delete(inserted)
            return False
        inserted.append(row_id)
    return True


def _delete(row_ids: list[UUID]) -> None:
    if row_ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM public.appointments_dockoccupancy WHERE id = ANY (%s)", [row_ids])


def _insert(claim: Claim, row_id: UUID, lane: int, during: DateTimeTZRange) -> bool:
    values = [
        row_id,
        claim.dock_id,
        lane,
        during,
        claim.kind,
        claim.appointment_id,
        claim.offered_slot_id,
        claim.picking_id,
        claim.hold_expires_at,
        claim.note,
    ]
    with _timed_out_as_busy(), connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return cursor.fetchone() is not None


LOCK = """
    SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(key)
      FROM (SELECT hashtextextended(name, %s) AS key
              FROM (SELECT unnest(%s::text[]) AS name
                    UNION
                    SELECT dock_id::text FROM public.appointments_dockoccupancy
                     WHERE appointment_id = ANY (%s::uuid[])) AS names
             ORDER BY key OFFSET 0) AS keys
"""
RELEASE = "DELETE FROM public.appointments_dockoccupancy WHERE appointment_id = %s"


def _lock(what: int, names: list[str], appointment_ids: list[UUID]) -> None:
    with _timed_out_as_busy(), connection.cursor() as cursor:
        cursor.execute(LOCK, [LOCK_TIMEOUT, what, names, appointment_ids])


class _timed_out_as_busy:
    """Turns a lock timeout into the refusal that says what happened.

    So too a deadlock, which only a transaction of several use cases could still cause.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OperationalError) and isinstance(
            error.__cause__, LockNotAvailable | DeadlockDetected
        ):
            raise DockBusy("Others are booking these docks right now; try again in a moment.") from error
