"""The list of deliveries: where each stands, who acts next, what the address filters."""

import pytest

from apps.appointments.states import ReasonCode
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.standing import Standing, count_by_standing
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY, order_file


def standing_of(delivery):
    return next(
        standing
        for standing, count in count_by_standing(Delivery.objects.filter(pk=delivery.pk)).items()
        if count
    )


def test_a_delivery_without_a_slot_is_to_book(delivery, desk):
    page = desk.get("/").content.decode()

    assert standing_of(delivery) == Standing.TO_BOOK
    assert delivery.number in page
    assert "1 delivery to book." in page
    assert "Offer slots" in page


def test_an_asked_delivery_waits_for_the_recipient_until_the_offer_expires(asked, delivery, desk):
    page = desk.get("/").content.decode()

    assert standing_of(delivery) == Standing.WAITING
    assert "Northern Hospital, until Tue 08:00 SAST" in page


def test_a_confirmed_delivery_shows_its_slot_in_site_time(confirmed, delivery, desk):
    page = desk.get("/").content.decode()

    assert standing_of(delivery) == Standing.CONFIRMED
    assert "SAST (UTC+02:00)" in page


def test_a_declined_delivery_is_to_book_again(asked, delivery, rita):
    offer = asked.offers.get()
    services.decline_offer(
        actor=rita, delivery=delivery, offer_id=offer.pk, reason_code=ReasonCode.NO_STAFF, now=NOW
    )

    assert standing_of(delivery) == Standing.TO_BOOK


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("", True),
        (f"day={DAY}", True),
        ("day=2026-01-01", False),
        ("standing=to_book", True),
        ("standing=confirmed", False),
        ("q=C-2", True),
        ("q=PO-1", True),
        ("q=Northern", True),
        ("q=nothing-like-it", False),
        ("day=nonsense&standing=nonsense&site=nonsense&page=nonsense", True),
    ],
)
def test_the_address_filters_the_list(delivery, desk, query, is_found):
    answer = desk.get(f"/?{query}")

    assert answer.status_code == 200
    assert (f">{delivery.number}<" in answer.content.decode()) == is_found


def test_the_list_asks_as_often_for_three_rows_as_for_one(
    at_acme, alice, desk, django_assert_num_queries, django_assert_max_num_queries
):
    def bring_in(number):
        temperature = ["ambient", "chilled", "frozen"][number]
        services.import_orders(
            actor=alice,
            file_name="o.csv",
            content=f"consignment,site,date,article,quantity,temperature\nN-{number},NH1,{DAY},Gloves,1,{temperature}\n".encode(),
            now=NOW,
        )
        services.group_consignments(actor=alice, now=NOW)

    bring_in(0)
    desk.get("/")
    with django_assert_max_num_queries(20) as first:
        assert desk.get("/").context["page"].paginator.count == 1
    bring_in(1)
    bring_in(2)
    with django_assert_num_queries(len(first.captured_queries)):
        assert desk.get("/").context["page"].paginator.count == 3


def test_an_empty_desk_says_what_to_do(at_acme, desk):
    page = desk.get("/").content.decode()

    assert "No deliveries yet" in page
    assert "Get a sample file" in page


def test_imported_goods_are_grouped_from_the_list(at_acme, alice, desk):
    content = order_file(f"C-9,PO-9,NH1,{DAY},1,Gloves,40,pack,,300,2")
    services.import_orders(actor=alice, file_name="orders.csv", content=content, now=NOW)

    page = desk.get("/").content.decode()
    answer = desk.post("/deliveries/group/", follow=True)

    assert "Group 1 consignment" in page
    assert "1 delivery is made." in answer.content.decode()
    assert Delivery.objects.count() == 1


def test_grouping_nothing_says_so_in_place(at_acme, desk):
    answer = desk.post("/deliveries/group/", follow=True)

    assert answer.status_code == 200
    assert "Every consignment rides in a delivery already" in answer.content.decode()


def test_an_auditors_desk_begins_at_custody(delivery, auditors_desk):
    answer = auditors_desk.get("/")

    assert (answer.status_code, answer.url) == (302, "/custody/")
