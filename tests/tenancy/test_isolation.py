"""What the database itself refuses, whatever the code asks."""

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Membership, Person
from apps.consignments.models import NumberSeries
from apps.facilities.models import Partnership, Recipient, Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.database import TEST_DATABASE


def test_a_shipper_sees_itself_its_partners_and_its_own_sites_alone(globex):
    with doorway.enter_shipper(globex):
        seen = (
            [s.name for s in Shipper.objects.all()],
            [r.name for r in Recipient.objects.all()],
            sorted(s.code for s in Site.objects.all()),
        )

    assert seen == (["Globex Pharma"], ["Northern Hospital"], ["GLX-DC", "NH1"])


#: What a shipper's role may see of people: those who have a role there, not even that others exist.
STRANGERS = (
    "SELECT count(*) FROM accounts_person WHERE email <> ALL (%s)",
    "SELECT count(*) FROM account_emailaddress WHERE email <> ALL (%s)",
    "SELECT count(*) FROM accounts_membership m WHERE shipper_id IS DISTINCT FROM public.current_shipper()"
    " AND %s::text[] IS NOT NULL",
)
REFUSED = (
    "SELECT * FROM public.django_session",
    "INSERT INTO accounts_membership (id, created_at, role, person_id, shipper_id)"
    " SELECT gen_random_uuid(), now(), 'planner', gen_random_uuid(), public.current_shipper()",
    "UPDATE accounts_membership SET role = 'shipper_admin'",
    "INSERT INTO accounts_person (id, email, name, password) VALUES (gen_random_uuid(), 'x@y.z', 'X', '')",
    "DELETE FROM accounts_person",
)


def test_a_shipper_sees_its_own_people_and_nobody_else(acme, globex, alice, rita, db):
    own = list(Membership.objects.filter(shipper=globex).values_list("person__email", flat=True))
    emails = Person.objects.values_list("email", flat=True)
    for email in emails:
        EmailAddress.objects.get_or_create(user=Person.objects.get(email=email), email=email)
    changed = {"password": "!", "name": "Taken over"}
    with doorway.enter_shipper(globex), connection.cursor() as cursor:
        seen = []
        for statement in STRANGERS:
            cursor.execute(statement, [own])
            seen.append(cursor.fetchone())
        found = set(Person.objects.values_list("email", flat=True))
        taken = Person.objects.filter(pk__in=[alice.person_id, rita.person_id]).update(**changed)

    assert seen == [(0,)] * 3
    assert (found, taken) == (set(own), 0)
    assert found
    assert len(own) < len(emails)


@pytest.mark.parametrize("statement", REFUSED)
def test_a_shipper_makes_nobody_a_member_and_reads_no_session_of_the_hub(acme, statement):
    with (
        doorway.enter_shipper(acme),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_session_lies_where_it_was_opened(acme, browse):
    browse("alice@acme.example", "acme").get("/people/")
    with doorway.enter_shipper(acme):
        at_the_desk = Session.objects.count()
    with doorway.network():
        at_the_hub = Session.objects.count()

    assert (at_the_desk, at_the_hub) == (1, 0)


def test_a_shipper_cannot_read_another_schema_by_its_qualified_name(acme, globex):
    with doorway.enter_shipper(acme):
        NumberSeries.objects.create(name="secret of acme")

    with (
        doorway.enter_shipper(globex),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM t_acme.consignments_numberseries")


def test_a_shipper_cannot_take_over_a_partners_site(acme, northern_site):
    with doorway.enter_shipper(acme):
        changed = Site.objects.filter(pk=northern_site.pk).update(shipper_id=acme.pk, recipient_id=None)

    assert changed == 0
    northern_site.refresh_from_db()
    assert northern_site.shipper_id is None


def test_a_shipper_cannot_make_itself_a_partner(globex, southern):
    with (
        doorway.enter_shipper(globex),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        Partnership.objects.create(shipper=globex, recipient=southern)


def test_the_runtime_login_can_do_nothing_without_a_role(db):
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        cursor.execute("SET ROLE dockside_app")
        cursor.execute("SELECT * FROM public.tenancy_shipper")


def test_leaving_a_shipper_restores_the_network_even_after_an_error(acme):
    with pytest.raises(ZeroDivisionError):
        with doorway.enter_shipper(acme):
            raise ZeroDivisionError

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        assert cursor.fetchone() == ("dockside_hub", "public")


def test_a_rolled_back_transaction_does_not_leave_the_role_behind(acme):
    with pytest.raises(ZeroDivisionError):
        with transaction.atomic():
            with doorway.enter_shipper(acme), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            raise ZeroDivisionError

    with doorway.enter_shipper(acme), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("t_acme",)


def test_one_key_of_the_cache_holds_each_shippers_own(acme, globex):
    for where, value in ((doorway.enter_shipper(acme), "of acme"), (doorway.network(), "of the network")):
        with where:
            cache.set("same-key", value)

    seen = []
    for where in (doorway.enter_shipper(globex), doorway.enter_shipper(acme), doorway.network()):
        with where:
            seen.append(cache.get("same-key"))

    assert seen == [None, "of acme", "of the network"]


#: What guards rows anywhere: exclusion constraints, our triggers, policies; and the shippers' sequences.
GUARDS = """
    SELECT n.nspname, c.conname::text FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
     WHERE c.contype = 'x'
    UNION ALL
    SELECT n.nspname, r.relname || ': ' || t.tgname
      FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace
     WHERE NOT t.tgisinternal
    UNION ALL
    SELECT schemaname, tablename || ': ' || policyname FROM pg_policies
    UNION ALL
    SELECT schemaname, sequencename::text FROM pg_sequences
"""


@pytest.mark.django_db(transaction=True)
def test_dropping_one_shippers_schema_takes_nothing_from_the_others():
    with psycopg.connect(settings.DATABASE_OWNER_URL, dbname=TEST_DATABASE) as owner:
        before = set(owner.execute(GUARDS).fetchall())
        owner.execute("DROP SCHEMA t_acme CASCADE")
        after = set(owner.execute(GUARDS).fetchall())
        owner.rollback()

    assert after == {guard for guard in before if guard[0] != "t_acme"}
    kept = {schema for schema, _ in after}
    assert {"public", "t_globex"} <= kept
    assert any(schema == "public" and "occupancy" in name for schema, name in after)
