"""What a slot would cost on the plan that stands, told to the shipper's planners and to nobody else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.appointments.load import Slot
from apps.carriers.models import Vehicle
from apps.core.errors import PermissionRefused
from apps.facilities.models import Site
from apps.routing.services import price_slots, publish_plan
from apps.routing.services.inserting import MEMORY
from apps.tenancy import doorway
from tests.routing.conftest import NOW, RIGID, local, make_carrier

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def forget():
    MEMORY.clear()
    yield
    MEMORY.clear()


@pytest.fixture
def slots():
    """``slots(site, "09:30", "14:00")``: half hours at the site's first dock."""

    def make(site, *clocks, dock="Dock 1"):
        starts = [local(clock) for clock in clocks]
        return [Slot(site.docks.get(name=dock).pk, start, start + HALF_HOUR) for start in starts]

    return make


def prices(alice, delivery, wanted, now=NOW):
    return [one.cents for one in price_slots(actor=alice, delivery=delivery, slots=wanted, now=now)]


def test_a_slot_costs_what_the_plan_with_it_costs_more(
    alice, order, agree, planned, slots, northern_site, southern_site
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "13:00")
    before = planned()
    new = order(northern_site)
    wanted = slots(northern_site, "09:00", "09:30", "11:00", "16:30")

    found = price_slots(actor=alice, delivery=new, slots=wanted, now=NOW)

    assert [one.slot for one in found] == wanted
    assert found[0].cents is None, "the promised slot at nine is not moved for it"
    assert {(one.plate, one.currency, one.on_route) for one in found[1:3]} == {("SWI1", "ZAR", True)}
    agree(new, "Dock 1", "09:30")
    assert planned().cost_cents - before.cost_cents == found[1].cents
    assert found[1].cents < found[3].cents
    assert (found[1].minutes, found[3].minutes > 60) == (0, True), "at half past nine it would only wait"
    assert prices(alice, new, wanted[1:2]) == [found[1].cents], "on the plan it is priced as if it were not"


def test_a_slot_behind_a_zone_costs_the_way_around_it(
    alice, order, agree, planned, slots, northern_site, southern_site, in_between
):
    make_carrier("Swift", {**RIGID, "emission_class": "euro_3"})
    agree(order(northern_site), "Dock 1", "09:00")
    before = planned()
    new, wanted = order(southern_site), slots(southern_site, "12:00")

    (around,) = prices(alice, new, wanted)
    Vehicle.objects.update(emission_class="euro_6")
    (direct,) = prices(alice, new, wanted, now=NOW + timedelta(minutes=2))
    Vehicle.objects.update(emission_class="euro_3")

    assert around > direct
    agree(new, "Dock 1", "12:00")
    assert planned().cost_cents - before.cost_cents == around


def test_the_plan_in_force_counts_and_a_day_without_one_has_no_prices(
    alice, order, agree, planned, slots, northern_site
):
    make_carrier("Swift", RIGID)
    first = agree(order(northern_site), "Dock 1", "09:00")
    new = order(northern_site)
    wanted = slots(northern_site, "09:30")
    tomorrow = [
        Slot(one.dock_id, one.start + timedelta(days=1), one.end + timedelta(days=1)) for one in wanted
    ]

    assert [one.has_plan for one in price_slots(actor=alice, delivery=new, slots=wanted, now=NOW)] == [False]
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)

    found = price_slots(actor=alice, delivery=new, slots=[*tomorrow, *wanted], now=NOW)
    assert [one.has_plan for one in found] == [False, True]
    assert found[1].cents is not None
    assert first.number in [stop.delivery.number for stop in plan.routes.get().stops.all()]


def test_a_second_look_at_the_same_plan_asks_the_database_for_little_and_sees_changes_after_a_minute(
    alice, order, agree, planned, slots, northern_site
):
    carrier = make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    planned()
    new, wanted = order(northern_site), slots(northern_site, "09:30", "10:00")
    known = prices(alice, new, wanted)
    carrier.vehicles.update(active=False)

    with CaptureQueriesContext(connection) as asked:
        assert prices(alice, new, wanted) == known
    assert len([one for one in asked if "SELECT" in one["sql"]]) <= 8
    assert prices(alice, new, wanted, now=NOW + timedelta(minutes=2)) == [None, None]


def test_a_dock_of_another_site_is_no_place_for_it(
    alice, order, agree, planned, slots, northern_site, southern_site
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    planned()

    assert prices(alice, order(northern_site), slots(southern_site, "12:00")) == [None]


def test_only_planners_of_this_shipper_ask(order, warehouse, slots, northern_site, arthur, bob, rita):
    new = order(northern_site)
    for other in (arthur, bob, rita):
        with pytest.raises(PermissionRefused):
            price_slots(actor=other, delivery=new, slots=slots(northern_site, "09:30"), now=NOW)


def test_what_one_shipper_s_plan_makes_cheap_is_not_told_to_another(
    alice, bob, globex, order, agree, planned, slots, northern_site
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)
    wanted = slots(northern_site, "09:30")
    assert prices(alice, order(northern_site), wanted) != [None]

    with doorway.enter_shipper(globex):
        assert Site.objects.filter(code="GLX-DC").exists()
        theirs = order(northern_site, actor=bob)
        found = price_slots(actor=bob, delivery=theirs, slots=wanted, now=NOW)

    assert [(one.cents, one.has_plan, one.plate) for one in found] == [(None, False, "")]
