"""Reads: what waits to be grouped, where and when."""

from datetime import date

import pytest

from apps.consignments import selectors
from apps.consignments.models import Consignment
from apps.consignments.services import import_consignments
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.facilities.models import Site

ROWS = b"""consignment,order,site,date,article,quantity,weight_kg,pallets
C-1,PO-1,NH1,2026-03-03,Gloves,1,100,2
C-2,PO-2,NH1,2026-03-03,Masks,1,50,1
C-3,PO-3,NH1,2026-03-04,Masks,1,50,1
C-4,PO-4,SC1,2026-03-03,Masks,1,50,3
"""


@pytest.fixture
def goods(at_acme, alice, now):
    """C-1 rides in a delivery already; the others wait."""
    import_consignments(actor=alice, file_name="orders.csv", content=ROWS, now=now)
    first = Consignment.objects.get(number="C-1")
    delivery = Delivery.objects.create(
        number="D-1", origin=first.origin, site=first.site, day=first.requested_date
    )
    DeliveryConsignment.objects.create(delivery=delivery, consignment=first)


def numbers(found) -> list[str]:
    return sorted(consignment.number for consignment in found)


def test_consignments_are_found_by_what_people_know_of_them(goods):
    site = Site.objects.get(code="NH1")

    assert numbers(selectors.consignments(search="c-2")) == ["C-2"]
    assert numbers(selectors.consignments(search="PO-4")) == ["C-4"]
    assert numbers(selectors.consignments(search="clinic")) == ["C-4"]
    assert numbers(selectors.consignments(site_id=site.pk, day=date(2026, 3, 3))) == ["C-1", "C-2"]
    assert numbers(selectors.consignments(grouped=True)) == ["C-1"]
    assert numbers(selectors.ungrouped(site_id=site.pk, day=date(2026, 3, 3))) == ["C-2"]


def test_what_waits_is_counted_by_site_and_day(goods):
    waiting = selectors.waiting_goods(since=date(2026, 3, 3))

    assert sorted((w.day, w.site.code, w.consignments, w.pallets) for w in waiting) == [
        (date(2026, 3, 3), "NH1", 1, 1),
        (date(2026, 3, 3), "SC1", 1, 3),
        (date(2026, 3, 4), "NH1", 1, 1),
    ]


def test_a_list_with_loads_takes_one_query(goods, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = list(selectors.with_load(selectors.consignments()))
        seen = [(c.number, c.site.name, c.pallets, c.total_kg) for c in found]

    assert len(seen) == 4
