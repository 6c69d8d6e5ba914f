"""Slots for many deliveries at once: what a planned route would pay for each start is weighed and said."""

from datetime import datetime, time

import pytest
import time_machine

from apps.appointments.many import Wanted, asks_of
from apps.deliveries.selectors import load_of
from apps.deliveries.services import bulk
from apps.deliveries.services.bulk.pricing import prices_of, weighed
from apps.routing.services import route_costs
from apps.routing.services.inserting import MEMORY
from tests.routing.conftest import DAY, NOW, RIGID, ZONE, local, make_carrier


@pytest.fixture(autouse=True)
def at_now():
    MEMORY.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    MEMORY.clear()


@pytest.fixture
def found(alice, drain):
    """``found(delivery)``: the line of a bulk request for that delivery, best at one o’clock."""

    def ask(*asked):
        request = bulk.request_bulk(
            actor=alice, delivery_ids=[one.pk for one in asked], days=1, wanted_from=time(13)
        )
        drain()
        request.refresh_from_db()
        return request, list(request.lines.order_by("delivery__number"))

    return ask


def clock(line):
    return datetime.fromisoformat(line.slots[0]["start"]).astimezone(ZONE).strftime("%H:%M")


def test_a_start_that_the_planned_route_can_serve_is_put_before_the_wanted_one_and_its_cost_is_said(
    alice, order, agree, planned, found, northern_site, southern_site
):
    make_carrier("Swift", RIGID, per_hour=180_000)
    agree(order(northern_site), "Dock 1", "09:00")
    new = order(northern_site)
    _, [alone] = found(new)
    agree(order(southern_site), "Dock 1", "13:00")
    planned()

    request, [line] = found(new)

    assert (clock(alone), "route" in alone.slots[0]) == ("13:00", False)
    assert clock(line) != "13:00", "the only vehicle unloads elsewhere then"
    assert line.slots[0]["route"]["currency"] == "ZAR"
    prices = weighed_minutes(alice, new, line)
    assert prices[local(clock(line)).timestamp()] + abs(line.late_minutes) == min(
        cost + abs(start - local("13:00").timestamp()) // 60 for start, cost in prices.items()
    )
    assert request.figures["priced"] == 1
    assert request.figures["off_minutes"] == abs(line.late_minutes)


def weighed_minutes(alice, delivery, line):
    """What each bookable start of the day weighs by its route, found anew."""
    wanted = Wanted(delivery.pk, load_of(delivery), DAY, 1, time(13))
    asks, _ = asks_of(delivery.site, [wanted], shipper_id=alice.shipper_id, now=NOW)
    priced = prices_of(
        asks, {delivery.pk: delivery}, {delivery.pk: wanted.load}, pricing=route_costs, actor=alice, now=NOW
    )
    extra = weighed(asks[0], priced[delivery.pk]).extra
    assert min(extra.values()) == 0
    return extra


def test_where_no_day_is_planned_nothing_is_weighed(at_acme, order, found, northern_site):
    request, [line] = found(order(northern_site))

    assert (request.figures["priced"], clock(line)) == (0, "13:00")
