"""Setting a shipper up: by command, as often as one likes, and never on somebody else's name."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from apps.tenancy import doorway
from apps.tenancy.models import Outbox, Shipper
from apps.tenancy.services import ProvisioningError, request_shipper
from tests.database import ROOT, TEST_DATABASE


def provision(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator would, against the test database."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "provision_shipper", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKSIDE_DATABASE": TEST_DATABASE, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_set_up_is_finished_by_repeating_it():
    request_shipper(slug="initech", name="Initech")  # as after a crash: the row is there, the schema is not

    answers = [provision("initech", "--name", "Initech").returncode for _ in range(2)]

    assert answers == [0, 0]
    with doorway.enter_shipper(Shipper.objects.get(slug="initech")), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM deliveries_delivery")
        assert cursor.fetchone() == ("t_initech", 0)


def test_asking_twice_promises_one_shipper(db):
    first = request_shipper(slug="initech", name="Initech")
    second = request_shipper(slug="initech", name="Initech")

    assert first.pk == second.pk
    assert {row.payload["slug"] for row in Outbox.objects.filter(name="tenancy.provision_shipper")} == {
        "initech"
    }


@pytest.mark.parametrize(
    ("slug", "name", "reason"),
    [
        ("acme", "Somebody else", "short name of Acme Medical"),
        ("admin", "Administrators", "reserved"),
        ("A b", "Blank", "lower-case"),
        ("pg-acme'; DROP", "Quoted", "lower-case"),
        ("initech\n", "Line break", "lower-case"),
        ("acme ", "Blank at the end", "lower-case"),
        ("аcme", "Cyrillic а", "lower-case"),
        ("xn--cme-5cd", "Shown as аcme", "lower-case"),
        ("a" * 41, "Long", "40 characters"),
        ("9to5", "Digit first", "lower-case"),
        ("initech-", "Hyphen last", "lower-case"),
    ],
)
def test_a_short_name_that_cannot_be_had_says_why(db, slug, name, reason):
    with pytest.raises(ProvisioningError, match=reason):
        request_shipper(slug=slug, name=name)


def test_the_longest_short_name_leaves_room_for_the_schema(db):
    longest = request_shipper(slug="a" * 40, name="Long")

    assert (longest.schema_name, len(longest.schema_name) < 64) == (f"t_{'a' * 40}", True)


def test_a_process_that_is_not_the_owner_does_not_provision(db):
    from apps.tenancy.services import provision_shipper

    with pytest.raises(ProvisioningError, match="database owner"):
        provision_shipper(slug="initech", name="Initech")
