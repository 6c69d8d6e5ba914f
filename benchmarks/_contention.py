"""One booker of the contention benchmark, a process of its own: through the services, or as bare SQL."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
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


Offering = Callable[[datetime], UUID | str]
Cancelling = Callable[[UUID], str]


def book(how: str, ground: Ground, shipper_id: UUID, seconds: float, barrier: Barrier) -> Counter[str]:
    """Offer random slots of the day for ``seconds``; how often each outcome came.

    A decision is one transaction answered: an offer held, an offer refused, the oldest offer cancelled.
    """
    shipper = Shipper.objects.get(pk=shipper_id)
    if how == "bare":
        with _bare_session(shipper) as session:
            offering, cancelling = _bare(session, ground, shipper_id)
            return _repeat(offering, cancelling, ground, seconds, barrier)
    with doorway.enter_shipper(shipper):
        offering, cancelling = _services(ground, shipper_id)
        return _repeat(offering, cancelling, ground, seconds, barrier)


def _repeat(
    offering: Offering, cancelling: Cancelling, ground: Ground, seconds: float, barrier: Barrier
) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    held: deque[UUID] = deque()
    for _ in range(
        8
    ):  # connections, caches and plans are warm, and the day is taken, before the clock starts
        _decide(offering, cancelling, ground, held)
    barrier.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        outcomes.update(_decide(offering, cancelling, ground, held))
    for appointment_id in held:  # beyond the clock: the next round starts on a free day
        cancelling(appointment_id)
    return outcomes


def _decide(offering: Offering, cancelling: Cancelling, ground: Ground, held: deque[UUID]) -> list[str]:
    answer = offering(ground.some_start())
    if isinstance(answer, str):
        return [answer]
    held.append(answer)
    return ["held", cancelling(held.popleft())] if len(held) > KEEPS else ["held"]


def _services(ground: Ground, shipper_id: UUID) -> tuple[Offering, Cancelling]:
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
        cancel_appointment(actor=actor, appointment_id=appointment_id, reason_code="other", now=ground.now)
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


def _bare(session: psycopg.Connection[Any], ground: Ground, shipper_id: UUID) -> tuple[Offering, Cancelling]:
    def offering(start: datetime) -> UUID | str:
        slot = DateTimeTZRange(start, start + timedelta(minutes=MINUTES))
        try:
            return _offer_bare(session, ground, shipper_id, slot) or "taken"
        except psycopg.Error as error:
            return f"error: {type(error).__name__}"

    def cancelling(appointment_id: UUID) -> str:
        _cancel_bare(session, appointment_id, ground.now)
        return "cancelled"

    return offering, cancelling


def _offer_bare(
    session: psycopg.Connection[Any], ground: Ground, shipper_id: UUID, slot: DateTimeTZRange
) -> UUID | None:
    """What ``offer_slots`` has the database do, statement by statement; None when the slot is taken."""
    with session.transaction():
        session.execute(DOCKS, {"site": ground.site_id}).fetchall()
        session.execute(_PARTNERSHIP, [shipper_id, ground.site_id]).fetchone()
        gaps = session.execute(CALENDAR, _question(ground)).fetchall()
        first, last = (int(moment.timestamp()) for moment in (slot.lower, slot.upper))
        if not any(row[0] == "free" and row[3] <= first and last <= row[4] for row in gaps):
            return None
        appointment_id, offer_id, slot_id = new_id(), new_id(), new_id()
        expires = ground.now + timedelta(hours=24)
        session.execute(_APPOINTMENT, [appointment_id, shipper_id, ground.site_id, uuid4(), expires])
        session.execute(LOCK, [LOCK_TIMEOUT, DOCK, [str(ground.dock_id)], []]).fetchall()
        row = [new_id(), ground.dock_id, 1, slot, "hold", appointment_id, slot_id, expires, ""]
        if session.execute(INSERT, row).fetchone() is None:
            raise psycopg.Rollback
        session.execute(_OFFER, [offer_id, appointment_id, expires])
        session.execute(_SLOT, [slot_id, offer_id, ground.dock_id, slot])
        session.execute(_EVENT, [new_id(), appointment_id, offer_id, "offered", "", "offered", ground.now])
        return appointment_id
    return None


def _cancel_bare(session: psycopg.Connection[Any], appointment_id: UUID, now: datetime) -> None:
    """What ``cancel_appointment`` has the database do."""
    with session.transaction():
        session.execute(_READ_LOCKED, [appointment_id]).fetchone()
        session.execute(_CANCEL, [appointment_id])
        session.execute(_EVENT, [new_id(), appointment_id, None, "cancelled", "offered", "cancelled", now])
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
_APPOINTMENT = """
    INSERT INTO appointments_appointment
           (id, created_at, shipper_id, site_id, delivery_id, reference, state, must_act, must_act_by,
            is_planned, version, load_type, pallets, weight_kg, volume_m3, lines, temperature_class,
            adr_classes, live, tail_lift)
    VALUES (%s, now(), %s, %s, %s, 'bench', 'offered', 'recipient', %s,
            true, 1, 'pallets', 1, 0, 0, 0, 'ambient',
            '{}', true, false)"""
_OFFER = """
    INSERT INTO appointments_offer
           (id, created_at, appointment_id, side, state, message, reason_code, offered_by, expires_at)
    VALUES (%s, now(), %s, 'shipper', 'open', '', '', 'Booker', %s)"""
_SLOT = """
    INSERT INTO appointments_offeredslot (id, created_at, offer_id, index, dock_id, lane, during, accepted)
    VALUES (%s, now(), %s, 0, %s, 1, %s, false)"""
_EVENT = """
    INSERT INTO appointments_appointmentevent
           (id, created_at, appointment_id, offer_id, step, from_state, to_state, side, actor_name, at,
            message, reason_code)
    VALUES (%s, now(), %s, %s, %s, %s, %s, 'shipper', 'Booker', %s, '', '')"""
_READ_LOCKED = """SELECT * FROM appointments_appointment a JOIN facilities_site s ON s.id = a.site_id
                   WHERE a.id = %s FOR UPDATE OF a"""
_CANCEL = """UPDATE appointments_appointment SET state = 'cancelled', must_act = '', must_act_by = NULL,
                    version = version + 1 WHERE id = %s"""
_WITHDRAW = """UPDATE appointments_offer SET state = 'withdrawn', answered_at = %s
                WHERE appointment_id = %s AND state = 'open'"""
