"""An event's way into the database: a statement takes its places, another writes all that belongs to it.

Both are prepared and go past the ORM, because every step of every delivery waits for them. They run in the
caller's transaction and in the shipper's schema and role, like everything else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from apps.core.ids import new_id
from apps.custody.commitments import Disclosure
from apps.custody.models import CustodyEvent
from apps.custody.possession import ACCEPTED, MOVES, Step

#: A unit that a handover passes on: consignment, SSCC or nothing, round (`UnitHandover`).
Passed = tuple[str, str, int]
Cursor = psycopg.Cursor[Any]
_COLUMNS = (
    "id",
    "canonical",
    "leaf_hash",
    "type",
    "delivery_id",
    "delivery",
    "site_id",
    "event_time",
    "recorded_at",
    "ordinal",
    "xid",
)

# The ordinal is drawn above the aggregate, which ends only when every counter's row is locked.
_TAKE = """
    WITH taken AS (
        INSERT INTO custody_consignmentcounter AS counter (consignment, last)
        SELECT number, 1 FROM json_array_elements_text(%s::json) WITH ORDINALITY AS given(number, place)
         ORDER BY place
        ON CONFLICT (consignment) DO UPDATE SET last = counter.last + 1 RETURNING consignment, last)
    SELECT positions, nextval('custody_ordinal'), pg_current_xact_id()::text::bigint
      FROM (SELECT json_object_agg(consignment, last) AS positions FROM taken) AS held"""
_WRITE = """
    WITH event AS (
        INSERT INTO custody_custodyevent
               (id, created_at, canonical, leaf_hash, type, delivery_id, delivery, site_id, event_time,
                recorded_at, ordinal, xid)
        VALUES (%(id)s, now(), %(canonical)s, %(leaf_hash)s, %(type)s, %(delivery_id)s, %(delivery)s,
                %(site_id)s, %(event_time)s, %(recorded_at)s, %(ordinal)s, %(xid)s)
    ), places AS (
        INSERT INTO custody_consignmentsequence (id, created_at, event_id, consignment, position)
        SELECT each.id, now(), %(id)s, number, position
          FROM json_to_recordset(%(places)s::json) AS each(id uuid, number varchar, position int)
    ), passed AS (
        INSERT INTO custody_unithandover (id, created_at, event_id, consignment, unit, round)
        SELECT each.id, now(), %(id)s, number, unit, round
          FROM json_to_recordset(%(passed)s::json) AS each(id uuid, number varchar, unit varchar, round int)
    )
    INSERT INTO custody_disclosure (id, created_at, event_id, path, salt, value)
    SELECT each.id, now(), %(id)s, path, decode(salt, 'hex'), value
      FROM json_to_recordset(%(opened)s::json) AS each(id uuid, path varchar, salt text, value jsonb)"""
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


def take_places(cursor: Cursor, consignments: Sequence[str]) -> tuple[dict[str, int], int, int]:
    """The next position in each history, then the event's place among all and the transaction that writes it.

    ``consignments`` are sorted: their counters' rows are locked in that order, so nobody deadlocks. The place
    among all is drawn while they are held.
    """
    row = cursor.execute(_TAKE, [json.dumps(consignments)], prepare=True).fetchone()
    assert row is not None
    positions, ordinal, xid = row
    return positions or {}, ordinal, xid


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
    positions: Mapping[str, int],
    opened: Iterable[Disclosure],
    passed: Iterable[Passed],
) -> None:
    """Insert an event, its places, what opens its commitments and what it hands over."""
    beside: dict[str, list[Mapping[str, object]]] = {
        "places": [{"number": number, "position": position} for number, position in positions.items()],
        "passed": [{"number": number, "unit": unit, "round": turn} for number, unit, turn in passed],
        "opened": [{"path": each.path, "salt": each.salt.hex(), "value": each.value} for each in opened],
    }
    cursor.execute(
        _WRITE,
        {name: getattr(row, name) for name in _COLUMNS}
        | {name: _rows(each) for name, each in beside.items()},
        prepare=True,
    )
    row._state.adding, row._state.db = False, connection.alias


def _rows(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as JSON, each with an id."""
    return json.dumps([{"id": str(new_id()), **row} for row in rows])
