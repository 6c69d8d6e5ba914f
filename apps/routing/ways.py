"""Which ways of a plan lead through land that their vehicle may not enter, and how much longer it is around.

The search knows one way between two places for all vehicles, so this is looked at afterwards and said; no
vehicle is sent around. Ways are straight lines over the map here, land is circles; land that is known by its
postal codes alone has no shape and is not looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.carriers.models import EmissionZone
from apps.routing import engine
from apps.routing.engine.travel import EARTH_RADIUS_M
from apps.routing.wording import counted

NAMED = 3
"""So many ways are named in a note, and the others counted."""


@dataclass(frozen=True)
class Circle:
    """Land within ``radius_m`` of a place in degrees."""

    lat: float
    lon: float
    radius_m: float


def circles_of(zone: EmissionZone) -> list[Circle]:
    """The parts of a zone's land that have a shape."""
    return [
        Circle(area.latitude, area.longitude, 1_000 * area.radius_km)
        for area in zone.areas.all()
        if area.radius_km is not None and area.latitude is not None and area.longitude is not None
    ]


def around(
    starts: NDArray[np.float64], ends: NDArray[np.float64], circle: Circle
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Of straight ways between places (rows of latitude and longitude): which lead through the circle, and
    how much longer each is around it, as a share of its length.

    Around is along the tangents and the arc between them. The share is 0 where it does not lead through, and
    where it begins or ends inside: there is no way around. The map is flat around the circle's middle, which
    is some hundredths off at a hundred kilometres from it.
    """
    first, last = _flat(starts, circle), _flat(ends, circle)
    way = last - first
    length = np.hypot(way[:, 0], way[:, 1])
    radius = circle.radius_m
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.clip(np.nan_to_num(-(first * way).sum(axis=1) / length**2), 0.0, 1.0)
        nearest = first + along[:, None] * way
        through = np.hypot(nearest[:, 0], nearest[:, 1]) < radius
        far, near = (np.hypot(one[:, 0], one[:, 1]) for one in (first, last))
        outside = through & (far > radius) & (near > radius)
        turn = np.arccos(np.clip((first * last).sum(axis=1) / (far * near), -1.0, 1.0))
        arc = turn - np.arccos(np.clip(radius / far, 0, 1)) - np.arccos(np.clip(radius / near, 0, 1))
        longer = (
            np.sqrt(np.maximum(far**2 - radius**2, 0.0))
            + np.sqrt(np.maximum(near**2 - radius**2, 0.0))
            + radius * np.maximum(arc, 0.0)
            - length
        ) / length
    return through, np.where(outside, np.maximum(longer, 0.0), 0.0)


def _flat(places: NDArray[np.float64], circle: Circle) -> NDArray[np.float64]:
    """Metres east and north of the circle's middle."""
    east = (places[:, 1] - circle.lon + 180.0) % 360.0 - 180.0
    scale = np.cos(np.radians(circle.lat))
    return np.radians(np.column_stack([east * scale, places[:, 0] - circle.lat])) * EARTH_RADIUS_M


def ways_through(
    problem: engine.Problem,
    routes: Iterable[engine.PlannedRoute],
    barred: Mapping[str, Sequence[EmissionZone]],
) -> Iterator[str]:
    """A sentence for each vehicle and zone of ``barred`` (zones by plate) that its ways lead through."""
    if not barred:
        return
    depots = [(one.lat, one.lon) for one in problem.depots]
    spots = np.array([*depots, *((one.lat, one.lon) for one in problem.visits)], dtype=np.float64)
    for route in routes:
        zones = [(zone, circles_of(zone)) for zone in barred.get(route.vehicle_id, ())]
        if not any(circles for _, circles in zones):
            continue
        steps = list(_steps(problem, route))
        here, there = (np.array(side) for side in zip(*steps, strict=True))
        metres, seconds = problem.travel.metres[here, there], problem.travel.seconds[here, there]
        for zone, circles in zones:
            through = np.zeros(len(steps), dtype=bool)
            share = np.zeros(len(steps))
            for circle in circles:
                crossed, longer = around(spots[here], spots[there], circle)
                through |= crossed
                share += longer
            if through.any():
                ways = [steps[number] for number in np.flatnonzero(through)]
                yield _sentence(
                    problem, route, zone, ways, float((share * metres).sum()), float((share * seconds).sum())
                )


def _steps(problem: engine.Problem, route: engine.PlannedRoute) -> Iterator[tuple[int, int]]:
    """Each way of a route as places of the travel matrix; between two trips the vehicle is at its depot."""
    depot = problem.depot_index[route.depot_id]
    places, trip = [depot], 1
    for stop in route.stops:
        if stop.trip != trip:
            places.append(depot)
            trip = stop.trip
        places.append(problem.place(problem.visit_index[stop.visit_id]))
    return pairwise([*places, depot])


def _name(problem: engine.Problem, place: int) -> str:
    depots = len(problem.depots)
    return problem.depots[place].id if place < depots else problem.visits[place - depots].id


def _sentence(
    problem: engine.Problem,
    route: engine.PlannedRoute,
    zone: EmissionZone,
    ways: Sequence[tuple[int, int]],
    metres: float,
    seconds: float,
) -> str:
    named = [f"{_name(problem, one)} to {_name(problem, other)}" for one, other in ways[:NAMED]]
    if len(ways) > NAMED:
        named.append(f"{len(ways) - NAMED} more")
    said = (
        f"{route.vehicle_id} may not enter {zone.label}, and in a straight line {counted(len(ways), 'way')} "
        f"of its route {'leads' if len(ways) == 1 else 'lead'} through it ({', '.join(named)})"
    )
    if not metres:
        return f"{said}; what begins or ends there has no way around."
    return (
        f"{said}; around it is about {metres / 1000:.1f} km and {max(1, round(seconds / 60))} min longer, "
        "which this plan does not reckon with."
    )
