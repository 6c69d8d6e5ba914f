"""Which modules may change the schema and which may write SQL by hand: those thought about, no others."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Whatever takes a connection into another schema or role.
ENTERS = re.compile(
    r"\b(set_tenant|set_schema|set_schema_to_public|schema_context|tenant_context|SchemaTenant\w*)\b"
    r"|\bSET\s+(LOCAL\s+|SESSION\s+)?(ROLE|search_path|SESSION\s+AUTHORIZATION)\b"
    r"|\.schema_name\s*=[^=]|set_config\(\s*'(role|search_path)'",
    re.IGNORECASE,
)
BY_HAND = re.compile(r"\.cursor\(|\.raw\(|\bRawSQL\(|\.extra\(")

DOORS = {
    "apps/tenancy/doorway.py",
    "apps/tenancy/tasks.py",
    "apps/tenancy/postgresql/base.py",
    "apps/custody/hostile.py",  # rattles at them, and takes back whatever gave way
}
#: Each was read for names of schemas: none takes one from outside, all work in the connection's own.
SQL_BY_HAND = {
    "apps/appointments/gaps.py",
    "apps/appointments/many.py",
    "apps/appointments/selectors.py",
    "apps/appointments/services/occupancy.py",
    "apps/core/turns.py",
    "apps/custody/doctor.py",
    "apps/custody/hostile.py",
    "apps/custody/network/signing.py",
    "apps/custody/selectors.py",
    "apps/custody/services/completeness.py",
    "apps/custody/services/sequencing.py",
    "apps/custody/services/writing.py",
    "apps/facilities/selectors.py",
    "apps/figures/gathering.py",
    "apps/figures/pilots.py",
    "apps/figures/receiving.py",
    "apps/figures/summing.py",
    "apps/portal/views/common.py",
    "apps/tenancy/management/commands/migrate_schemas.py",
    "apps/tenancy/privileges.py",
    "apps/tenancy/services/provisioning.py",
    "apps/tenancy/tasks.py",
    "apps/tracking/conditions.py",
    "apps/tracking/services/arrivals.py",
    "apps/tracking/services/positions.py",
}


def modules_with(pattern: re.Pattern[str]) -> set[str]:
    """The modules of the applications, migrations aside, in whose text ``pattern`` occurs."""
    return {
        str(file.relative_to(ROOT))
        for file in ROOT.glob("apps/**/*.py")
        if "migrations" not in file.parts and pattern.search(file.read_text())
    }


def test_only_the_doorway_the_worker_and_the_backend_change_the_schema():
    assert modules_with(ENTERS) == DOORS


def test_no_other_module_writes_sql_by_hand():
    assert modules_with(BY_HAND) == SQL_BY_HAND


@pytest.mark.parametrize(
    "line",
    [
        "connection.set_tenant(shipper)",
        "with schema_context('t_globex'):",
        "cursor.execute('SET ROLE t_globex')",
        "cursor.execute('set search_path to t_globex')",
        "connection.schema_name = 't_globex'",
        "SELECT set_config('search_path', 't_globex', true)",
    ],
)
def test_a_stray_door_would_be_found(line):
    assert ENTERS.search(line)
