"""The checker finds whatever is changed about a plan that keeps all rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.engine import Load, Tariff, Unassigned, Window, check, plan
from tests.routing.engine.days import MINUTE, at, day, vehicles, visit

TARIFF = Tariff(
    fixed_cents=1_000,
    per_km_cents=100,
    per_hour_cents=700,
    per_stop_cents=50,
    per_pallet_cents=7,
    minimum_cents=20_000,
)
PROBLEM = day(
    [20, 40, -30, -60, 140],
    [
        visit("a", pallets=4, window=Window(at(8), at(9)), needs_tail_lift=True),
        visit("b", pallets=4, window=Window(at(9), at(10)), max_length_m=9.0),
        visit("c", pallets=5, window=Window(at(8), at(9))),
        visit("d", pallets=4, window=Window(at(10), at(11)), temperature="frozen"),
        visit("e", pallets=8, window=Window(at(11), at(12))),
    ],
    [
        vehicles("small", count=2, length_m=8.0, tail_lift=True, tariff=TARIFF, shift=Window(at(6), at(17))),
        vehicles(
            "cold",
            carrier="steady",
            count=2,
            length_m=12.0,
            temperatures=frozenset({"frozen"}),
            tariff=TARIFF,
            shift=Window(at(6), at(17)),
        ),
    ],
    caps={"swift": 2},
    opens=at(5),
    closes=at(18),
)
PLAN = plan(PROBLEM)


def codes(problem, answer):
    return {violation.code for violation in check(problem, answer)}


def with_route(number, **changes):
    routes = [replace(one, **changes) if one.number == number else one for one in PLAN.routes]
    return replace(PLAN, routes=tuple(routes))


def test_the_plan_that_is_changed_below_is_right_and_uses_everything():
    assert check(PROBLEM, PLAN) == ()
    assert PLAN.unassigned == ()
    assert any(route.breaks for route in PLAN.routes)
    assert any(len(route.stops) > 1 for route in PLAN.routes)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_shifted_time_is_found(data):
    route = data.draw(st.sampled_from(PLAN.routes))
    by = data.draw(st.integers(-7200, 7200).filter(bool))
    place = data.draw(st.integers(0, len(route.segments) - 1))
    field = data.draw(st.sampled_from(["start", "end"]))
    moved = replace(route.segments[place], **{field: getattr(route.segments[place], field) + by})
    segments = (*route.segments[:place], moved, *route.segments[place + 1 :])

    assert check(PROBLEM, with_route(route.number, segments=segments))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_changed_stop_is_found(data):
    route = data.draw(st.sampled_from(PLAN.routes))
    place = data.draw(st.integers(0, len(route.stops) - 1))
    field = data.draw(st.sampled_from(["arrival", "start", "end", "metres"]))
    by = data.draw(st.integers(-7200, 7200).filter(bool))
    stop = replace(route.stops[place], **{field: getattr(route.stops[place], field) + by})

    stops = (*route.stops[:place], stop, *route.stops[place + 1 :])

    assert check(PROBLEM, with_route(route.number, stops=stops))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_stop_moved_to_another_place_is_found(data):
    pairs = [(route.number, place) for route in PLAN.routes for place in range(len(route.stops))]
    one, other = data.draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=2, unique=True))
    stops = {route.number: list(route.stops) for route in PLAN.routes}
    first, second = stops[one[0]][one[1]].visit_id, stops[other[0]][other[1]].visit_id
    stops[one[0]][one[1]] = replace(stops[one[0]][one[1]], visit_id=second)
    stops[other[0]][other[1]] = replace(stops[other[0]][other[1]], visit_id=first)

    changed = tuple(replace(route, stops=tuple(stops[route.number])) for route in PLAN.routes)

    assert check(PROBLEM, replace(PLAN, routes=changed))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_swapped_vehicle_is_found(data):
    route = data.draw(st.sampled_from(PLAN.routes))
    others = sorted({one for group in PROBLEM.fleet for one in group.vehicle_ids} - {route.vehicle_id})
    used = {one.vehicle_id for one in PLAN.routes}
    other = data.draw(st.sampled_from(others))
    same_kind = other.split("-")[0] == route.class_id

    found = check(PROBLEM, with_route(route.number, vehicle_id=other))

    assert bool(found) == (not same_kind or other in used)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_changed_price_is_found(data):
    route = data.draw(st.sampled_from(PLAN.routes))
    part = data.draw(st.sampled_from(["fixed", "distance", "time", "stops", "pallets", "minimum"]))
    by = data.draw(st.sampled_from([-1, 1]))
    cost = replace(route.cost, **{part: getattr(route.cost, part) + by})

    assert "cost" in codes(PROBLEM, with_route(route.number, cost=cost))


def test_a_forgotten_visit_is_found():
    assert "coverage" in codes(PROBLEM, replace(PLAN, routes=PLAN.routes[1:]))


def test_a_visit_both_planned_and_left_out_is_found():
    answer = replace(PLAN, unassigned=(Unassigned("a", ()),))

    assert {"coverage", "unexplained", "cost"} <= codes(PROBLEM, answer)


def test_a_break_that_is_called_a_wait_is_found():
    route = next(one for one in PLAN.routes if one.breaks)
    segments = tuple(
        replace(one, activity=type(one.activity).WAIT) if one in route.breaks else one
        for one in route.segments
    )

    assert codes(PROBLEM, with_route(route.number, segments=segments)) == {"break"}


def _visits(**changes):
    return {"visits": tuple(replace(one, **changes) for one in PROBLEM.visits)}


def _fleet(**changes):
    return {"fleet": tuple(replace(one, **changes) for one in PROBLEM.fleet)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_visits(max_length_m=2.0), "length"),
        (_visits(max_height_m=-1.0), "height"),
        (_visits(max_weight_kg=-1), "weight"),
        (_fleet(tail_lift=False), "tail-lift"),
        (_fleet(temperatures=frozenset()), "temperature"),
        (_visits(adr=frozenset({"3"})), "adr"),
        (_visits(equipment=frozenset({"pallet jack"})), "equipment"),
        (_visits(origins=frozenset({"elsewhere"})), "origin"),
        (_fleet(capacity=Load(3, 1, 1)), "capacity"),
        (_visits(window=Window(at(3), at(4))), "window"),
        (_visits(service_seconds=11 * MINUTE), "service"),
        (_fleet(shift=Window(at(9), at(10))), "shift"),
        (_fleet(max_duty_seconds=10), "duty"),
        ({"depots": (replace(PROBLEM.depots[0], opens=at(9)),)}, "depot"),
        ({"carriers": tuple(replace(one, max_routes=0) for one in PROBLEM.carriers)}, "cap"),
        ({"driving": replace(PROBLEM.driving, before_break=60)}, "break"),
        ({"driving": replace(PROBLEM.driving, per_day=60)}, "daily-driving"),
    ],
)
def test_every_rule_of_the_problem_is_judged(change, code):
    assert code in codes(replace(PROBLEM, **change), PLAN)
