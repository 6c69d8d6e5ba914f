"""What the engine is asked is what was agreed, what the docks demand and what the carriers offer."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from apps.appointments.models import Appointment
from apps.carriers.models import Carrier, Commitment, ComplianceDocument, ServiceArea, Tariff, Vehicle
from apps.consignments.models import Consignment, Priority
from apps.deliveries.selectors import load_of
from apps.deliveries.services import cancel_appointment, set_priority
from apps.deliveries.states import State
from apps.facilities.models import DockRule, HandlingTime, Site
from apps.routing import engine
from apps.routing.errors import CurrenciesMixed
from apps.routing.models import Route, RoutePlan
from apps.routing.problems import gather, problem_sha256
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.routing.conftest import DAY, LONG, PRICES, RIGID, local, make_carrier

HOUR = 3600
THURSDAY = DAY + timedelta(days=1)


@pytest.fixture
def demand():
    """``demand(site, dock, max_length="8")``: the recipient adds rules for a dock, or for all of them."""

    def add(site, dock=None, **rules):
        with doorway.network():
            for kind, limit in rules.items():
                values = limit if isinstance(limit, list) else []
                number = Decimal(limit) if isinstance(limit, str) else None
                DockRule.objects.create(site=site, dock=dock, kind=kind, limit=number, values=values)

    return add


def asked(warehouse, day=DAY):
    return gather(site=warehouse, day=day)


def only_visit(warehouse):
    (visit,) = asked(warehouse).problem.visits
    return visit


def test_a_large_day_is_searched_on_more_cores_than_a_small_one(
    warehouse, order, agree, northern_site, settings, monkeypatch
):
    agree(order(northern_site), "Dock 2", "09:00", 30)
    settings.ROUTING_WORKERS = 3

    small = asked(warehouse).problem.budget.workers
    monkeypatch.setattr(engine, "LARGE", 0)

    assert (small, asked(warehouse).problem.budget.workers) == (1, 3)


def test_a_visit_is_its_slot_its_goods_and_its_dock(warehouse, order, agree, northern_site):
    delivery = agree(order(northern_site, pallets=3), "Dock 2", "09:00", 30)

    assert only_visit(warehouse) == engine.Visit(
        id=delivery.number,
        lat=northern_site.latitude,
        lon=northern_site.longitude,
        load=engine.Load(pallets=3, kg=300, litres=0),
        window=engine.Window(9 * HOUR, 9 * HOUR + 1800),
        service_seconds=1800,  # 20 + 3 × 2 minutes, rounded up to five
        max_length_m=9.0,
        temperature="ambient",
        penalty_cents=engine.DEFAULT_PENALTY_CENTS,
        name="Northern Hospital stores",
    )


def test_the_agreed_dock_s_rules_reach_the_engine_its_own_before_the_site_s(
    warehouse, order, agree, northern_site, dock, demand
):
    agree(order(northern_site), "Dock 1", "09:00")
    demand(northern_site, max_height="3.6", max_weight="18000", max_length="12", needs_tail_lift=None)
    demand(northern_site, dock, max_length="8")

    visit = only_visit(warehouse)

    figures = (visit.max_length_m, visit.max_height_m, visit.max_weight_kg, visit.needs_tail_lift)
    assert figures == (8.0, 3.6, 18_000, True)


def test_what_was_announced_limits_the_vehicle_where_the_dock_does_not(
    warehouse, order, agree, northern_site
):
    delivery = order(northern_site)
    announced = replace(load_of(delivery), vehicle_length_m=Decimal("8.00"), vehicle_weight_kg=Decimal(15000))
    agree(delivery, "Dock 2", "09:00", load=announced)

    found = asked(warehouse)

    (visit,) = found.problem.visits
    assert (visit.max_length_m, visit.max_height_m, visit.max_weight_kg) == (8.0, None, 15_000)
    assert found.visits[delivery.number].promised == (
        "Its appointment was agreed for a vehicle of up to 8 m long.",
        "Its appointment was agreed for a vehicle of up to 15000 kg.",
    )


def test_unloading_never_takes_longer_than_the_slot(warehouse, order, agree, northern_site):
    agree(order(northern_site), "Dock 1", "09:00")
    with doorway.network():
        HandlingTime.objects.filter(site=northern_site).update(fixed_minutes=90)

    assert only_visit(warehouse).service_seconds == 1800


def test_unloading_may_take_part_of_a_longer_slot(warehouse, order, agree, northern_site):
    agree(order(northern_site), "Dock 1", "09:00")
    with doorway.network():
        HandlingTime.objects.filter(site=northern_site).update(fixed_minutes=5)

    visit = only_visit(warehouse)

    assert (visit.service_seconds, visit.latest_start) == (900, 9 * HOUR + 900)


def test_dangerous_goods_are_those_of_the_consignments(warehouse, order, agree, northern_site):
    make_carrier("Swift", RIGID, {**RIGID, "adr": True})
    agree(order(northern_site), "Dock 1", "09:00")
    Consignment.objects.update(adr_classes=["3", "8"])

    problem = asked(warehouse).problem

    assert problem.visits[0].adr == {"3", "8"}
    assert [offer.adr for offer in problem.fleet] == [frozenset(), {"3", "8"}]


def test_a_delivery_that_its_dock_no_longer_takes_is_left_out_with_the_rule(
    warehouse, order, agree, northern_site, demand
):
    delivery = agree(order(northern_site), "Dock 1", "09:00")
    demand(northern_site, temperature=["chilled"])

    found = asked(warehouse)

    assert found.problem.visits == ()
    assert [(one.delivery, one.code, one.sentence) for one in found.left_out] == [
        (
            delivery,
            "dock-refuses",
            "Northern Hospital stores takes only these temperature classes: chilled, 2–8 °C; "
            "this load is ambient.",
        )
    ]


def test_deliveries_without_a_confirmed_slot_are_left_out_and_say_why(
    warehouse, order, agree, alice, rita, northern_site, southern_site
):
    never_asked = order(northern_site)
    cancelled = agree(order(southern_site), "Dock 1", "09:00")
    appointment = Appointment.objects.get(delivery_id=cancelled.pk)
    cancel_appointment(
        actor=alice, delivery=cancelled, appointment_id=appointment.pk, reason_code="other", now=NOW
    )

    found = asked(warehouse)

    assert found.problem.visits == ()
    assert [(one.delivery, one.code, one.sentence) for one in found.left_out] == [
        (never_asked, "no-confirmed-slot", "It has no confirmed slot: none was asked for yet."),
        (cancelled, "no-confirmed-slot", "It has no confirmed slot: the appointment was cancelled."),
    ]


def test_a_delivery_belongs_to_the_day_that_was_agreed_not_the_one_asked_for(
    warehouse, order, agree, northern_site
):
    delivery = agree(order(northern_site), "Dock 1", "09:00", day=THURSDAY)

    wednesday, thursday = asked(warehouse), asked(warehouse, THURSDAY)

    assert (wednesday.problem.visits, wednesday.left_out) == ((), ())
    assert wednesday.notes == (
        f"{delivery.number} was asked for this day and agreed for another: 5 March 2026, 09:00.",
    )
    assert [visit.id for visit in thursday.problem.visits] == [delivery.number]


def test_what_is_under_way_is_noted_and_what_is_cancelled_is_gone(warehouse, order, agree, northern_site):
    loaded, cancelled = order(northern_site), order(northern_site)
    type(loaded).objects.filter(pk=loaded.pk).update(state=State.LOADED)
    type(loaded).objects.filter(pk=cancelled.pk).update(state=State.CANCELLED)

    found = asked(warehouse)

    assert (found.problem.visits, found.left_out) == ((), ())
    assert found.notes == (f"{loaded.number} is under way or done and stays as it is.",)


def test_equal_vehicles_are_one_class_and_tariffs_shifts_and_caps_come_along(warehouse):
    make_carrier("Swift", RIGID, {**RIGID, "shift_start": time(7)}, RIGID, cap=2, minimum=150_000)

    problem = asked(warehouse).problem

    first, second = problem.fleet
    assert problem.carriers == (engine.Carrier("Swift", max_routes=2, name="Swift"),)
    assert first == engine.VehicleClass(
        id="Swift, SWI1",
        carrier_id="Swift",
        depot_id="ACME-DC",
        vehicle_ids=("SWI1", "SWI3"),
        capacity=engine.Load(10, 6000, 40_000),
        tariff=engine.Tariff(80_000, 1_200, 18_000, 5_000, 700, 150_000),
        shift=engine.Window(6 * HOUR, 18 * HOUR),
        length_m=7.5,
        height_m=3.4,
        weight_kg=12_000,
        tail_lift=True,
        temperatures=frozenset({"ambient"}),
        name="Rigid truck SWI1 and 1 like it (Swift)",
    )
    assert (second.vehicle_ids, second.shift) == (("SWI2",), engine.Window(7 * HOUR, 18 * HOUR))


def test_who_has_no_tariff_or_is_inactive_stays_out_and_the_former_is_noted(warehouse):
    make_carrier("Swift", RIGID, LONG)
    make_carrier("Retired", RIGID)
    Carrier.objects.filter(name="Retired").update(active=False)
    Tariff.objects.filter(vehicle_class="articulated").update(valid=DateRange(date(2025, 1, 1), DAY))

    found = asked(warehouse)

    assert [offer.vehicle_ids for offer in found.problem.fleet] == [("SWI1",)]
    assert found.notes == ("Swift has no tariff for “Articulated truck” on 4 March 2026; SWI2 stays out.",)


def test_tariffs_in_two_currencies_are_refused_by_name(warehouse):
    make_carrier("Swift", RIGID)
    make_carrier("Rand", RIGID, currency="EUR")

    with pytest.raises(CurrenciesMixed) as refusal:
        asked(warehouse)

    assert "EUR: Rand; ZAR: Swift" in refusal.value.message


def test_a_vehicle_that_drives_for_another_site_is_taken_and_counts_against_the_cap(warehouse, acme):
    carrier = make_carrier("Swift", RIGID, RIGID, RIGID, cap=2)
    other = Site.objects.create(
        shipper=acme, code="ACME-2", name="Second", latitude=-26, longitude=28, time_zone=warehouse.time_zone
    )
    plan = RoutePlan.objects.create(
        site=other,
        day=DAY,
        version=1,
        job_id=other.pk,
        currency="ZAR",
        problem_sha256="",
        state=RoutePlan.State.PUBLISHED,
    )
    Route.objects.create(
        plan=plan,
        number=1,
        carrier=carrier,
        vehicle=Vehicle.objects.get(plate="SWI2"),
        depot=other,
        departs_at=local("08:00"),
        returns_at=local("10:00"),
        distance_m=1,
        cost_cents=1,
    )

    found = asked(warehouse)

    assert [offer.vehicle_ids for offer in found.problem.fleet] == [("SWI1", "SWI3")]
    assert found.problem.carriers == (engine.Carrier("Swift", max_routes=1, name="Swift"),)
    assert found.notes == ("SWI2 of Swift drives for another site on this day.",)


def test_leaving_a_delivery_out_is_always_dearer_than_driving_for_it_alone(
    warehouse, order, agree, northern_site
):
    agree(order(northern_site), "Dock 1", "09:00")
    make_carrier("Golden", RIGID, per_route=50_000_000)

    visit = only_visit(warehouse)

    assert visit.penalty_cents > 10 * 50_000_000


def test_what_goes_before_others_is_worth_more_and_what_can_wait_less_than_a_route_of_its_own(
    warehouse, order, agree, northern_site, alice
):
    make_carrier("Swift", RIGID)
    make_carrier("Dear", RIGID, per_route=200_000)
    rows = [agree(order(northern_site), "Dock 1", clock) for clock in ("09:00", "10:00", "11:00")]
    for delivery, priority in zip(rows, ("normal", "first", "can_wait"), strict=True):
        set_priority(actor=alice, delivery_ids=[delivery.pk], priority=Priority(priority), now=NOW)

    problem = asked(warehouse).problem
    worth = {visit.id: visit.penalty_cents for visit in problem.visits}

    normal, first, can_wait = (worth[delivery.number] for delivery in rows)
    place = problem.place(problem.visit_index[rows[2].number])
    km = int(problem.travel.metres[0, place] + problem.travel.metres[place, 0]) / 1000
    hours = int(problem.travel.seconds[0, place] + problem.travel.seconds[place, 0] + 30 * 60) / 3600
    alone = PRICES["per_route"] + PRICES["per_km"] * km + PRICES["per_hour"] * hours
    alone += PRICES["per_stop"] + 3 * PRICES["per_pallet"]
    assert first == 10 * normal
    assert can_wait == int(alone) * 75 // 100


def test_the_same_question_has_the_same_digest_and_another_has_another(
    warehouse, order, agree, northern_site
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    first, again = asked(warehouse), asked(warehouse)
    Tariff.objects.update(per_km=PRICES["per_km"] + 1)
    other = asked(warehouse)

    assert first.sha256 == again.sha256 == problem_sha256(first.problem)
    assert other.sha256 != first.sha256
    assert gather(site=warehouse, day=DAY, seed=2).sha256 != other.sha256


def test_the_number_of_queries_does_not_grow_with_the_day(
    warehouse, order, agree, northern_site, southern_site
):
    make_carrier("Swift", RIGID, LONG, drivers=("Thabo",))
    agree(order(northern_site), "Dock 1", "09:00")
    with CaptureQueriesContext(connection) as small:
        asked(warehouse)

    make_carrier("Slow", RIGID, RIGID, drivers=("Lerato", "Sipho"))
    agree(order(northern_site), "Dock 2", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")
    with CaptureQueriesContext(connection) as large:
        found = asked(warehouse)

    assert len(found.problem.visits) == 3
    assert len(large) == len(small) == 25


def test_what_lapsed_is_out_of_use_or_full_stays_out_of_the_plan_and_says_why(warehouse):
    swift = make_carrier("Swift", RIGID, RIGID)
    lapsed = make_carrier("Lapsed", RIGID)
    make_carrier("Empty")
    full = make_carrier("Full", RIGID)
    yesterday = DAY - timedelta(days=1)
    Kind = ComplianceDocument.Kind
    ComplianceDocument.objects.create(carrier=lapsed, kind=Kind.INSURANCE, valid_until=yesterday)
    ComplianceDocument.objects.create(
        carrier=swift,
        vehicle=swift.vehicles.get(plate="SWI1"),
        kind=Kind.ROADWORTHY,
        valid_until=yesterday,
    )
    Commitment.objects.create(
        carrier=full, valid=DateRange(None, None), period="day", measure="pallets", at_most=0
    )

    found = asked(warehouse)

    assert [offer.vehicle_ids for offer in found.problem.fleet] == [("SWI2",)]
    assert found.notes == (
        "Empty has no active vehicle.",
        "Full takes at most 0 pallets each day and has 0; it stays out.",
        "Goods-in-transit insurance of Lapsed lapsed on 3 March 2026.",
        "Roadworthiness certificate of SWI1 lapsed on 3 March 2026.",
    )


def test_a_carrier_takes_no_more_routes_than_it_agreed_to(warehouse):
    carrier = make_carrier("Swift", RIGID, RIGID, RIGID, cap=3)
    Commitment.objects.create(
        carrier=carrier, valid=DateRange(None, None), period="week", measure="routes", at_most=2
    )

    (swift,) = asked(warehouse).problem.carriers

    assert swift.max_routes == 2


def test_a_carrier_drives_within_its_areas_and_the_plan_says_so(
    warehouse, order, agree, planned, northern_site, southern_site
):
    swift = make_carrier("Swift", RIGID, RIGID)
    ServiceArea.objects.create(
        carrier=swift, latitude=northern_site.latitude, longitude=northern_site.longitude, radius_km=1
    )
    inside = agree(order(northern_site), "Dock 1", "09:00")
    beyond = agree(order(southern_site), "Dock 1", "12:00")

    plan = planned()

    served = [stop.delivery for route in plan.routes.all() for stop in route.stops.all()]
    (left,) = plan.unassigned.all()
    assert (served, left.delivery) == ([inside], beyond)
    assert "may not enter the zone outside the areas of Swift" in " ".join([*left.reasons, *left.details])
