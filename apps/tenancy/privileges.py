"""Roles, grants and row-level security, put in force from what the models declare.

Runs as the owner after every migration; repeating it changes nothing. See ``apps.core.access``.
"""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django_tenants.utils import get_app_label
from psycopg import sql

from apps.core.access import ALL, APPEND, OWN_MEMBERS, READ, Access
from apps.tenancy.postgresql.base import HUB_ROLE

SHIPPER_ROLE = "dockside_shipper"  # what every shipper's role inherits in the network schema

#: Tables of libraries, which declare nothing themselves.
LIBRARY_TABLES = {
    # a session is good at one host; those opened at a shipper's lie in its own schema
    "django_session": Access(shipper=""),
    "django_content_type": Access(hub=APPEND, shipper=APPEND),
    "django_admin_log": Access(hub=APPEND, shipper="", own=APPEND),
    "account_emailaddress": Access(shipper=ALL, rows=f"user_id IN ({OWN_MEMBERS})"),
    "account_emailconfirmation": Access(
        shipper=ALL,
        rows="email_address_id IN (SELECT id FROM public.account_emailaddress)",
    ),
}
_COMMANDS = {
    "SELECT": ["USING"],
    "INSERT": ["WITH CHECK"],
    "UPDATE": ["USING", "WITH CHECK"],
    "DELETE": ["USING"],
}
LIBRARY_DEFAULT = Access(hub=READ, shipper=READ)


def ensure_roles() -> None:
    """Create the hub's and the shippers' common role and let the runtime login take the hub's."""
    for role in (HUB_ROLE, SHIPPER_ROLE):
        _create_role(role)
    _run("GRANT {} TO {}", sql.Identifier(HUB_ROLE), sql.Identifier(settings.RUNTIME_ROLE))
    for role in (HUB_ROLE, SHIPPER_ROLE):
        for schema in ("public", *settings.PG_EXTRA_SEARCH_PATHS):
            _run("GRANT USAGE ON SCHEMA {} TO {}", sql.Identifier(schema), sql.Identifier(role))


def ensure_shipper_role(schema_name: str) -> None:
    """Create the role of one shipper: its own schema, the common rights in the network, nothing else."""
    _create_role(schema_name)
    role = sql.Identifier(schema_name)
    _run("GRANT {} TO {}", sql.Identifier(SHIPPER_ROLE), role)
    _run("GRANT {} TO {}", role, sql.Identifier(settings.RUNTIME_ROLE))
    _run("GRANT USAGE ON SCHEMA {} TO {}", role, role)


def grant_network() -> None:
    """Put the network tables' declared access in force."""
    ensure_roles()
    _run(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}, {}",
        sql.Identifier(HUB_ROLE),
        sql.Identifier(SHIPPER_ROLE),
    )
    for role in (HUB_ROLE, SHIPPER_ROLE):
        _run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}", sql.Identifier(role))
    for table, access in _tables(settings.SHARED_APPS):
        _grant("public", table, HUB_ROLE, access.hub)
        _grant("public", table, SHIPPER_ROLE, access.shipper)
        _police(table, access)


def grant_schema(schema_name: str) -> None:
    """Put the declared access of one shipper's own tables in force."""
    ensure_shipper_role(schema_name)
    schema, role = sql.Identifier(schema_name), sql.Identifier(schema_name)
    _run("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM PUBLIC, {}", schema, role)
    _run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}", schema, role)
    for table, access in _tables(settings.TENANT_APPS):
        _grant(schema_name, table, schema_name, access.own)


def _tables(app_names: list[str]) -> Iterator[tuple[str, Access]]:
    labels = {get_app_label(name) for name in app_names}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in labels and model._meta.managed and not model._meta.proxy:
            yield model._meta.db_table, _access_of(model)


def _access_of(model: type[models.Model]) -> Access:
    declared = getattr(model, "access", None)
    if isinstance(declared, Access):
        return declared
    return LIBRARY_TABLES.get(model._meta.db_table, LIBRARY_DEFAULT)


def _grant(schema: str, table: str, role: str, privileges: str) -> None:
    if privileges:
        _run(
            "GRANT {} ON {} TO {}", sql.SQL(privileges), sql.Identifier(schema, table), sql.Identifier(role)
        )  # fmt: skip


def _police(table: str, access: Access) -> None:
    target = sql.Identifier("public", table)
    for policy in ("hub", *(f"shipper_{command.lower()}" for command in _COMMANDS)):
        _run("DROP POLICY IF EXISTS {} ON {}", sql.Identifier(policy), target)
    if access.rows is None:
        _run("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", target)
        return
    _run("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", target)
    _run("CREATE POLICY hub ON {} TO {} USING (true)", target, sql.Identifier(HUB_ROLE))
    for command, clauses in _COMMANDS.items():
        predicate = access.rows if command == "SELECT" else access.writes or access.rows
        _run(
            "CREATE POLICY {} ON {} FOR {} TO {} {}",
            sql.Identifier(f"shipper_{command.lower()}"),
            target,
            sql.SQL(command),
            sql.Identifier(SHIPPER_ROLE),
            sql.SQL(" ").join(sql.SQL(f"{clause} ({predicate})") for clause in clauses),
        )


def _create_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))


def _run(statement: str, *parts: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*parts))
