"""Every kind of violation that the checker knows is found, and no number of a plan can be changed unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing import engine
from apps.routing.engine import Activity, Current, Keep, Stay, Tariff, Unassigned, Window, check, plan
from tests.routing.engine.days import MINUTE, at, day, vehicles, visit

UNDER_WAY = Stay("van-1", ("a",), Keep.FIRST, departed=at(7), done=(Window(at(7, 30), at(7, 40)),))
PROBLEM = replace(
    day(
        [20, 30, -250, 25],
        [
            visit("a", pallets=8, window=Window(at(7), at(8))),
            visit("b", pallets=8, window=Window(at(8), at(16)), ready=at(9), max_length_m=9.0),
            visit("c", window=Window(at(11), at(16)), adr=frozenset({"3"})),
            visit("d", window=Window(at(8), at(16)), windows=(Window(at(13), at(14)),), max_length_m=9.0),
        ],
        [
            vehicles(
                "van",
                max_trips=2,
                reload_seconds=15 * MINUTE,
                shift=Window(at(6), at(18)),
                tariff=Tariff(per_km_cents=100, per_wait_hour_cents=500, minimum_cents=9_000),
            ),
            vehicles(
                "tank", carrier="steady", adr=frozenset({"3"}), length_m=12.0, shift=Window(at(5), at(23))
            ),
        ],
    ),
    now=at(8),
    stays=(UNDER_WAY,),
    current=(Current("van-1", ("a",)), Current("tank-1", ("b",))),
    change_cents=70,
)
PLAN = plan(PROBLEM)
VAN = next(route for route in PLAN.routes if route.class_id == "van")
TANK = next(route for route in PLAN.routes if route.class_id == "tank")


def of_problem(**changes):
    return replace(PROBLEM, **changes), PLAN


def visits(**changes):
    return of_problem(visits=tuple(replace(one, **changes) for one in PROBLEM.visits))


def fleet(**changes):
    return of_problem(fleet=tuple(replace(one, **changes) for one in PROBLEM.fleet))


def of_plan(**changes):
    return PROBLEM, replace(PLAN, **changes)


def van(**changes):
    return of_plan(routes=tuple(replace(one, **changes) if one is VAN else one for one in PLAN.routes))


def tank(**changes):
    return of_plan(routes=tuple(replace(one, **changes) if one is TANK else one for one in PLAN.routes))


def last_stop(**changes):
    return van(stops=(*VAN.stops[:-1], replace(VAN.stops[-1], **changes)))


AS_WAITING = tuple(
    replace(one, activity=Activity.WAIT) if one.activity is Activity.BREAK else one for one in TANK.segments
)
BROKEN = {
    "coverage": of_plan(routes=PLAN.routes[1:]),
    "unexplained": of_plan(unassigned=(Unassigned("a", ()),)),
    "vehicle": van(vehicle_id="nobody"),
    "cap": of_problem(carriers=tuple(replace(one, max_routes=0) for one in PROBLEM.carriers)),
    "cost": of_plan(route_cost=PLAN.route_cost - 1),
    "bound": of_plan(lower_bound=PLAN.total_cost + 1),
    "locked": of_problem(stays=(Stay("van-1", ("b",), Keep.FIRST),)),
    "fact": of_problem(stays=(replace(UNDER_WAY, departed=at(6)),)),
    "change": of_plan(changed=()),
    "unknown": van(class_id="nobody"),
    "length": visits(max_length_m=-1.0),
    "height": visits(max_height_m=-1.0),
    "weight": visits(max_weight_kg=-1),
    "tail-lift": visits(needs_tail_lift=True),
    "temperature": visits(temperature="frozen"),
    "adr": fleet(adr=frozenset()),
    "equipment": visits(equipment=frozenset({"pallet jack"})),
    "origin": visits(origins=frozenset({"elsewhere"})),
    "zone": of_problem(
        visits=tuple(replace(one, zones=frozenset({"centre"})) for one in PROBLEM.visits),
        fleet=tuple(replace(one, barred_zones=frozenset({"centre"})) for one in PROBLEM.fleet),
    ),
    "trips": fleet(max_trips=1),
    "capacity": fleet(capacity=engine.Load(0, 0, 0)),
    "window": visits(windows=(Window(at(3), at(4)),)),
    "service": visits(service_seconds=11 * MINUTE),
    "arrival": last_stop(arrival=VAN.stops[-1].arrival - 1),
    "late": last_stop(late_seconds=1),
    "shift": fleet(shift=Window(at(9), at(10))),
    "depot": of_problem(depots=(replace(PROBLEM.depots[0], closes=at(9)),)),
    "duty": fleet(max_duty_seconds=10),
    "now": of_problem(now=at(23)),
    "ready": visits(ready=at(17)),
    "travel": of_problem(travel=replace(PROBLEM.travel, seconds=PROBLEM.travel.seconds + 1)),
    "distance": last_stop(metres=VAN.stops[-1].metres + 1),
    "loading": fleet(reload_seconds=14 * MINUTE),
    "story": van(segments=VAN.segments[:-1]),
    "break": tank(segments=AS_WAITING),
    "daily-driving": of_problem(driving=replace(PROBLEM.driving, per_day=60)),
}


def test_the_plan_that_is_broken_below_is_right_and_has_two_trips_a_break_a_wait_facts_and_a_change():
    assert check(PROBLEM, PLAN) == ()
    assert [stop.trip for stop in VAN.stops] == [1, 2, 2]
    assert TANK.breaks
    assert VAN.seconds_of(Activity.WAIT)
    assert PLAN.changed == ("b",)


@pytest.mark.parametrize("code", BROKEN)
def test_each_kind_of_violation_is_found(code):
    problem, answer = BROKEN[code]

    assert code in {violation.code for violation in check(problem, answer)}


def test_no_kind_of_violation_is_left_out_above():
    told = set()
    for name in ("check.py", "check_route.py"):
        text = (Path(engine.__file__).parent / name).read_text(encoding="utf-8")
        told |= set(re.findall(r'Violation\(\s*"([a-z-]+)"', text))
        told |= set(re.findall(r'^        \("([a-z-]+)", .*\),$', text, flags=re.MULTILINE))
    assert told - {"pallets", "kg", "litres"} == BROKEN.keys()


UNJUDGED = {"number", "iterations", "lower_bound"}
"""What is only for reading, and a bound that may be lower than it could be."""


def changed_by(value: object, by: int) -> Iterator[object]:
    """``value`` with each whole number in it changed by ``by``, one at a time."""
    if isinstance(value, tuple):
        for place, one in enumerate(value):
            for other in changed_by(one, by):
                yield (*value[:place], other, *value[place + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name not in UNJUDGED:
                for other in changed_by(getattr(value, field.name), by):
                    yield replace(value, **{field.name: other})
    elif type(value) is int:
        yield value + by


@settings(max_examples=12, deadline=None)
@given(by=st.integers(-4000, 4000).filter(bool))
def test_whatever_number_is_changed_by_whatever_amount_it_is_found(by):
    unseen = [answer for answer in changed_by(PLAN, by) if not check(PROBLEM, answer)]

    assert unseen == []
