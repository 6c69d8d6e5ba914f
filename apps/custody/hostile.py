"""What must be impossible, tried as each role that pages and workers run as; whatever works is undone.

`require_guarded` is asked before anything serves: where one of these statements works, what the pages say of
the record is not true.
"""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.tenancy import doorway
from apps.tenancy.everywhere import active_shippers
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)

#: The tables that only grow, each with a column to try it with.
APPEND_ONLY = {
    "custody_custodyevent": "id",
    "custody_consignmentsequence": "position",
    "custody_logleaf": "index",
    "custody_logtile": "index",
    "custody_logkey": "id",
    "custody_checkpoint": "size",
    "custody_cosignature": "id",
    "custody_register": "end",
    "custody_registerentry": "mark",
    "custody_sitemark": "mark",
    "custody_unithandover": "id",
    "custody_deviceaction": "id",
}
#: The same of the network's log.
NETWORK = {
    "network_networkentry": "index",
    "network_networknode": "index",
    "network_networkkey": "id",
    "network_networkcheckpoint": "size",
}
GUARDED = (*APPEND_ONLY, "custody_disclosure")
#: SQLSTATEs that are a refusal: insufficient_privilege, restrict_violation (our triggers).
REFUSALS = {"42501", "23001"}


class Unguarded(Exception):
    """A statement works that must not: nothing may be served from here."""


def require_guarded() -> None:
    """Try the hostile statements at every active shipper before serving.

    Raises:
        Unguarded: one works; the message says which, and that the doctor says more.
    """
    if settings.ACT_AS_OWNER:
        return  # migrating and provisioning, which serve nobody
    shippers = active_shippers()
    for shipper in shippers:
        neighbours = [other.schema_name for other in shippers if other != shipper]
        _, worked = tried(shipper, neighbours[:1])
        if worked:
            raise Unguarded(
                f"{shipper.slug}: the database lets a custody record be changed ({'; '.join(worked[:3])})."
                " Nothing is served until that is mended; “manage.py doctor” says all that is wrong."
            )
    connection.close()  # whoever forks afterwards must not share it
    log.info("the custody records of %d shippers are guarded", len(shippers))


def tried(shipper: Shipper, neighbours: list[str]) -> tuple[int, list[str]]:
    """Try everything as the shipper, as the hub and as the login itself; how many, and which ones worked."""
    with doorway.enter_shipper(shipper):
        own = list(hostile_statements(neighbours))
        worked = [statement for statement in own if not is_refused(statement)]
    with doorway.network():
        others = list(statements_of_others(shipper.schema_name))
        worked += [statement for statement in others if not is_refused(statement)]
    return len(own) + len(others), worked


def hostile_statements(neighbours: list[str]) -> Iterator[str]:
    """What must be impossible for a shipper: rewriting its record, unguarding it, reading another's."""
    for table, column in APPEND_ONLY.items():
        # the names are the constants above, never anybody's input
        yield f'UPDATE {table} SET "{column}" = "{column}"'  # noqa: S608
        yield f"DELETE FROM {table}"  # noqa: S608
        yield f"TRUNCATE {table} CASCADE"
        yield f"SELECT 1 FROM {table} FOR UPDATE"  # noqa: S608
        yield f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
        yield f"ALTER TABLE {table} DISABLE TRIGGER USER"
        yield f"ALTER TABLE {table} DISABLE TRIGGER ALL"
        yield f"DROP TRIGGER custody_keep_rows ON {table}"
        yield f"ALTER TABLE {table} RENAME TO gone"
        yield f"ALTER TABLE {table} ADD COLUMN more int"
        yield f"DROP TABLE {table} CASCADE"
        yield f"CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING"
        yield f"ALTER TABLE {table} OWNER TO CURRENT_USER"
    yield (
        "INSERT INTO custody_logkey (id, created_at, vkey, since, note)"
        " SELECT gen_random_uuid(), now(), 'x', 0, ''"
        " ON CONFLICT (vkey) DO UPDATE SET vkey = 'y'"
    )
    yield "UPDATE custody_disclosure SET value = '\"somebody else\"'"
    yield "CREATE OR REPLACE FUNCTION custody_refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'"
    yield "DROP FUNCTION custody_refuse_change() CASCADE"
    yield "SELECT setval('custody_ordinal', 1)"
    yield "ALTER SEQUENCE custody_ordinal RESTART"
    yield "CREATE TABLE custody_shadow (id int)"
    yield "SET session_replication_role = replica"
    yield "COPY (SELECT 1) TO PROGRAM 'true'"
    yield "SELECT 1 FROM network_networknode"
    for table in NETWORK:
        yield f"INSERT INTO {table} SELECT * FROM {table}"  # noqa: S608 a constant above
        yield f"DELETE FROM {table}"  # noqa: S608
    for schema in neighbours:
        yield f"SELECT 1 FROM {schema}.custody_custodyevent"  # noqa: S608 schema names are our own
        yield f"INSERT INTO {schema}.custody_logleaf SELECT 0, gen_random_uuid()"


def statements_of_others(schema: str) -> Iterator[str]:
    """What must be impossible for the hub at a shipper's record and at the network's log, and for the login
    without any role."""
    for table, column in NETWORK.items():
        for acting in ("", "SET LOCAL ROLE NONE; "):
            yield f'{acting}UPDATE {table} SET "{column}" = "{column}"'  # noqa: S608 names are our own
            yield f"{acting}DELETE FROM {table}"  # noqa: S608
            yield f"{acting}TRUNCATE {table} CASCADE"
            yield f"{acting}ALTER TABLE {table} DISABLE TRIGGER USER"
    for table, column in APPEND_ONLY.items():
        for acting in ("", "SET LOCAL ROLE NONE; "):
            yield f"{acting}SELECT 1 FROM {schema}.{table}"  # noqa: S608 names are our own
            yield f'{acting}UPDATE {schema}.{table} SET "{column}" = "{column}"'  # noqa: S608
            yield f"{acting}TRUNCATE {schema}.{table} CASCADE"
            yield f"{acting}ALTER TABLE {schema}.{table} DISABLE TRIGGER USER"
    for acting in ("", "SET LOCAL ROLE NONE; "):
        yield f"{acting}SET session_replication_role = replica"
        yield f"{acting}DROP SCHEMA {schema} CASCADE"
        yield (
            f"{acting}SELECT set_config('role', nspowner::regrole::text, true) FROM pg_namespace"  # noqa: S608
            f" WHERE nspname = '{schema}'"
        )


def is_refused(statement: str) -> bool:
    """Whether the database denies a statement for want of rights; whatever it does is undone."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", None) in REFUSALS
    return False
