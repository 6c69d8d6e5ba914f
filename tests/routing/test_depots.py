"""Several depots, second trips, duties and emission zones, as entered: what they change about a day."""

import csv
import re
from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.template.loader import render_to_string

from apps.carriers.models import Driver, EmissionZone, Shift, Vehicle, ZoneArea
from apps.consignments.models import StockedArticle
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.depots import depots_of, lead_of
from apps.routing.models import Depot, RoutePlan
from apps.routing.problems import gather
from apps.routing.services import lock_route, move_delivery, publish_plan, request_plan
from apps.routing.sheets import as_csv, route_sheet
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.routing.conftest import DAY, LONG, RIGID, make_carrier

ALWAYS = DateRange(date(2026, 1, 1), None)


@pytest.fixture
def open_second(warehouse, acme):
    """``open_second("article")``: another own site, beside Southern Clinic, planned with the warehouse, that
    carries that article. Orders that name no origin come before it."""

    def make(article: str = "Zidovudine 300 mg") -> Site:
        site = Site.objects.create(
            shipper=acme,
            code="ACME-S",
            name="Acme south",
            latitude=-26.31,
            longitude=27.91,
            time_zone=warehouse.time_zone,
        )
        Depot.objects.create(site=site, planned_with=warehouse)
        StockedArticle.objects.create(site=site, article=article)
        return site

    return make


def depots_by_delivery(plan):
    return {
        stop.delivery.number: route.depot.code for route in plan.routes.all() for stop in route.stops.all()
    }


# Several depots -----------------------------------------------------------------------------------


def test_goods_leave_from_whichever_site_stocks_them_for_less(
    open_second, order, agree, planned, northern_site, southern_site
):
    south, north = order(southern_site), order(northern_site)
    agree(south, "Dock 1", "09:00"), agree(north, "Dock 1", "09:00")
    make_carrier("Swift", RIGID, RIGID, RIGID)
    Vehicle.objects.filter(plate="SWI2").update(home=open_second("zidovudine 300 MG"))

    plan = planned()

    assert depots_by_delivery(plan) == {south.number: "ACME-S", north.number: "ACME-DC"}


def test_goods_that_the_other_site_does_not_stock_leave_from_their_own_and_it_is_said(
    open_second, order, agree, planned, southern_site
):
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Swift", RIGID)
    Vehicle.objects.update(home=open_second("Lamivudine"))

    (left_out,) = planned().unassigned.all()

    assert left_out.code == "no-compatible-vehicle"
    assert "vehicle starts at ACME-S, the goods are at ACME-DC" in left_out.reasons[0]


def test_a_site_gives_no_more_than_it_has_and_what_leaves_from_there_anyway_comes_first(
    open_second, warehouse, order, agree, southern_site
):
    first, second, third = (
        agree(order(southern_site), "Dock 1", clock) for clock in ("09:00", "10:00", "11:00")
    )
    tomorrow = order(southern_site, day=DAY + timedelta(days=1))
    south = open_second()
    Delivery.objects.filter(pk=third.pk).update(origin=south)

    def origins(quantity):
        StockedArticle.objects.update(quantity=quantity)
        found = gather(site=warehouse, day=DAY, now=NOW)
        could = {visit.id for visit in found.problem.visits if "ACME-S" in visit.origins}
        return could, [note for note in found.notes if "not enough" in note]

    said = "Acme south has not enough Zidovudine 300 mg left for {}."
    every = {first.number, second.number, third.number}
    assert origins(None) == (every, [])
    assert origins(120) == (every, [])
    assert origins(119) == ({first.number, third.number}, [said.format(second.number)])
    Delivery.objects.filter(pk=tomorrow.pk).update(origin=south)
    assert origins(119) == ({third.number}, [said.format(one.number) for one in (first, second)])


def test_a_published_plan_lets_the_delivery_leave_from_the_planned_depot_and_a_replan_may_take_it_back(
    open_second, order, agree, planned, southern_site, alice, warehouse
):
    delivery = agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Swift", RIGID)
    second = open_second()
    Vehicle.objects.update(home=second)

    publish_plan(actor=alice, plan_id=planned().pk, now=NOW)

    delivery.refresh_from_db()
    assert delivery.origin == second
    found = gather(site=warehouse, day=DAY, now=NOW)
    assert found.problem.visits[0].origins == {"ACME-DC", "ACME-S"}


def test_a_site_planned_with_another_is_planned_there(
    open_second, warehouse, alice, order, agree, northern_site
):
    agree(order(northern_site), "Dock 1", "09:00")
    second = open_second()

    theirs = request_plan(actor=alice, site=second, day=DAY, now=NOW)

    assert request_plan(actor=alice, site=warehouse, day=DAY, now=NOW).pk == theirs.pk
    assert depots_of(second).sites == (warehouse, second)


def test_sites_in_a_circle_have_one_lead_whoever_is_asked(open_second, warehouse):
    second = open_second()
    Depot.objects.create(site=warehouse, planned_with=second)

    assert lead_of(second) == lead_of(warehouse) == warehouse


def test_what_another_site_s_plan_in_force_brings_is_planned_there_alone(
    open_second, order, agree, planned, southern_site, alice, warehouse
):
    delivery = agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Swift", RIGID, RIGID)
    second = open_second()
    publish_plan(actor=alice, plan_id=planned().pk, now=NOW)
    RoutePlan.objects.update(site=second)

    found = gather(site=warehouse, day=DAY, now=NOW)

    assert found.problem.visits == ()
    assert f"{delivery.number} is on the plan in force of Acme south." in found.notes


def test_a_depot_can_t_be_planned_with_itself_nor_close_before_it_opens(warehouse):
    for wrong in ({"planned_with": warehouse}, {"opens": time(9), "closes": time(8)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Depot.objects.create(site=warehouse, **wrong)


def test_nobody_leaves_before_the_depot_opens_and_that_is_the_reason_given(
    warehouse, order, agree, planned, northern_site
):
    agree(order(northern_site), "Dock 1", "07:00")
    make_carrier("Swift", RIGID)
    Depot.objects.create(site=warehouse, opens=time(7), closes=time(17))

    (left_out,) = planned().unassigned.all()

    assert "the opening of the depot at 07:00" in " ".join(left_out.reasons)


# Second trips -------------------------------------------------------------------------------------


@pytest.fixture
def two_loads(warehouse, order, agree, northern_site):
    """Two deliveries of eight pallets, hours apart, and one vehicle for ten."""
    agree(order(northern_site, pallets=8), "Dock 1", "08:00", 40)
    agree(order(northern_site, pallets=8), "Dock 1", "13:00", 40)
    make_carrier("Swift", RIGID)


def test_a_vehicle_that_may_come_back_and_load_again_takes_both(two_loads, planned):
    assert len(planned().unassigned.all()) == 1
    Vehicle.objects.update(trips_per_day=2, reload_minutes=45)

    plan = planned()

    (route,) = plan.routes.all()
    (loading,) = [one for one in route.segments if one["activity"] == "load"]
    stops = list(route.stops.all())
    assert [(stop.trip, stop.empty_m > 0) for stop in stops] == [(1, False), (2, True)]
    assert loading["leg"] == 1
    assert stops[1].distance_m > stops[1].empty_m


def test_the_sheet_says_when_to_come_back_and_load(two_loads, planned):
    Vehicle.objects.update(trips_per_day=2)

    sheet = route_sheet(planned().routes.get().pk)

    assert [one.begins_a_trip for one in sheet.stops] == [False, True]
    lines = as_csv(sheet).decode("utf-8-sig").splitlines()
    assert [line.split(",")[:3] for line in lines] == [
        ["route", "trip", "stop"],
        ["1", "1", "1"],
        ["1", "2", "2"],
    ]


def test_a_delivery_moved_onto_a_full_vehicle_gets_a_trip_of_its_own(
    two_loads, planned, alice, order, agree, southern_site
):
    Vehicle.objects.update(trips_per_day=3, reload_minutes=10)
    plan = planned()
    late = agree(order(southern_site, pallets=10), "Dock 1", "10:30", 40)
    Depot.objects.create(site=plan.site, closes=time(23))

    moved = move_delivery(
        actor=alice, plan_id=planned().pk, delivery_id=late.pk, plate="SWI1", position=None, now=NOW
    )

    stops = moved.routes.get().stops.order_by("position")
    assert list(stops.values_list("delivery__number", "trip"))[1] == (late.number, 2)


# Duties -------------------------------------------------------------------------------------------


def test_a_route_is_no_longer_than_the_vehicle_may_be_out(warehouse, order, agree, planned, northern_site):
    agree(order(northern_site), "Dock 1", "07:00")
    agree(order(northern_site), "Dock 1", "13:00")
    make_carrier("Swift", RIGID)
    assert not planned().unassigned.all()

    Vehicle.objects.update(longest_route_minutes=180)

    plan = planned()
    assert len(plan.unassigned.all()) == 1
    assert "3 h" in " ".join(plan.unassigned.get().reasons)


def test_own_vehicles_are_planned_for_the_hours_of_drivers_who_may_drive_them(
    warehouse, order, agree, northern_site
):
    agree(order(northern_site), "Dock 1", "09:00")
    own = make_carrier("Own", RIGID, LONG, drivers=("Ann", "Ben", "Cy"))
    own.own_fleet = True
    own.save()
    ann, ben, cy = Driver.objects.order_by("name")
    for driver, starts, ends in ((ann, time(6), time(14)), (ben, time(9), time(18))):
        Shift.objects.create(driver=driver, weekday=DAY.isoweekday(), starts=starts, ends=ends)
    ben.longest_duty_minutes = 300
    ben.save()
    ben.qualifications.create(kind="licence_c")
    cy.shifts.create(weekday=DAY.isoweekday() % 7 + 1, starts=time(6), ends=time(14))

    found = gather(site=warehouse, day=DAY, now=None)

    assert [(one.vehicle_ids, one.shift, one.max_duty_seconds) for one in found.problem.fleet] == [
        (("OWN1",), engine.Window(9 * 3600, 18 * 3600), 300 * 60),
        (("OWN2",), engine.Window(6 * 3600, 14 * 3600), None),
    ]
    assert "OWN2 is planned from 06:00 to 14:00, as Ann works." in found.notes


def test_an_own_fleet_has_no_more_routes_than_drivers(warehouse, order, agree, northern_site):
    agree(order(northern_site), "Dock 1", "09:00")
    own = make_carrier("Own", RIGID, RIGID, RIGID, drivers=("Ann", "Ben"))
    own.own_fleet = True
    own.save()

    found = gather(site=warehouse, day=DAY, now=None)

    assert found.problem.carriers == (engine.Carrier("Own", max_routes=2, name="Own"),)
    assert "Own has 2 drivers on this day, so at most as many routes." in found.notes


# Emission zones -----------------------------------------------------------------------------------


@pytest.fixture
def zone():
    made = EmissionZone.objects.create(name="Inner city", least_class="euro_6", valid=ALWAYS)
    ZoneArea.objects.create(zone=made, latitude=-26.18, longitude=28.04, radius_km=3)
    return made


def test_only_vehicles_that_are_clean_enough_go_into_a_zone(
    warehouse, order, agree, planned, northern_site, zone
):
    agree(order(northern_site), "Dock 1", "09:00")
    make_carrier("Cheap", {**RIGID, "emission_class": "euro_3"}, per_route=1)
    make_carrier("Clean", {**RIGID, "emission_class": "zero"}, per_route=500_000)

    plan = planned()

    assert [route.vehicle.plate for route in plan.routes.all()] == ["CLE1"]
    assert not [one for one in plan.notes if "Inner city" in one]

    ZoneArea.objects.create(zone=zone, country="ZA", postal_prefix="2")
    (note,) = gather(site=warehouse, day=DAY, now=NOW).notes
    assert note.startswith("CHE1 may not stop in “Inner city”, which asks for Euro VI; whether their ways")


DIRTY, CLEAN = {**RIGID, "emission_class": "euro_3"}, {**RIGID, "emission_class": "euro_6"}


def test_a_vehicle_that_may_not_enter_drives_around_and_the_plan_and_its_sheet_say_so(
    order, agree, planned, southern_site, in_between
):
    delivery = agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY)

    plan = planned()
    around = plan.routes.get()
    Vehicle.objects.update(emission_class="euro_6")
    direct = planned().routes.get()

    longer = around.distance_m - direct.distance_m
    assert around.cost_cents > direct.cost_cents
    assert around.returns_at - around.departs_at > direct.returns_at - direct.departs_at
    assert [(one["leg"], one["zones"]) for one in around.around] == [(0, ["In between"]), (1, ["In between"])]
    assert sum(one["metres"] for one in around.around) == longer > 300
    assert around.stops.get().distance_m - direct.stops.get().distance_m == around.around[0]["metres"]
    ways = f"2 ways of its route (ACME-DC to {delivery.number}, {delivery.number} to ACME-DC)"
    (said,) = [one for one in plan.notes if "In between" in one]
    assert said.startswith(
        f"CHE1 drives around “In between”, which asks for Euro VI, on {ways}: {longer / 1000:.1f} km and "
    )
    assert said.endswith(" min more than straight through.")
    assert direct.around == []
    sheet = route_sheet(around.pk)
    assert sheet.stops[0].around.zones == sheet.home_around.zones == ("In between",)
    (line,) = csv.DictReader(as_csv(sheet).decode("utf-8-sig").splitlines())
    assert (line["km"], line["around"]) == (f"{around.stops.get().distance_m / 1000:.1f}", "In between")
    paper = render_to_string("documents/route_sheet.html", {"sheet": sheet, "route": sheet.route})
    added = [f"{one['metres'] / 1000:.1f}" for one in around.around]
    assert re.findall("Drive around In between, ([0-9.]+) km more", paper) == added
    assert route_sheet(direct.pk).stops[0].around is None


def test_a_vehicle_that_may_enter_takes_the_delivery_where_the_way_around_is_dearer(
    order, agree, planned, southern_site, in_between
):
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY)
    make_carrier("Near", CLEAN, per_route=80_100)

    assert planned().routes.get().vehicle.plate == "NEA1"
    EmissionZone.objects.update(valid=DateRange(date(2025, 1, 1), DAY))
    assert planned().routes.get().vehicle.plate == "CHE1"


def test_a_zone_that_is_in_nobody_s_way_leaves_the_question_as_it_was(
    warehouse, order, agree, southern_site, northern_site, in_between
):
    agree(order(northern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY, CLEAN)
    beside = gather(site=warehouse, day=DAY, now=NOW)
    EmissionZone.objects.all().delete()

    assert beside.problem.around == ()
    assert beside.sha256 == gather(site=warehouse, day=DAY, now=NOW).sha256


def test_the_zones_of_one_shipper_are_nothing_to_another(
    order, agree, planned, southern_site, in_between, globex, at_acme
):
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY)
    around = planned().distance_m
    with doorway.enter_shipper(globex):
        other = EmissionZone.objects.create(name="Theirs", least_class="zero", valid=ALWAYS)
        ZoneArea.objects.create(zone=other, radius_km=30, latitude=-26.2, longitude=28.0)
        make_carrier("Other", DIRTY)

    assert planned().distance_m == around


def test_a_depot_inside_a_zone_is_left_straight_and_the_plan_says_which_ways_are_like_that(
    warehouse, order, agree, planned, southern_site
):
    zone = EmissionZone.objects.create(name="Home", least_class="euro_6", valid=ALWAYS)
    ZoneArea.objects.create(
        zone=zone, radius_km=3, latitude=warehouse.latitude, longitude=warehouse.longitude
    )
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY)

    plan = planned()
    EmissionZone.objects.all().delete()

    (said,) = [one for one in plan.notes if "Home" in one]
    assert said.startswith(
        "CHE1 may not enter “Home”, which asks for Euro VI, but 2 ways of its route (ACME-DC "
    )
    assert "has no way around" in said
    assert plan.routes.get().around == []
    assert plan.distance_m == planned().distance_m


def test_ways_by_road_are_longer_by_an_estimate_and_the_plan_says_so(
    order, agree, planned, southern_site, in_between, monkeypatch
):
    class Roads:
        def matrix(self, points):
            straight = engine.GreatCircle().matrix(points)
            return engine.TravelMatrix(2 * straight.metres, 2 * straight.seconds, "by road", by_road=True)

    monkeypatch.setattr("apps.routing.problems.travel_provider", Roads)
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY)

    by_road = planned()
    EmissionZone.objects.all().delete()
    direct = planned()

    longer = sum(one["metres"] for one in by_road.routes.get().around)
    assert by_road.distance_m - direct.distance_m == longer > 300
    assert [one for one in by_road.notes if "Which course the roads take is not known" in one]
    assert not [one for one in direct.notes if "Which course" in one]


def test_a_route_moved_by_hand_and_one_that_stays_are_driven_around_as_before(
    order, agree, planned, southern_site, in_between, alice
):
    agree(order(southern_site), "Dock 1", "09:00")
    make_carrier("Cheap", DIRTY, DIRTY)
    plan = planned()
    (stop,) = plan.routes.get().stops.all()

    moved = move_delivery(
        actor=alice, plan_id=plan.pk, delivery_id=stop.delivery_id, plate="CHE2", position=1, now=NOW
    )

    assert moved.routes.get().around == plan.routes.get().around
    assert [one for one in moved.notes if one.startswith("CHE2 drives around “In between”")]
    lock_route(actor=alice, route_id=moved.routes.get().pk, locked=True)
    assert planned().routes.get().around == plan.routes.get().around


@pytest.mark.parametrize("emission_class", ["euro_5", ""])
def test_a_zone_that_nobody_may_enter_is_named_as_the_reason(
    warehouse, order, agree, planned, northern_site, southern_site, zone, emission_class
):
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")
    make_carrier("Cheap", {**RIGID, "emission_class": emission_class})

    plan = planned()

    (left_out,) = plan.unassigned.all()
    assert left_out.delivery.site == northern_site
    assert "may not enter the zone “Inner city”, which asks for Euro VI" in left_out.reasons[0]


def test_a_zone_that_is_over_or_for_heavier_vehicles_bars_nobody(
    warehouse, order, agree, planned, northern_site, zone
):
    agree(order(northern_site), "Dock 1", "09:00")
    make_carrier("Cheap", {**RIGID, "emission_class": "euro_3"})
    EmissionZone.objects.update(from_kg=RIGID["gross_weight_kg"] + 1)
    assert not planned().unassigned.all()

    EmissionZone.objects.update(from_kg=0, valid=DateRange(date(2025, 1, 1), DAY))

    assert not planned().unassigned.all()
