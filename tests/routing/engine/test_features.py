"""Second trips, receiving windows without a slot, zones, goods that are ready later, waiting, promises to
carriers: each on a day whose best answer is known by hand, then all of them at once on days made up."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from apps.routing.engine import (
    Activity,
    Carrier,
    Depot,
    Load,
    Problem,
    Tariff,
    TravelMatrix,
    VehicleClass,
    Visit,
    Window,
    check,
    plan,
)
from tests.routing.engine.days import HOUR, MINUTE, at, day, left_out, routes_of, vehicles, visit


def test_a_vehicle_loads_again_for_a_second_trip_when_its_room_is_too_small():
    fleet = [vehicles("van", max_trips=2, reload_seconds=20 * MINUTE, tariff=Tariff(per_hour_cents=6_000))]
    problem = day([10, -10], [visit("a", pallets=6), visit("b", pallets=6)], fleet)

    route = plan(problem).routes[0]

    assert [stop.trip for stop in route.stops] == [1, 2]
    assert [one.end - one.start for one in route.segments if one.activity is Activity.LOAD] == [20 * MINUTE]
    assert route.end - route.start == (40 + 20 + 20) * MINUTE


def test_without_a_second_trip_the_same_day_leaves_one_out():
    problem = day([10, -10], [visit("a", pallets=6), visit("b", pallets=6)], [vehicles("van")])

    assert len(plan(problem).unassigned) == 1


def test_no_trip_leaves_before_its_goods_are_ready():
    problem = day([10], [visit("a", ready=at(9))], [vehicles("van")])

    assert plan(problem).routes[0].start == at(9)


def test_a_vehicle_waits_for_goods_at_the_depot_between_two_trips():
    fleet = [vehicles("van", max_trips=2, reload_seconds=10 * MINUTE, shift=Window(at(6), at(20)))]
    visits = [visit("a", window=Window(at(7), at(8))), visit("b", ready=at(12))]

    route = plan(day([10, -10], visits, fleet)).routes[0]

    loading = next(one for one in route.segments if one.activity is Activity.LOAD)
    assert loading.end >= at(12)
    assert [stop.visit_id for stop in route.stops] == ["a", "b"]


def test_unloading_keeps_out_of_the_lunch_break_between_two_receiving_windows():
    lunch = (Window(at(8), at(12)), Window(at(13), at(17)))
    fleet = [vehicles("van", shift=Window(at(11, 45), at(18)))]
    problem = day([10], [visit("a", window=Window(at(8), at(17)), windows=lunch)], fleet)

    assert [stop.start for stop in plan(problem).routes[0].stops] == [at(13)]


def test_being_late_costs_its_price_when_that_is_cheaper_than_another_vehicle():
    soft = visit(
        "a",
        window=Window(at(8), at(12)),
        windows=(Window(at(8), at(9)),),
        late_seconds=HOUR,
        late_cents_per_hour=6_000,
    )
    fleet = [vehicles("van", shift=Window(at(9), at(18)))]

    answer = plan(day([10], [soft], fleet))

    stop = answer.routes[0].stops[0]
    assert (stop.start, stop.late_seconds, stop.late_cents) == (at(9, 10), 20 * MINUTE, 2_000)
    assert answer.late_cost == 2_000
    assert answer.total_cost == answer.route_cost + 2_000


def test_being_later_than_the_site_bears_is_no_way_out():
    soft = visit("a", window=Window(at(8), at(12)), windows=(Window(at(8), at(9)),), late_seconds=60)

    assert left_out(plan(day([10], [soft], [vehicles("van", shift=Window(at(9), at(18)))]))) == {
        "a": ["no-time"]
    }


def test_the_vehicle_that_may_enter_the_zone_goes_there():
    fleet = [
        vehicles("old", barred_zones=frozenset({"centre"})),
        vehicles("new", tariff=Tariff(per_km_cents=300)),
    ]
    problem = day([10, -10], [visit("in", zones=frozenset({"centre"})), visit("out")], fleet)

    assert routes_of(plan(problem)) == [("new", ("in",)), ("old", ("out",))]


def test_waiting_costs_what_the_tariff_says_and_is_avoided():
    early, late = Window(at(8), at(8, 10)), Window(at(12), at(12, 10))
    tariff = Tariff(per_km_cents=100, per_wait_hour_cents=6_000)
    visits = [visit("a", window=early), visit("b", window=late)]

    one = plan(day([10, 10], visits, [vehicles("van", tariff=tariff)]))
    two = plan(day([10, 10], visits, [vehicles("van", count=2, tariff=tariff)]))

    assert one.routes[0].cost.waiting == 23_000
    assert [route.cost.waiting for route in two.routes] == [0, 0]


def test_a_route_promised_to_a_carrier_is_given_when_that_costs_less_than_the_shortfall():
    fleet = [
        vehicles("cheap", carrier="swift"),
        vehicles("dear", carrier="steady", tariff=Tariff(1_000, 100)),
    ]
    problem = day([10], [visit("a")], fleet)

    def promised(cents: int) -> Problem:
        return replace(
            problem,
            carriers=(
                Carrier("swift"),
                Carrier("steady", committed_routes=1, shortfall_cents=cents),
            ),
        )

    assert routes_of(plan(promised(1_500))) == [("dear", ("a",))]
    assert routes_of(plan(promised(500))) == [("cheap", ("a",))]
    assert plan(promised(500)).shortfall_cost == 500


def test_goods_come_from_whichever_depot_that_stocks_them_is_nearer():
    fleet = [vehicles("west"), replace(vehicles("east"), depot_id="other")]
    road = np.array([0, 100, 90])
    apart = np.abs(road[:, None] - road[None, :])
    visits = (visit("a", origins=frozenset({"depot", "other"})),)
    problem = replace(
        day([90], visits, fleet),
        depots=(Depot("depot", 0, 0), Depot("other", 0, 0.9)),
        travel=TravelMatrix(apart * 1000, apart * MINUTE),
    )

    assert [route.depot_id for route in plan(problem).routes] == ["other"]


def test_no_route_leaves_in_the_past_and_an_appointment_that_is_over_says_so():
    problem = day(
        [10, 20],
        [visit("gone", window=Window(at(7), at(8))), visit("open")],
        [vehicles("van")],
    )

    answer = plan(replace(problem, now=at(9, 30)))

    assert [route.start for route in answer.routes] == [at(9, 30)]
    assert [reason.sentence for reason in answer.unassigned[0].reasons] == [
        "The slot 07:00–08:00 is over: it is 09:30."
    ]


def _anything(seed: int) -> Problem:
    draw = Random(seed)
    kms = [draw.randint(-120, 120) for _ in range(draw.randint(2, 16))]

    def made_up(number: int) -> Visit:
        start = draw.randrange(6 * HOUR, 16 * HOUR, 600)
        window = Window(start, start + draw.choice([HOUR, 4 * HOUR]))
        half = (window.start + window.end) // 2
        kind = draw.randrange(3)
        windows = {0: (), 1: (Window(start, half - 300), Window(half, window.end)), 2: (Window(start, half),)}
        return visit(
            f"v{number}",
            pallets=draw.randint(0, 6),
            window=window,
            unload=draw.choice([0, 600, 1200]),
            windows=windows[kind],
            late_seconds=draw.choice([0, 1800]) if kind else 0,
            late_cents_per_hour=draw.choice([0, 5_000]),
            ready=draw.choice([0, 0, 9 * HOUR]),
            zones=frozenset(draw.sample(["centre", "port"], draw.randint(0, 1))),
            penalty_cents=draw.choice([30_000, 10_000_000]),
        )

    def kind(number: int) -> VehicleClass:
        return vehicles(
            f"class{number}",
            carrier=draw.choice(["swift", "steady"]),
            count=draw.randint(1, 3),
            tariff=Tariff(
                draw.choice([0, 20_000]), 733, draw.choice([0, 3_333]), 77, 5, 0, draw.choice([0, 4_000])
            ),
            shift=Window(5 * HOUR, draw.choice([16 * HOUR, 20 * HOUR])),
            max_trips=draw.randint(1, 3),
            reload_seconds=draw.choice([0, 900]),
            barred_zones=frozenset(draw.sample(["centre", "port"], draw.randint(0, 1))),
        )

    fleet = [kind(number) for number in range(draw.randint(1, 3))]
    problem = day(kms, [made_up(number) for number in range(len(kms))], fleet, seed=seed)
    return replace(
        problem,
        carriers=tuple(replace(one, committed_routes=1, shortfall_cents=900) for one in problem.carriers),
        now=draw.choice([0, 6 * HOUR]),
    )


@pytest.mark.parametrize("seed", range(16))
def test_whatever_is_asked_together_the_plan_passes_the_checker_and_comes_again(seed):
    problem = _anything(seed)

    answer = plan(problem)

    assert check(problem, answer) == ()
    assert plan(problem) == answer
    assert all(one.reasons for one in answer.unassigned)


def test_a_load_that_needs_the_whole_vehicle_twice_is_two_trips_of_it():
    visits = [replace(visit("a"), load=Load(1, 90_000, 0)), replace(visit("b"), load=Load(1, 90_000, 0))]
    fleet = [
        vehicles("van", max_trips=2, tariff=Tariff(fixed_cents=1_000)),
        vehicles("big", carrier="steady"),
    ]

    answer = plan(day([10, 20], visits, fleet))

    assert answer.total_cost == 1_000
