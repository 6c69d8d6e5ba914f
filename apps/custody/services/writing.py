"""An event's way into the database: one statement counts it, puts its bytes together and writes all of it.

An event says which number it has in the history of its goods, and that number is known only under the lock of
the consignments' counters. So the text of an event comes in parts, cut where the numbers belong, and the
database joins and hashes it (RFC 9162 2.1.1): one round trip, and the lock is held for as long as it takes.

Statements are prepared and go past the ORM, because every step of every delivery waits for them. They run in
the caller's transaction and in the shipper's schema and role, like everything else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    """What an event holds: its number in each consignment's history, and its place among all events."""

    positions: Mapping[str, int]
    ordinal: int


_COLUMNS = ("id", "type", "delivery_id", "delivery", "site_id", "event_time", "recorded_at")

# The ordinal is drawn above the aggregate, which ends only when every counter's row is locked.
_TAKE = """
    WITH taken AS (
        INSERT INTO custody_consignmentcounter AS counter (consignment, last)
        SELECT number, 1 FROM json_array_elements_text(%s::json) WITH ORDINALITY AS given(number, place)
         ORDER BY place
        ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING consignment, last)
    SELECT positions, nextval('custody_ordinal')
      FROM (SELECT json_object_agg(consignment, last) AS positions FROM taken) AS held"""
# Places that were taken before are given; else they are taken here, in the same order and with the ordinal as
# above. The foreign keys are checked when the statement ends.
_WRITE = r"""
    WITH given AS MATERIALIZED (
        SELECT number, part, taken, place
          FROM ROWS FROM (json_to_recordset(%(goods)s::json) AS (number varchar, part text, taken int))
               WITH ORDINALITY AS each(number, part, taken, place)
    ), counted AS (
        INSERT INTO custody_consignmentcounter AS counter (consignment, last)
        SELECT number, 1 FROM given WHERE taken IS NULL ORDER BY place
        ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING consignment, last
    ), placed AS MATERIALIZED (
        SELECT number, part, place, coalesce(taken, last) AS position
          FROM given LEFT JOIN counted ON consignment = number
    ), said AS MATERIALIZED (
        SELECT convert_to(parts || %(tail)s, 'UTF8') AS bytes,
               coalesce(%(ordinal)s, nextval('custody_ordinal')) AS ordinal,
               pg_current_xact_id()::text::bigint AS xid
          FROM (SELECT coalesce(string_agg(part || position, '' ORDER BY place), '') AS parts
                  FROM placed) AS held
    ), event AS (
        INSERT INTO custody_custodyevent
               (id, created_at, canonical, leaf_hash, type, delivery_id, delivery, site_id, event_time,
                recorded_at, ordinal, xid)
        SELECT %(id)s, now(), bytes, sha256('\x00'::bytea || bytes), %(type)s, %(delivery_id)s, %(delivery)s,
               %(site_id)s, %(event_time)s, %(recorded_at)s, ordinal, xid
          FROM said
    ), places AS (
        INSERT INTO custody_consignmentsequence (event_id, consignment, position)
        SELECT %(id)s, number, position FROM placed
    ), passed AS (
        INSERT INTO custody_unithandover (id, created_at, event_id, consignment, unit, round)
        SELECT gen_random_uuid(), now(), %(id)s, number, unit, round
          FROM json_to_recordset(%(passed)s::json) AS each(number varchar, unit varchar, round int)
    ), opened AS (
        INSERT INTO custody_disclosure (event_id, path, salt, value)
        SELECT %(id)s, path, decode(salt, 'hex'), value
          FROM json_to_recordset(%(opened)s::json) AS each(path varchar, salt text, value jsonb)
    )
    SELECT (SELECT json_object_agg(number, position) FROM placed), ordinal, xid FROM said"""
# A handover's units are those that were written down; which event a correction takes back is in its bytes.
_MOVES = """
    SELECT place.consignment, event.id, event.type, event.event_time, event.ordinal,
           array(SELECT unit FROM custody_unithandover AS passed
                  WHERE passed.event_id = event.id AND passed.consignment = place.consignment AND unit <> ''),
           CASE event.type WHEN 'correction'
                THEN convert_from(event.canonical, 'UTF8')::jsonb -> 'details' ->> 'corrects' ELSE '' END
      FROM custody_consignmentsequence AS place
      JOIN custody_custodyevent AS event ON event.id = place.event_id
     WHERE place.consignment = ANY(%s::varchar[]) AND event.type = ANY(%s::varchar[])
       AND (event.type <> ALL(%s::varchar[])
            OR EXISTS (SELECT 1 FROM custody_unithandover AS passed
                        WHERE passed.event_id = event.id AND passed.consignment = place.consignment))"""


@contextmanager
def prepared() -> Iterator[Cursor]:
    """A cursor of the current connection that binds on the server, as prepared statements need it."""
    with connection.cursor() as current, connection.wrap_database_errors:
        yield psycopg.Cursor(current.connection)


def take_places(cursor: Cursor, consignments: Sequence[str]) -> Places:
    """The next number in each history, then the event's place among all; for what has to be looked up before
    the event is written.

    ``consignments`` are sorted: their counters' rows are locked in that order, so nobody deadlocks. The place
    among all is drawn while they are held.
    """
    row = cursor.execute(_TAKE, [json.dumps(consignments)], prepare=True).fetchone()
    assert row is not None
    positions, ordinal = row
    return Places(positions or {}, ordinal)


def moves_of(cursor: Cursor, consignments: Sequence[str]) -> dict[str, list[Step]]:
    """What moved the goods of each consignment so far, and what corrected it.

    A handover in which all of a consignment stayed behind did not move it.
    """
    moves: dict[str, list[Step]] = {}
    rows = cursor.execute(_MOVES, [list(consignments), [*MOVES, "correction"], [*ACCEPTED]], prepare=True)
    for number, event_id, event_type, at, ordinal, units, corrects in rows:
        step = Step(str(event_id), event_type, at, ordinal, frozenset(units), corrects)
        moves.setdefault(number, []).append(step)
    return moves


def write(
    cursor: Cursor,
    row: CustodyEvent,
    *,
    consignments: Sequence[str],
    parts: Sequence[str],
    opened: Iterable[Disclosure],
    taken: Places | None = None,
    passed: Iterable[Passed] = (),
) -> None:
    """Insert an event, its places, what opens its commitments and what it hands over.

    ``parts`` are those of `canonical.encode_in_parts`; the number in the history of the first of
    ``consignments``, which are sorted, goes behind the first part, and so on. Afterwards ``row`` holds what
    is stored. With ``taken`` the event has the places that `take_places` gave, else the next ones.
    """
    goods = [
        {"number": number, "part": part, "taken": taken.positions[number] if taken else None}
        for number, part in zip(consignments, parts, strict=False)
    ]
    values = {name: getattr(row, name) for name in _COLUMNS} | {
        "goods": json.dumps(goods),
        "tail": parts[-1],
        "ordinal": taken.ordinal if taken else None,
        "opened": json.dumps(
            [{"path": each.path, "salt": each.salt.hex(), "value": each.value} for each in opened]
        ),
        "passed": json.dumps(
            [{"number": number, "unit": unit, "round": turn} for number, unit, turn in passed]
        ),
    }
    answer = cursor.execute(_WRITE, values, prepare=True).fetchone()
    assert answer is not None
    positions, row.ordinal, row.xid = answer
    joined = [part + str(positions[number]) for number, part in zip(consignments, parts, strict=False)]
    row.canonical = "".join([*joined, parts[-1]]).encode()
    row.leaf_hash = merkle.leaf_hash(row.canonical)
    row._state.adding, row._state.db = False, connection.alias
