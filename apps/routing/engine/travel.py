"""How far and how long between places: a provider's answer as two NumPy matrices.

A provider is anything with ``matrix(points)``; a road router fits in beside the great-circle provider that is
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.problem import TravelMatrix

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth, IUGG."""


class Point(NamedTuple):
    """A place in degrees, WGS 84."""

    lat: float
    lon: float


class SpeedClass(NamedTuple):
    """The part of a trip up to ``until_km`` by road goes at ``kmh``."""

    until_km: float
    kmh: float


LORRY_SPEEDS = (
    SpeedClass(3.0, 22.0),
    SpeedClass(12.0, 38.0),
    SpeedClass(40.0, 60.0),
    SpeedClass(float("inf"), 75.0),
)
"""Assumed speeds of a lorry: streets, main roads, regional roads, motorway. Longer trips have a larger share
of the latter."""


class TravelProvider(Protocol):
    """Whoever knows distances and durations."""

    def matrix(self, points: Sequence[Point]) -> TravelMatrix:
        """Metres and seconds between all ``points``, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class GreatCircle:
    """Distance over the sphere times a circuity factor, driven at the speeds of a lorry.

    ``circuity`` is road distance over straight distance; measured country averages lie mostly between 1.2 and
    1.5 (Ballou, Rahardja and Sakai, 2002). The duration is concave in the distance, so both matrices keep the
    triangle inequality.
    """

    circuity: float = 1.3
    speeds: tuple[SpeedClass, ...] = LORRY_SPEEDS

    def matrix(self, points: Sequence[Point]) -> TravelMatrix:
        """Metres and seconds between all ``points``, in their order; symmetric. Ways to a point that is no
        place are of no length; who asks about it has to look (``sound``)."""
        metres = np.nan_to_num(great_circle_metres(points) * self.circuity)
        return TravelMatrix(
            metres=np.rint(metres).astype(np.int64),
            seconds=np.rint(driving_seconds(metres, self.speeds)).astype(np.int64),
            source=f"great circle × {self.circuity:g} at assumed lorry speeds",
        )


def great_circle_metres(points: Sequence[Point]) -> NDArray[np.float64]:
    """Straight distances over the sphere by the haversine formula, places × places, in metres."""
    degrees = np.array(points, dtype=np.float64).reshape(len(points), 2)
    lat, lon = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    half_lat = np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
    half_lon = np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    chord = half_lat + np.cos(lat)[:, None] * np.cos(lat)[None, :] * half_lon
    distances: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return distances


def driving_seconds(metres: NDArray[np.float64], speeds: Sequence[SpeedClass]) -> NDArray[np.float64]:
    """Duration of trips of ``metres`` by road, each part of the trip at the speed of its class."""
    seconds = np.zeros_like(metres)
    covered = 0.0
    for until_km, kmh in speeds:
        part = np.clip(metres - covered, 0.0, until_km * 1000 - covered)
        seconds += part * 3.6 / kmh
        covered = until_km * 1000
    return seconds
