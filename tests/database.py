"""The tests' database: cloned from a template with both shippers and the cast."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from tests.factories import cast

ROOT = Path(__file__).resolve().parent.parent
TEST_DATABASE = "test_dockside" + os.environ.get("PYTEST_XDIST_WORKER", "")  # one for each process that tests
BUILD_LOCK = 4711
WAITS_FOR_VACUUM = 50  # times a fifth of a second


def fingerprint() -> str:
    """Changes when the schema, the privileges or the cast do."""
    digest = hashlib.sha256(repr((settings.SHARED_APPS, settings.TENANT_APPS)).encode())
    files = [
        *ROOT.glob("apps/**/migrations/*.py"),
        *ROOT.glob("apps/**/models.py"),
        *ROOT.glob("apps/*/models/*.py"),
        *ROOT.glob("apps/tenancy/*.py"),
    ]
    for file in sorted([*files, ROOT / "apps/core/access.py", Path(cast.__file__)]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def owner() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A session of the owner, outside the test database."""
    with psycopg.connect(settings.DATABASE_OWNER_URL, autocommit=True) as session:
        yield session


def create() -> None:
    """Build the template where it is missing and clone the test database from it."""
    connections.close_all()
    with owner() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [BUILD_LOCK])
        template = f"template_{fingerprint()}"
        if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            _build(session, template)
        connections.close_all()
        _drop(session, TEST_DATABASE)
        session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(TEST_DATABASE), sql.Identifier(template)
            )
        )
    use(TEST_DATABASE)


def destroy() -> None:
    """Drop the test database; its template stays for the next run."""
    connections.close_all()
    with owner() as session:
        _drop(session, TEST_DATABASE)


def use(name: str) -> None:
    """Point Django at a database of the same cluster."""
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = name


def _build(session: psycopg.Connection[tuple[object, ...]], template: str) -> None:
    for (old,) in session.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%'"
    ).fetchall():
        _drop(session, str(old))
    building = f"{template}_building"
    _drop(session, building)
    session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    _manage(building, "migrate_schemas", "-v0")
    for slug, (name, prefix) in cast.SHIPPERS.items():
        _manage(building, "provision_shipper", slug, "--name", name, "--gs1-company-prefix", prefix)
    use(building)
    cast.seed()
    connections.close_all()
    session.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
    )


def _manage(database: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        check=True,
        env={**os.environ, "DOCKSIDE_DATABASE": database, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )


def _drop(session: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database and whoever is in it; the server's own vacuum, which nobody may end, is waited for."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for _ in range(WAITS_FOR_VACUUM):
        with suppress(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)
            return
        sleep(0.2)
    session.execute(statement)
