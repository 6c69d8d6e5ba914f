"""Whether a plan keeps every rule of its problem, judged from the two alone.

Shares no code with what makes plans: docks, loads, clocks, breaks and prices are looked at anew, from the
segments as they are written down. It never repairs and never raises; it lists what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from apps.routing.engine.problem import Problem, VehicleClass, Visit
from apps.routing.engine.result import Activity, Plan, PlannedRoute, Segment


class Violation(NamedTuple):
    """A broken rule: a stable ``code``, where, and a sentence. ``route`` is a route's number, 0 for the plan
    as a whole."""

    code: str
    route: int
    visit_id: str | None
    sentence: str


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every violation in ``plan``; empty when it keeps all rules and its sums are right."""
    return tuple(_violations(problem, plan))


def _violations(problem: Problem, plan: Plan) -> Iterator[Violation]:
    yield from _everyone_once(problem, plan)
    yield from _vehicles_and_caps(problem, plan)
    yield from _plan_sums(problem, plan)
    visits = {visit.id: visit for visit in problem.visits}
    classes = {vehicle.id: vehicle for vehicle in problem.fleet}
    for route in plan.routes:
        vehicle = classes.get(route.class_id)
        known = [visits[stop.visit_id] for stop in route.stops if stop.visit_id in visits]
        if vehicle is None or len(known) != len(route.stops) or not known:
            yield Violation(
                "unknown", route.number, None, "the route names an unknown vehicle or visit, or is empty"
            )
            continue
        for visit in known:
            yield from _dock(route, visit, vehicle)
        yield from _room(route, known, vehicle)
        yield from _windows(route, known)
        yield from _hours(problem, route, vehicle)
        yield from _story(problem, route, known)
        yield from _wheel(problem, route)
        yield from _charge(problem, route, known, vehicle)


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
    if plan.lower_bound > charges + penalties:
        yield Violation("bound", 0, None, "the plan costs less than its own lower bound")


def _dock(route: PlannedRoute, visit: Visit, vehicle: VehicleClass) -> Iterator[Violation]:
    too_big = (
        ("length", visit.max_length_m is not None and vehicle.length_m > visit.max_length_m),
        ("height", visit.max_height_m is not None and vehicle.height_m > visit.max_height_m),
        ("weight", visit.max_weight_kg is not None and vehicle.weight_kg > visit.max_weight_kg),
        ("tail-lift", visit.needs_tail_lift and not vehicle.tail_lift),
        ("temperature", visit.temperature is not None and visit.temperature not in vehicle.temperatures),
        ("adr", bool(visit.adr - vehicle.adr)),
        ("equipment", bool(visit.equipment - vehicle.equipment)),
        ("origin", bool(visit.origins) and vehicle.depot_id not in visit.origins),
    )
    for code, broken in too_big:
        if broken:
            yield Violation(
                code, route.number, visit.id, f"vehicle class {vehicle.id} may not serve this visit"
            )


def _room(route: PlannedRoute, visits: list[Visit], vehicle: VehicleClass) -> Iterator[Violation]:
    for unit, carried, room in (
        ("pallets", sum(visit.load.pallets for visit in visits), vehicle.capacity.pallets),
        ("kg", sum(visit.load.kg for visit in visits), vehicle.capacity.kg),
        ("litres", sum(visit.load.litres for visit in visits), vehicle.capacity.litres),
    ):
        if carried > room:
            yield Violation("capacity", route.number, None, f"{carried} {unit} on a vehicle for {room}")


def _windows(route: PlannedRoute, visits: list[Visit]) -> Iterator[Violation]:
    for stop, visit in zip(route.stops, visits, strict=True):
        if stop.start < visit.window.start or stop.start >= visit.window.end or stop.end > visit.window.end:
            window = f"[{visit.window.start}, {visit.window.end})"
            sentence = f"unloading [{stop.start}, {stop.end}) leaves the window {window}"
            yield Violation("window", route.number, visit.id, sentence)
        if stop.end - stop.start != visit.service_seconds:
            yield Violation(
                "service", route.number, visit.id, f"unloading takes {visit.service_seconds} seconds"
            )
        if stop.arrival > stop.start:
            yield Violation("arrival", route.number, visit.id, "unloading starts before the arrival")


def _hours(problem: Problem, route: PlannedRoute, vehicle: VehicleClass) -> Iterator[Violation]:
    depot = next((depot for depot in problem.depots if depot.id == vehicle.depot_id), None)
    if route.start < vehicle.shift.start or route.end > vehicle.shift.end:
        yield Violation("shift", route.number, None, "the route leaves the vehicle's shift")
    if depot is None or route.start < depot.opens or route.end > depot.closes:
        yield Violation("depot", route.number, None, "the route begins or ends while the depot is closed")
    if vehicle.max_duty_seconds is not None and route.end - route.start > vehicle.max_duty_seconds:
        yield Violation("duty", route.number, None, "the route is longer than the vehicle's longest duty")


def _story(problem: Problem, route: PlannedRoute, visits: list[Visit]) -> Iterator[Violation]:
    """The segments tell one gapless story that matches the stops and the travel matrix."""
    yield from _gaps(route)
    places = _places(problem, route, visits)
    stated = [*(stop.metres for stop in route.stops), route.return_metres]
    for leg in range(len(places) - 1):
        here = [one for one in route.segments if one.leg == leg]
        driven = sum(one.end - one.start for one in here if one.activity is Activity.DRIVE)
        needed = int(problem.travel.seconds[places[leg], places[leg + 1]])
        if driven != needed:
            yield Violation(
                "travel", route.number, None, f"leg {leg} is driven in {driven} s and takes {needed} s"
            )
        metres = int(problem.travel.metres[places[leg], places[leg + 1]])
        if stated[leg] != metres:
            yield Violation(
                "distance", route.number, None, f"leg {leg} is {metres} m long, not {stated[leg]} m"
            )
        if leg < len(visits):
            yield from _stop(route, leg, here)
    if route.metres != sum(stated):
        yield Violation("distance", route.number, None, "the legs do not add up to the route's metres")


def _gaps(route: PlannedRoute) -> Iterator[Violation]:
    now, leg = route.start, 0
    for one in route.segments:
        if one.start != now or one.end <= one.start or one.leg < leg:
            yield Violation("story", route.number, None, f"the segments do not join at second {one.start}")
        now, leg = one.end, one.leg
    if now != route.end or leg > len(route.stops):
        yield Violation("story", route.number, None, "the segments do not end when the route does")


def _places(problem: Problem, route: PlannedRoute, visits: list[Visit]) -> list[int]:
    depots = [depot.id for depot in problem.depots]
    numbers = {visit.id: len(depots) + number for number, visit in enumerate(problem.visits)}
    home = depots.index(route.depot_id) if route.depot_id in depots else 0
    return [home, *(numbers[visit.id] for visit in visits), home]


def _stop(route: PlannedRoute, leg: int, here: list[Segment]) -> Iterator[Violation]:
    stop = route.stops[leg]
    services = [(one.start, one.end) for one in here if one.activity is Activity.SERVICE]
    expected = [(stop.start, stop.end)] if stop.end > stop.start else []
    if services != expected or (services and here[-1].activity is not Activity.SERVICE):
        yield Violation("story", route.number, stop.visit_id, "the segments do not unload when the stop does")
    drives = [one.end for one in here if one.activity is Activity.DRIVE]
    before = route.stops[leg - 1].end if leg else route.start
    if stop.arrival != (drives[-1] if drives else before):
        yield Violation(
            "arrival", route.number, stop.visit_id, "the stop's arrival is not when its drive ends"
        )
    if stop.start < before:
        yield Violation(
            "story", route.number, stop.visit_id, "the stop starts before the one before it has ended"
        )


def _wheel(problem: Problem, route: PlannedRoute) -> Iterator[Violation]:
    """Regulation (EC) No 561/2006, Articles 6(1) and 7, with the problem's figures."""
    rules = problem.driving
    since_rest = today = 0
    first_part = False
    for one in route.segments:
        length = one.end - one.start
        if one.activity is Activity.DRIVE:
            since_rest, today = since_rest + length, today + length
            if since_rest > rules.before_break:
                yield Violation("break", route.number, None, f"{since_rest} s at the wheel without a break")
        elif one.activity is Activity.BREAK:
            if length >= rules.full_break or (first_part and length >= rules.second_part):
                since_rest, first_part = 0, False
            elif length >= rules.first_part:
                first_part = True
    if today > rules.per_day:
        yield Violation(
            "daily-driving", route.number, None, f"{today} s at the wheel, {rules.per_day} are allowed"
        )


def _charge(
    problem: Problem, route: PlannedRoute, visits: list[Visit], vehicle: VehicleClass
) -> Iterator[Violation]:
    tariff = vehicle.tariff
    expected = {
        "fixed": tariff.fixed_cents,
        "distance": _half_up(Fraction(route.metres * tariff.per_km_cents, 1000)),
        "time": _half_up(Fraction((route.end - route.start) * tariff.per_hour_cents, 3600)),
        "stops": len(visits) * tariff.per_stop_cents,
        "pallets": sum(visit.load.pallets for visit in visits) * tariff.per_pallet_cents,
    }
    expected["minimum"] = max(0, tariff.minimum_cents - sum(expected.values()))
    for part, cents in expected.items():
        if getattr(route.cost, part) != cents:
            yield Violation("cost", route.number, None, f"the part {part} of the charge is {cents} cents")


def _half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))
