"""Logs of any length for the custody benchmark: made once, signed and registered, kept for the next run.

Events are written by COPY, as many as are missing; everything else about them is as the service writes it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from apps.core.ids import new_id
from apps.custody import canonical, commitments, events, merkle, selectors
from apps.custody.models import CustodyEvent
from apps.custody.services.registering import close_days
from apps.custody.services.sequencing import sequence
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from benchmarks._custody import HISTORY, SSCC

BEGIN = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
CHUNK = 20_000
WRITER = "Zoë Writer"
_COPIES = {
    "custody_custodyevent": "id created_at canonical leaf_hash type delivery delivery_id event_time"
    " recorded_at ordinal xid",
    "custody_consignmentsequence": "event_id consignment position",
    "custody_disclosure": "event_id path salt value",
    "custody_consignmentcounter": "consignment last",
}
Rows = dict[str, list[tuple[Any, ...]]]


def fill(shipper: Shipper, size: int) -> None:
    """Have at least ``size`` events in the shipper's log."""
    with doorway.enter_shipper(shipper):
        missing = size - CustodyEvent.objects.count()
        made = _events(selectors.log_origin(shipper), shipper.slug)
        while missing > 0:
            with transaction.atomic():
                missing -= _copy(list(islice(made, min(CHUNK, missing))))
            while sequence(now=datetime.now(UTC)):  # each time: what waits is looked through for each batch
                pass
        close_days(now=datetime.now(UTC))


def _copy(made: list[dict[str, Any]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(nextval('custody_ordinal')), min(pg_current_xact_id()::text::bigint)"
            " FROM generate_series(1, %s)",
            [len(made)],
        )
        ordinals, xid = cursor.fetchone()
        rows = _rows(made, ordinals, xid)
        for table, columns in _COPIES.items():
            with cursor.cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
                for row in rows[table]:
                    copy.write_row(row)
    return len(made)


def _rows(made: list[dict[str, Any]], ordinals: list[int], xid: int) -> Rows:
    rows: Rows = {table: [] for table in _COPIES}
    for event, ordinal in zip(made, ordinals, strict=True):
        salt = commitments.new_salt()
        event["actor"]["name"] = commitments.commit(path="/actor/name", salt=salt, value=WRITER)
        data, event_id, at = canonical.canonical_bytes(event), event["event_id"], event["event_time"]
        [consignment] = event["consignments"]
        number, position = consignment["number"], consignment["cseq"]
        leaf = merkle.leaf_hash(data)
        rows["custody_custodyevent"].append(
            (event_id, at, data, leaf, event["type"], event["delivery"], None, at, at, ordinal, xid)
        )
        rows["custody_consignmentsequence"].append((event_id, number, position))
        rows["custody_disclosure"].append((event_id, "/actor/name", salt, json.dumps(WRITER)))
        if position == 1:
            rows["custody_consignmentcounter"].append((number, len(HISTORY)))
    return rows


def _events(origin: str, slug: str) -> Iterator[dict[str, Any]]:
    """Histories of consignments, twenty of which go on at a time."""
    run, at, first = uuid4().hex[:8], BEGIN, 0
    while True:
        for step, (event_type, details) in enumerate(HISTORY, start=1):
            for place in range(first, first + 20):
                at += timedelta(seconds=1)
                yield {
                    "v": events.VERSION,
                    "log": origin,
                    "shipper": slug,
                    "event_id": str(new_id()),
                    "type": event_type,
                    "consignments": [{"number": f"C-{run}-{place}", "cseq": step, "sscc": [SSCC]}],
                    "delivery": f"D-{run}-{place}",
                    "site": {"name": "Custody bench"},
                    "actor": {"id": run, "role": "planner", "organisation": "Custody bench"},
                    "event_time": canonical.format_time(at),
                    "received_time": canonical.format_time(at),
                    "why": events.why(event_type),
                    "details": _plain(details),
                }
        first += 20


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """Details without names: one opened name an event is enough."""
    return {
        name: {"organisation": "Custody bench", "assurance": "captured"} if name.endswith("_by") else each
        for name, each in details.items()
    }
