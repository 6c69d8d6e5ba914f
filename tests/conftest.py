"""The tests' ground: the cloned database, the cast by name, and work from the outbox done on demand."""

import gc
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from django.db import connection
from django.test import Client, TransactionTestCase

from apps.accounts.actors import Actor, actor_at_shipper, actor_in_network
from apps.accounts.middleware import SIGNED_IN_AT
from apps.accounts.models import Person
from apps.documents import rendering
from apps.facilities.models import Dock, Recipient, Site
from apps.tenancy import doorway
from apps.tenancy.models import Outbox, Shipper
from apps.tenancy.tasks import deliver_row
from config.local import services
from tests import database
from tests.factories import cast

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, cloned from the template; tests that commit get a fresh clone afterwards."""
    services.up()
    with django_db_blocker.unblock():
        database.create()
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: database.create())
    yield
    patch.undo()
    with django_db_blocker.unblock():
        database.destroy()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: tests wait for the database and for browsers."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests without a database come where a second process begins: it runs them while one is built.

    Those that take minutes come first, so that at the end no process waits for another's.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes == 1:
        return
    without = [item for item in items if not _has_database(item)]
    others = [item for item in items if _has_database(item)]
    others.sort(key=lambda item: item.get_closest_marker("long") is None)
    start = min(-(-len(items) // processes), len(others))
    items[:] = [*others[:start], *without, *others[start:]]


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again takes some 7 % of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _has_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def blank_paper() -> bytes:
    """A PDF/A that says nothing, laid out once."""
    try:
        return rendering.html_to_pdf("<p>Blank</p>")
    except rendering.PdfUnavailable:
        return b""


@pytest.fixture(autouse=True)
def _blank_papers(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, blank_paper: bytes
) -> None:
    """Papers are laid out where a test is marked ``papers``; all others get the blank one, much sooner.

    Where this machine can't lay out at all, nothing is changed: then tests see what people would.
    """
    if blank_paper and not request.node.get_closest_marker("papers"):
        import weasyprint

        blank = SimpleNamespace(write_pdf=lambda **_options: blank_paper)
        monkeypatch.setattr(weasyprint, "HTML", lambda **_source: blank)


@pytest.fixture(autouse=True)
def _leave_in_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test starts and ends in the network schema."""
    yield
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        connection.set_schema_to_public()


@pytest.fixture
def now() -> datetime:
    return cast.NOW


@pytest.fixture
def acme(db: None) -> Shipper:
    with doorway.network():
        return Shipper.objects.get(slug="acme")


@pytest.fixture
def globex(db: None) -> Shipper:
    with doorway.network():
        return Shipper.objects.get(slug="globex")


@pytest.fixture
def northern(db: None) -> Recipient:
    with doorway.network():
        return Recipient.objects.get(name="Northern Hospital")


@pytest.fixture
def southern(db: None) -> Recipient:
    with doorway.network():
        return Recipient.objects.get(name="Southern Clinic")


@pytest.fixture
def northern_site(northern: Recipient) -> Site:
    with doorway.network():
        return northern.sites.get()


@pytest.fixture
def southern_site(southern: Recipient) -> Site:
    with doorway.network():
        return southern.sites.get()


@pytest.fixture
def dock(northern_site: Site) -> Dock:
    """Northern's Dock 1: takes everything."""
    with doorway.network():
        return northern_site.docks.get(name="Dock 1")


def _at_shipper(email: str, slug: str) -> Actor:
    with doorway.network():  # whatever schema another fixture is in
        actor = actor_at_shipper(Person.objects.get(email=email), Shipper.objects.get(slug=slug).pk)
    assert actor is not None
    return actor


def _in_network(email: str) -> Actor:
    with doorway.network():
        actor = actor_in_network(Person.objects.get(email=email))
    assert actor is not None
    return actor


@pytest.fixture
def alice(db: None) -> Actor:
    """Planner at Acme."""
    return _at_shipper("alice@acme.example", "acme")


@pytest.fixture
def arthur(db: None) -> Actor:
    """Auditor at Acme."""
    return _at_shipper("arthur@acme.example", "acme")


@pytest.fixture
def bob(db: None) -> Actor:
    """Planner at Globex."""
    return _at_shipper("bob@globex.example", "globex")


@pytest.fixture
def rita(db: None) -> Actor:
    """Receiving manager at Northern."""
    return _in_network("rita@northern.example")


@pytest.fixture
def otto(db: None) -> Actor:
    """Dock operator at Northern."""
    return _in_network("otto@northern.example")


@pytest.fixture
def sam(db: None) -> Actor:
    """Receiving manager at Southern."""
    return _in_network("sam@southern.example")


@pytest.fixture
def olga(db: None) -> Actor:
    """Operator of the network."""
    return _in_network("olga@network.example")


@pytest.fixture
def at_acme(acme: Shipper) -> Iterator[Shipper]:
    """The test works in Acme's schema and role."""
    with doorway.enter_shipper(acme):
        yield acme


@pytest.fixture
def browse(db: None) -> Callable[..., Client]:
    """``browse("alice@acme.example", "acme")``: a client signed in at a desk; without a slug at the hub.

    Nobody is signed in at a desk where they have no role: they are not found there.
    """

    def sign_in(email: str | None = None, slug: str | None = None) -> Client:
        client = Client(SERVER_NAME=f"{slug}.localhost" if slug else "localhost")
        there = doorway.enter_shipper(doorway.shipper_by_schema(f"t_{slug}")) if slug else doorway.network()
        with there:
            if email and (person := Person.objects.filter(email=email).first()):
                client.force_login(person, backend="apps.accounts.backends.MemberBackend")
                session = client.session
                session[SIGNED_IN_AT] = client.defaults["SERVER_NAME"]
                session.save()
        return client

    return sign_in


@pytest.fixture
def drain(db: None) -> Callable[[], int]:
    """Do all waiting outbox work here and now; returns how many rows were done."""

    def work() -> int:
        previous = connection.tenant
        connection.set_schema_to_public()
        done = 0
        tried: set[UUID] = set()
        while rows := set(Outbox.objects.filter(done_at=None).values_list("pk", flat=True)) - tried:
            tried |= rows
            done += sum(deliver_row(row) for row in sorted(rows))
        connection.set_tenant(previous)
        return done

    return work
