"""The tendering API: planners answer for carriers, carriers' own software answers by its link's token."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.tendering.conftest import FIRST, SECOND, THIRD, Tendered, links_of

ALICE, ARTHUR, BOB = "alice@acme.example", "arthur@acme.example", "bob@globex.example"
JSON = "application/json"
DECLINE = {"reason": "price", "note": "Ten per cent more."}

Browse = Callable[..., Any]


@pytest.fixture
def bearer(tendered: Tendered) -> dict[str, str]:
    return {"Authorization": f"Bearer {links_of('amber@carriers.example')[-1]}"}


def test_a_planner_lists_reads_and_answers(tendered: Tendered, browse: Browse, acme: Shipper) -> None:
    api = browse(ALICE, "acme")
    first = tendered.tender(FIRST)

    listed = api.get("/api/v1/tenders/?state=open").json()["results"]
    read = api.get(f"/api/v1/tenders/{first.pk}/").json()
    declined = api.post(f"/api/v1/tenders/{first.pk}/decline/", DECLINE, content_type=JSON)
    with doorway.enter_shipper(acme):
        second = tendered.tender(SECOND)
    accepted = api.post(f"/api/v1/tenders/{second.pk}/accept/", {}, content_type=JSON)

    assert listed == [read]
    assert (read["carrier"], read["price_cents"], read["state"]) == (FIRST, first.price_cents, "open")
    assert [stop["dock"] for stop in read["stops"]] == ["Dock 1"]
    assert (declined.json()["state"], declined.json()["note"]) == ("declined", "Ten per cent more.")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    with doorway.enter_shipper(acme):
        assert tendered.now().carrier.name == SECOND
        assert {event.channel for event in second.events.filter(to_state="accepted")} == {"api"}


def test_a_late_or_senseless_answer_is_a_problem_document(
    tendered: Tendered, browse: Browse, acme: Shipper
) -> None:
    api = browse(ALICE, "acme")
    url = f"/api/v1/tenders/{tendered.tender(FIRST).pk}"

    senseless = api.post(f"{url}/decline/", {"reason": "mood"}, content_type=JSON)
    foreign = api.post(f"{url}/accept/", {"vehicle_id": str(tendered.route.pk)}, content_type=JSON)
    api.post(f"{url}/decline/", DECLINE, content_type=JSON)
    late = api.post(f"{url}/accept/", {}, content_type=JSON)

    assert (senseless.status_code, senseless.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert (foreign.status_code, foreign.json()["type"]) == (409, "urn:dockside:vehicle-unfit")
    assert (late.status_code, late.json()["type"]) == (409, "urn:dockside:tender-closed")
    assert late.headers["Content-Type"] == "application/problem+json"


def test_a_carriers_software_reads_and_answers_by_its_token_once(
    tendered: Tendered, bearer: dict[str, str], browse: Browse, acme: Shipper
) -> None:
    api = browse(None, "acme")

    read = api.get("/api/v1/tenders/offered/", headers=bearer)
    done = api.post("/api/v1/tenders/offered/accept/", {}, content_type=JSON, headers=bearer)
    again = api.post("/api/v1/tenders/offered/decline/", DECLINE, content_type=JSON, headers=bearer)

    assert (read.status_code, read.json()["carrier"]) == (200, FIRST)
    assert not {"rank", "weighed_cents", "reasons", "tendering_id"} & set(read.json())
    assert SECOND not in read.content.decode()
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert (again.status_code, again.json()["type"]) == (410, "urn:dockside:link-closed")
    with doorway.enter_shipper(acme):
        assert tendered.states == {FIRST: "accepted", SECOND: "withdrawn", THIRD: "withdrawn"}


def test_a_token_opens_nothing_elsewhere_nor_does_none(
    tendered: Tendered, bearer: dict[str, str], browse: Browse, acme: Shipper
) -> None:
    elsewhere, here = browse(None, "globex"), browse(None, "acme")
    url = "/api/v1/tenders/offered/decline/"

    statuses = [
        elsewhere.post(url, DECLINE, content_type=JSON, headers=bearer).status_code,
        here.post(url, DECLINE, content_type=JSON).status_code,
        here.post(url, DECLINE, content_type=JSON, headers={"Authorization": "Basic x"}).status_code,
        here.get("/api/v1/tenders/", headers=bearer).status_code,
    ]

    assert statuses == [410, 410, 410, 403]
    with doorway.enter_shipper(acme):
        assert tendered.states[FIRST] == "open"


@pytest.mark.parametrize(
    ("email", "slug"), [(BOB, "globex"), (BOB, "acme"), (None, "acme"), (ARTHUR, "acme")]
)
def test_others_read_nothing_and_answer_nothing(
    tendered: Tendered, browse: Browse, acme: Shipper, email: str | None, slug: str
) -> None:
    api = browse(email, slug)
    url = f"/api/v1/tenders/{tendered.tender(FIRST).pk}"

    listed = api.get("/api/v1/tenders/")
    answered = [
        api.post(f"{url}/accept/", {}, content_type=JSON).status_code,
        api.post(f"{url}/decline/", DECLINE, content_type=JSON).status_code,
    ]

    assert (FIRST in listed.content.decode()) == (email == ARTHUR)  # an auditor reads
    assert all(status in {403, 404} for status in answered)
    with doorway.enter_shipper(acme):
        assert tendered.states[FIRST] == "open"


def test_a_page_asks_the_database_as_often_for_three_tenders_as_for_one(
    tendered: Tendered, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    api = browse(ALICE, "acme")

    with django_assert_max_num_queries(10):
        assert len(api.get("/api/v1/tenders/").json()["results"]) == 3
