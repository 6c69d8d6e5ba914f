"""The control tower's list: what helps is one click away, and what people say stays."""

from datetime import timedelta

import pytest
import time_machine

from apps.insights.models import DeliveryException
from apps.insights.services import watch
from tests.deliveries.conftest import secret_of_globex

__all__ = ["secret_of_globex"]


@pytest.fixture
def found(asked, acme):
    """Northern has to answer within the hour; the pages are read at that moment."""
    now = asked.must_act_by - timedelta(minutes=45)
    watch(now=now)
    with time_machine.travel(now, tick=False):
        yield DeliveryException.objects.get()


def at(found, step=""):
    return f"/exceptions/{found.pk}/{step}"


def test_it_says_how_soon_what_and_what_helps(found, desk):
    page = desk.get("/exceptions/").content.decode()

    assert "in 45 minutes" in page
    assert "Northern Hospital stores has not answered" in page
    assert f"/deliveries/{found.delivery_id}/" in page


def test_taking_putting_off_and_resolving(found, desk):
    desk.post(at(found, "take/"))
    assert "Alice Adams" in desk.get("/exceptions/").content.decode()

    desk.post(at(found, "snooze/"))
    page = desk.get("/exceptions/").content.decode()
    assert "Nothing is wrong" in page
    assert "in 45 minutes" in desk.get("/exceptions/", {"snoozed": "on"}).content.decode()

    refused = desk.post(at(found), {"note": "", "verb": "resolve"})
    assert refused.status_code == 422
    done = desk.post(at(found), {"note": "Rita called back", "verb": "resolve"}, follow=True)
    assert "It is off the list." in done.content.decode()
    assert "Rita called back" in desk.get(at(found)).content.decode()

    again = desk.post(at(found, "take/"), follow=True).content.decode()
    assert "off the list already" in again


def test_filters_are_in_the_address(found, desk):
    assert "in 45 minutes" in desk.get("/exceptions/", {"kind": "offer_unanswered"}).content.decode()
    assert "No open exception fits" in desk.get("/exceptions/", {"kind": "dwell"}).content.decode()
    assert "No open exception fits" in desk.get("/exceptions/", {"whose": "mine"}).content.decode()


def test_the_list_goes_away_as_it_was_chosen(found, desk):
    text = desk.get("/exceptions/table/csv/").content.decode("utf-8-sig")
    none = desk.get("/exceptions/table/csv/", {"kind": "dwell"}).content.decode("utf-8-sig")

    assert "/exceptions/table/xlsx/" in desk.get("/exceptions/").content.decode()
    assert "Northern Hospital stores has not answered" in text
    assert (len(text.splitlines()), len(none.splitlines())) == (2, 1)
    assert desk.get("/exceptions/table/xlsx/").content[:2] == b"PK"
    assert desk.get("/exceptions/table/pdf/").status_code == 404


def test_neither_an_auditor_nor_another_shipper_reads_it(found, auditors_desk, browse, globex):
    other = browse("bob@globex.example", "globex")

    assert auditors_desk.get("/exceptions/").status_code in (302, 403)
    assert auditors_desk.get("/exceptions/table/csv/").status_code in (302, 403)
    assert found.delivery.number not in other.get("/exceptions/table/csv/").content.decode()
    assert other.get(at(found)).status_code == 404
    assert other.post(at(found, "take/")).status_code == 404


def test_the_list_asks_as_often_for_one_row_as_for_many(found, desk, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        desk.get("/exceptions/")
