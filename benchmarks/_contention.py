"""One booker of the contention benchmark, a process of its own: through the services, or as bare SQL."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import django
import psycopg

django.setup()

from django.db import connection  # noqa: E402 models need the set-up above
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange  # noqa: E402

from apps.accounts.actors import Actor, Side  # noqa: E402
from apps.accounts.models import Role  # noqa: E402
from apps.appointments.gaps import CALENDAR  # noqa: E402
from apps.appointments.load import Load, Slot  # noqa: E402
from apps.appointments.services import SlotTaken, cancel_appointment, offer_slots  # noqa: E402
from apps.appointments.services.occupancy import DOCK, INSERT, LOCK, LOCK_TIMEOUT, RELEASE  # noqa: E402
from apps.core.errors import DomainError  # noqa: E402
from apps.core.ids import new_id  # noqa: E402
from apps.facilities.models import Site  # noqa: E402
from apps.facilities.selectors import DOCKS  # noqa: E402
from apps.tenancy import doorway  # noqa: E402
from apps.tenancy.models import Shipper  # noqa: E402

MINUTES = 30
GRID = 15
KEEPS = 3  # what a booker holds at a time: eight of them leave half of the day


@dataclass(frozen=True)
class Ground:
    """The one dock that everybody wants, on the one day they want it: 00:00 to 24:00 UTC."""

    site_id: UUID
    dock_id: UUID
    day: datetime
    now: datetime

    def some_start(self) -> datetime:
        return self.day + timedelta(minutes=GRID * random.randrange((24 * 60 - MINUTES) // GRID + 1))  # noqa: S311


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that a booker certainly had from one moment to another, by the machine's monotonic clock."""

    start: datetime
    since: float
    until: float


@dataclass
class Report:
    """What came of one booker's attempts, and between which moments it made them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    holds: list[Hold] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0


Offering = Callable[[datetime], UUID | str]
Cancelling = Callable[[UUID], str]


def book(how: str, ground: Ground, shipper_id: UUID, attempts: int, barrier: Barrier) -> Report:
    """Offer random slots of the day and give up the oldest, until ``attempts`` transactions were answered.

    A transaction is an offer held, an offer refused, or the oldest offer cancelled.
    """
    shipper = Shipper.objects.get(pk=shipper_id)
    if how == "bare":
        with _bare_session(shipper) as session:
            return _Booker(*bare_ways(session, ground, shipper_id), ground).book(attempts, barrier)
    with doorway.enter_shipper(shipper):
        return _Booker(*service_ways(ground, shipper_id), ground).book(attempts, barrier)


class _Booker:
    def __init__(self, offering: Offering, cancelling: Cancelling, ground: Ground) -> None:
        self._offering, self._cancelling, self._ground = offering, cancelling, ground
        self._held: deque[tuple[UUID, datetime, float]] = deque()

    def book(self, attempts: int, barrier: Barrier) -> Report:
        warm = Report()
        for _ in range(8):  # before the clock starts: connections, caches and plans; and the day fills up
            self._attempt(warm)
        barrier.wait()
        report = Report(holds=warm.holds, began=time.monotonic())
        while report.outcomes.total() < attempts:
            self._attempt(report)
        report.ended = time.monotonic()
        while self._held:  # beyond the clock: the next round starts on a free day
            self._give_up(report)
        return report

    def _attempt(self, report: Report) -> None:
        start = self._ground.some_start()
        answer = self._offering(start)
        if isinstance(answer, str):
            report.outcomes[answer] += 1
            return
        self._held.append((answer, start, time.monotonic()))
        report.outcomes["held"] += 1
        if len(self._held) > KEEPS:
            report.outcomes[self._give_up(report)] += 1

    def _give_up(self, report: Report) -> str:
        appointment_id, start, since = self._held.popleft()
        report.holds.append(Hold(start, since, time.monotonic()))
        return self._cancelling(appointment_id)


def service_ways(ground: Ground, shipper_id: UUID) -> tuple[Offering, Cancelling]:
    actor = Actor(Side.SHIPPER, uuid4(), "Booker", shipper_id=shipper_id, roles=frozenset({Role.PLANNER}))
    site = Site.objects.get(pk=ground.site_id)

    def offering(start: datetime) -> UUID | str:
        try:
            return offer_slots(
                actor=actor,
                site=site,
                shipper_id=shipper_id,
                delivery_id=uuid4(),
                reference="bench",
                load=Load(pallets=1),
                slots=[Slot(ground.dock_id, start, start + timedelta(minutes=MINUTES))],
                now=ground.now,
            ).pk
        except SlotTaken as refused:
            return "taken" if len(refused.details["alternatives"]) == 3 else "error: without alternatives"
        except DomainError as refused:
            return f"error: {refused.code}"
        except Exception as error:  # whatever else escapes a service is a server error
            return f"error: {type(error).__name__}"

    def cancelling(appointment_id: UUID) -> str:
        try:
            cancel_appointment(
                actor=actor, appointment_id=appointment_id, reason_code="other", now=ground.now
            )
        except Exception as error:  # nothing may be in the way of giving up one's own slot
            return f"error: {type(error).__name__}"
        return "cancelled"

    return offering, cancelling


# The same as bare SQL -----------------------------------------------------------------------


def _bare_session(shipper: Shipper) -> psycopg.Connection[Any]:
    """A session in the shipper's schema and role: the same driver, set up as Django's own sessions are."""
    session = psycopg.connect(**connection.get_connection_params(), autocommit=True)
    session.execute(
        f"SET search_path = {shipper.schema_name}, public, extensions; SET ROLE {shipper.schema_name}"
    )
    return session


def bare_ways(
    session: psycopg.Connection[Any], ground: Ground, shipper_id: UUID
) -> tuple[Offering, Cancelling]:
    def offering(start: datetime) -> UUID | str:
        slot = DateTimeTZRange(start, start + timedelta(minutes=MINUTES))
        try:
            return _offer_bare(session, ground, shipper_id, slot) or "taken"
        except psycopg.Error as error:
            return f"error: {type(error).__name__}"

    def cancelling(appointment_id: UUID) -> str:
        try:
            _cancel_bare(session, appointment_id, ground.now)
        except psycopg.Error as error:
            return f"error: {type(error).__name__}"
        return "cancelled"

    return offering, cancelling


def _offer_bare(
    session: psycopg.Connection[Any], ground: Ground, shipper_id: UUID, slot: DateTimeTZRange
) -> UUID | None:
    """What ``offer_slots`` has the database do, statement by statement; None when the slot is taken."""
    with session.transaction():
        session.execute(DOCKS, {"site": ground.site_id}).fetchall()
        session.execute(_PARTNERSHIP, [shipper_id, ground.site_id]).fetchone()
        delivery_id = uuid4()
        session.execute(_PICKED, [shipper_id, delivery_id]).fetchall()
        gaps = session.execute(CALENDAR, _question(ground)).fetchall()
        first, last = (int(moment.timestamp()) for moment in (slot.lower, slot.upper))
        if not any(row[0] == "free" and row[3] <= first and last <= row[4] for row in gaps):
            return None
        appointment_id, offer_id, slot_id = new_id(), new_id(), new_id()
        expires = ground.now + timedelta(hours=24)
        session.execute(_APPOINTMENT, [appointment_id, shipper_id, ground.site_id, delivery_id, expires])
        session.execute(LOCK, [LOCK_TIMEOUT, DOCK, [str(ground.dock_id)], []]).fetchall()
        row = [new_id(), ground.dock_id, 1, slot, "hold", appointment_id, slot_id, None, expires, ""]
        if session.execute(INSERT, row).fetchone() is None:
            raise psycopg.Rollback
        session.execute(_OFFER, [offer_id, appointment_id, expires])
        session.execute(_SLOT, [slot_id, offer_id, ground.dock_id, slot, slot])
        session.execute(_TERMS, [ground.site_id]).fetchone()
        session.execute(
            _EVENT, [new_id(), appointment_id, offer_id, "offered", "", "offered", ground.now, ""]
        )
        return appointment_id
    return None


def _cancel_bare(session: psycopg.Connection[Any], appointment_id: UUID, now: datetime) -> None:
    """What ``cancel_appointment`` has the database do."""
    with session.transaction():
        session.execute(_READ_LOCKED, [appointment_id]).fetchone()
        session.execute(_CANCEL, [appointment_id])
        session.execute(
            _EVENT, [new_id(), appointment_id, None, "cancelled", "offered", "cancelled", now, "other"]
        )
        session.execute(_WITHDRAW, [now, appointment_id])
        session.execute(LOCK, [LOCK_TIMEOUT, DOCK, [], [appointment_id]]).fetchall()
        session.execute(RELEASE, [appointment_id])


def _question(ground: Ground) -> dict[str, Any]:
    return {
        "site": ground.site_id,
        "first": ground.day.date() - timedelta(days=1),
        "last": ground.day.date() + timedelta(days=6),
        "load_type": "pallets",
        "pallets": 1,
        "shipper": None,
        "equipment": [],
        "adr": [],
        "docks": [ground.dock_id],
        "minutes": [MINUTES],
        "earliest": ground.now,
        "latest": datetime(9999, 1, 1, tzinfo=UTC),
        "now": ground.now,
        "besides": None,
    }


_PARTNERSHIP = """
    SELECT 1 FROM facilities_partnership p JOIN facilities_site s ON s.recipient_id = p.recipient_id
     WHERE p.shipper_id = %s AND s.id = %s AND p.active"""
_PICKED = """
    SELECT o.dock_id FROM appointments_dockoccupancy o JOIN appointments_picking p ON p.id = o.picking_id
     WHERE p.shipper_id = %s AND p.delivery_id = %s"""
_TERMS = """
    SELECT live_holds_per_shipper FROM appointments_siteterms
     WHERE site_id = %s AND live_holds_per_shipper IS NOT NULL"""
_APPOINTMENT = """
    INSERT INTO appointments_appointment
           (id, created_at, shipper_id, site_id, delivery_id, reference, state, must_act, must_act_by,
            is_planned, version, load_type, pallets, weight_kg, volume_m3, lines, temperature_class,
            adr_classes, live, tail_lift, vehicle_type, equipment)
    VALUES (%s, now(), %s, %s, %s, 'bench', 'offered', 'recipient', %s,
            true, 1, 'pallets', 1, 0, 0, 0, 'ambient',
            '{}', true, false, '', '{}')"""
_OFFER = """
    INSERT INTO appointments_offer
           (id, created_at, appointment_id, side, state, message, reason_code, offered_by, moves, expires_at)
    VALUES (%s, now(), %s, 'shipper', 'open', '', '', 'Booker', false, %s)"""
_SLOT = """
    INSERT INTO appointments_offeredslot
           (id, created_at, offer_id, index, dock_id, lane, during, occupies, accepted)
    VALUES (%s, now(), %s, 0, %s, 1, %s, %s, false)"""
_EVENT = """
    INSERT INTO appointments_appointmentevent
           (id, created_at, appointment_id, offer_id, step, from_state, to_state, side, actor_name, at,
            message, reason_code, means, late)
    VALUES (%s, now(), %s, %s, %s, %s, %s, 'shipper', 'Booker', %s, '', %s, 'person', false)"""
_READ_LOCKED = """SELECT * FROM appointments_appointment a JOIN facilities_site s ON s.id = a.site_id
                   WHERE a.id = %s FOR UPDATE OF a"""
_CANCEL = """UPDATE appointments_appointment SET state = 'cancelled', must_act = '', must_act_by = NULL,
                    version = version + 1 WHERE id = %s"""
_WITHDRAW = """UPDATE appointments_offer SET state = 'withdrawn', answered_at = %s
                WHERE appointment_id = %s AND state = 'open'"""
