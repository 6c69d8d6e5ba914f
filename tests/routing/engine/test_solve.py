"""Plans of small days whose best answer is known by hand; each rule has a day that goes wrong without it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from apps.routing.engine import Activity, Budget, InvalidProblem, Load, Tariff, Window, check, plan
from tests.routing.engine.days import (
    HOUR,
    MINUTE,
    PER_KM,
    at,
    day,
    left_out,
    routes_of,
    vehicles,
    visit,
)


def test_one_vehicle_passes_all_stops_on_one_way_out_and_back():
    problem = day([30, 10, 20], [visit("c"), visit("a"), visit("b")], [vehicles("van")])

    answer = plan(problem)

    assert answer.route_cost == 60 * 100
    assert answer.routes[0].metres == 60_000
    assert left_out(answer) == {}


def test_every_part_of_the_tariff_is_charged():
    tariff = Tariff(
        fixed_cents=5_000, per_km_cents=100, per_hour_cents=6_000, per_stop_cents=300, per_pallet_cents=40
    )
    problem = day([10, 20], [visit("a", pallets=2), visit("b", pallets=3)], [vehicles("van", tariff=tariff)])

    answer = plan(problem)

    cost = answer.routes[0].cost
    assert (cost.fixed, cost.distance, cost.time, cost.stops, cost.pallets) == (5_000, 4_000, 6_000, 600, 200)
    assert answer.total_cost == 15_800


def test_stops_at_opposite_ends_are_one_route_when_the_fixed_cost_decides():
    dear = Tariff(fixed_cents=100_000, per_km_cents=100)
    problem = day([20, -20], [visit("east"), visit("west")], [vehicles("van", count=2, tariff=dear)])

    answer = plan(problem)

    assert len(answer.routes) == 1
    assert answer.total_cost == 108_000


def test_capacity_splits_a_route():
    problem = day([10, 20], [visit("a", pallets=6), visit("b", pallets=6)], [vehicles("van", count=2)])

    answer = plan(problem)

    assert routes_of(answer) == [("van", ("a",)), ("van", ("b",))]
    assert answer.total_cost == (20 + 40) * 100


@pytest.mark.parametrize("heavy", [Load(1, 60_000, 0), Load(1, 0, 60_000)])
def test_weight_and_volume_split_a_route_as_pallets_do(heavy):
    visits = [replace(visit("a"), load=heavy), replace(visit("b"), load=heavy)]
    problem = day([10, 20], visits, [vehicles("van", count=2)])

    answer = plan(problem)

    assert len(answer.routes) == 2


def test_appointments_decide_the_order_even_when_it_is_the_longer_way():
    visits = [
        visit("near", window=Window(at(10), at(11))),
        visit("far", window=Window(at(8), at(8, 10))),
    ]
    problem = day([10, 30], visits, [vehicles("van")])

    answer = plan(problem)

    stops = answer.routes[0].stops
    assert [(stop.visit_id, stop.start) for stop in stops] == [("far", at(8)), ("near", at(10))]


def test_unloading_is_over_when_the_slot_ends():
    problem = day(
        [30],
        [visit("a", window=Window(at(6), at(6, 40)), unload=10 * MINUTE)],
        [vehicles("van")],
        opens=at(6),
    )

    answer = plan(problem)

    assert [(stop.start, stop.end) for stop in answer.routes[0].stops] == [(at(6, 30), at(6, 40))]


def test_one_second_less_of_a_slot_is_too_late():
    slot = Window(at(6), at(6, 40) - 1)
    problem = day([30], [visit("a", window=slot)], [vehicles("van")], opens=at(6))

    answer = plan(problem)

    assert left_out(answer) == {"a": ["no-time"]}


def test_a_vehicle_leaves_as_late_as_its_appointments_allow():
    visits = [visit("a", window=Window(at(9), at(9, 30))), visit("b", window=Window(at(11), at(12)))]
    problem = day([30, 30], visits, [vehicles("van", tariff=Tariff(per_hour_cents=6_000))])

    answer = plan(problem)

    assert (answer.routes[0].start, answer.routes[0].end) == (at(8, 50), at(11, 40))


def test_the_shift_bounds_departure_and_return():
    problem = day([60], [visit("a")], [vehicles("van", shift=Window(at(7), at(9, 10)))])

    answer = plan(problem)

    assert (answer.routes[0].start, answer.routes[0].end) == (at(7), at(9, 10))


def test_a_shift_one_second_too_short_leaves_the_visit_out():
    problem = day([60], [visit("a")], [vehicles("van", shift=Window(at(7), at(9, 10) - 1))])

    assert left_out(plan(problem)) == {"a": ["no-time"]}


def test_the_longest_duty_splits_a_route():
    visits = [visit("a", window=Window(at(8), at(9))), visit("b", window=Window(at(14), at(15)))]
    fleet = [vehicles("van", count=2, tariff=Tariff(fixed_cents=1_000), max_duty_seconds=4 * HOUR)]

    answer = plan(day([10, 10], visits, fleet))

    assert routes_of(answer) == [("van", ("a",)), ("van", ("b",))]


def test_the_dock_that_takes_short_vehicles_gets_the_dearer_short_one():
    fleet = [
        vehicles("lorry", length_m=12.0),
        vehicles("van", length_m=6.0, tariff=Tariff(per_km_cents=300)),
    ]
    problem = day([10, -10], [visit("short", max_length_m=9.0), visit("long")], fleet)

    answer = plan(problem)

    assert routes_of(answer) == [("lorry", ("long",)), ("van", ("short",))]


def test_goods_leave_from_the_depot_that_stocks_them():
    problem = day([10], [visit("a", origins=frozenset({"elsewhere"}))], [vehicles("van")])

    assert left_out(plan(problem)) == {"a": ["no-compatible-vehicle"]}


def test_a_long_route_gets_its_break_of_45_minutes():
    problem = day([150], [visit("a")], [vehicles("van")])

    route = plan(problem).routes[0]

    assert route.end - route.start == 300 * MINUTE + 10 * MINUTE + 45 * MINUTE
    assert [one.end - one.start for one in route.breaks] == [45 * MINUTE]


def test_a_break_taken_while_waiting_costs_no_time():
    visits = [visit("a", window=Window(at(8), at(9))), visit("b", window=Window(at(12), at(13)))]
    problem = day([100, 150], visits, [vehicles("van", tariff=Tariff(per_hour_cents=6_000))])

    route = plan(problem).routes[0]

    waiting = route.seconds_of(Activity.WAIT) + route.seconds_of(Activity.BREAK)
    assert route.end - route.start == 300 * MINUTE + 20 * MINUTE + waiting
    assert (route.start, route.end) == (at(9) - 110 * MINUTE, at(12) + 160 * MINUTE)
    assert (
        check(day([100, 150], visits, [vehicles("van", tariff=Tariff(per_hour_cents=6_000))]), plan(problem))
        == ()
    )


def test_a_break_that_makes_the_appointment_impossible_splits_the_route():
    """Both stops in one route would need five hours at the wheel and have no time for a break."""
    visits = [
        visit("a", window=Window(at(7), at(7, 10))),
        visit("b", window=Window(at(11, 20), at(11, 30))),
    ]
    fleet = [vehicles("van", count=2, tariff=Tariff(fixed_cents=10), shift=Window(at(5), at(13, 30)))]
    problem = day([120, -120], visits, fleet)

    answer = plan(problem)

    assert routes_of(answer) == [("van", ("a",)), ("van", ("b",))]


def test_nobody_drives_more_than_nine_hours():
    problem = day([271], [visit("a")], [vehicles("van")])

    assert left_out(plan(problem)) == {"a": ["no-time"]}


def test_a_cap_moves_a_route_to_the_second_cheapest_carrier():
    fleet = [
        vehicles("cheap", carrier="swift", count=3, pallets=1),
        vehicles("dear", carrier="steady", count=3, pallets=1, tariff=Tariff(per_km_cents=120)),
    ]
    problem = day([10, 20, 30], [visit("a"), visit("b"), visit("c")], fleet, caps={"swift": 2})

    answer = plan(problem)

    assert routes_of(answer) == [("cheap", ("b",)), ("cheap", ("c",)), ("dear", ("a",))]
    assert answer.total_cost == 4_000 + 6_000 + 2_400


def test_a_cap_counts_all_classes_of_a_carrier_together():
    fleet = [
        vehicles("small", carrier="swift", count=2, pallets=1),
        vehicles("large", carrier="swift", count=2, pallets=1),
        vehicles("other", carrier="steady", count=4, pallets=1, tariff=Tariff(per_km_cents=150)),
    ]
    visits = [visit(name) for name in "abcd"]

    answer = plan(day([10, 20, 30, 40], visits, fleet, caps={"swift": 2}))

    assert sum(route.carrier_id == "swift" for route in answer.routes) == 2
    assert answer.total_cost == (80 + 60) * 100 + (40 + 20) * 150


def test_a_minimum_charge_makes_the_dearer_carrier_the_cheaper_one():
    fleet = [
        vehicles("floor", carrier="swift", tariff=Tariff(per_km_cents=100, minimum_cents=9_000)),
        vehicles("plain", carrier="steady", tariff=Tariff(per_km_cents=150)),
    ]

    answer = plan(day([10], [visit("a")], fleet))

    assert routes_of(answer) == [("plain", ("a",))]
    assert answer.total_cost == 3_000


def test_a_minimum_charge_is_charged_when_it_is_still_the_cheapest():
    tariff = Tariff(per_km_cents=100, minimum_cents=9_000)

    answer = plan(day([10], [visit("a")], [vehicles("van", tariff=tariff)]))

    assert (answer.routes[0].cost.distance, answer.routes[0].cost.minimum, answer.total_cost) == (
        2_000,
        7_000,
        9_000,
    )


def test_the_visit_with_the_higher_penalty_goes_first():
    visits = [
        visit("later", pallets=6, penalty_cents=50_000),
        visit("urgent", pallets=6, penalty_cents=90_000),
    ]

    answer = plan(day([10, 10], visits, [vehicles("van")]))

    assert routes_of(answer) == [("van", ("urgent",))]
    assert answer.penalty_cost == 50_000


def test_a_visit_dearer_than_its_penalty_is_left_out_and_says_so():
    problem = day([100], [visit("far", penalty_cents=1_000)], [vehicles("van")])

    answer = plan(problem)

    assert answer.routes == ()
    assert [reason.sentence for one in answer.unassigned for reason in one.reasons] == [
        "Serving it would cost EUR 200.00 more, leaving it out is priced at EUR 10.00."
    ]


def test_a_day_without_visits_is_an_empty_plan():
    answer = plan(day([], [], [vehicles("van")]))

    assert (answer.routes, answer.unassigned, answer.total_cost) == ((), (), 0)


def test_equal_seeds_and_iterations_give_equal_plans():
    kms = [7, 19, -12, 33, -28, 15, 41, -3, 22, -37]
    visits = [visit(f"v{km}", pallets=1 + abs(km) % 4) for km in kms]
    problem = day(kms, visits, [vehicles("van", count=4)], iterations=200)

    assert plan(problem) == plan(problem)


def test_a_cancelled_search_answers_with_the_best_so_far():
    problem = day([10, 20], [visit("a"), visit("b")], [vehicles("van")], iterations=1_000_000)

    answer = plan(problem, cancelled=lambda: True)

    assert check(problem, answer) == ()
    assert not answer.finished
    assert len(answer.routes) + len(answer.unassigned) > 0


def test_a_deadline_ends_the_search():
    problem = replace(
        day([10, 20], [visit("a"), visit("b")], [vehicles("van")]),
        budget=Budget(seed=1, iterations=None, seconds=0.2),
    )

    answer = plan(problem)

    assert answer.total_cost == 4_000


def test_progress_tells_the_cost_of_the_best_plan_so_far():
    heard = []
    problem = day([10, 20], [visit("a"), visit("b")], [vehicles("van")])

    plan(problem, progress=heard.append)

    assert all(one.round == 1 and one.best_cost >= 4_000 for one in heard)


def test_a_problem_that_cannot_be_meant_is_refused_with_the_reason():
    problem = replace(day([10], [visit("a")], [vehicles("van")]), carriers=())

    with pytest.raises(InvalidProblem) as refused:
        plan(problem)

    assert refused.value.faults == ("Vehicle class van belongs to the unknown carrier swift.",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"window": Window(at(9), at(9))}, "impossible-slot"),
        ({"window": Window(-HOUR, 0)}, "past"),
        ({"lat": float("nan")}, "no-coordinates"),
        ({"lon": 181.0}, "no-coordinates"),
        ({"load": Load(-1)}, "impossible-load"),
        ({"service_seconds": -1}, "impossible-time"),
        ({"penalty_cents": 10**12}, "impossible-price"),
        ({"windows": (Window(at(9), at(11)), Window(at(10), at(12)))}, "impossible-slot"),
    ],
)
def test_a_faulty_delivery_is_left_out_with_the_reason_and_the_others_are_planned(change, code):
    problem = day([10, 20], [visit("a"), visit("b")], [vehicles("van")])
    faulty = replace(problem, visits=(replace(problem.visits[0], **change), problem.visits[1]))

    answer = plan(faulty)

    assert left_out(answer) == {"a": [code]}
    assert routes_of(answer) == [("van", ("b",))]


@pytest.mark.parametrize(
    ("faulty", "note"),
    [
        (vehicles("odd", pallets=0), "odd stays out: it has no capacity."),
        (vehicles("odd", count=0), "odd stays out: there is no vehicle of it."),
        (vehicles("odd", shift=Window(9, 3)), "odd stays out: its shift ends before it starts."),
        (vehicles("odd", tariff=Tariff(per_km_cents=-1)), "odd stays out: its tariff has a negative price."),
    ],
)
def test_a_faulty_vehicle_stays_out_with_a_note_and_the_others_drive(faulty, note):
    answer = plan(day([10], [visit("a")], [faulty, vehicles("van")]))

    assert routes_of(answer) == [("van", ("a",))]
    assert note in answer.notes


def test_the_lower_bound_is_below_the_plan_and_above_nothing():
    tariff = replace(PER_KM, per_stop_cents=500)

    answer = plan(day([10, 20], [visit("a"), visit("b")], [vehicles("van", tariff=tariff)]))

    assert 0 < answer.lower_bound <= answer.total_cost == 5_000


def test_a_carrier_that_takes_no_route_leaves_everything_out():
    assert left_out(plan(day([10], [visit("a")], [vehicles("van")], caps={"swift": 0}))) == {
        "a": ["carrier-cap"]
    }


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_day_is_like_the_plan_passes_the_checker_and_comes_again(seed):
    draw = Random(seed)
    kms = [draw.randint(-250, 250) for _ in range(draw.randint(1, 14))]
    visits = [
        visit(
            f"v{number}",
            pallets=draw.randint(0, 8),
            window=Window(
                start := draw.randrange(0, 20 * HOUR, 600), start + draw.choice([1200, 3600, 14400])
            ),
            unload=draw.choice([0, 600, 1800]),
            max_length_m=draw.choice([None, 9.0]),
            penalty_cents=draw.choice([3_000, 200_000, 10_000_000]),
        )
        for number in range(len(kms))
    ]
    fleet = [
        vehicles(
            f"class{number}",
            carrier=draw.choice(["swift", "steady"]),
            count=draw.randint(1, 3),
            tariff=Tariff(
                draw.choice([0, 50_000]), 733, draw.choice([0, 9_999]), 77, 5, draw.choice([0, 90_000])
            ),
            shift=Window(draw.choice([0, 6 * HOUR]), draw.choice([16 * HOUR, 24 * HOUR])),
            max_duty_seconds=draw.choice([None, 10 * HOUR]),
            length_m=draw.choice([7.0, 12.0]),
        )
        for number in range(draw.randint(1, 4))
    ]
    problem = day(kms, visits, fleet, caps={"swift": draw.randint(0, 3)}, seed=seed)

    answer = plan(problem)

    assert check(problem, answer) == ()
    assert plan(problem) == answer
