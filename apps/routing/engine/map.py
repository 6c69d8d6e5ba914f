"""A map of a plan as one SVG, drawn from coordinates alone: no tiles, no script, no inline style.

Equirectangular projection at the middle latitude, which is true to scale within a day's drive.

Classes for the style sheet: ``plan-map``; ``map-ground``; ``map-graticule`` (lines), ``map-degree`` (their
labels); ``map-zone`` (circles); ``map-route`` with ``route-1`` … ``route-8``, in it ``route-line`` and
``route-home`` (paths, the way home apart), ``stop`` (group), ``stop-leader``, ``stop-mark``,
``stop-number``; ``map-depot``, ``depot-mark``; ``map-left-out``, ``left-out-mark``; ``map-name``;
``map-scale``, ``map-north``. Routes carry ``data-route``, stops ``data-route`` and ``data-stop`` (the
visit's id), for linking with table and chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from math import cos, radians
from types import MappingProxyType
from typing import NamedTuple

from apps.routing.engine.around import Circle
from apps.routing.engine.problem import Problem
from apps.routing.engine.result import Plan
from apps.routing.engine.svg import element, picture, route_class, route_dash, text
from apps.routing.engine.travel import Point
from apps.routing.engine.wording import clock

_EDGE = 56.0
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0)
_KM_PER_DEGREE = 111.195
_LETTER = 6.4
"""How wide a letter of a name is on the average."""
_AROUND = sorted(product((0, 1, -1, 2, -2, 3, -3), repeat=2), key=lambda step: step[0] ** 2 + step[1] ** 2)
"""Where a mark may go, nearest first, in its own widths and heights from its place."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map: its coordinates, the name written beside it, a sentence shown on pointing at it."""

    id: str
    lat: float
    lon: float
    name: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Bent:
    """A way around ``zones``: the one to the stop ``leg``, counted from 0, or the one that ends the trip
    before it ``to_depot``; and where it bends."""

    leg: int
    to_depot: bool
    zones: tuple[str, ...]
    bends: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class MapRoute:
    """A route from its depot over its stops and home; ``trips`` says of each stop on which trip it is,
    without it all are on the first. Between two trips the vehicle is back at its depot. Ways are straight
    but for those in ``around``."""

    number: int
    label: str
    depot: Spot
    stops: tuple[Spot, ...]
    trips: tuple[int, ...] = ()
    around: tuple[Bent, ...] = ()

    @property
    def zones(self) -> tuple[str, ...]:
        """What it drives around, each zone once."""
        return tuple(dict.fromkeys(zone for one in self.around for zone in one.zones))


class _Point(NamedTuple):
    x: float
    y: float


def draw_map(
    routes: Sequence[MapRoute],
    left_out: Sequence[Spot] = (),
    land: Mapping[str, Sequence[Circle]] = MappingProxyType({}),
    *,
    title: str,
    id_: str = "plan-map",
    width: float = 960.0,
    height: float = 640.0,
) -> str:
    """The map as SVG markup; ``left_out`` are visits without a route, ``land`` the circles of zones by name.

    Works without any spot as well.
    """
    spots = [spot for route in routes for spot in (route.depot, *route.stops)] + list(left_out)
    bends = [bend for route in routes for one in route.around for bend in one.bends]
    view = _View([*(Point(spot.lat, spot.lon) for spot in spots), *bends], width, height)
    depots = list({route.depot.id: route.depot for route in routes}.values())
    marks = _spread(view, routes, left_out)
    return picture(
        element("rect", class_="map-ground", x=0, y=0, width=width, height=height),
        *_graticule(view),
        *(_zone(view, name, circles) for name, circles in land.items()),
        *(_lines(view, route) for route in routes),
        *(_left_out(spot, marks[-1, spot.id]) for spot in left_out),
        *(_stops(view, route, marks) for route in routes),
        *(_depot(view, depot) for depot in depots),
        *_names(view, depots, spots, list(marks.values())),
        _scale(view),
        _north(view),
        id_=id_,
        class_="plan-map",
        width=width,
        height=height,
        title=title,
        description=_describe(routes, left_out),
    )


def map_of(problem: Problem, plan: Plan, *, title: str) -> str:
    """The map of an engine's plan."""
    visits = {visit.id: visit for visit in problem.visits}
    depots = {
        depot.id: Spot(depot.id, depot.lat, depot.lon, depot.name or depot.id) for depot in problem.depots
    }
    carriers = problem.carrier_by_id

    def spot(visit_id: str, hint: str) -> Spot:
        visit = visits[visit_id]
        return Spot(visit.id, visit.lat, visit.lon, visit.name, f"{visit.name or visit.id}, {hint}")

    routes = [
        MapRoute(
            route.number,
            f"{carriers[route.carrier_id].label}, {route.vehicle_id}",
            depots[route.depot_id],
            tuple(
                spot(stop.visit_id, f"{clock(problem, stop.start)}–{clock(problem, stop.end)}")
                for stop in route.stops
            ),
            tuple(stop.trip for stop in route.stops),
        )
        for route in plan.routes
    ]
    return draw_map(routes, [spot(one.visit_id, "on no route") for one in plan.unassigned], title=title)


class _View:
    """Which degrees are seen, and where on the picture a place lies."""

    def __init__(self, points: Sequence[Point], width: float, height: float) -> None:
        self.width, self.height = width, height
        lats = [point.lat for point in points] or [0.0]
        lons = [point.lon for point in points] or [0.0]
        self.middle = _Point((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2)
        self.shrink = max(cos(radians(self.middle.y)), 0.01)
        across = max((max(lons) - min(lons)) * self.shrink, 0.02)
        along = max(max(lats) - min(lats), 0.02)
        self.per_degree = min((width - 2 * _EDGE) / across, (height - 2 * _EDGE) / along)

    def at(self, lat: float, lon: float) -> _Point:
        x = self.width / 2 + (lon - self.middle.x) * self.shrink * self.per_degree
        y = self.height / 2 - (lat - self.middle.y) * self.per_degree
        return _Point(round(x, 1), round(y, 1))

    def degrees(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """West and east, south and north end of the picture."""
        across = self.width / 2 / self.per_degree / self.shrink
        along = self.height / 2 / self.per_degree
        return (
            (self.middle.x - across, self.middle.x + across),
            (self.middle.y - along, self.middle.y + along),
        )


def _graticule(view: _View) -> Iterable[str]:
    (west, east), (south, north) = view.degrees()
    step = next((one for one in _STEPS if (north - south) / one <= 6), _STEPS[-1])
    for lon in _multiples(west, east, step):
        x = view.at(0.0, lon).x
        yield element("line", class_="map-graticule", x1=x, y1=0, x2=x, y2=view.height)
        yield text(_degree(lon, step, "E", "W"), x + 3, view.height - 6, "map-degree")
    for lat in _multiples(south, north, step):
        y = view.at(lat, 0.0).y
        yield element("line", class_="map-graticule", x1=0, y1=y, x2=view.width, y2=y)
        yield text(_degree(lat, step, "N", "S"), 4, y - 3, "map-degree")


def _multiples(low: float, high: float, step: float) -> Iterable[float]:
    return (number * step for number in range(int(low // step) + 1, int(high // step) + 1))


def _degree(value: float, step: float, positive: str, negative: str) -> str:
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
    side = positive if value > 0 else negative if value < 0 else ""
    return f"{abs(value):.{digits}f}° {side}".strip()


def _zone(view: _View, name: str, circles: Sequence[Circle]) -> str:
    drawn = []
    for circle in circles:
        x, y = view.at(circle.lat, circle.lon)
        radius = round(circle.radius_m / 1000 / _KM_PER_DEGREE * view.per_degree, 1)
        drawn.append(element("circle", class_="map-zone", cx=x, cy=y, r=radius))
        if 2 * radius > _LETTER * len(name):
            drawn.append(text(name, x, y + 4, "map-name", text_anchor="middle"))
    return element("g", element("title", escape(name)), *drawn)


def _lines(view: _View, route: MapRoute) -> str:
    dash = route_dash(route.number)
    shared = {"fill": "none", "stroke_dasharray": dash, "stroke_linejoin": "round"}
    out, back = _ways(view, route)
    return element(
        "g",
        element("title", f"Route {route.number}"),
        *(element("path", class_="route-line", d=_path(points), **shared) for points in out),
        *(element("path", class_="route-home", d=_path(points), **shared) for points in back),
        class_=f"map-route {route_class(route.number)}",
        data_route=route.number,
    )


def _ways(view: _View, route: MapRoute) -> tuple[list[list[_Point]], list[list[_Point]]]:
    """Each trip from the depot to its last stop, and its way back."""
    home = view.at(route.depot.lat, route.depot.lon)
    turns: dict[tuple[int, bool], list[_Point]] = {}
    for one in route.around:
        turns.setdefault((one.leg, one.to_depot), []).extend(view.at(*bend) for bend in one.bends)
    out: list[list[_Point]] = []
    back: list[list[_Point]] = []
    trips = route.trips or (1,) * len(route.stops)
    for leg, (spot, trip) in enumerate(zip(route.stops, trips, strict=True)):
        if leg == 0 or trip != trips[leg - 1]:
            out.append([home])
        out[-1] += [*turns.get((leg, False), []), view.at(spot.lat, spot.lon)]
        if leg + 1 == len(trips) or trip != trips[leg + 1]:
            back.append([out[-1][-1], *turns.get((leg + 1, True), []), home])
    return out, back


def _path(points: Sequence[_Point]) -> str:
    return "M" + "L".join(f"{point.x:g} {point.y:g}" for point in points)


def _spread(
    view: _View, routes: Sequence[MapRoute], left_out: Sequence[Spot]
) -> dict[tuple[int, str], _Point]:
    """Where each mark goes, by route number (-1: none) and spot id: on its place, or beside it if that is
    taken."""
    depots = dict.fromkeys(view.at(route.depot.lat, route.depot.lon) for route in routes)
    boxes = [_box(point, 26.0) for point in depots]
    marks: dict[tuple[int, str], _Point] = {}
    every = [(route.number, spot) for route in routes for spot in route.stops]
    for number, spot in [*every, *((-1, spot) for spot in left_out)]:
        place = view.at(spot.lat, spot.lon)
        around = [_Point(place.x + 28 * across, place.y + 20 * down) for across, down in _AROUND]
        free = (at for at in around if not any(_overlap(_box(at, 26.0), box) for box in boxes))
        marks[number, spot.id] = next(free, place)
        boxes.append(_box(marks[number, spot.id], 26.0))
    return marks


def _stops(view: _View, route: MapRoute, marks: dict[tuple[int, str], _Point]) -> str:
    drawn = []
    for position, spot in enumerate(route.stops, start=1):
        x, y = marks[route.number, spot.id]
        hint = f"Route {route.number}, stop {position}: {spot.hint or spot.name or spot.id}"
        drawn.append(
            element(
                "g",
                element("title", escape(hint)),
                _leader(view.at(spot.lat, spot.lon), marks[route.number, spot.id]),
                element("rect", class_="stop-mark", x=x - 13, y=y - 9, width=26, height=18, rx=9),
                text(f"{route.number}.{position}", x, y + 4, "stop-number", text_anchor="middle"),
                class_="stop",
                data_route=route.number,
                data_stop=spot.id,
            )
        )
    return element("g", *drawn, class_=f"map-route {route_class(route.number)}", data_route=route.number)


def _leader(place: _Point, mark: _Point) -> str:
    """A line from a mark that had to move to its place."""
    if place == mark:
        return ""
    return element("line", class_="stop-leader", x1=place.x, y1=place.y, x2=mark.x, y2=mark.y)


def _left_out(spot: Spot, at: _Point) -> str:
    return element(
        "g",
        element("title", escape(f"On no route: {spot.hint or spot.name or spot.id}")),
        element(
            "path", class_="left-out-mark", d=f"M{at.x - 6:g} {at.y - 6:g}l12 12m0 -12l-12 12", fill="none"
        ),
        class_="map-left-out",
        data_stop=spot.id,
    )


def _depot(view: _View, depot: Spot) -> str:
    x, y = view.at(depot.lat, depot.lon)
    return element(
        "g",
        element("title", escape(f"Depot: {depot.name or depot.id}")),
        element("path", class_="depot-mark", d=f"M{x - 11:g} {y + 9:g}v-12l11 -8l11 8v12z"),
        class_="map-depot",
    )


def _names(
    view: _View, depots: Sequence[Spot], spots: Sequence[Spot], marks: Sequence[_Point]
) -> Iterable[str]:
    """Names where they hide neither a mark nor another name; those without room are in the marks' titles."""
    boxes = [_box(mark, 28.0) for mark in [*marks, *(view.at(one.lat, one.lon) for one in depots)]]
    named = dict.fromkeys((spot.name, view.at(spot.lat, spot.lon)) for spot in [*depots, *spots] if spot.name)
    for name, point in named:
        length = _LETTER * len(name)
        for x, y in (
            (point.x + 17, point.y + 4),
            (point.x - 17 - length, point.y + 4),
            (point.x - length / 2, point.y - 14),
            (point.x - length / 2, point.y + 24),
        ):
            box = (x, y - 11, x + length, y + 3)
            inside = box[0] >= 0 and box[2] <= view.width and box[1] >= 0 and box[3] <= view.height
            if inside and not any(_overlap(box, other) for other in boxes):
                boxes.append(box)
                yield text(name, x, y, "map-name")
                break


_Box = tuple[float, float, float, float]


def _box(point: _Point, width: float) -> _Box:
    return (point.x - width / 2, point.y - 10, point.x + width / 2, point.y + 10)


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _scale(view: _View) -> str:
    """A bar of a round number of kilometres, about a fifth of the picture wide."""
    per_km = view.per_degree / _KM_PER_DEGREE
    most = view.width / 5 / per_km
    km = max(
        (one * 10.0**power for power in range(-2, 5) for one in (1, 2, 5) if one * 10.0**power <= most),
        default=0.01,
    )
    x, y = view.width - 24 - km * per_km, view.height - 28
    return element(
        "g",
        element("path", d=f"M{x:.1f} {y - 5:g}v5h{km * per_km:.1f}v-5", fill="none"),
        text(f"{km:g} km", x + km * per_km / 2, y - 8, "map-scale-text", text_anchor="middle"),
        class_="map-scale",
    )


def _north(view: _View) -> str:
    x = view.width - 28
    return element(
        "g",
        element("path", d=f"M{x:g} 44v-26m-6 8l6 -8l6 8", fill="none"),
        text("N", x, 60.0, "map-north-text", text_anchor="middle"),
        class_="map-north",
    )


def _describe(routes: Sequence[MapRoute], left_out: Sequence[Spot]) -> str:
    parts = []
    for route in routes:
        around = f" and drives around {' and '.join(route.zones)}" if route.zones else ""
        parts.append(f"Route {route.number} ({route.label}) has {len(route.stops)} stops{around}.")
    if left_out:
        parts.append(f"{len(left_out)} deliveries are on no route.")
    return " ".join(parts) or "The plan has no route."
