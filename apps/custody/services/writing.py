"""An event's way into the database: one statement counts it, puts its bytes together and writes all of it.

An event says which number it has in the history of its goods, and that number is known only under the lock of
the consignments' counters. So the text of an event comes in parts, cut where the numbers belong, and the
database joins and hashes it (RFC 9162 2.1.1): one round trip, and the lock is held for as long as it takes.
The functions are the shipper's own, made by a migration, and run with the rights of whoever calls them.

Statements are prepared and go past the ORM, because every step of every delivery waits for them. They run in
the caller's transaction and in the shipper's schema and role, like everything else.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from apps.custody import merkle
from apps.custody.commitments import Disclosure
from apps.custody.models import CustodyEvent
from apps.custody.possession import ACCEPTED, MOVES, Step

#: A unit that a handover passes on: consignment, SSCC or nothing, round (`UnitHandover`).
Passed = tuple[str, str, int]
Cursor = psycopg.Cursor[Any]


@dataclass(frozen=True, slots=True)
class Places:
    """What an event holds: its numbers in its consignments' histories, in their order, as text with commas,
    and its place among all events."""

    positions: str
    ordinal: int


#: Between texts that are told as one: lists of parameters are slow. No clean text and no JSON holds it.
_CUT = "\x1f"
_TAKE = "SELECT positions, ordinal, moves FROM custody_take(%s, %s)"
_WRITE = """
    SELECT positions, ordinal, xid
      FROM custody_append(%s, %s, %s, %s::bigint, %s, %s, %s, %s, %s, %s, %s, %s::json)"""
_HAND_OVER = """
    INSERT INTO custody_unithandover (id, created_at, event_id, consignment, unit, round)
    SELECT gen_random_uuid(), now(), %s, number, unit, round
      FROM json_to_recordset(%s::json) AS each(number varchar, unit varchar, round int)"""
_MOVING = _CUT.join([*MOVES, "correction"])


@contextmanager
def prepared() -> Iterator[Cursor]:
    """A cursor of the current connection that binds on the server, as prepared statements need it."""
    with connection.cursor() as current, connection.wrap_database_errors:
        yield psycopg.Cursor(current.connection)


def take_places(cursor: Cursor, consignments: Sequence[str]) -> tuple[Places, dict[str, list[Step]]]:
    """The next number in each history and the event's place among all, for what has to be looked into before
    it is written; and what moved the goods of each consignment so far, and what corrected it.

    ``consignments`` are sorted: their counters' rows are locked in that order, so nobody deadlocks. The place
    among all is drawn while they are held. A handover's units are those that were written down; one in which
    all of a consignment stayed behind did not move it.
    """
    row = cursor.execute(_TAKE, [_CUT.join(consignments), _MOVING], prepare=True).fetchone()
    assert row is not None
    positions, ordinal, told = row
    moves: dict[str, list[Step]] = {}
    for number, event_id, event_type, at, place, units, corrects in told or ():
        if event_type in ACCEPTED and not units:
            continue
        passed = frozenset(unit for unit in units if unit)
        step = Step(event_id, event_type, datetime.fromisoformat(at), place, passed, corrects or "")
        moves.setdefault(number, []).append(step)
    return Places(positions, ordinal), moves


def write(
    cursor: Cursor,
    row: CustodyEvent,
    *,
    consignments: Sequence[str],
    parts: Sequence[str],
    opened: Iterable[Disclosure],
    taken: Places | None = None,
    passed: Sequence[Passed] = (),
) -> None:
    """Insert an event, its places, what opens its commitments and what it hands over.

    ``parts`` are those of `canonical.encode_in_parts`; the number in the history of the first of
    ``consignments``, which are sorted, goes behind the first part, and so on. Afterwards ``row`` holds what
    is stored. With ``taken`` the event has the places that `take_places` gave, else the next ones.
    """
    openings = [{"path": each.path, "salt": each.salt.hex(), "value": each.value} for each in opened]
    values = [
        _CUT.join(consignments),
        _CUT.join(parts),
        taken.positions if taken else None,
        taken.ordinal if taken else None,
        row.id,
        row.type,
        row.delivery_id,
        row.delivery,
        row.site_id,
        row.event_time,
        row.recorded_at,
        json.dumps(openings),
    ]
    answer = cursor.execute(_WRITE, values, prepare=True).fetchone()
    assert answer is not None
    positions, row.ordinal, row.xid = answer
    numbers = [*positions.split(","), ""] if consignments else [""]
    row.canonical = "".join(part + number for part, number in zip(parts, numbers, strict=True)).encode()
    row.leaf_hash = merkle.leaf_hash(row.canonical)
    row._state.adding, row._state.db = False, connection.alias
    if passed:
        rows = [{"number": number, "unit": unit, "round": turn} for number, unit, turn in passed]
        cursor.execute(_HAND_OVER, [row.id, json.dumps(rows)], prepare=True)
