"""Zones that a class may not enter: it drives around them, and everything that compares routes reckons so."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from apps.routing.engine import (
    Around,
    InvalidProblem,
    Keep,
    StandingPlan,
    Stay,
    Tariff,
    TravelMatrix,
    Window,
    check,
    drive,
    plan,
)
from apps.routing.engine.bound import lower_bound
from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.model import Assumptions, build
from apps.routing.engine.sound import sort_out
from tests.routing.engine.days import HOUR, MINUTE, PER_KM, at, day, routes_of, vehicles, visit
from tests.routing.engine.test_slots import any_day, one_by_one, without

CITY = "Inner city"
LONGER_KM = 30
BARRED = frozenset({CITY})


def behind(problem, km=10, *, zone=CITY, longer=LONGER_KM):
    """``problem`` with that zone at a kilometre of its road: who may not enter drives so much more from one
    side of it to the other."""
    lons = np.array([0.0, *(one.lon * 111 for one in problem.visits)])
    across = (lons[:, None] < km) != (lons[None, :] < km)
    travel = TravelMatrix(
        problem.travel.metres + across * longer * 1000, problem.travel.seconds + across * longer * MINUTE
    )
    return replace(problem, around=(*problem.around, Around(frozenset({zone}), travel)))


def test_a_class_that_may_not_enter_drives_around_and_costs_more():
    problem = day([20, 25], [visit("a"), visit("b")], [vehicles("van", barred_zones=BARRED)])

    direct, around = plan(problem), plan(behind(problem))

    assert (direct.route_cost, around.route_cost) == (50 * 100, 110 * 100)
    (route,) = around.routes
    assert ([stop.metres for stop in route.stops], route.return_metres) in (
        ([50_000, 5_000], 55_000),
        ([55_000, 5_000], 50_000),
    )
    assert route.end - route.start == 130 * MINUTE
    assert around.lower_bound <= around.route_cost


def test_another_class_takes_the_delivery_where_that_is_cheaper():
    clean = vehicles("clean", carrier="steady", tariff=Tariff(per_km_cents=150))
    problem = day([20], [visit("a")], [vehicles("van", barred_zones=BARRED), clean])

    assert routes_of(plan(problem)) == [("van", ("a",))]
    assert routes_of(plan(behind(problem))) == [("clean", ("a",))]
    assert routes_of(plan(behind(problem, longer=9))) == [("van", ("a",))]


def test_each_class_drives_around_the_zones_that_it_may_not_enter_alone():
    both = frozenset({CITY, "Harbour"})
    problem = day(
        [20, -20],
        [visit("east", max_length_m=5.0), visit("west", max_length_m=15.0)],
        [vehicles("van", length_m=5.0, barred_zones=BARRED), vehicles("lorry", length_m=10.0)],
    )
    problem = behind(behind(problem, 10), -10, zone="Harbour")
    harbour = problem.around[1].travel
    added = problem.around[0].travel.metres + harbour.metres - problem.travel.metres
    travel = TravelMatrix(added, problem.around[0].travel.seconds + harbour.seconds - problem.travel.seconds)
    problem = replace(problem, around=(*problem.around, Around(both, travel)))

    def cents(*barred):
        fleet = (replace(one, barred_zones=zones) for one, zones in zip(problem.fleet, barred, strict=True))
        return plan(replace(problem, fleet=tuple(fleet))).route_cost

    harbour_only, nothing = frozenset({"Harbour"}), frozenset()
    once = 2 * LONGER_KM * 100
    assert cents(nothing, nothing) == 8_000
    assert cents(both, both) == 8_000 + 2 * once
    assert cents(BARRED, BARRED) == 8_000 + once, "only the van may serve the east"
    assert cents(harbour_only, BARRED) == 8_000, "each on the side that is open to it"


def test_a_slot_that_can_only_be_kept_straight_through_is_not_promised():
    window = Window(at(0, 20), at(0, 40))
    problem = behind(day([20], [visit("a", window=window)], [vehicles("van", barred_zones=BARRED)]))

    (left_out,) = plan(problem).unassigned

    assert left_out.reasons[0].code == "no-time"
    later = replace(problem, visits=(replace(problem.visits[0], window=Window(at(0, 50), at(1, 10))),))
    assert plan(later).unassigned == ()


def test_the_checker_refuses_a_plan_that_reckons_with_the_direct_way():
    problem = day(
        [20, 25],
        [visit("a", window=Window(at(2), at(3))), visit("b", pallets=8, window=Window(at(2), at(8)))],
        [vehicles("van", pallets=8, max_trips=2, reload_seconds=600, barred_zones=BARRED)],
    )
    straight = plan(problem)

    found = {violation.code for violation in check(behind(problem), straight)}

    assert straight.routes[0].stops[-1].trip == 2
    assert check(problem, straight) == ()
    assert {"travel", "distance"} <= found
    assert check(behind(problem), plan(behind(problem))) == ()
    free = replace(behind(problem), fleet=tuple(replace(o, barred_zones=frozenset()) for o in problem.fleet))
    assert check(free, straight) == ()


def test_the_search_is_told_what_the_way_around_costs_and_takes():
    problem = behind(
        day([20], [visit("a")], [vehicles("van", barred_zones=BARRED), vehicles("clean", tariff=PER_KM)])
    )

    model = build(RouteBook(problem), [0], Assumptions(available=(1, 1), slow=frozenset({0})))

    around, direct = (model.data.vehicle_type(number).profile for number in (0, 1))
    assert model.data.duration_matrix(around)[0, 1] == -(-50 * MINUTE * 7 // 6)
    assert model.data.duration_matrix(direct)[0, 1] == 20 * MINUTE
    assert model.data.distance_matrix(around)[0, 1] == 5 * model.data.distance_matrix(direct)[0, 1] // 2


def test_classes_without_zones_share_their_matrices_and_a_day_without_any_has_one():
    problem = day([20], [visit("a")], [vehicles("van", barred_zones=BARRED), vehicles("clean")])

    plain, zoned = (build(RouteBook(one), [0], Assumptions((1, 1))) for one in (problem, behind(problem)))

    assert (plain.data.num_profiles, zoned.data.num_profiles) == (1, 2)


def test_no_plan_costs_less_than_the_bound_when_everybody_drives_around():
    problem = behind(day([20], [visit("a")], [vehicles("van", barred_zones=BARRED)]))

    assert lower_bound(RouteBook(problem)) > 2_000
    assert lower_bound(RouteBook(problem)) <= plan(problem).route_cost


def test_given_orders_are_driven_around_too():
    problem = behind(day([20, 5], [visit("a"), visit("b")], [vehicles("van", barred_zones=BARRED)]))

    answer = drive(problem, {"van-1": ["b", "a"]})

    assert [stop.metres for stop in answer.routes[0].stops] == [5_000, 45_000]
    assert answer.route_cost == 100 * 100


def test_a_route_that_is_kept_keeps_its_stops_and_drives_around():
    problem = behind(day([20, 5], [visit("a"), visit("b")], [vehicles("van", count=2, barred_zones=BARRED)]))
    stays = (Stay("van-1", ("a",), Keep.FIRST),)

    answer = plan(replace(problem, stays=stays))

    route = next(one for one in answer.routes if one.vehicle_id == "van-1")
    assert route.stops[0].metres == 50_000
    assert answer.unassigned == ()


# What a slot costs --------------------------------------------------------------------------------


def test_a_slot_behind_a_zone_costs_the_way_around_with_one_vehicle_and_the_direct_one_with_another():
    slot = Window(at(12), at(13))
    barred = vehicles("van", barred_zones=BARRED)
    problem = behind(day([5, 20], [visit("a"), visit("new")], [barred]))
    answer = without(problem, "new")
    clean = replace(
        problem, fleet=(barred, vehicles("clean", carrier="van", tariff=Tariff(per_km_cents=150)))
    )
    clean = replace(clean, carriers=(*problem.carriers, replace(problem.carriers[0], id="van")))

    (around,) = StandingPlan.of_plan(problem, answer).costs_of_known(1, [slot])
    (direct,) = StandingPlan.of_plan(clean, answer).costs_of_known(1, [slot])

    assert (around.cents, around.class_id) == (90 * 100, "van")
    assert (direct.cents, direct.class_id) == (40 * 150, "clean")


def test_the_ways_to_a_further_place_have_to_be_those_of_every_kind_of_vehicle():
    problem = behind(day([5, 20], [visit("a"), visit("new")], [vehicles("van", barred_zones=BARRED)]))
    standing = StandingPlan.of_plan(problem, without(problem, "new"))
    ways = [
        ((one.metres[:, 2], one.seconds[:, 2]), (one.metres[2], one.seconds[2]))
        for one in problem.every_travel
    ]
    asked, slots = problem.visits[1], [Window(at(12), at(13))]

    assert standing.costs(asked, *ways[0], slots, ways[1:]) == standing.costs_of_known(1, slots)
    with pytest.raises(ValueError, match="every kind of vehicle"):
        standing.costs(asked, *ways[0], slots)


@pytest.mark.parametrize("seed", range(12))
def test_with_zones_too_each_price_is_that_of_the_best_place_tried_one_by_one(seed):
    random = Random(seed)
    problem = any_day(random)
    fleet = tuple(replace(one, barred_zones=BARRED) if one.id == "small" else one for one in problem.fleet)
    problem = behind(replace(problem, fleet=fleet), random.randint(-60, 60), longer=random.randint(5, 40))
    answer = without(problem, "new")
    slots = [Window(start * HOUR, start * HOUR + 5_400) for start in range(5, 20, 2)]

    found = StandingPlan.of_plan(problem, answer).costs_of_known(len(problem.visits) - 1, slots)

    assert [one.cents for one in found] == [one_by_one(problem, answer, slot) for slot in slots]


# Questions that make no sense ---------------------------------------------------------------------


def test_ways_around_have_to_be_given_for_every_class_and_once():
    problem = behind(day([20], [visit("a")], [vehicles("van", barred_zones=BARRED)]))
    other = replace(problem, fleet=(vehicles("van", barred_zones=BARRED | {"Harbour"}),))
    harbour = Around(frozenset({"Harbour"}), problem.travel)

    for wrong, says in (
        (replace(problem, around=(*problem.around, problem.around[0])), "twice"),
        (replace(other, around=(*problem.around, harbour)), "van drives around its zones is not known"),
        (
            replace(problem, around=(Around(BARRED, TravelMatrix(np.zeros((1, 1)), np.zeros((1, 1)))),)),
            "places",
        ),
    ):
        with pytest.raises(InvalidProblem, match=says):
            plan(wrong)


def test_what_is_put_aside_is_taken_out_of_every_matrix():
    problem = behind(day([20, 25], [visit("a"), visit("b")], [vehicles("van", barred_zones=BARRED)]))
    faulty = replace(problem, visits=(replace(problem.visits[0], lat=float("nan")), problem.visits[1]))

    sound = sort_out(faulty).problem

    assert sound.travel_of(sound.fleet[0]).metres.tolist() == [[0, 55_000], [55_000, 0]]
    assert [one.visit_id for one in plan(faulty).unassigned] == ["a"]
