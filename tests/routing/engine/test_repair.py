"""Planning from a plan that stands: what is locked or done stays, changes have a price and are told."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from apps.routing.engine import (
    Change,
    ChangeKind,
    Current,
    InvalidProblem,
    Keep,
    Stay,
    Window,
    check,
    diff,
    plan,
)
from tests.routing.engine.days import HOUR, MINUTE, at, day, left_out, vehicles, visit


def stops_of(answer):
    return {route.vehicle_id: [stop.visit_id for stop in route.stops] for route in answer.routes}


def as_current(answer):
    return tuple(
        Current(
            route.vehicle_id,
            tuple(stop.visit_id for stop in route.stops),
            tuple(stop.trip for stop in route.stops),
        )
        for route in answer.routes
    )


CROSSED = (Current("van-1", ("east", "west")), Current("van-2", ("east2", "west2")))
"""A current plan in which both vehicles drive both ways: 160 km where 80 would do."""


def crossed(**more):
    kms = [20, -20, 20, -20]
    visits = [visit(name, pallets=3) for name in ("east", "west", "east2", "west2")]
    problem = day(kms, visits, [vehicles("van", count=2, pallets=6)])
    return replace(problem, current=CROSSED, **more)


def test_a_change_that_saves_more_than_its_price_is_made():
    answer = plan(crossed(change_cents=100))

    assert answer.route_cost == 8_000
    assert len(answer.changed) == 2
    assert answer.total_cost == 8_000 + 200


def test_a_change_that_saves_less_than_its_price_is_not_made():
    answer = plan(crossed(change_cents=5_000))

    assert stops_of(answer).keys() == {"van-1", "van-2"}
    assert answer.changed == ()
    assert answer.total_cost == 16_000


def test_without_a_price_each_vehicle_keeps_as_many_of_its_stops_as_the_best_plan_allows():
    answer = plan(crossed())

    assert answer.route_cost == 8_000
    assert len(answer.changed) == 2


def test_a_new_visit_comes_in_without_moving_another():
    problem = crossed(change_cents=5_000)
    before = plan(problem)
    more = day(
        [20, -20, 20, -20, 10],
        [*problem.visits, visit("new", pallets=0)],
        [vehicles("van", count=2, pallets=6)],
    )

    after = plan(replace(more, current=as_current(before), change_cents=5_000))

    assert after.changed == ()
    assert [
        (one.kind, one.visit_id) for one in diff(before, after) if one.kind is not ChangeKind.SHIFTED
    ] == [(ChangeKind.ADDED, "new")]


def test_a_locked_stop_stays_on_its_vehicle_and_others_go_around_it():
    answer = plan(crossed(stays=(Stay("van-1", ("east", "west"), Keep.VEHICLE),)))

    assert sorted(stops_of(answer)["van-1"]) == ["east", "west"]


def test_locked_first_stops_stay_first_and_more_may_follow():
    visits = [visit("near"), visit("far"), visit("on")]
    problem = day([10, 30, 20], visits, [vehicles("van")])

    answer = plan(replace(problem, stays=(Stay("van-1", ("far", "near"), Keep.FIRST),)))

    assert stops_of(answer) == {"van-1": ["far", "near", "on"]}


def test_a_frozen_route_takes_nothing_more():
    visits = [visit("a"), visit("b")]
    problem = day([10, 20], visits, [vehicles("van", count=2)])

    answer = plan(replace(problem, stays=(Stay("van-1", ("a",)),)))

    assert stops_of(answer) == {"van-1": ["a"], "van-2": ["b"]}


def test_nobody_else_left_makes_the_frozen_route_the_reason():
    problem = day([10, 20], [visit("a"), visit("b")], [vehicles("van")])

    answer = plan(replace(problem, stays=(Stay("van-1", ("a",)),)))

    assert left_out(answer) == {"b": ["locked"]}


def test_a_frozen_route_that_cannot_be_driven_is_said_before_anything_is_planned():
    problem = day([90], [visit("a", window=Window(at(7), at(8)))], [vehicles("van")], opens=at(7))

    with pytest.raises(InvalidProblem) as refused:
        plan(replace(problem, stays=(Stay("van-1", ("a",)),)))

    assert "van-1" in str(refused.value)


def test_what_is_done_is_told_as_it_was_and_the_rest_is_planned_from_there():
    """The vehicle left late, was at its first stop after the slot, and the second can still be kept."""
    visits = [visit("done", window=Window(at(8), at(9))), visit("next", window=Window(at(10), at(12)))]
    problem = day([30, 60], visits, [vehicles("van", shift=Window(at(6), at(18)))])
    fact = Window(at(9, 20), at(9, 45))

    answer = plan(
        replace(
            problem,
            now=at(9, 50),
            stays=(Stay("van-1", ("done",), Keep.FIRST, departed=at(9), done=(fact,)),),
        )
    )

    route = answer.routes[0]
    assert (route.start, route.stops[0].start, route.stops[0].end) == (at(9), at(9, 20), at(9, 45))
    assert (route.stops[1].visit_id, route.stops[1].start) == ("next", at(10, 15))


def test_a_breakdown_moves_only_the_stops_of_that_vehicle():
    kms = [10, 20, 30, -10, -20, -30, 15, -15]
    visits = [visit(f"v{km}", pallets=2) for km in kms]
    problem = day(kms, visits, [vehicles("van", count=4, pallets=6)])
    before = plan(problem)
    broken = before.routes[0].vehicle_id
    fleet = [
        replace(one, vehicle_ids=tuple(name for name in one.vehicle_ids if name != broken))
        for one in problem.fleet
    ]
    standing = tuple(one for one in as_current(before) if one.vehicle_id != broken)

    after = plan(replace(problem, fleet=tuple(fleet), current=standing, change_cents=100_000))

    assert after.changed == ()
    assert after.unassigned == ()
    moved = {one.visit_id for one in diff(before, after) if one.kind is ChangeKind.MOVED}
    assert moved == {stop.visit_id for stop in before.routes[0].stops}


def test_the_difference_of_two_plans_names_vehicles_and_times():
    problem = day([10], [visit("a")], [vehicles("van")])
    early, late = plan(problem), plan(replace(problem, now=at(9)))

    assert diff(early, early) == ()
    assert diff(early, late) == (Change(ChangeKind.SHIFTED, "a", "van-1", "van-1", 10 * MINUTE, at(9, 10)),)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_locked_done_or_priced_the_plan_passes_the_checker(seed):
    draw = Random(seed)
    kms = [draw.randint(-80, 80) for _ in range(14)]
    opens = [600 * draw.randint(48, 84) for _ in kms]
    visits = [
        visit(f"v{number}", pallets=draw.randint(0, 4), window=Window(start, start + HOUR))
        for number, start in enumerate(opens)
    ]
    fleet = [
        vehicles("van", count=4, max_trips=draw.randint(1, 2), reload_seconds=600),
        vehicles("lorry", carrier="steady", count=2, pallets=16),
    ]
    problem = day(kms, visits, fleet, seed=seed)
    before = plan(problem)
    now = at(10)
    stays = []
    for route in before.routes[: draw.randint(1, 4)]:
        done = [stop for stop in route.stops if stop.end <= now]
        ids = tuple(stop.visit_id for stop in route.stops)
        keep = draw.choice(list(Keep))
        if done:
            keep = draw.choice([Keep.FIRST, Keep.ROUTE])
        if keep is Keep.FIRST:
            ids = ids[: max(len(done), 1)]
        stays.append(
            Stay(
                route.vehicle_id,
                ids,
                keep,
                tuple(stop.trip for stop in route.stops[: len(ids)]),
                route.start if done else None,
                tuple(Window(stop.start, stop.end) for stop in done),
            )
        )
    asked = replace(
        problem,
        now=0 if not all(one.done for one in stays) else now,
        stays=tuple(stays),
        current=as_current(before),
        change_cents=draw.choice([0, 3_000]),
    )

    answer = plan(asked)

    assert check(asked, answer) == ()
    assert plan(asked) == answer
