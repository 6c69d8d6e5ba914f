"""A tracking link shows one delivery to whoever holds it, and nothing else to anybody."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from apps.accounts.models import Link
from apps.consignments.models import Consignment
from apps.documents.selectors import documents_of
from apps.facilities.models import DocumentType
from apps.portal.presenters.tracking import with_the_goods
from apps.tenancy import doorway
from apps.tracking.services import expect_arrivals
from tests.factories.cast import NOW
from tests.tracking.conftest import (
    ON_THE_WAY,
    agree,
    order,
    own_keys_and_store,
    phone,
    planned,
    report,
    route,
    short_search,
    stops,
    take,
    token,
    warehouse,
)

__all__ = [
    "agree",
    "order",
    "own_keys_and_store",
    "phone",
    "planned",
    "report",
    "route",
    "short_search",
    "stops",
    "take",
    "token",
    "warehouse",
]

ASKED = {"issued_to": "Rita's store", "contact": "Alice, 011 555 0100", "step": "show"}


@pytest.fixture
def desk(browse):
    return browse("alice@acme.example", "acme")


@pytest.fixture
def make(desk):
    """``make(delivery)``: a link to it, as the desk shows it once; the path at Acme's host."""

    def asked(delivery, **changes):
        page = desk.post(f"/deliveries/{delivery.pk}/links/", {**ASKED, **changes})
        assert page.status_code == 200, page.content.decode()
        return re.search(r"http://acme\.localhost:\d+(/track/\S+?/)<", page.content.decode())[1]

    return asked


@pytest.fixture
def moment():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def stranger(client):
    client.defaults["SERVER_NAME"] = "acme.localhost"
    return client


@pytest.fixture
def on_the_way(moment, route, stops, take, report):
    """The round left in time and was seen; the clock stands six minutes later."""
    at = route.departs_at
    take("set_off", now=at, device_time=at, sent_at=at)
    report(route.vehicle.plate, place=ON_THE_WAY, at=at + timedelta(minutes=5))
    expect_arrivals(now=at + timedelta(minutes=6))
    moment.move_to(at + timedelta(minutes=6))
    return stops


def test_it_shows_what_comes_when_and_nothing_of_another_stop(on_the_way, make, stranger):
    first, second = (stop.delivery for stop in on_the_way)

    page, other = (stranger.get(make(each)).content.decode() for each in (first, second))

    goods = [Consignment.objects.get(ride__delivery=each).number for each in (first, second)]
    assert goods[0] in page
    assert goods[1] not in page
    assert "Southern Clinic" not in page
    assert second.number not in page
    assert "about 9 km away" in page
    assert "Alice, 011 555 0100" in page
    assert "between" in page
    assert "Left the shipper" in page
    assert "Delivery note" in page
    assert "Northern Hospital" not in other
    assert "km away" not in other
    assert "noindex" in stranger.get(make(first))["X-Robots-Tag"]


def test_it_gives_out_the_papers_of_its_own_delivery_alone(on_the_way, make, stranger):
    first, second = (stop.delivery for stop in on_the_way)
    link = make(first)
    note, others = (
        documents_of(each.pk).filter(document_type=DocumentType.DELIVERY_NOTE).order_by("-version")[0]
        for each in (first, second)
    )

    own = stranger.get(f"{link}papers/{note.pk}/")
    foreign = stranger.get(f"{link}papers/{others.pk}/")

    assert b"".join(own.streaming_content).startswith(b"%PDF")
    assert foreign.status_code == 404
    note.document_type = DocumentType.PROOF_OF_DELIVERY
    assert with_the_goods([note]) == []  # signatures are for the parties


def test_it_ends_when_it_is_ended_and_three_days_after_the_visit(on_the_way, make, desk, stranger, moment):
    delivery = on_the_way[0].delivery
    ended, runs_out = make(delivery), None
    desk.post(f"/deliveries/{delivery.pk}/links/", {"step": "end"})
    runs_out = make(delivery)

    assert stranger.get(ended).status_code == 410
    moment.move_to(on_the_way[0].slot.upper + timedelta(days=3) - timedelta(minutes=1))
    assert stranger.get(runs_out).status_code == 200
    moment.move_to(on_the_way[0].slot.upper + timedelta(days=3))
    assert stranger.get(runs_out).status_code == 410


def test_it_opens_nothing_at_another_host_and_no_guess_opens_anything(on_the_way, make, client, globex):
    link = make(on_the_way[0].delivery)

    for host in ("globex.localhost", "localhost"):
        assert client.get(link, SERVER_NAME=host).status_code in (404, 410)
    assert client.get("/track/guessed/", SERVER_NAME="acme.localhost").status_code == 410
    with doorway.enter_shipper(globex):
        assert not Link.objects.exists()


def test_it_can_be_mailed_and_the_token_is_kept_nowhere(on_the_way, desk, drain, stranger):
    delivery = on_the_way[0].delivery
    mail.outbox.clear()
    to = {"issued_to": "store@northern.example", "step": "mail"}

    desk.post(f"/deliveries/{delivery.pk}/links/", {**ASKED, **to})
    drain()

    (sent,) = mail.outbox
    path = re.search(r"http://acme\.localhost:\d+(/track/\S+)", sent.body)[1]
    assert (sent.to, stranger.get(path).status_code) == (["store@northern.example"], 200)
    assert "Alice, 011 555 0100" in sent.body
    refused = desk.post(f"/deliveries/{delivery.pk}/links/", {**ASKED, "step": "mail"})
    assert refused.status_code == 422
    assert "no e-mail address" in refused.content.decode()


@pytest.mark.parametrize("who", [("arthur@acme.example", "acme"), ("bob@globex.example", "globex")])
def test_nobody_but_the_shippers_planners_makes_links(on_the_way, browse, who):
    address = reverse("desk:links", args=[on_the_way[0].delivery_id], urlconf="config.urls_shipper")

    answer = browse(*who).post(address, ASKED)

    assert answer.status_code in (403, 404)
    with doorway.network():
        assert not Link.objects.filter(purpose="tracking.follow").exists()
