"""Whether one planned route keeps every rule, judged from the route and the problem alone; a part of
``check``."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.problem import Problem, Stay, VehicleClass, Visit
from apps.routing.engine.result import Activity, PlannedRoute, PlannedStop, Segment


class Violation(NamedTuple):
    """A broken rule: a stable ``code``, where, and a sentence. ``route`` is a route's number, 0 for the plan
    as a whole."""

    code: str
    route: int
    visit_id: str | None
    sentence: str


def route_violations(problem: Problem, route: PlannedRoute) -> Iterator[Violation]:
    """Every violation on one route."""
    visits = {visit.id: visit for visit in problem.visits}
    vehicle = next((one for one in problem.fleet if one.id == route.class_id), None)
    known = [visits[stop.visit_id] for stop in route.stops if stop.visit_id in visits]
    if vehicle is None or len(known) != len(route.stops) or not known:
        yield Violation(
            "unknown", route.number, None, "the route names an unknown vehicle or visit, or is empty"
        )
        return
    stay = next((one for one in problem.stays if one.vehicle_id == route.vehicle_id), None)
    done = len(stay.done) if stay else 0
    for visit in known[done:]:
        yield from _dock(route, visit, vehicle)
    yield from _trips(route, vehicle)
    yield from _room(route, known, vehicle)
    yield from _windows(route, known, done)
    yield from _lateness(route, known, done)
    yield from _hours(problem, route, vehicle, stay)
    yield from _goods_ready(problem, route, known, vehicle, stay)
    yield from _story(problem, route, known, vehicle, done)
    yield from _wheel(problem, route)
    yield from _charge(problem, route, known, vehicle)


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
        ("zone", any(zone in vehicle.barred_zones for zone in visit.zones)),
    )
    for code, broken in too_big:
        if broken:
            yield Violation(
                code, route.number, visit.id, f"vehicle class {vehicle.id} may not serve this visit"
            )


def _trips(route: PlannedRoute, vehicle: VehicleClass) -> Iterator[Violation]:
    before = 1
    for place, stop in enumerate(route.stops):
        if stop.trip not in ((1,) if place == 0 else (before, before + 1)):
            yield Violation("trips", route.number, stop.visit_id, f"trip {stop.trip} follows trip {before}")
        before = stop.trip
    if before > vehicle.max_trips:
        yield Violation("trips", route.number, None, f"{before} trips, the vehicle makes {vehicle.max_trips}")


def _room(route: PlannedRoute, visits: list[Visit], vehicle: VehicleClass) -> Iterator[Violation]:
    for trip in sorted({stop.trip for stop in route.stops}):
        loads = [one.load for one, stop in zip(visits, route.stops, strict=True) if stop.trip == trip]
        for unit, carried, room in (
            ("pallets", sum(load.pallets for load in loads), vehicle.capacity.pallets),
            ("kg", sum(load.kg for load in loads), vehicle.capacity.kg),
            ("litres", sum(load.litres for load in loads), vehicle.capacity.litres),
        ):
            if carried > room:
                yield Violation("capacity", route.number, None, f"{carried} {unit} on a vehicle for {room}")


def _windows(route: PlannedRoute, visits: list[Visit], done: int) -> Iterator[Violation]:
    for stop, visit in list(zip(route.stops, visits, strict=True))[done:]:
        if stop.start < visit.window.start or stop.start >= visit.window.end or stop.end > visit.window.end:
            window = f"[{visit.window.start}, {visit.window.end})"
            sentence = f"unloading [{stop.start}, {stop.end}) leaves the window {window}"
            yield Violation("window", route.number, visit.id, sentence)
        if visit.windows and _least_lateness(stop, visit) is None:
            sentence = f"unloading [{stop.start}, {stop.end}) is in no receiving window"
            yield Violation("window", route.number, visit.id, sentence)
        if stop.end - stop.start != visit.service_seconds:
            yield Violation(
                "service", route.number, visit.id, f"unloading takes {visit.service_seconds} seconds"
            )
    for stop in route.stops:
        if stop.arrival > stop.start:
            yield Violation("arrival", route.number, stop.visit_id, "unloading starts before the arrival")


def _least_lateness(stop: PlannedStop, visit: Visit) -> int | None:
    """Seconds after a receiving window at which unloading ends; None when it belongs to none of them."""
    over = stop.end if stop.end > stop.start else stop.end + 1
    found = [
        0 if over <= window.end else over - window.end
        for window in visit.windows
        if window.start <= stop.start and over - window.end <= visit.late_seconds
    ]
    return min(found) if found else None


def _lateness(route: PlannedRoute, visits: list[Visit], done: int) -> Iterator[Violation]:
    for place, (stop, visit) in enumerate(zip(route.stops, visits, strict=True)):
        late = 0 if place < done or not visit.windows else _least_lateness(stop, visit) or 0
        cents = _half_up(Fraction(late * visit.late_cents_per_hour, 3600))
        if (stop.late_seconds, stop.late_cents) != (late, cents):
            sentence = f"the stop is {late} s late for {cents} cents"
            yield Violation("late", route.number, visit.id, sentence)


def _hours(
    problem: Problem, route: PlannedRoute, vehicle: VehicleClass, stay: Stay | None
) -> Iterator[Violation]:
    depot = next((depot for depot in problem.depots if depot.id == vehicle.depot_id), None)
    has_left = stay is not None and stay.departed is not None
    if (route.start < vehicle.shift.start and not has_left) or route.end > vehicle.shift.end:
        yield Violation("shift", route.number, None, "the route leaves the vehicle's shift")
    if depot is None or (route.start < depot.opens and not has_left) or route.end > depot.closes:
        yield Violation("depot", route.number, None, "the route begins or ends while the depot is closed")
    if vehicle.max_duty_seconds is not None and route.end - route.start > vehicle.max_duty_seconds:
        yield Violation("duty", route.number, None, "the route is longer than the vehicle's longest duty")
    if route.start < problem.now and not has_left:
        yield Violation("now", route.number, None, "the route leaves in the past")


def _goods_ready(
    problem: Problem, route: PlannedRoute, visits: list[Visit], vehicle: VehicleClass, stay: Stay | None
) -> Iterator[Violation]:
    """No trip leaves before its goods are ready, and loading happens while the depot is open."""
    depot = next((depot for depot in problem.depots if depot.id == vehicle.depot_id), None)
    loads = [one for one in route.segments if one.activity is Activity.LOAD]
    has_left = stay is not None and stay.departed is not None
    done = len(stay.done) if stay else 0
    past = {stop.trip for stop in route.stops[:done]} | ({1} if has_left else set())
    for trip in sorted({stop.trip for stop in route.stops} - past):
        leaves = route.start if trip == 1 else None
        ready = max(one.ready for one, stop in zip(visits, route.stops, strict=True) if stop.trip == trip)
        if trip > 1:
            first = next(place for place, stop in enumerate(route.stops) if stop.trip == trip)
            here = [one for one in loads if one.leg == first]
            if here and depot and (here[0].start < depot.opens or here[-1].end > depot.closes):
                yield Violation("depot", route.number, None, f"trip {trip} loads while the depot is closed")
            leaves = here[-1].end if here else _departure(route, first)
        if leaves is not None and leaves < ready:
            yield Violation("ready", route.number, None, f"trip {trip} leaves before its goods are ready")


def _departure(route: PlannedRoute, leg: int) -> int:
    """The last moment at which a leg without loading may have left the depot."""
    drives = [one.start for one in route.segments if one.leg == leg and one.activity is Activity.DRIVE]
    return drives[-1] if drives else route.stops[leg].arrival


def _story(
    problem: Problem, route: PlannedRoute, visits: list[Visit], vehicle: VehicleClass, done: int
) -> Iterator[Violation]:
    """The segments tell one gapless story that matches the stops and the ways that the vehicle may drive."""
    yield from _gaps(route)
    metres_of, seconds_of = _own_ways(problem, vehicle)
    ways = _ways(problem, route, visits)
    stated = [*(stop.metres for stop in route.stops), route.return_metres]
    for leg, places in enumerate(ways):
        here = [one for one in route.segments if one.leg == leg]
        driven = sum(one.end - one.start for one in here if one.activity is Activity.DRIVE)
        steps = list(pairwise(places))
        needed = sum(int(seconds_of[one, other]) for one, other in steps)
        if driven != needed and (leg >= done or driven > needed):
            yield Violation(
                "travel", route.number, None, f"leg {leg} is driven in {driven} s and takes {needed} s"
            )
        metres = sum(int(metres_of[one, other]) for one, other in steps)
        if stated[leg] != metres:
            yield Violation(
                "distance", route.number, None, f"leg {leg} is {metres} m long, not {stated[leg]} m"
            )
        loading = sum(one.end - one.start for one in here if one.activity is Activity.LOAD)
        wanted = vehicle.reload_seconds if len(places) == 3 else 0
        if loading != wanted and (leg >= done or loading > wanted):
            yield Violation("loading", route.number, None, f"leg {leg} loads for {loading} s, not {wanted} s")
        if len(places) == 3 and leg >= done:
            yield from _there_and_on(route, int(seconds_of[places[0], places[1]]), here)
        if leg < len(visits):
            yield from _stop(route, leg, here)
    if route.metres != sum(stated):
        yield Violation("distance", route.number, None, "the legs do not add up to the route's metres")


def _own_ways(problem: Problem, vehicle: VehicleClass) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Metres and seconds between places for a vehicle that keeps out of every zone it may not enter."""
    shut = {zone for one in problem.around for zone in one.zones if zone in vehicle.barred_zones}
    for one in problem.around:
        if shut and one.zones == shut:
            return one.travel.metres, one.travel.seconds
    return problem.travel.metres, problem.travel.seconds


def _there_and_on(route: PlannedRoute, back: int, here: list[Segment]) -> Iterator[Violation]:
    """What is driven before loading is the way back to the depot, ``back`` seconds of it, what is driven
    after it the way on."""
    loads = [place for place, one in enumerate(here) if one.activity is Activity.LOAD]
    if not loads:
        return
    driven = sum(one.end - one.start for one in here[: loads[0]] if one.activity is Activity.DRIVE)
    if driven != back or loads[-1] - loads[0] != len(loads) - 1:
        yield Violation("travel", route.number, None, "the vehicle does not load at its depot")


def _gaps(route: PlannedRoute) -> Iterator[Violation]:
    now, leg = route.start, 0
    for one in route.segments:
        if one.start != now or one.end <= one.start or one.leg < leg:
            yield Violation("story", route.number, None, f"the segments do not join at second {one.start}")
        now, leg = one.end, one.leg
    if now != route.end or leg > len(route.stops):
        yield Violation("story", route.number, None, "the segments do not end when the route does")


def _ways(problem: Problem, route: PlannedRoute, visits: list[Visit]) -> list[list[int]]:
    """The places of each leg: two, or three where the vehicle is back at its depot on the way."""
    depots = [depot.id for depot in problem.depots]
    numbers = {visit.id: len(depots) + number for number, visit in enumerate(problem.visits)}
    home = depots.index(route.depot_id) if route.depot_id in depots else 0
    ways, place, trip = [], home, 1
    for visit, stop in zip(visits, route.stops, strict=True):
        via = [home] if stop.trip > trip else []
        ways.append([place, *via, numbers[visit.id]])
        place, trip = numbers[visit.id], stop.trip
    return [*ways, [place, home]]


def _stop(route: PlannedRoute, leg: int, here: list[Segment]) -> Iterator[Violation]:
    stop = route.stops[leg]
    services = [(one.start, one.end) for one in here if one.activity is Activity.SERVICE]
    expected = [(stop.start, stop.end)] if stop.end > stop.start else []
    if services != expected or (services and here[-1].activity is not Activity.SERVICE):
        yield Violation("story", route.number, stop.visit_id, "the segments do not unload when the stop does")
    drives = [one.end for one in here if one.activity in (Activity.DRIVE, Activity.LOAD)]
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
    waiting = sum(one.end - one.start for one in route.segments if one.activity is Activity.WAIT)
    expected = {
        "fixed": tariff.fixed_cents,
        "distance": _half_up(Fraction(route.metres * tariff.per_km_cents, 1000)),
        "time": _half_up(Fraction((route.end - route.start) * tariff.per_hour_cents, 3600)),
        "stops": len(visits) * tariff.per_stop_cents,
        "pallets": sum(visit.load.pallets for visit in visits) * tariff.per_pallet_cents,
        "waiting": _half_up(Fraction(waiting * tariff.per_wait_hour_cents, 3600)),
    }
    expected["minimum"] = max(0, tariff.minimum_cents - sum(expected.values()))
    for part, cents in expected.items():
        if getattr(route.cost, part) != cents:
            yield Violation("cost", route.number, None, f"the part {part} of the charge is {cents} cents")


def _half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))
