"""Is this installation sound? Tries what must be impossible, and looks for what must be there.

Runs as the runtime role, as pages and workers do: an answer that the owner gets would say nothing.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from kombu.connection import Connection

from apps.custody import hostile, selectors
from apps.tenancy import doorway
from apps.tenancy.everywhere import active_shippers
from apps.tenancy.models import Outbox, Shipper
from apps.tenancy.outbox import GIVE_UP_AFTER

CLOCK_TOLERANCE = timedelta(seconds=2)
SEQUENCED_WITHIN = timedelta(seconds=60)
PDF_LIBRARIES = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@dataclass(frozen=True)
class Finding:
    """What one check found; ``detail`` says what is wrong and what to do, or what was seen."""

    check: str
    sound: bool
    detail: str


def examine(*, now: datetime) -> Iterator[Finding]:
    """Every check of the installation and of each active shipper; none changes anything.

    Where the database is not set up, only what needs none is looked at besides.
    """
    shippers, ground = _set_up()
    yield ground
    if not ground.sound:
        yield from (_pdf(), _broker())
        return
    yield _clock(now)
    for check in (_runtime_role, _extensions, _occupancy, _pdf, _broker, _promises):
        yield check()
    for shipper in shippers:
        neighbours = [other.schema_name for other in shippers if other != shipper]
        with doorway.enter_shipper(shipper):
            yield _guards(shipper)
            yield _backlog(shipper, now)
        yield _hostile(shipper, neighbours)


def _set_up() -> tuple[list[Shipper], Finding]:
    """The active shippers, and whether the hub's role and tables are there to read them with."""
    try:
        shippers = active_shippers()
    except OperationalError as error:
        answer = f"{_first_line(error)}; start it with python -m config.local up, or mend DATABASE_URL"
    except DatabaseError as error:
        answer = (
            f"{_first_line(error)}; this database has no schema yet or an older one: run python manage.py"
            " migrate_schemas (make serve and make demo do it by themselves)"
        )
    else:
        return shippers, Finding("database is set up", True, f"{len(shippers)} active shippers")
    return [], Finding("database is set up", False, answer)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _hostile(shipper: Shipper, neighbours: list[str]) -> Finding:
    tried, worked = hostile.tried(shipper, neighbours)
    detail = f"{tried} hostile statements refused, as the shipper, the hub and the login"
    return Finding(f"{shipper.slug}: record can't be rewritten", not worked, "; ".join(worked) or detail)


def _guards(shipper: Shipper) -> Finding:
    """Both triggers of each table, in force always (``tgenabled`` A), replication included."""
    missing = [
        f"{table}.{trigger}"
        for table in hostile.GUARDED
        for trigger in ("custody_keep_rows", "custody_keep_table")
        if _value(
            "SELECT tgenabled = 'A' FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
            f"{shipper.schema_name}.{table}",
            trigger,
        )
        is not True
    ]
    return Finding(
        f"{shipper.slug}: triggers guard the record",
        not missing,
        f"not in force: {', '.join(missing)}; run manage.py migrate_schemas" if missing else "all in force",
    )


def _backlog(shipper: Shipper, now: datetime) -> Finding:
    oldest = selectors.unsequenced().first()  # everywhere, not only where the sequencer looks
    late = oldest is not None and now - oldest.recorded_at > SEQUENCED_WITHIN
    return Finding(
        f"{shipper.slug}: events enter the log",
        not late,
        f"one waits since {oldest.recorded_at:%Y-%m-%d %H:%M} UTC: are worker and beat running, and has the"
        " worker the log's key?"
        if oldest and late
        else "none waits",
    )


def _runtime_role() -> Finding:
    owner = settings.ACT_AS_OWNER
    strong = _value(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
        " WHERE rolname = session_user"
    )
    owns = _value(
        "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = session_user"
    )
    sound = not owner and strong is False and owns == 0
    return Finding(
        "runtime role is weak",
        sound,
        "owns nothing, no special rights"
        if sound
        else "the login that serves pages must own no table and be no superuser",
    )


def _extensions() -> Finding:
    schema = _value(
        "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
        " WHERE extname = 'btree_gist'"
    )
    return Finding("btree_gist has a schema of its own", schema == "extensions", f"in schema {schema}")


def _occupancy() -> Finding:
    there = _value(
        "SELECT true FROM pg_constraint WHERE conname = 'dock_lane_taken_once' AND contype = 'x'"
        " AND conrelid = to_regclass('public.appointments_dockoccupancy')"
    )
    return Finding(
        "docks can't be booked twice",
        there is True,
        "exclusion constraint in force" if there else "exclusion constraint missing",
    )


def _pdf() -> Finding:
    try:
        importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        return Finding("papers can be rendered", False, f"{error}; {PDF_LIBRARIES}")
    return Finding("papers can be rendered", True, "WeasyPrint finds its libraries")


def _broker() -> Finding:
    try:
        with Connection(
            settings.CELERY_BROKER_URL, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS
        ) as broker:
            broker.ensure_connection(max_retries=1, timeout=3, interval_start=0)
    except Exception as error:
        return Finding("broker answers", False, f"{type(error).__name__}: {error}")
    return Finding("broker answers", True, "reachable")


def _promises() -> Finding:
    """Work that was promised and tried so often that nobody tries it any more."""
    given_up = list(
        Outbox.objects.filter(done_at=None, attempts__gte=GIVE_UP_AFTER).values_list("name", "last_error")
    )
    if not given_up:
        return Finding("promised work is done", True, "none given up")
    name, error = given_up[0]
    detail = f"{len(given_up)} given up, the first {name} ({error}); mend the cause and set attempts to 0"
    return Finding("promised work is done", False, detail)


def _clock(now: datetime) -> Finding:
    drift = _value("SELECT clock_timestamp()") - now
    return Finding(
        "clocks agree",
        abs(drift) < CLOCK_TOLERANCE,
        f"the database's is {drift.total_seconds():+.1f} s off this machine's",
    )


def _value(query: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        row = cursor.fetchone()
    return row[0] if row else None
