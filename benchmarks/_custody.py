"""One process of writers of the custody benchmark: events through the service, or as bare INSERTs."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import django
import psycopg

django.setup()

from django.db import connection, transaction  # noqa: E402 models need the set-up above
from django.utils import timezone  # noqa: E402

from apps.accounts.actors import Actor, Side  # noqa: E402
from apps.accounts.models import Role  # noqa: E402
from apps.core.ids import new_id  # noqa: E402
from apps.custody import services as custody  # noqa: E402
from apps.facilities.models import Site  # noqa: E402
from apps.tenancy import doorway  # noqa: E402
from apps.tenancy.models import Shipper  # noqa: E402

SSCC = "106141411234567897"
_SLOT = {"dock": "Dock 2", "start": "2026-11-20T08:00:00.000000Z", "end": "2026-11-20T09:00:00.000000Z"}
_SIGNATORY = {
    "organisation": "Custody bench",
    "assurance": "captured",
    "name": custody.Personal("Zoë Reader"),
}
_ITEM = {"article": "Zidovudine 300 mg", "quantity": "40.00", "unit": "carton", "lot": "B-7"}
_READING = {
    "sensor": "logger-7",
    "from": "2026-11-20T08:00:00.000000Z",
    "to": "2026-11-20T09:00:00.000000Z",
    "readings": 60,
    "minimum_mc": 2100,
    "maximum_mc": 7400,
    "within_limits": True,
}
#: What a consignment goes through, from order to handover.
HISTORY: list[tuple[str, dict[str, Any]]] = [
    ("consignment_created", {"order": "PO-1", "items": [_ITEM]}),
    ("packed", {"handling_units": [{"sscc": SSCC, "package": "pallet", "gross_weight_g": 412500}]}),
    ("delivery_grouped", {"load": {"pallets": 2, "weight_g": 825000, "volume_cm3": 3000000}}),
    ("slots_offered", {"offer": "O-1", "party": "shipper", "slots": [_SLOT], "expires": _SLOT["start"]}),
    ("appointment_confirmed", {"appointment": "A-1", "slot": _SLOT, "confirmation_number": "K7QW2"}),
    ("planned", {"route": "R-1", "stop": 1, "carrier": "Swift Haul", "vehicle": "TRK 7 GP"}),
    ("loaded", {"vehicle": "TRK 7 GP", "seals": ["S-1"]}),
    ("departed", {"vehicle": "TRK 7 GP"}),
    ("condition_reading", _READING),
    ("condition_reading", _READING),
    ("arrived", {"dock": "Dock 2"}),
    ("unloading_started", {"dock": "Dock 2"}),
    ("unloaded", {"dock": "Dock 2"}),
    ("handover_accepted", {"released_by": _SIGNATORY, "received_by": _SIGNATORY, "seals": ["S-1"]}),
]
# An event's row, and the other rows that one takes; written by hand, so as to be the least that is possible.
EVENT = """
    INSERT INTO custody_custodyevent
           (id, created_at, canonical, leaf_hash, type, delivery_id, delivery, site_id, event_time,
            recorded_at, ordinal, xid)
    VALUES (%s, now(), %s, %s, 'departed', %s, 'D000001', %s, %s, %s, nextval('custody_ordinal'), 0)"""
COUNTER = """
    INSERT INTO custody_consignmentcounter AS counter (consignment, last) VALUES (%s, 1)
    ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING last"""
PLACE = """
    INSERT INTO custody_consignmentsequence (event_id, consignment, position) VALUES (%s, %s, %s)"""
OPENING = """
    INSERT INTO custody_disclosure (event_id, path, salt, value)
    VALUES (%s, '/actor/name', %s, '"Zoë Writer"'::jsonb)"""

Append = Callable[[], UUID]
Committed = list[tuple[UUID, datetime]]


def write(
    how: str, shipper_id: UUID, site_id: UUID, threads: int, seconds: float, barrier: Barrier
) -> Committed:
    """Let ``threads`` writers append for ``seconds``; the events with the moment each was acknowledged."""
    committed: Committed = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            shipper = Shipper.objects.get(pk=shipper_id)
            with doorway.enter_shipper(shipper):
                site = Site.objects.get(pk=site_id)
                committed.extend(_repeat(APPENDING[how](shipper, site), seconds, barrier))
        except BaseException as error:
            errors.append(error)
            barrier.abort()
        finally:
            connection.close()

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if errors:
        raise errors[0]
    return committed


def _repeat(append: Append, seconds: float, barrier: Barrier) -> Committed:
    for _ in range(len(HISTORY)):  # connections, caches and plans are warm before the clock starts
        append()
    barrier.wait()
    end, committed = time.monotonic() + seconds, Committed()
    while time.monotonic() < end:
        committed.append((append(), timezone.now()))
    return committed


def _services(shipper: Shipper, site: Site) -> Append:
    """Each call records the next step of a consignment, in a transaction of its own."""
    actor = Actor(Side.SHIPPER, uuid4(), "Zoë Writer", shipper_id=shipper.pk, roles=frozenset({Role.PLANNER}))
    steps = _steps()

    def append() -> UUID:
        now, (number, delivery_id, event_type, details) = timezone.now(), next(steps)
        with transaction.atomic():
            return custody.record(
                event_type,
                actor=actor,
                now=now,
                event_time=now,
                consignments={number: [SSCC]},
                details=details,
                delivery_id=delivery_id,
                delivery="D000001",
                site=site,
            ).pk

    return append


def _steps() -> Iterator[tuple[str, UUID, str, dict[str, Any]]]:
    writer = uuid4().hex[:12]
    for number in count(1):
        delivery_id = uuid4()
        for event_type, details in HISTORY:
            yield f"C-{writer}-{number}", delivery_id, event_type, details


def _event_alone(shipper: Shipper, site: Site) -> Append:
    """The event's row and nothing else, prepared, of bytes that were made before, in a transaction."""
    canonical, delivery_id = random.randbytes(900), uuid4()  # noqa: S311

    def append() -> UUID:
        with transaction.atomic(), connection.cursor() as current:
            return _insert(psycopg.Cursor(current.connection), canonical, delivery_id, site)

    return append


def _all_rows(shipper: Shipper, site: Site) -> Append:
    """All rows of an event, each by an INSERT of its own, prepared, in one transaction."""
    canonical, steps = random.randbytes(900), _steps()  # noqa: S311

    def append() -> UUID:
        number, delivery_id, _, _ = next(steps)
        with transaction.atomic(), connection.cursor() as current:
            cursor = psycopg.Cursor(current.connection)
            row = cursor.execute(COUNTER, [number], prepare=True).fetchone()
            assert row is not None
            event_id = _insert(cursor, canonical, delivery_id, site)
            cursor.execute(PLACE, [event_id, number, row[0]], prepare=True)
            salt = random.randbytes(32)  # noqa: S311
            cursor.execute(OPENING, [event_id, salt], prepare=True)
        return event_id

    return append


def _insert(cursor: psycopg.Cursor[Any], canonical: bytes, delivery_id: UUID, site: Site) -> UUID:
    event_id, now, leaf = new_id(), timezone.now(), random.randbytes(32)  # noqa: S311
    cursor.execute(EVENT, [event_id, canonical, leaf, delivery_id, site.pk, now, now], prepare=True)
    return event_id


APPENDING = {"service": _services, "rows": _all_rows, "event": _event_alone}
