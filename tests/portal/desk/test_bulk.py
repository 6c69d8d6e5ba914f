"""The desk's pages for slots of many deliveries: choose, watch, review, send; and who doesn't get there."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.core.models import Job
from apps.deliveries import services
from apps.deliveries.models import BulkLine, BulkRequest, Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY, order_file


@pytest.fixture
def many(delivery: Delivery, alice: Actor) -> list[Delivery]:
    """Three deliveries to Northern on ``DAY``."""
    for number in (7, 8):
        order = order_file(f"C-{number},PO-{number},NH1,{DAY},1,Tablets,5,pack,,50,1")
        services.import_orders(actor=alice, file_name=f"{number}.csv", content=order, now=NOW)
        services.group_consignments(actor=alice, now=NOW)
    return list(Delivery.objects.order_by("number"))


@pytest.fixture
def proposed(many: list[Delivery], desk: Client, drain: Callable[[], int]) -> BulkRequest:
    """Alice asked for all of them; the worker has looked."""
    desk.post("/slots/", {"delivery": [each.pk for each in many], "days": 2, "slots_each": 2})
    drain()
    return BulkRequest.objects.get()


def test_the_days_deliveries_to_book_are_chosen_from(many: list[Delivery], desk: Client) -> None:
    tomorrow = desk.get("/slots/").content.decode()
    page = desk.get(f"/slots/?day={DAY}").content.decode()

    assert "Nothing to book for Tuesday 3 March" in tomorrow
    assert "Wed 4 Mar" in tomorrow
    assert "3 deliveries to book for Wednesday 4 March" in page
    assert page.count(" checked>") == 3
    assert desk.get(f"/slots/?day={DAY}&pick=none").content.decode().count(" checked>") == 0


def test_asking_leads_to_the_search_and_on_to_the_review(
    many: list[Delivery], desk: Client, drain: Callable[[], int]
) -> None:
    chosen = {"delivery": [each.pk for each in many], "days": 1, "slots_each": 1, "wanted_from": "09:00"}

    asked = desk.post(f"/slots/?day={DAY}", chosen, follow=True)
    drain()
    job = Job.objects.get()
    over = desk.get(f"/jobs/{job.pk}/", headers={"hx-request": "true"})
    review = desk.get(asked.request["PATH_INFO"]).content.decode()

    assert "Looking for slots" in asked.content.decode()
    assert over.headers["HX-Redirect"] == asked.request["PATH_INFO"]
    assert "3 deliveries with slots" in review
    assert "As wanted" in review
    assert "proven best" in review


def test_what_is_left_out_is_not_sent(
    proposed: BulkRequest, many: list[Delivery], desk: Client, drain: Callable[[], int]
) -> None:
    desk.post(f"/slots/{proposed.pk}/send/", {"delivery": [many[0].pk, many[1].pk]})
    drain()

    page = desk.get(f"/slots/{proposed.pk}/").content.decode()
    assert Appointment.objects.count() == 2
    assert "2 offers are sent." in page
    assert page.count('type="checkbox" name="delivery"') == 1
    assert desk.get("/slots/").content.decode().count("2 sent") == 1


def test_who_was_too_late_sees_what_is_free_instead(
    proposed: BulkRequest, many: list[Delivery], desk: Client
) -> None:
    free = {"dock": "Dock 9", "start": "2026-03-04T06:00:00+00:00", "end": "2026-03-04T06:30:00+00:00"}
    BulkLine.objects.filter(delivery=many[0]).update(
        outcome=BulkLine.Outcome.LOST, answer="Dock 1 was just taken at that time.", alternatives=[free]
    )

    page = desk.get(f"/slots/{proposed.pk}/").content.decode()

    assert "Dock 1 was just taken at that time." in page
    assert "08:00" in page
    assert "Dock 9" in page
    assert f"/deliveries/{many[0].pk}/slots/" in page


@pytest.mark.parametrize(
    "wrong", [{"days": 99}, {"slots_each": 0}, {"wanted_from": "soon"}, {"delivery": []}]
)
def test_bad_input_is_answered_where_it_was_typed(
    many: list[Delivery], desk: Client, wrong: dict[str, object]
) -> None:
    typed = {"delivery": [many[1].pk, "nonsense"], "days": 2, "slots_each": 1} | wrong

    answer = desk.post(f"/slots/?day={DAY}", typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "field__error" in page or 'role="alert"' in page
    assert page.count(" checked>") == len(typed["delivery"][:1])  # type: ignore[index]  # what was chosen stays so
    assert not BulkRequest.objects.exists()


def test_sending_nothing_says_so(proposed: BulkRequest, desk: Client) -> None:
    answer = desk.post(f"/slots/{proposed.pk}/send/", {}, follow=True)

    assert "Choose at least one delivery" in answer.content.decode()


def test_a_search_in_the_making_may_be_stopped(many: list[Delivery], desk: Client) -> None:
    desk.post("/slots/", {"delivery": [many[0].pk], "days": 2, "slots_each": 1})
    job = Job.objects.get()

    page = desk.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()

    assert "Stopped by Alice Adams." in page
    assert "Ask again" in page


def test_queries_do_not_grow_with_the_lines(
    proposed: BulkRequest, desk: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    desk.get(f"/slots/{proposed.pk}/")

    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]  # pytest-django's context manager
        desk.get(f"/slots/{proposed.pk}/")


def test_nobody_else_sees_or_sends_it(
    proposed: BulkRequest, many: list[Delivery], browse: Callable[..., Client], globex: Shipper
) -> None:
    arthur, rita, bob = (
        browse("arthur@acme.example", "acme"),
        browse("rita@northern.example"),
        browse("bob@globex.example", "globex"),
    )

    for client in (arthur, bob):
        assert client.get(f"/slots/{proposed.pk}/").status_code in {403, 404}
        sent = client.post(f"/slots/{proposed.pk}/send/", {"delivery": [many[0].pk]})
        assert sent.status_code in {403, 404}
    assert rita.get(f"/slots/{proposed.pk}/").status_code == 404
    assert bob.post("/slots/", {"delivery": [many[0].pk], "days": 1, "slots_each": 1}).status_code == 404
    with doorway.enter_shipper(globex):
        assert not BulkRequest.objects.exists()
    assert not Appointment.objects.exists()
