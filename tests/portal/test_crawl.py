"""Every named address of both hosts, opened by who has a role there and by strangers; nothing crosses."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.consignments.models import Consignment
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.portal import neighbours
from tests.portal.crawler import Offence, Visitor, addresses, crawl, report
from tests.portal.neighbours import DAY, WORDS, Business, Ids, Trip, do_business, merged

HUB, DESK, LEAKING = "config.urls_network", "config.urls_shipper", "tests.portal.leaking_urls"

ACMES = ("alice@acme.example", "ada@acme.example", "arthur@acme.example")
GLOBEXS = ("bob@globex.example", "gina@globex.example")
NORTHERNS = ("rita@northern.example", "otto@northern.example", "nadia@northern.example")
SOUTHERNS = ("sam@southern.example",)
OPERATORS = ("olga@network.example",)

#: What the two admins are about, and pages of a site's set-up; nobody's.
APPLICATIONS: Ids = {
    "app_label": {"carriers", "consignments", "facilities", "insights", "tracking"},
    "step": {"docks", "copy"},
    "number": {"1"},
    "name": {"rounds", "behind-rounds", "compared", "causes", "shippers"},
    "ending": {"csv"},
    "cause": {"no_show"},
}
#: Lists and searches that could be asked for more than one's own; numbers are equal at both shippers.
QUERIES: dict[str, list[dict[str, str]]] = {
    "admin:autocomplete": [{"app_label": "carriers", "model_name": "vehicle", "field_name": "carrier"}],
    "admin:search": [{"s": "Lines"}, {"s": "Clinic"}, {"s": "Hospital"}],
    "admin:carriers_carrier_changelist": [{"q": "Lines"}, {"all": ""}],
    "admin:facilities_recipient_changelist": [{"q": "Clinic"}, {"q": "Hospital"}],
    "desk:deliveries": [{"q": "D000001"}, {"q": "C-1"}],
    "desk:custody": [{"q": "D000001"}, {"q": "C-1"}, {"batch": "B-7"}],
    "desk:custody_moments": [{"at": "2027-01-01T00:00"}],
    "desk:exports": [{"scope": "delivery", "number": "D000001"}, {"scope": "log"}],
    "desk:plan": [{"day": f"{DAY}"}],
    "hub:records": [{"q": "D000001"}, {"q": "C-1"}, {"batch": "B-7"}],
    "hub:custody_moments": [{"at": "2027-01-01T00:00"}],
    "hub:received_exports": [{"shipper": ""}, {"shipper": "acme"}, {"shipper": "", "batch": "B-7"}],
    "hub:board": [{"day": f"{DAY}"}, {"day": f"{DAY}", "part": "board"}],
    "hub:people": [{"recipient": "Southern Clinic"}, {"recipient": "Northern Hospital"}],
}


@pytest.fixture(autouse=True)
def ground(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Own keys and store, a short search for routes, and the clock at the tests' moment."""
    settings.CUSTODY_KEY_DIR = tmp_path / "keys"
    settings.STORE_DIR = tmp_path / "store"
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    monkeypatch.setattr("apps.routing.problems.ITERATIONS", 20)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def acmes(
    acme: Shipper,
    alice: Actor,
    arthur: Actor,
    rita: Actor,
    sam: Actor,
    northern_site: Site,
    southern_site: Site,
    drain: Callable[[], int],
) -> Business:
    """Acme's trips to both recipients."""
    trips = [
        Trip(northern_site, rita, neighbours.ACME_AND_NORTHERN, agreed=True),
        Trip(southern_site, sam, neighbours.ACME_AND_SOUTHERN, agreed=True),
    ]
    return do_business(acme, alice, arthur, trips, neighbours.ACMES_OWN, drain)


@pytest.fixture
def globexs(
    globex: Shipper, bob: Actor, gina: Actor, rita: Actor, northern_site: Site, drain: Callable[[], int]
) -> Business:
    """Globex's trips to Northern, to the same docks."""
    trips = [
        Trip(northern_site, rita, neighbours.GLOBEX_AND_NORTHERN, agreed=True),
        Trip(northern_site, rita, neighbours.GLOBEX_AND_NORTHERN, agreed=False),
    ]
    return do_business(globex, bob, gina, trips, neighbours.GLOBEXS_OWN, drain)


@pytest.fixture
def gina(bob: Actor, globex: Shipper) -> Actor:
    """Administrator at Globex."""
    actor = actor_at_shipper(Person.objects.get(email="gina@globex.example"), globex.pk)
    assert actor is not None
    return actor


@pytest.fixture
def ids(acmes: Business, globexs: Business) -> Ids:
    """Whatever could be tried in an address, on any host."""
    return merged(acmes.ids, globexs.ids, APPLICATIONS)


@pytest.fixture
def visit(browse: Callable[..., Client]) -> Callable[..., Visitor]:
    """``visit(email, slug, own, allowed, others)``: that person at that host; a stranger has no e-mail.

    ``allowed`` words of the world may reach them, ``others`` are further words that must not.
    """

    def make(email: str | None, slug: str | None, own: Ids, allowed: set[str], others: set[str]) -> Visitor:
        return Visitor(
            who=f"{email or 'a stranger'} at {slug or 'the hub'}",
            client=browse(email, slug),
            forbidden=frozenset((WORDS - allowed) | others),
            own=merged(own, APPLICATIONS),
            is_member=bool(allowed),
        )

    return make


def visitors_of(
    visit: Callable[..., Visitor], slug: str | None, members: dict[str, tuple[Any, ...]]
) -> list[Visitor]:
    """At one host: its ``members`` with what is theirs there, and without anything a shipper's planner who
    has no role at the hub, and nobody. At a desk who has no role is nobody (``tests/tenancy``)."""
    strangers = [None] if slug else [ACMES[0], None]
    return [
        *(visit(email, slug, *theirs) for email, theirs in members.items()),
        *(visit(stranger, slug, {}, set(), set()) for stranger in strangers),
    ]


def assert_nothing_is_wrong(offences: list[Offence]) -> None:
    if offences:
        pytest.fail(report(offences), pytrace=False)


def test_both_shippers_have_equal_numbers_and_papers(acmes: Business, globexs: Business) -> None:
    seen = []
    for business in (acmes, globexs):
        with doorway.enter_shipper(business.shipper):
            numbers = list(Delivery.objects.order_by("number").values_list("number", flat=True)[:2])
            seen.append((numbers, Consignment.objects.filter(number="C-1").count()))
        assert all(business.ids[name] for name in business.ids)

    assert seen == [(["D000001", "D000002"], 1)] * 2


@pytest.mark.long
def test_nothing_crosses_at_acmes_desk(acmes: Business, ids: Ids, visit: Callable[..., Visitor]) -> None:
    allowed = {neighbours.ACME_AND_NORTHERN, neighbours.ACME_AND_SOUTHERN, neighbours.ACMES_OWN}
    members = dict.fromkeys(ACMES, (acmes.ids, allowed, {"Globex", "GLX-DC"}))

    assert_nothing_is_wrong(crawl(DESK, visitors_of(visit, "acme", members), ids, QUERIES))


@pytest.mark.long
def test_nothing_crosses_at_globexs_desk(globexs: Business, ids: Ids, visit: Callable[..., Visitor]) -> None:
    allowed = {neighbours.GLOBEX_AND_NORTHERN, neighbours.GLOBEXS_OWN}
    members = dict.fromkeys(GLOBEXS, (globexs.ids, allowed, {"Acme", "ACME-DC", "Southern Clinic"}))

    assert_nothing_is_wrong(crawl(DESK, visitors_of(visit, "globex", members), ids, QUERIES))


@pytest.mark.long
def test_nothing_crosses_at_the_hub(
    acmes: Business, globexs: Business, ids: Ids, visit: Callable[..., Visitor]
) -> None:
    to_northern = merged(*(trip.ids for trip in (*acmes.trips[:1], *globexs.trips)))
    at_northern = {neighbours.ACME_AND_NORTHERN, neighbours.GLOBEX_AND_NORTHERN}
    of_the_network = {name: ids[name] for name in ("facilities_recipient", "pk", "site_id")}
    negotiated = at_northern | {neighbours.ACME_AND_SOUTHERN}
    members = {
        **dict.fromkeys(NORTHERNS, (to_northern, at_northern, {"Southern Clinic", "ACME-DC", "GLX-DC"})),
        **dict.fromkeys(
            SOUTHERNS, (acmes.trips[1].ids, {neighbours.ACME_AND_SOUTHERN}, {"Globex", "Northern Hospital"})
        ),
        **dict.fromkeys(OPERATORS, (of_the_network, negotiated, set())),
    }

    assert_nothing_is_wrong(crawl(HUB, visitors_of(visit, None, members), ids, QUERIES))


@pytest.mark.parametrize(("urlconf", "least"), [(HUB, 50), (DESK, 75)])
def test_the_crawl_knows_every_room_of_a_host(urlconf: str, least: int) -> None:
    names = [address.name for address in addresses(urlconf)]

    assert len(names) >= least
    assert {"account_login", "admin:index", "api-appointments", "join"} <= set(names)


def test_the_crawl_finds_what_leaks_and_what_breaks(
    settings: Any, ids: Ids, acmes: Business, visit: Callable[..., Visitor]
) -> None:
    settings.ROOT_URLCONF = LEAKING
    alice = visit("alice@acme.example", "acme", acmes.ids, WORDS - {neighbours.GLOBEX_AND_NORTHERN}, set())
    stranger = visit(None, "acme", {}, set(), set())

    found = crawl(LEAKING, [alice, stranger], ids)

    assert {(offence.name, offence.why, offence.who.split("@")[0]) for offence in found} == {
        ("goods", "shows heron", "alice"),
        ("delivery", "answers 200 to another's id", "alice"),
        ("list", "answers 200 to somebody without a role", "a stranger at acme"),
        ("broken", "breaks", "alice"),
        ("broken", "breaks", "a stranger at acme"),
    }
