"""Whether a plan keeps every rule of its problem, judged from the two alone.

Shares no code with what makes plans: docks, loads, clocks, breaks and prices are looked at anew, from the
segments as they are written down. It never repairs and never raises; it lists what is wrong. Here is what
concerns the plan as a whole; ``check_route`` judges one route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from apps.routing.engine.check_route import Violation, route_violations
from apps.routing.engine.problem import Keep, Problem
from apps.routing.engine.result import Plan

__all__ = ["Violation", "check"]


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every violation in ``plan``; empty when it keeps all rules and its sums are right."""
    return tuple(_violations(problem, plan))


def _violations(problem: Problem, plan: Plan) -> Iterator[Violation]:
    yield from _everyone_once(problem, plan)
    yield from _vehicles_and_caps(problem, plan)
    yield from _plan_sums(problem, plan)
    yield from _stays(problem, plan)
    yield from _changes(problem, plan)
    for route in plan.routes:
        yield from route_violations(problem, route)


def _everyone_once(problem: Problem, plan: Plan) -> Iterator[Violation]:
    named = Counter(stop.visit_id for route in plan.routes for stop in route.stops)
    named.update(one.visit_id for one in plan.unassigned)
    for visit in problem.visits:
        if named[visit.id] != 1:
            yield Violation(
                "coverage", 0, visit.id, f"visit is named {named[visit.id]} times instead of once"
            )
    for one in plan.unassigned:
        if not one.reasons:
            yield Violation("unexplained", 0, one.visit_id, "visit is left out without a reason")


def _vehicles_and_caps(problem: Problem, plan: Plan) -> Iterator[Violation]:
    owners = {one: vehicle for vehicle in problem.fleet for one in vehicle.vehicle_ids}
    for vehicle_id, count in Counter(route.vehicle_id for route in plan.routes).items():
        if count > 1:
            yield Violation("vehicle", 0, None, f"vehicle {vehicle_id} drives {count} routes at once")
    for route in plan.routes:
        owner = owners.get(route.vehicle_id)
        stated = (route.class_id, route.carrier_id, route.depot_id)
        if owner is None or (owner.id, owner.carrier_id, owner.depot_id) != stated:
            yield Violation(
                "vehicle", route.number, None, f"vehicle {route.vehicle_id} is not what the route says"
            )
    driven = Counter(route.carrier_id for route in plan.routes)
    for carrier in problem.carriers:
        if carrier.max_routes is not None and driven[carrier.id] > carrier.max_routes:
            sentence = (
                f"carrier {carrier.id} drives {driven[carrier.id]} routes and takes {carrier.max_routes}"
            )
            yield Violation("cap", 0, None, sentence)
        if carrier.max_pallets is not None and _pallets(problem, plan, carrier.id) > carrier.max_pallets:
            yield Violation("cap", 0, None, f"carrier {carrier.id} is given more pallets than it takes")


def _pallets(problem: Problem, plan: Plan, carrier_id: str) -> int:
    brought = {visit.id: visit.load.pallets for visit in problem.visits}
    mine = [route for route in plan.routes if route.carrier_id == carrier_id]
    return sum(brought.get(stop.visit_id, 0) for route in mine for stop in route.stops)


def _plan_sums(problem: Problem, plan: Plan) -> Iterator[Violation]:
    charges = sum(route.cost.total for route in plan.routes)
    penalty = {visit.id: visit.penalty_cents for visit in problem.visits}
    penalties = sum(penalty.get(one.visit_id, 0) for one in plan.unassigned)
    if plan.route_cost != charges:
        yield Violation(
            "cost", 0, None, f"the plan says {plan.route_cost} cents of charges, its routes sum to {charges}"
        )
    if plan.penalty_cost != penalties:
        yield Violation(
            "cost", 0, None, f"the plan says {plan.penalty_cost} cents of penalties, they sum to {penalties}"
        )
    driven = Counter(route.carrier_id for route in plan.routes)
    shortfall = 0
    for carrier in problem.carriers:
        missing = carrier.committed_routes - driven[carrier.id]
        shortfall += carrier.shortfall_cents * missing if missing > 0 else 0
        missing = carrier.committed_pallets - _pallets(problem, plan, carrier.id)
        shortfall += carrier.pallet_shortfall_cents * missing if missing > 0 else 0
    if plan.shortfall_cost != shortfall:
        sentence = f"the plan says {plan.shortfall_cost} cents of shortfalls, they are {shortfall}"
        yield Violation("cost", 0, None, sentence)
    late = sum(stop.late_cents for route in plan.routes for stop in route.stops)
    if plan.late_cost != late:
        yield Violation(
            "cost", 0, None, f"the plan says {plan.late_cost} cents of lateness, its stops {late}"
        )
    if plan.lower_bound > charges + penalties + shortfall + late + plan.change_cost:
        yield Violation("bound", 0, None, "the plan costs less than its own lower bound")


def _stays(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Locked stops are where they were, frozen routes as they were, and what is done is told as it was."""
    routes = {route.vehicle_id: route for route in plan.routes}
    for stay in problem.stays:
        route = routes.get(stay.vehicle_id)
        wanted = list(stay.visit_ids)
        if not wanted:
            continue
        stops = list(route.stops) if route else []
        has = [stop.visit_id for stop in stops]
        if stay.keep is Keep.VEHICLE:
            elsewhere = {stop.visit_id for other in plan.routes for stop in other.stops if other is not route}
            kept = not elsewhere & set(wanted)
        elif stay.keep is Keep.FIRST:
            kept = has[: len(wanted)] == wanted
        else:
            kept = has == wanted
        number = route.number if route else 0
        if not kept:
            sentence = f"what vehicle {stay.vehicle_id} has to keep is not kept"
            yield Violation("locked", number, None, sentence)
            continue
        if route and stay.departed is not None and route.start != stay.departed:
            yield Violation("fact", number, None, f"vehicle {stay.vehicle_id} left at {stay.departed}")
        for stop, fact in zip(stops, stay.done, strict=False):
            if (stop.start, stop.end) != (fact.start, fact.end):
                yield Violation("fact", number, stop.visit_id, "the stop is done, at another time")
        trips = [stop.trip for stop in stops[: len(wanted)]]
        if stay.trips and stay.keep is not Keep.VEHICLE and trips != list(stay.trips):
            yield Violation("locked", number, None, "locked stops are on other trips than they were")


def _changes(problem: Problem, plan: Plan) -> Iterator[Violation]:
    now = {stop.visit_id: route.vehicle_id for route in plan.routes for stop in route.stops}
    moved = {
        visit_id
        for before in problem.current
        for visit_id in before.visit_ids
        if visit_id not in now or now[visit_id] != before.vehicle_id
    }
    if set(plan.changed) != moved or len(plan.changed) != len(moved):
        yield Violation("change", 0, None, f"{len(moved)} visits moved, the plan names {len(plan.changed)}")
    if plan.change_cost != len(moved) * problem.change_cents:
        yield Violation("cost", 0, None, f"{len(moved)} changes do not cost {plan.change_cost} cents")
