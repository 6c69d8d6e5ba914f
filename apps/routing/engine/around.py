"""The way around land that a vehicle may not enter: the shortest line over the globe that stays outside.

Land is circles. A string pulled tight between two places outside of them runs straight to a rim, along it, on
to the next rim and so to its end; the corners of polygons drawn around the circles are where it can bend, so
the way is the shortest one over lines between places and corners that enter no circle. It is never shorter
than the truth, and with ``CORNERS`` corners an arc is at most 1.3 % longer. Circles that overlap or lie one
behind the other are one obstacle. Lines are great circles, so nothing depends on a map's projection.

A place inside a circle is left, and reached, as if that circle were not there: there is no way around.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.problem import TravelMatrix
from apps.routing.engine.travel import EARTH_RADIUS_M, GreatCircle, Point, driving_seconds

CORNERS = 16
"""Of the polygon around a circle; fewer where there are more than ``MANY`` circles, for the sake of time."""

MANY = 20
_FEWEST = 6

_CLEAR = 1 + 1e-6
"""By this factor the polygon is drawn wider, so that its sides, which touch the circle, don't enter it."""

_A_STEP = 1e-7
"""The sine of 0.6 m: shorter lines, such as those from a place to itself, enter nothing."""

_ROWS = 64
"""So many places at a time are held against all others: what that takes stays in a processor's cache, which
makes 1,000 places eight times as quick."""

Vectors = NDArray[np.float64]
"""Places as unit vectors from the Earth's centre, places × 3."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Land within ``radius_m`` of a place in degrees."""

    lat: float
    lon: float
    radius_m: float

    @property
    def angle(self) -> float:
        """The radius as seen from the Earth's centre, in radians."""
        return self.radius_m / EARTH_RADIUS_M

    @property
    def middle(self) -> NDArray[np.float64]:
        """The unit vector of its middle."""
        return _vectors([Point(self.lat, self.lon)])[0]


def with_detours(
    travel: TravelMatrix, points: Sequence[Point], circles: Sequence[Circle], by: GreatCircle | None = None
) -> TravelMatrix:
    """``travel`` between ``points`` where nobody enters one of ``circles``; ``travel`` itself where no way
    changes.

    Each way is longer by what the way around is longer than the straight one as ``by`` reckons both. For ways
    by road that is an estimate: the course of the road is not known, only where it begins and ends.
    """
    by = by or GreatCircle()
    if not circles:
        return travel
    places = list(dict.fromkeys(points))
    straight, around = ways_around(places, circles)
    if not (around > straight).any():
        return travel
    number = {point: place for place, point in enumerate(places)}
    square = np.ix_(*(2 * [[number[point] for point in points]]))
    long, short = by.circuity * around, by.circuity * straight
    metres = np.rint(long - short)
    seconds = np.rint(driving_seconds(long, by.speeds) - driving_seconds(short, by.speeds))
    return TravelMatrix(
        travel.metres + metres.astype(np.int64)[square],
        travel.seconds + seconds.astype(np.int64)[square],
        travel.source,
        travel.by_road,
    )


def ways_around(
    points: Sequence[Point], circles: Sequence[Circle]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres between all ``points``, straight and outside of ``circles``; both symmetric, equal where the
    straight way is free, and where there is none outside: to a place that circles enclose."""
    count = len(points)
    _, lengths, free = _graph(points, circles)
    straight = lengths[:count, :count]
    around = straight.copy()
    shut = np.triu(np.isinf(free[:count, :count]))
    if not shut.any():
        return straight, around
    out = free[:count, count:]
    to_rim = _shortest(out, _closed(free[count:, count:]))
    for here in np.flatnonzero(shut.any(axis=1)):
        there = np.flatnonzero(shut[here])
        best = (to_rim[here] + out[there]).min(axis=1)
        longer = np.where(np.isinf(best), 0.0, np.maximum(best - straight[here, there], 0.0))
        around[here, there] += longer
        around[there, here] = around[here, there]
    return straight, around


def bends(start: Point, end: Point, circles: Sequence[Circle]) -> tuple[Point, ...]:
    """Where the shortest way outside of ``circles`` turns, in order; nowhere where the straight way is free
    or there is no way around."""
    ends = [start, end]
    nodes, _, free = _graph(ends, [circles[number] for number in in_the_way(ends, circles)])
    left = _shortest(_closed(free[2:, 2:]), free[2:, 1:2])[:, 0]
    here, turns = 0, list[int]()
    while np.isinf(free[here, 1]):
        onward = free[here, 2:] + left
        onward[[turn - 2 for turn in turns]] = np.inf
        if not np.isfinite(onward).any():
            return ()
        here = 2 + int(onward.argmin())
        turns.append(here)
    return tuple(_point(nodes[turn]) for turn in turns)


def in_the_way(points: Sequence[Point], circles: Sequence[Circle]) -> tuple[int, ...]:
    """Which of ``circles``, by number, a way between two of ``points`` may have to avoid: those that straight
    ways lead through, then those that lie beside the ways around these."""
    places = _vectors(list(dict.fromkeys(points)))
    nodes, found = places, set[int]()
    left = {number: one for number, one in enumerate(circles) if _has_an_outside(one)}
    while True:
        near = [number for number, one in left.items() if _within_reach(nodes, one)]
        entered = _entered(nodes, len(places), [left[number] for number in near])
        more = {near[which] for _, which, lines in entered if lines.any()}
        if not more:
            return tuple(sorted(found))
        found |= more
        rims = [_rim(left.pop(number), _corners(len(circles))) for number in sorted(more)]
        nodes = np.concatenate([nodes, *rims])


def leads_through(starts: Sequence[Point], ends: Sequence[Point], circle: Circle) -> NDArray[np.bool_]:
    """Of straight ways, from each start to its end, which lead through the circle; those that begin or end
    inside do."""
    if not _has_an_outside(circle):
        return np.ones(len(starts), dtype=np.bool_)
    first, last, middle = _vectors(starts), _vectors(ends), circle.middle
    near, far, between = first @ middle, last @ middle, (first * last).sum(axis=1)
    beside = (first * np.cross(last, middle)).sum(axis=1)
    touched = _touches(near, far, between, _sine(between), beside, circle)
    return touched | _inside(near, circle) | _inside(far, circle)


def _graph(
    points: Sequence[Point], circles: Sequence[Circle]
) -> tuple[Vectors, NDArray[np.float64], NDArray[np.float64]]:
    """Places and the corners around ``circles``, metres between all of them, and the same where the line
    enters no circle, else infinity."""
    circles = [one for one in circles if _has_an_outside(one)]
    rims = [_rim(one, _corners(len(circles))) for one in circles]
    nodes = np.concatenate([_vectors(points), *rims])
    with np.errstate(invalid="ignore"):
        lengths = np.nan_to_num(_lengths(nodes))
        free = np.where(_blocked(nodes, len(points), circles), np.inf, lengths)
    return nodes, lengths, free


def _has_an_outside(circle: Circle) -> bool:
    """Whether it is smaller than half the globe; what is larger nobody drives around."""
    return circle.angle < np.pi / 2


def _corners(circles: int) -> int:
    return max(_FEWEST, CORNERS * MANY // max(circles, MANY))


def _vectors(points: Sequence[Point]) -> Vectors:
    degrees = np.array(points, dtype=np.float64).reshape(len(points), 2)
    lat, lon = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _point(vector: NDArray[np.float64]) -> Point:
    lat, lon = np.arcsin(vector[2].clip(-1.0, 1.0)), np.arctan2(vector[1], vector[0])
    return Point(float(np.degrees(lat)), float(np.degrees(lon)))


def _rim(circle: Circle, corners: int) -> Vectors:
    """The corners of a polygon whose sides touch the circle from outside."""
    middle = circle.middle
    pole = np.array([0.0, 0.0, 1.0]) if abs(middle[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    east = np.cross(pole, middle)
    east /= np.linalg.norm(east)
    north = np.cross(middle, east)
    away = np.arctan(np.tan(min(circle.angle * _CLEAR, 0.499 * np.pi)) / np.cos(np.pi / corners))
    turn = np.linspace(0.0, 2 * np.pi, corners, endpoint=False)[:, None]
    rim: Vectors = np.cos(away) * middle + np.sin(away) * (np.cos(turn) * east + np.sin(turn) * north)
    return rim


def _lengths(nodes: Vectors) -> NDArray[np.float64]:
    """Metres over the globe between all nodes, by the chords between them; zero on the diagonal."""
    chords = np.zeros((len(nodes), len(nodes)))
    for axis in range(3):
        chords += (nodes[:, None, axis] - nodes[None, :, axis]) ** 2
    lengths: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(chords.clip(0.0, 4.0)) / 2)
    return lengths


def _within_reach(nodes: Vectors, circle: Circle) -> bool:
    """Whether lines between the nodes can get there: they stay within the cap that holds all nodes."""
    usable = nodes[np.isfinite(nodes).all(axis=1)]
    middle = usable.sum(axis=0)
    length = np.linalg.norm(middle)
    if not len(usable) or length == 0:
        return bool(len(usable))
    cap = np.arccos(np.clip(usable @ middle / length, -1.0, 1.0)).max()
    apart = np.arccos(np.clip(circle.middle @ middle / length, -1.0, 1.0))
    return bool(cap >= np.pi / 2 or apart <= cap + circle.angle + 1e-6)


def _blocked(nodes: Vectors, places: int, circles: Sequence[Circle]) -> NDArray[np.bool_]:
    """Whether the line between two nodes enters one of ``circles``, nodes × nodes; as ``_entered``."""
    blocked = np.zeros((len(nodes), len(nodes)), dtype=np.bool_)
    for rows, _, lines in _entered(nodes, places, circles):
        blocked[rows] |= lines
    return blocked


def _entered(
    nodes: Vectors, places: int, circles: Sequence[Circle]
) -> Iterator[tuple[slice, int, NDArray[np.bool_]]]:
    """Of some rows of nodes at a time and of each circle by number: which lines to all nodes enter it.

    The first ``places`` nodes are places: the circles that they lie in don't stop them.
    """
    for begin in range(0, len(nodes), _ROWS):
        rows = slice(begin, begin + _ROWS)
        between = nodes[rows] @ nodes.T
        sine = _sine(between)
        for number, circle in enumerate(circles):
            near = nodes @ circle.middle
            beside = nodes[rows] @ np.cross(nodes, circle.middle).T
            inside = _inside(near, circle)
            at_home = inside.copy()
            at_home[places:] = False
            lines = _touches(near[rows, None], near[None, :], between, sine, beside, circle)
            lines |= inside[rows, None] | inside[None, :]
            lines &= ~(at_home[rows, None] | at_home[None, :])
            yield rows, number, lines


def _sine(cosine: NDArray[np.float64]) -> NDArray[np.float64]:
    sine: NDArray[np.float64] = np.sqrt(np.maximum((1 - cosine) * (1 + cosine), 0.0))
    return sine


def _inside(near: NDArray[np.float64], circle: Circle) -> NDArray[np.bool_]:
    """Whether places are inside, by the cosines of their angles to the circle's middle."""
    return near > np.cos(circle.angle)


def _touches(
    near: NDArray[np.float64],
    far: NDArray[np.float64],
    between: NDArray[np.float64],
    sine: NDArray[np.float64],
    beside: NDArray[np.float64],
    circle: Circle,
) -> NDArray[np.bool_]:
    """Whether the point of a line that is nearest to the circle's middle lies between its ends and inside.

    ``near`` and ``far`` are the cosines of the ends' angles to the middle, ``between`` and ``sine`` cosine
    and sine of the line's own length. ``beside`` is the triple product of the ends and the middle: ``sine``
    times the sine of how far the line passes from the middle.
    """
    touches: NDArray[np.bool_] = np.abs(beside) < np.sin(circle.angle) * sine
    touches &= (far > between * near) & (near > between * far) & (sine > _A_STEP)
    return touches


def _closed(ways: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest ways over any number of corners (Floyd and Warshall)."""
    closed = ways.copy()
    for corner in range(len(closed)):
        np.minimum(closed, closed[:, corner, None] + closed[None, corner, :], out=closed)
    return closed


def _shortest(first: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest ways that go ``first`` and ``then``, over whichever corner."""
    shortest = np.full((len(first), then.shape[1]), np.inf)
    for corner in range(len(then)):
        np.minimum(shortest, first[:, corner, None] + then[None, corner, :], out=shortest)
    return shortest
