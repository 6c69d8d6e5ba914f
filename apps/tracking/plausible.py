"""Which positions a lorry can have had: one vehicle's are judged in the order of their times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from apps.tracking.sea import is_open_sea

#: A device's clock may be ahead by so much.
AHEAD = timedelta(minutes=5)
#: What is older is no picture of now, and its vehicle's day is over.
OLDEST = timedelta(days=7)
#: No lorry is faster (180 km/h); receivers err by some hundred metres, so that short hops say nothing.
FASTEST_MS = 50.0
NO_JUMP_M = 2_000.0
#: So many positions in a row that agree with each other and not with the last one believed: they are right.
BELIEVED_AFTER = 3
EARTH_RADIUS_M = 6_371_008.8


class Doubt:
    """Why a position is not believed."""

    FUTURE = "future"
    OLD = "too_old"
    NULL_ISLAND = "null_island"
    SEA = "at_sea"
    JUMP = "jump"
    VEHICLE = "unknown_vehicle"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Fix:
    """A place in degrees, WGS 84, at a moment."""

    at: datetime
    latitude: float
    longitude: float


def judged(
    fixes: Sequence[Fix], *, last: Fix | None, doubted: Sequence[Fix] = (), now: datetime
) -> list[str]:
    """Per fix of one vehicle, in the order of their times, why it is not believed; empty where it is.

    ``last`` is the newest one believed before, ``doubted`` those since then that looked like jumps, the
    oldest first. A vehicle that seems to have jumped and stays in its new place has its new place believed.
    """
    answers = []
    strange = list(doubted)
    for fix in fixes:
        doubt = _alone(fix, now)
        if not doubt and last is not None and _too_far(last, fix):
            strange = [*strange, fix] if strange and not _too_far(strange[-1], fix) else [fix]
            if len(strange) < BELIEVED_AFTER:
                doubt = Doubt.JUMP
        if not doubt:
            last, strange = fix, []
        answers.append(doubt)
    return answers


def metres(one: Fix, other: Fix) -> float:
    """The straight distance over the sphere, by the haversine formula."""
    half_lat = sin(radians(other.latitude - one.latitude) / 2) ** 2
    half_lon = sin(radians(other.longitude - one.longitude) / 2) ** 2
    chord = half_lat + cos(radians(one.latitude)) * cos(radians(other.latitude)) * half_lon
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))


def _alone(fix: Fix, now: datetime) -> str:
    """What is wrong with it whatever came before."""
    if fix.at > now + AHEAD:
        return Doubt.FUTURE
    if fix.at < now - OLDEST:
        return Doubt.OLD
    if abs(fix.latitude) < 0.01 and abs(fix.longitude) < 0.01:
        return Doubt.NULL_ISLAND
    return Doubt.SEA if is_open_sea(fix.latitude, fix.longitude) else ""


def _too_far(one: Fix, other: Fix) -> bool:
    apart = metres(one, other)
    return apart > NO_JUMP_M and apart > FASTEST_MS * abs((other.at - one.at).total_seconds())
