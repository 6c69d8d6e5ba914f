"""The hub's first page: what waits, for whom, and what nobody else may read there."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.appointments.models import Appointment, Offer
from apps.appointments.states import State


def test_a_request_waits_with_its_slots_and_one_click_that_accepts_the_first(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    page = rita_at_hub.get("/")

    (row,) = page.context["waiting"]
    assert row["title"] == "Acme Medical to Northern Hospital stores"
    assert row["facts"] == ["Dock 1", "1 other slot held", "3 pallets, 300 kg"]
    assert row["accept_label"] == "Accept 07:00"
    assert row["accept_url"] == f"/appointments/{asked.pk}/offers/{offer.pk}/accept/?then=inbox"


def test_accepting_in_the_inbox_confirms_and_comes_back(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    answer = rita_at_hub.post(
        f"/appointments/{asked.pk}/offers/{offer.pk}/accept/?then=inbox", {"slot": "0"}, follow=True
    )

    confirmed = Appointment.objects.get(pk=asked.pk)
    assert answer.redirect_chain == [("/", 302)]
    assert (confirmed.state, confirmed.during) == (State.CONFIRMED, offer.slots.all()[0].during)
    assert confirmed.confirmation_number in answer.content.decode()


def test_the_most_urgent_comes_first(rita_at_hub: Client, ask: Callable[..., Appointment]) -> None:
    later, sooner = ask(), ask()
    Appointment.objects.filter(pk=sooner.pk).update(must_act_by=later.must_act_by.replace(hour=1))

    page = rita_at_hub.get("/")

    assert [row["reference"] for row in page.context["waiting"]] == [sooner.reference, later.reference]


def test_an_empty_inbox_says_what_will_appear(rita_at_hub: Client) -> None:
    page = rita_at_hub.get("/")

    assert page.context["needs"] == "Nothing waits for an answer."
    assert "A new request appears here" in page.content.decode()


def test_a_dock_operator_sees_the_day_and_nothing_to_answer(otto_at_hub: Client, asked: Appointment) -> None:
    page = otto_at_hub.get("/")

    assert page.status_code == 200
    assert page.context["waiting"] == []
    assert "Accept" not in page.content.decode()


def test_what_was_agreed_for_today_counts_at_its_site(
    rita_at_hub: Client, confirmed: Appointment, clock: Callable[..., None]
) -> None:
    clock(confirmed.during.lower)

    (day,) = rita_at_hub.get("/").context["days"]

    assert (day["name"], day["expected"], day["late"], day["done"]) == ("Northern Hospital stores", 1, 0, 0)
    assert day["next"]["time"] == "07:00"


def test_a_vehicle_past_its_arrival_window_counts_as_late(
    rita_at_hub: Client, confirmed: Appointment, clock: Callable[..., None]
) -> None:
    clock(confirmed.arrival_window.upper)

    (day,) = rita_at_hub.get("/").context["days"]

    assert (day["expected"], day["late"]) == (0, 1)


def test_nothing_of_another_recipient_is_shown(
    rita_at_hub: Client, sam_at_hub: Client, asked: Appointment, at_southern: Appointment
) -> None:
    of_northern, of_southern = rita_at_hub.get("/"), sam_at_hub.get("/")

    assert [row["reference"] for row in of_northern.context["waiting"]] == [asked.reference]
    assert [row["reference"] for row in of_southern.context["waiting"]] == [at_southern.reference]
    assert "Northern" not in of_southern.content.decode()
    assert "Southern" not in of_northern.content.decode()


def test_the_networks_operator_is_led_to_the_shippers(browse: Callable[..., Client]) -> None:
    answer = browse("olga@network.example").get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/network/shippers/")


@pytest.mark.parametrize("email", ["alice@acme.example"])
def test_a_shippers_people_have_no_inbox_here(browse: Callable[..., Client], email: str) -> None:
    assert browse(email).get("/").status_code == 403


def test_who_is_not_signed_in_signs_in_first(browse: Callable[..., Client]) -> None:
    answer = browse().get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/")


def test_three_requests_take_no_more_queries_than_one(
    rita_at_hub: Client, ask: Callable[..., Appointment]
) -> None:
    ask()
    rita_at_hub.get("/")
    with CaptureQueriesContext(connection) as of_one:
        rita_at_hub.get("/")
    ask()
    ask()
    with CaptureQueriesContext(connection) as of_three:
        page = rita_at_hub.get("/")

    assert len(page.context["waiting"]) == 3
    assert len(of_three) == len(of_one)
