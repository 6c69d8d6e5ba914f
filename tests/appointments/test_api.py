"""The REST edge of slots and appointments: what it answers, to whom, and nothing when nothing changed."""

import pytest
import time_machine

from apps.appointments.models import Offer
from apps.appointments.services import decline_offer
from tests.appointments.conftest import TUESDAY, slot_at
from tests.factories import cast


@pytest.fixture(autouse=True)
def _api_alone(settings):
    settings.ROOT_URLCONF = settings.PUBLIC_SCHEMA_URLCONF = "tests.appointments.api_urls"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(cast.NOW, tick=False):
        yield


@pytest.fixture
def acmes(alice, dock, offer):
    return offer(alice, slot_at(dock, "08:00"))


def test_slots_are_answered_with_the_sites_own_times_and_every_refusal(
    browse, northern_site, dock, second_dock
):
    answer = browse("alice@acme.example", "acme").get(
        f"/api/v1/sites/{northern_site.pk}/slots/",
        {"first_day": f"{TUESDAY}", "days": 1, "pallets": 5, "vehicle_length_m": "12.0", "limit": 2},
    )

    assert answer.status_code == 200
    first = {
        "dock_id": str(dock.pk),
        "dock": "Dock 1",
        "start": "2026-03-03T07:00:00+02:00",
        "end": "2026-03-03T07:30:00+02:00",
    }
    body = answer.json()
    assert (body["time_zone"], len(body["slots"]), len(body["earliest"])) == ("Africa/Johannesburg", 2, 3)
    assert body["slots"][0] == body["earliest"][0] == first
    assert body["per_day"] == [{"day": "2026-03-03", "starts": 31, "why": ""}]
    assert body["refusals"] == [
        {
            "dock_id": str(second_dock.pk),
            "dock": "Dock 2",
            "reasons": ["Dock 2 takes vehicles up to 9.0 m long; this one is 12.0 m."],
        }
    ]


@pytest.mark.parametrize(
    "question",
    [
        {"days": 0},
        {"days": 63},
        {"pallets": -1},
        {"first_day": "soon"},
        {"load_type": "cats"},
        {"limit": "all"},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_by_field(browse, northern_site, question):
    answer = browse("alice@acme.example", "acme").get(f"/api/v1/sites/{northern_site.pk}/slots/", question)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}" for name in question]


def test_a_site_that_is_no_partner_is_not_found(browse, southern_site):
    url = f"/api/v1/sites/{southern_site.pk}/slots/"

    statuses = [
        browse("alice@acme.example", "acme").get(url).status_code,
        browse("bob@globex.example", "globex").get(url).status_code,
        browse("rita@northern.example").get(url).status_code,
        browse("sam@southern.example").get(url).status_code,
        browse().get(url).status_code,
    ]

    assert statuses == [200, 404, 404, 200, 403]


def test_the_best_slots_are_ranked_by_the_preferred_start(browse, northern_site):
    question = {"first_day": f"{TUESDAY}", "days": 1, "preferred": "2026-03-03T10:00:00+02:00"}

    body = (
        browse("alice@acme.example", "acme").get(f"/api/v1/sites/{northern_site.pk}/slots/", question).json()
    )

    found = [(slot["start"], slot["minutes_away"], slot["dock"]) for slot in body["best"][:2]]
    assert found == [("2026-03-03T10:00:00+02:00", 0, "Dock 1"), ("2026-03-03T09:00:00+02:00", 60, "Dock 1")]


def test_several_sites_are_searched_at_once_and_none_that_is_no_partner(browse, northern_site, southern_site):
    both = {"site": [northern_site.pk, southern_site.pk], "first_day": f"{TUESDAY}", "days": 2}

    def ask(*who, **question):
        return browse(*who).get("/api/v1/slots/", question)

    body = ask("alice@acme.example", "acme", **both).json()
    assert [site["site_id"] for site in body["sites"]] == [str(northern_site.pk), str(southern_site.pk)]
    assert {slot["site_id"] for slot in body["best"]} == {str(northern_site.pk), str(southern_site.pk)}
    for who in (("bob@globex.example", "globex"), ("rita@northern.example",)):
        assert ask(*who, **both).status_code == 404
        assert ask(*who, **both | {"site": northern_site.pk}).status_code == 200
    assert [ask("alice@acme.example", "acme").status_code, ask(**both).status_code] == [422, 403]


def test_appointments_are_listed_for_those_who_have_a_part_in_them(browse, acmes):
    seen = {
        email: [a["reference"] for a in browse(email, slug).get("/api/v1/appointments/").json()["results"]]
        for email, slug in (
            ("alice@acme.example", "acme"),
            ("bob@globex.example", "globex"),
            ("rita@northern.example", None),
            ("sam@southern.example", None),
        )
    }

    assert seen == {
        "alice@acme.example": ["D-1"],
        "bob@globex.example": [],
        "rita@northern.example": ["D-1"],
        "sam@southern.example": [],
    }


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_as_many_queries_for_one_as_for_three(
    browse, alice, dock, offer, count, django_assert_max_num_queries
):
    for number in range(count):
        offer(alice, slot_at(dock, f"{8 + number:02}:00"))
    client = browse("rita@northern.example")

    with django_assert_max_num_queries(5):
        listed = client.get("/api/v1/appointments/").json()["results"]

    assert len(listed) == count


def test_an_appointment_tells_its_offers_and_its_history(browse, acmes):
    body = browse("rita@northern.example").get(f"/api/v1/appointments/{acmes.pk}/").json()

    assert (body["state"], body["must_act"], body["version"]) == ("offered", "recipient", 1)
    assert [(o["side"], o["state"], [s["dock"] for s in o["slots"]]) for o in body["offers"]] == [
        ("shipper", "open", ["Dock 1"])
    ]
    assert [(e["step"], e["actor_name"]) for e in body["history"]] == [("offered", "Alice Adams")]


def test_an_unchanged_appointment_is_answered_with_304_and_a_changed_one_in_full(browse, acmes, rita, now):
    client = browse("rita@northern.example")
    url = f"/api/v1/appointments/{acmes.pk}/"
    etag = client.get(url).headers["ETag"]

    unchanged = client.get(url, headers={"If-None-Match": etag})
    made = Offer.objects.get(appointment=acmes)
    decline_offer(actor=rita, offer_id=made.pk, reason_code="other", now=now)
    changed = client.get(url, headers={"If-None-Match": etag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (changed.status_code, changed.json()["state"]) == (200, "declined")


def test_another_shippers_appointment_is_not_found(browse, acmes):
    client = browse("bob@globex.example", "globex")

    assert client.get(f"/api/v1/appointments/{acmes.pk}/").status_code == 404


def test_an_appointments_own_hold_is_no_obstacle_to_moving_it(browse, acmes, northern_site):
    url = f"/api/v1/sites/{northern_site.pk}/slots/"
    question = {"first_day": f"{TUESDAY}", "days": 1, "pallets": 5, "limit": 1000}
    client = browse("alice@acme.example", "acme")

    without = client.get(url, question).json()["slots"]
    with_it = client.get(url, question | {"appointment": acmes.pk}).json()["slots"]

    assert len(with_it) - len(without) == 3
