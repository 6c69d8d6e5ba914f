"""What a slot would cost: the cheapest of all places, each of them tried."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from apps.routing.engine import Keep, Load, StandingPlan, Stay, Tariff, Window, plan
from apps.routing.engine.candidate import RELOAD, Candidate, RouteBook, order_of
from apps.routing.engine.problem import Current
from tests.routing.engine.days import HOUR, MINUTE, at, day, vehicles, visit

TARIFF = Tariff(
    fixed_cents=2_000,
    per_km_cents=100,
    per_hour_cents=1_200,
    per_stop_cents=50,
    per_pallet_cents=7,
    minimum_cents=9_000,
    per_wait_hour_cents=300,
)


def costs(problem, answer, number, slots):
    return StandingPlan.of_plan(problem, answer).costs_of_known(number, slots)


def without(problem, name):
    """The same day planned as if that delivery were not there, to price it on."""
    asked = replace(
        problem,
        visits=tuple(
            replace(one, penalty_cents=0, load=Load(1_000)) if one.id == name else one
            for one in problem.visits
        ),
    )
    return plan(asked)


def test_a_slot_on_the_way_costs_the_stop_and_one_off_it_the_way_there():
    problem = day(
        [20, 40, 30],
        [visit("a", window=Window(at(9), at(10))), visit("b", window=Window(at(11), at(12))), visit("new")],
        [vehicles("van", tariff=Tariff(per_km_cents=100, per_stop_cents=500))],
    )
    answer = without(problem, "new")
    between, after, before = (Window(at(hour), at(hour, 30)) for hour in (10, 13, 5))

    found = costs(problem, answer, 2, [between, after, before])

    assert [one.cents for one in found] == [500, 500, 2_500]
    assert {(one.class_id, one.vehicle_id, one.on_route) for one in found} == {("van", "van-1", True)}
    assert found[0].start == at(10, 10)


def test_a_promised_slot_is_never_given_up_for_it():
    problem = day(
        [20, -20],
        [visit("a", window=Window(at(9), at(9, 10))), visit("new")],
        [vehicles("van")],
    )

    (found,) = costs(problem, without(problem, "new"), 1, [Window(at(9, 10), at(9, 20))])

    assert found.cents is None


def test_no_room_no_dock_and_no_free_vehicle_are_no_price():
    problem = day([20, 20], [visit("a", pallets=6), visit("new", pallets=5)], [vehicles("van", pallets=10)])
    answer = without(problem, "new")
    slot = Window(at(12), at(13))

    assert costs(problem, answer, 1, [slot])[0].cents is None
    more = replace(problem, fleet=(*problem.fleet, vehicles("lorry", tariff=TARIFF)))
    assert costs(more, answer, 1, [slot])[0].class_id == "lorry"
    long = replace(more, visits=(more.visits[0], replace(more.visits[1], max_length_m=0.0)))
    assert (
        costs(replace(long, fleet=(more.fleet[0], replace(more.fleet[1], length_m=9.0))), answer, 1, [slot])[
            0
        ].cents
        is None
    )


def test_a_frozen_route_takes_nothing_and_a_kept_beginning_only_after_it():
    problem = day([20, 10], [visit("a", window=Window(at(9), at(10))), visit("new")], [vehicles("van")])
    answer = without(problem, "new")
    early, late = Window(at(7), at(8)), Window(at(11), at(12))
    frozen = replace(problem, stays=(Stay("van-1", ("a",)),))
    begun = replace(problem, stays=(Stay("van-1", ("a",), Keep.FIRST),))

    assert [one.cents for one in costs(problem, answer, 1, [early, late])] == [0, 0]
    assert [one.cents for one in costs(frozen, answer, 1, [early, late])] == [None, None]
    assert [one.cents for one in costs(begun, answer, 1, [early, late])] == [None, 0]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_day_is_like_each_price_is_that_of_the_best_place_tried_one_by_one(seed):
    problem = any_day(Random(seed))
    answer = without(problem, "new")
    slots = [
        Window(start * 1800, start * 1800 + length) for start in range(8, 40, 2) for length in (700, 5_400)
    ]

    found = costs(problem, answer, len(problem.visits) - 1, slots)

    assert [one.cents for one in found] == [one_by_one(problem, answer, slot) for slot in slots]
    assert len({one.cents for one in found}) > 1


def one_by_one(problem, answer, slot):
    number = len(problem.visits) - 1
    here = replace(problem.visits[number], window=slot, windows=())
    problem = replace(problem, visits=(*problem.visits[:-1], here))
    book = RouteBook(problem)
    prices = []
    used = {route.vehicle_id for route in answer.routes}
    for route in answer.routes:
        ids, trips = (tuple(getattr(stop, what) for stop in route.stops) for what in ("visit_id", "trip"))
        order, vehicle = (
            order_of(problem, Current(route.vehicle_id, ids, trips)),
            problem.owner_of[route.vehicle_id],
        )
        before = route.cost.total + sum(stop.late_cents for stop in route.stops)
        for with_it in orders_with(order, number):
            tried = book.quick(with_it, vehicle)
            if isinstance(tried, Candidate):
                prices.append(tried.cents - before)
    for vehicle, offer in enumerate(problem.fleet):
        cap = problem.carrier_by_id[offer.carrier_id].max_routes
        driven = sum(route.carrier_id == offer.carrier_id for route in answer.routes)
        if set(offer.vehicle_ids) - used and (cap is None or driven < cap):
            tried = book.quick((number,), vehicle)
            if isinstance(tried, Candidate):
                prices.append(tried.cents)
    return min(prices, default=None)


def orders_with(order, number):
    """The visit at every place, and as a trip of its own before, between and after the others."""
    for place in range(len(order) + 1):
        yield (*order[:place], number, *order[place:])
    bounds = [0, *(place for place, one in enumerate(order) if one == RELOAD), len(order)]
    for bound in bounds:
        yield (*order[:bound], RELOAD, number, *order[bound:]) if bound else (number, RELOAD, *order)


def any_day(random):
    count = random.randint(3, 9)
    kms = [random.randint(-150, 150) for _ in range(count + 1)]
    visits = []
    for number in range(count):
        start = at(random.randint(5, 15))
        visits.append(
            visit(
                f"v{number}",
                pallets=random.randint(1, 5),
                window=Window(start, start + random.choice([HOUR, 3 * HOUR, 6 * HOUR])),
                unload=random.choice([0, 10, 25]) * MINUTE,
                ready=random.choice([0, 0, at(6)]),
            )
        )
    visits.append(
        visit("new", pallets=random.randint(1, 4), unload=10 * MINUTE, ready=random.choice([0, at(9)]))
    )
    fleet = [
        vehicles(
            "small",
            count=random.randint(1, 3),
            pallets=8,
            tariff=TARIFF,
            shift=Window(at(4), at(20)),
            max_trips=random.choice([1, 2, 3]),
            reload_seconds=20 * MINUTE,
        ),
        vehicles(
            "large",
            carrier="steady",
            count=2,
            pallets=20,
            tariff=replace(TARIFF, fixed_cents=5_000),
            shift=Window(at(5), at(17)),
            max_duty_seconds=random.choice([None, 10 * HOUR]),
        ),
    ]
    return day(kms, visits, fleet, caps={"steady": random.choice([1, 2])}, opens=at(4), closes=at(22))
