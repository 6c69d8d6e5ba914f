"""What is written stays: nobody changes it by chance, and whoever does it by intent is found out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from apps.custody import checking, doctor, hostile
from apps.custody import services as custody
from apps.custody.errors import LogDamaged
from apps.custody.models import CustodyEvent
from apps.custody.services.registering import close_all
from apps.tenancy.models import Outbox
from apps.tenancy.outbox import GIVE_UP_AFTER
from apps.tenancy.postgresql import base
from tests.database import ROOT, TEST_DATABASE
from tests.database import owner as as_owner


@pytest.mark.parametrize("statement", list(hostile.hostile_statements(["t_globex"])))
def test_a_shippers_role_is_refused(at_acme, statement):
    assert hostile.is_refused(statement)


def test_the_doctor_tells_a_statement_that_works_from_one_that_is_refused(at_acme):
    assert not hostile.is_refused("DELETE FROM custody_disclosure")
    assert not hostile.is_refused("SELECT 1")
    assert not hostile.is_refused("no SQL at all")


@pytest.mark.parametrize("statement", list(hostile.statements_of_others("t_acme")))
def test_the_hub_and_the_login_are_refused(db, statement):
    assert hostile.is_refused(statement)


def test_the_doctor_shows_promised_work_that_was_given_up(db, now):
    Outbox.objects.create(
        schema_name="t_acme",
        name="note",
        due_at=now,
        attempts=GIVE_UP_AFTER,
        last_error="RuntimeError: no luck",
    )

    found = {finding.check: finding for finding in doctor.examine(now=now)}["promised work is done"]

    assert (found.sound, "note (RuntimeError: no luck)" in found.detail) == (False, True)


def test_the_doctor_finds_the_installation_sound(db):
    output = StringIO()
    call_command("doctor", "--json", stdout=output)

    findings = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [finding["check"] for finding in findings if not finding["sound"]] == []
    assert len(findings) == 8 + 2 * 3


def test_the_doctor_says_what_to_run_where_a_role_is_missing(db, monkeypatch):
    output = StringIO()

    with transaction.atomic():
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(base, "HUB_ROLE", "dockside_nobody")
            call_command("doctor", stdout=output)
        transaction.set_rollback(True)

    first, *others = output.getvalue().splitlines()
    assert ended.value.code == 1
    assert first == (
        'FAIL  database is set up: cannot enter schema public: role "dockside_nobody" does not exist; this'
        " database has no schema yet or an older one: run python manage.py migrate_schemas (make serve and"
        " make demo do it by themselves)"
    )
    assert [line[6:].partition(":")[0] for line in others] == ["papers can be rendered", "broker answers"]


@pytest.mark.parametrize(
    ("name", "created", "answer"),
    [
        ("doctor_finds_nothing", True, "run python manage.py migrate_schemas"),
        ("doctor_finds_none", False, "start it with python -m config.local up, or mend DATABASE_URL"),
    ],
)
def test_the_doctor_ends_without_a_traceback_where_nothing_was_migrated(db, name, created, answer):
    with as_owner() as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}")
        if created:
            session.execute(f"CREATE DATABASE {name}")
        ended = subprocess.run(
            [sys.executable, "manage.py", "doctor"],
            cwd=ROOT,
            env={**os.environ, "DOCKSIDE_DATABASE": name, "DJANGO_SETTINGS_MODULE": "config.settings"},
            capture_output=True,
            text=True,
        )
        session.execute(f"DROP DATABASE IF EXISTS {name}")

    assert (ended.returncode, ended.stderr) == (1, "")
    assert answer in ended.stdout.splitlines()[0]


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A session of the owner in Acme's schema."""
    with psycopg.connect(settings.DATABASE_OWNER_URL, dbname=TEST_DATABASE, autocommit=True) as session:
        session.execute("SET search_path = t_acme")
        yield session


@pytest.mark.django_db(transaction=True)
def test_the_owners_plain_statements_are_refused_and_what_goes_around_the_triggers_shows(
    owner, record, delivery_id, now
):
    with transaction.atomic():
        record("departed")
        record("arrived")
    custody.sequence(now=now)
    refused = []
    filled = {  # a trigger for each row has nothing to say where there is none
        table
        for table in hostile.APPEND_ONLY
        if owner.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone()[0]
    }
    for table, column in hostile.APPEND_ONLY.items():
        statements = (
            f"TRUNCATE {table} CASCADE",
            f"DELETE FROM {table}",
            f'UPDATE {table} SET "{column}" = "{column}"',
        )
        for statement in statements if table in filled else statements[:1]:
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(statement)
            refused.append(statement)
    sound = checking.verify_now(delivery_id)

    first = CustodyEvent.objects.order_by("ordinal").first()
    owner.execute("ALTER TABLE custody_custodyevent DISABLE TRIGGER USER")
    owner.execute("UPDATE custody_custodyevent SET canonical = canonical || ' ' WHERE id = %s", [first.pk])
    edited = checking.verify_now(delivery_id)
    owner.execute(
        "UPDATE custody_custodyevent SET leaf_hash = sha256('\\x00'::bytea || canonical) WHERE id = %s",
        [first.pk],
    )
    recomputed = checking.verify_now(delivery_id)

    assert (len(filled), len(refused)) == (5, 3 * 5 + len(hostile.APPEND_ONLY) - 5)
    assert (sound.holds, sound.checked, sound.size) == (True, 2, 2)
    assert (edited.holds, edited.bad_event) == (False, first.pk)
    assert (recomputed.holds, recomputed.reason) == (
        False,
        "One of the events 0 to 1 was changed after it was signed.",
    )
    with pytest.raises(LogDamaged, match="No register can be closed up to event 1"):
        close_all(now=now)


@pytest.mark.django_db(transaction=True)
def test_the_doctor_fails_where_a_guard_was_taken_away(owner):
    owner.execute("GRANT UPDATE ON custody_logleaf TO t_acme")
    owner.execute("ALTER TABLE custody_checkpoint DISABLE TRIGGER custody_keep_rows")
    output = StringIO()

    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=output)

    findings = [json.loads(line) for line in output.getvalue().splitlines()]
    unsound = {finding["check"]: finding["detail"] for finding in findings if not finding["sound"]}
    assert set(unsound) == {"acme: triggers guard the record", "acme: record can't be rewritten"}
    assert "custody_checkpoint.custody_keep_rows" in unsound["acme: triggers guard the record"]
    assert "UPDATE custody_logleaf" in unsound["acme: record can't be rewritten"]


@pytest.mark.django_db(transaction=True)
def test_nothing_serves_where_a_record_can_be_changed(owner):
    hostile.require_guarded()
    owner.execute("GRANT UPDATE ON custody_logleaf TO t_acme")

    with pytest.raises(hostile.Unguarded, match="UPDATE custody_logleaf"):
        hostile.require_guarded()
