"""Calendar feeds: what is agreed and nothing else, for whoever holds a token that nobody revoked."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.facilities.models import Dock, Site
from apps.notices.models import CalendarFeed
from apps.tenancy import doorway
from tests.deliveries.conftest import asked, confirmed, delivery, own_keys_and_store, secret_of_globex
from tests.factories.cast import NOW

__all__ = ["asked", "confirmed", "delivery", "own_keys_and_store", "secret_of_globex"]


@pytest.fixture(autouse=True)
def at_the_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rita_at_hub(browse: Callable[..., Client]) -> Client:
    return browse("rita@northern.example")


@pytest.fixture
def desk(browse: Callable[..., Client]) -> Client:
    return browse("alice@acme.example", "acme")


def make(client: Client, what: str) -> str:
    """Make a calendar through the page; returns the path of its address."""
    answer = client.post("/calendars/", {"what": what})
    assert answer.status_code == 201
    return answer.context["address"].split("localhost", 1)[1].removeprefix(":80")


def read(answer) -> list[tuple[str, str, str]]:
    calendar = Calendar.from_ical(answer.content)
    return [(str(e["summary"]), str(e["status"]), str(e["description"])) for e in calendar.walk("VEVENT")]


def test_a_sites_calendar_shows_what_is_agreed_there(
    rita_at_hub, confirmed, secret_of_globex, northern_site, browse
):
    path = make(rita_at_hub, f"site_{northern_site.pk}")

    answer = browse().get(path)

    number, reference = confirmed.confirmation_number, confirmed.reference
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert read(answer) == [(f"{number} · Northern Hospital stores, Dock 1", "CONFIRMED", reference)]


def test_the_token_is_shown_once_and_kept_as_a_hash(rita_at_hub, northern_site):
    path = make(rita_at_hub, f"site_{northern_site.pk}")
    token = path.rpartition("/")[2].removesuffix(".ics")

    assert token not in rita_at_hub.get("/calendars/").content.decode()
    assert token.encode() not in bytes(CalendarFeed.objects.get().token_hash)


def test_unchanged_it_is_not_sent_again_and_cancelled_it_says_so(
    rita_at_hub, confirmed, northern_site, browse, alice, delivery
):
    path = make(rita_at_hub, f"site_{northern_site.pk}")
    first = browse().get(path)
    again = browse().get(path, headers={"If-None-Match": first["ETag"]})
    with doorway.enter_shipper(confirmed.shipper):
        services.cancel_appointment(
            actor=alice, delivery=delivery, appointment_id=confirmed.pk, reason_code="other", now=NOW
        )

    changed = browse().get(path, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert [status for _summary, status, _reference in read(changed)] == ["CANCELLED"]
    with time_machine.travel(confirmed.during.upper + timedelta(days=31), tick=False):
        assert read(browse().get(path)) == []


def test_a_docks_calendar_leaves_out_the_others(rita_at_hub, confirmed, northern_site, browse):
    docks = {dock.name: dock.pk for dock in Dock.objects.filter(site=northern_site)}

    shown = {name: read(browse().get(make(rita_at_hub, f"dock_{pk}"))) for name, pk in docks.items()}

    assert {name: len(entries) for name, entries in shown.items()} == {"Dock 1": 1, "Dock 2": 0}


def test_a_shippers_calendar_shows_its_own_alone(
    desk, rita: Actor, confirmed, secret_of_globex, globex, acme, browse
):
    with doorway.enter_shipper(globex):
        theirs = Appointment.objects.get()
        services.accept_offer(
            actor=rita,
            delivery=delivery_by_id(theirs.delivery_id),
            offer_id=theirs.offers.get().pk,
            slot_index=0,
            now=NOW,
        )

    path = make(desk, f"shipper_{acme.pk}")

    assert [entry[0][:7] for entry in read(browse(None, "acme").get(path))] == [confirmed.confirmation_number]


def test_a_revoked_token_gives_nothing(rita_at_hub, confirmed, northern_site, browse):
    path = make(rita_at_hub, f"site_{northern_site.pk}")
    feed = CalendarFeed.objects.get()

    rita_at_hub.post(f"/calendars/{feed.pk}/revoke/")

    answer = browse().get(path)
    assert answer.status_code == 404
    assert confirmed.confirmation_number not in answer.content.decode()


def test_a_token_is_good_at_its_own_host_alone(rita_at_hub, desk, acme, confirmed, northern_site, browse):
    at_hub, at_desk = make(rita_at_hub, f"site_{northern_site.pk}"), make(desk, f"shipper_{acme.pk}")

    foreign = [
        browse(None, "acme").get(at_hub),
        browse(None, "globex").get(at_hub),
        browse(None, "globex").get(at_desk),
        browse().get(at_desk),
        browse().get("/calendars/read/nonsense.ics"),
    ]

    assert {answer.status_code for answer in foreign} == {404}


def test_calendars_are_made_of_ones_own_and_revoked_by_ones_own(
    rita_at_hub, desk, browse, acme, northern_site: Site, southern_site: Site
):
    make(rita_at_hub, f"site_{northern_site.pk}")
    feed = CalendarFeed.objects.get()
    sam = browse("sam@southern.example")

    assert rita_at_hub.post("/calendars/", {"what": f"site_{southern_site.pk}"}).status_code == 422
    assert sam.post("/calendars/", {"what": f"site_{northern_site.pk}"}).status_code == 422
    assert sam.post(f"/calendars/{feed.pk}/revoke/").status_code == 404
    assert desk.post(f"/calendars/{feed.pk}/revoke/").status_code == 404
    assert list(sam.get("/calendars/").context["feeds"]) == []
    for who, host in (("nadia@northern.example", None), ("arthur@acme.example", "acme")):
        assert browse(who, host).get("/calendars/").status_code == 403
    with doorway.network():
        assert CalendarFeed.objects.get().revoked_at is None
