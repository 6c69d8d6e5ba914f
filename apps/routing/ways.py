"""Emission zones that lie in the way: for whom the engine plans ways around them, and what a plan says of it.

A zone's land is circles; land that is known by its postal codes alone has no shape, and nothing is driven
around it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.carriers.models import EmissionZone
from apps.carriers.selectors import zones_at
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.models import Route, Stop
from apps.routing.wording import counted, listed

NAMED = 3
"""So many ways are named in a note, and the others counted."""

ESTIMATED = (
    "Which course the roads take is not known: what is driven around zones is reckoned from straight lines, "
    "and added to the way by road."
)


@dataclass(frozen=True)
class Detour:
    """What a vehicle drives around on one way of its route, how much longer that is, and where it bends.

    The way is on ``leg``, counted from 0, and leads ``to_depot``, where a trip ends, or to the stop.
    """

    leg: int
    to_depot: bool
    zones: tuple[EmissionZone, ...]
    metres: int
    seconds: int
    bends: tuple[engine.Point, ...]


@dataclass(frozen=True)
class DrivenAround:
    """What a stored route drives around on a leg: the zones' names, and how many kilometres that adds."""

    zones: tuple[str, ...]
    km: float


def around_by_leg(route: Route) -> dict[int, DrivenAround]:
    """The legs of a stored route that lead around zones, by number; the way home has that of the stops."""
    found: dict[int, DrivenAround] = {}
    for one in route.around:
        before = found.get(one["leg"], DrivenAround((), 0.0))
        zones = tuple(dict.fromkeys([*before.zones, *one["zones"]]))
        found[one["leg"]] = DrivenAround(zones, before.km + one["metres"] / 1000)
    return found


def ways_of(route: Route, stops: Sequence[Stop]) -> Iterator[tuple[int, Site, Site]]:
    """The ways of a stored route in order, each with its leg; between two trips it is at its depot."""
    here = route.depot
    for leg, stop in enumerate(stops):
        if leg and stop.trip != stops[leg - 1].trip:
            yield leg, here, route.depot
            here = route.depot
        yield leg, here, stop.delivery.site
        here = stop.delivery.site
    yield len(stops), here, route.depot


def zones_between(here: Site, there: Site, zones: Sequence[EmissionZone]) -> tuple[EmissionZone, ...]:
    """Those of ``zones`` that the straight way between two sites leads through, though neither lies there."""
    start, end = (engine.Point(site.latitude, site.longitude) for site in (here, there))
    at_home = {zone.pk for site in (here, there) for zone in zones_at(zones, site)}
    return tuple(zone for zone in zones if zone.pk not in at_home and _crossed(zone, [start], [end]).any())


def circles_of(zone: EmissionZone) -> list[engine.Circle]:
    """The parts of a zone's land that have a shape."""
    return [
        engine.Circle(area.latitude, area.longitude, 1_000 * area.radius_km)
        for area in zone.areas.all()
        if area.radius_km is not None and area.latitude is not None and area.longitude is not None
    ]


def zones_in_the_way(sites: Iterable[Site], zones: Sequence[EmissionZone]) -> tuple[EmissionZone, ...]:
    """Those of ``zones`` that somebody who may enter none of them has to drive around between ``sites``."""
    return _in_the_way([engine.Point(site.latitude, site.longitude) for site in sites], zones)


def _in_the_way(points: Sequence[engine.Point], zones: Sequence[EmissionZone]) -> tuple[EmissionZone, ...]:
    owners = [(zone, circle) for zone in zones for circle in circles_of(zone)]
    found = {owners[number][0].pk for number in engine.in_the_way(points, [one for _, one in owners])}
    return tuple(zone for zone in zones if zone.pk in found)


def arounds(
    travel: engine.TravelMatrix,
    points: Sequence[engine.Point],
    fleet: Iterable[engine.VehicleClass],
    shut: Mapping[str, Sequence[EmissionZone]],
) -> tuple[engine.Around, ...]:
    """The ways between ``points`` of the classes that can't drive straight everywhere as ``travel`` does.

    ``shut`` are the zones in the way of each vehicle, by plate.
    """
    land = {zone.label: zone for zones in shut.values() for zone in zones}
    classes = list(fleet)

    @cache
    def outside(zones: frozenset[str]) -> engine.TravelMatrix:
        circles = [circle for zone in sorted(zones) for circle in circles_of(land[zone])]
        return engine.with_detours(travel, points, circles)

    sets = [one.barred_zones & frozenset(land) for one in classes]
    bending = {zone for zones in sets if outside(zones) is not travel for zone in zones}
    kinds = dict.fromkeys(zones & bending for zones in sets)
    return tuple(engine.Around(zones, outside(zones)) for zones in kinds if zones)


def detours(
    problem: engine.Problem, route: engine.PlannedRoute, shut: Sequence[EmissionZone]
) -> tuple[Detour, ...]:
    """What the route drives around, way by way; ``shut`` are the zones in its vehicle's way."""
    way = _Way(problem, route, shut)
    land = [circle for zone in shut for circle in circles_of(zone)]
    return tuple(
        Detour(
            int(way.legs[number]),
            way.steps[number][1] < len(problem.depots),
            _in_the_way([way.starts[number], way.ends[number]], shut),
            int(way.metres[number]),
            int(way.seconds[number]),
            engine.bends(way.starts[number], way.ends[number], land),
        )
        for number in np.flatnonzero(way.longer)
    )


def notes_on_ways(
    problem: engine.Problem,
    routes: Iterable[engine.PlannedRoute],
    shut: Mapping[str, Sequence[EmissionZone]],
) -> Iterator[str]:
    """Of each route a sentence about what it drives around, and one for each zone that it leads through
    because it begins or ends there; at last how that is known. ``shut`` as in ``arounds``."""
    any_around = False
    for route in routes:
        zones = shut.get(route.vehicle_id, ())
        if not zones:
            continue
        way = _Way(problem, route, zones)
        if way.longer.any():
            any_around = True
            yield _around(way)
        for zone, crossed in zip(zones, way.crossed, strict=True):
            through = crossed & ~way.longer
            if through.any():
                yield _through(way, zone, through)
    if any_around and problem.travel.by_road:
        yield ESTIMATED


class _Way:
    """The ways of one route in order: which leg each belongs to, which of ``zones`` it would lead through if
    it were straight, and by how many metres and seconds it is longer than that."""

    def __init__(
        self, problem: engine.Problem, route: engine.PlannedRoute, zones: Sequence[EmissionZone]
    ) -> None:
        self.problem, self.route, self.zones = problem, route, zones
        places, legs = _places(problem, route)
        self.steps = list(pairwise(places))
        self.legs = np.array(legs)
        here, there = (np.array(side) for side in zip(*self.steps, strict=True))
        driven = problem.travel_of(problem.fleet[problem.owner_of[route.vehicle_id]])
        self.metres = (driven.metres - problem.travel.metres)[here, there]
        self.seconds = (driven.seconds - problem.travel.seconds)[here, there]
        self.longer: NDArray[np.bool_] = (self.metres > 0) | (self.seconds > 0)
        spots = [engine.Point(one.lat, one.lon) for one in problem.depots]
        spots += [engine.Point(one.lat, one.lon) for one in problem.visits]
        self.starts, self.ends = ([spots[place] for place in side] for side in (here, there))
        self.crossed = [_crossed(zone, self.starts, self.ends) for zone in zones]


def _crossed(
    zone: EmissionZone, starts: Sequence[engine.Point], ends: Sequence[engine.Point]
) -> NDArray[np.bool_]:
    """Of straight ways, which lead through the zone."""
    crossed = np.zeros(len(starts), dtype=np.bool_)
    for circle in circles_of(zone):
        crossed |= engine.leads_through(starts, ends, circle)
    return crossed


def _places(problem: engine.Problem, route: engine.PlannedRoute) -> tuple[list[int], list[int]]:
    """The places of a route in order, and of each way between two of them on which leg it is; between two
    trips the vehicle is at its depot."""
    depot = problem.depot_index[route.depot_id]
    places, legs, trip = [depot], [], 1
    for leg, stop in enumerate(route.stops):
        if stop.trip != trip:
            places.append(depot)
            legs.append(leg)
            trip = stop.trip
        places.append(problem.place(problem.visit_index[stop.visit_id]))
        legs.append(leg)
    return [*places, depot], [*legs, len(route.stops)]


def _name(problem: engine.Problem, place: int) -> str:
    depots = len(problem.depots)
    return problem.depots[place].id if place < depots else problem.visits[place - depots].id


def _named(way: _Way, which: NDArray[np.bool_]) -> str:
    """“3 ways of its route (ACME-DC to D-1, D-1 to D-2, D-2 to ACME-DC)”."""
    steps = [way.steps[number] for number in np.flatnonzero(which)]
    named = [f"{_name(way.problem, one)} to {_name(way.problem, other)}" for one, other in steps[:NAMED]]
    if len(steps) > NAMED:
        named.append(f"{len(steps) - NAMED} more")
    return f"{counted(len(steps), 'way')} of its route ({', '.join(named)})"


def _around(way: _Way) -> str:
    zones = [
        zone.label
        for zone, crossed in zip(way.zones, way.crossed, strict=True)
        if (crossed & way.longer).any()
    ]
    metres, seconds = (int(one[way.longer].sum()) for one in (way.metres, way.seconds))
    return (
        f"{way.route.vehicle_id} drives around {listed(zones)}, on {_named(way, way.longer)}: "
        f"{metres / 1000:.1f} km and {max(1, round(seconds / 60))} min more than straight through."
    )


def _through(way: _Way, zone: EmissionZone, through: NDArray[np.bool_]) -> str:
    leads = "leads" if through.sum() == 1 else "lead"
    return (
        f"{way.route.vehicle_id} may not enter {zone.label}, but {_named(way, through)} {leads} through it: "
        "what begins or ends there, or is shut in by it, has no way around."
    )
