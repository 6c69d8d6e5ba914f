"""Drivers report by the code at the gate: into the queue or sent on, few at a time; nothing else is told."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pypdfium2
import pytest
import zxingcpp
from django.http import HttpResponse
from django.test import Client

from apps.appointments.models import Appointment, AppointmentEvent, SelfReport
from apps.appointments.services import self_reports
from apps.core.ids import new_id
from apps.facilities.models import Site
from apps.tenancy.models import Shipper

pytestmark = pytest.mark.papers

Clock = Callable[[datetime], None]
#: What no driver's answer may hold: whose the goods are, what they are, who else comes.
TOLD_TO_NOBODY = re.compile(r"Acme|Globex|Zidovudine|SECRET|GLX|D00000")


def poster_of(client: Client, site: Site) -> str:
    """The path that the code of a new poster leads to, as a phone reads it."""
    answer = client.post(f"/sites/{site.pk}/gate/poster/", {"step": "make"})
    picture = pypdfium2.PdfDocument(answer.content)[0].render(scale=2).to_pil()
    (code,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return urlsplit(code.text).path


@pytest.fixture
def poster(rita_at_hub: Client, northern_site: Site) -> str:
    return poster_of(rita_at_hub, northern_site)


@pytest.fixture
def phone() -> Client:
    """A driver's, signed in nowhere."""
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def visit(confirmed: Appointment, drain: Callable[[], int]) -> Appointment:
    """An agreed visit with its delivery note."""
    drain()
    return confirmed


def said(phone: Client, poster: str, words: str | None) -> HttpResponse:
    return phone.post(poster, {"said": words}, follow=True)


def copy_of(visit: Appointment, **changed: object) -> Appointment:
    """Another visit beside it, of another delivery."""
    copy = Appointment.objects.get(pk=visit.pk)
    copy.id, copy.delivery_id = new_id(), new_id()
    copy._state.adding = True
    for name, value in changed.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def at_gate(visit: Appointment) -> list[str]:
    events = AppointmentEvent.objects.filter(appointment=visit, step="at_gate")
    return list(events.values_list("actor_name", flat=True))


def test_a_driver_stands_in_the_queue_once_and_hears_of_the_call(
    visit: Appointment, poster: str, phone: Client, otto_at_hub: Client, northern_site: Site, clock: Clock
) -> None:
    clock(visit.during.lower)
    answer = said(phone, poster, visit.confirmation_number)
    said(phone, poster, (visit.confirmation_number or "").lower())
    waits = answer.redirect_chain[-1][0]
    listed = otto_at_hub.get(f"/sites/{northern_site.pk}/gate/").content.decode()
    clock(visit.during.lower + timedelta(minutes=5))
    otto_at_hub.post(f"/appointments/{visit.pk}/check-in/", {"vehicle": "GP 1"})
    checked_in = phone.get(waits).content.decode()
    otto_at_hub.post(f"/appointments/{visit.pk}/call/")
    called = phone.get(waits).content.decode()

    assert "In the queue" in answer.content.decode()
    assert at_gate(visit) == ["The driver, by the code at the gate"]
    assert "by the driver’s own word" in listed
    assert "Checked in" in checked_in
    assert f"Go to {visit.dock.name}" in called
    assert not TOLD_TO_NOBODY.search(answer.content.decode() + checked_in + called)


@pytest.mark.parametrize(
    ("minutes", "title"),
    [
        (-50, "In the queue, 20 min early"),
        (50, "In the queue, 20 min late"),
        (3000, "Expected on another day"),
    ],
)
def test_early_late_and_another_day_are_told_what_to_do(
    visit: Appointment, poster: str, phone: Client, clock: Clock, minutes: int, title: str
) -> None:
    clock(visit.during.lower + timedelta(minutes=minutes))

    assert title in said(phone, poster, visit.confirmation_number).content.decode()
    assert len(at_gate(visit)) == (minutes < 1000)


def test_a_missing_paper_is_named_and_the_vehicle_waits(
    confirmed: Appointment, poster: str, phone: Client, clock: Clock
) -> None:
    clock(confirmed.during.lower)
    page = said(phone, poster, confirmed.confirmation_number).content.decode()

    assert "A paper is missing" in page
    assert "Delivery note" in page
    assert len(at_gate(confirmed)) == 1


def test_the_wrong_site_of_the_same_recipient_is_told_the_right_one(
    visit: Appointment, rita_at_hub: Client, phone: Client, northern_site: Site
) -> None:
    annex = Site.objects.get(pk=northern_site.pk)
    annex.id, annex.code, annex.name = new_id(), "NH2", "Northern annex"
    annex._state.adding = True
    annex.save()
    poster = poster_of(rita_at_hub, annex)

    assert (
        "Expected at Northern Hospital stores"
        in said(phone, poster, visit.confirmation_number).content.decode()
    )
    assert at_gate(visit) == []


def test_who_is_not_known_is_seen_to_by_the_gate(
    poster: str, phone: Client, otto_at_hub: Client, sam_at_hub: Client, northern_site: Site
) -> None:
    answer = said(phone, poster, "gp 99 zz")
    said(phone, poster, "GP 99 ZZ")
    gate = f"/sites/{northern_site.pk}/gate/"
    listed = otto_at_hub.get(gate)
    (one,) = listed.context["unknown"]
    refused = sam_at_hub.post(one["seen_url"])
    still = len(otto_at_hub.get(gate).context["unknown"])
    otto_at_hub.post(one["seen_url"])

    assert "Not known here" in answer.content.decode()
    assert one["said"] == "GP 99 ZZ"
    assert 'value="GP 99 ZZ"' in otto_at_hub.get(one["walk_in_url"]).content.decode()
    assert (refused.status_code, still) == (404, 1)
    assert otto_at_hub.get(gate).context["unknown"] == []


def test_a_plate_is_found_at_its_own_site_alone_and_two_visits_ask_for_the_number(
    visit: Appointment, poster: str, phone: Client, clock: Clock, northern_site: Site, acme: Shipper
) -> None:
    clock(visit.during.lower)
    Appointment.objects.filter(pk=visit.pk).update(plate="GP12AB")
    by_plate = said(phone, poster, "gp 12-ab").content.decode()
    copy_of(visit, confirmation_number="TWI-N22", plate="GP12AB")
    by_both = said(phone, poster, "GP12AB").content.decode()

    assert "In the queue" in by_plate
    assert "More than one visit" in by_both
    assert "TWI-N22" not in by_both


def test_nothing_of_others_is_told(
    visit: Appointment,
    globex: Shipper,
    poster: str,
    sam_at_hub: Client,
    southern_site: Site,
    phone: Client,
    clock: Clock,
) -> None:
    """Neither by another recipient's poster, nor by what can be guessed, nor with another's page."""
    clock(visit.during.lower)
    Appointment.objects.filter(pk=visit.pk).update(plate="GP12AB")
    secret = copy_of(visit, shipper=globex, reference="SECRET-9", confirmation_number="GLX-999")
    southerns = poster_of(sam_at_hub, southern_site)
    guesses = [
        said(phone, southerns, visit.confirmation_number),
        said(phone, southerns, "GP12AB"),
        said(phone, poster, visit.reference),
        said(phone, poster, secret.reference),
    ]
    waits = said(phone, poster, visit.confirmation_number).redirect_chain[-1][0]
    replayed = phone.get(waits.replace(poster, southerns))
    forged = phone.get(waits[:-3] + "xx/")

    for guess in guesses:
        assert "Not known here" in guess.content.decode()
        assert not TOLD_TO_NOBODY.search(
            guess.content.decode().replace(visit.reference, "").replace("SECRET-9", "")
        )
    assert (replayed.status_code, forged.status_code) == (404, 404)


def test_reports_are_few_and_a_poster_can_be_ended(
    poster: str, phone: Client, rita_at_hub: Client, northern_site: Site, visit: Appointment
) -> None:
    answers = [said(phone, poster, f"GP {n}").status_code for n in range(21)]
    too_many = said(phone, poster, visit.confirmation_number)
    rita_at_hub.post(f"/sites/{northern_site.pk}/gate/poster/", {"step": "end"})

    assert answers == [200] * 20 + [429]
    assert (too_many.status_code, at_gate(visit)) == (429, [])
    assert phone.get(poster).status_code == 410
    assert SelfReport.objects.count() == 20


def test_behind_a_proxy_each_client_is_limited_by_its_own_address(
    poster: str, phone: Client, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a client writes into the header itself stands before what the proxy adds, and is not believed."""
    monkeypatch.setattr(self_reports, "FROM_ONE_ADDRESS", 1)

    def reported(number: int, told: str) -> int:
        return phone.post(poster, {"said": f"GP {number}"}, headers={"X-Forwarded-For": told}).status_code

    believed_by_nobody = [reported(1, "203.0.113.1"), reported(2, "203.0.113.2")]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    behind = [
        reported(3, "203.0.113.3"),
        reported(4, "203.0.113.4"),
        reported(5, "198.51.100.9, 203.0.113.4"),
    ]

    assert believed_by_nobody == [200, 429]
    assert behind == [200, 200, 429]


def test_only_the_sites_managers_make_posters(
    otto_at_hub: Client, sam_at_hub: Client, northern_site: Site
) -> None:
    address = f"/sites/{northern_site.pk}/gate/poster/"

    assert [one.post(address, {"step": "make"}).status_code for one in (otto_at_hub, sam_at_hub)] == [
        403,
        404,
    ]
    assert otto_at_hub.get(address).status_code == 403


def test_a_vehicle_that_reported_begins_its_queue(
    visit: Appointment, poster: str, phone: Client, otto_at_hub: Client, clock: Clock, acme: Shipper
) -> None:
    clock(visit.during.lower)
    said(phone, poster, visit.confirmation_number)
    clock(visit.during.lower + timedelta(minutes=25))
    otto_at_hub.post(f"/appointments/{visit.pk}/check-in/", {"vehicle": "GP 1"})
    page = otto_at_hub.get(f"/appointments/{visit.pk}/").content.decode()

    assert re.search(r"Queue</dt><dd[^>]*>25 min", page)
