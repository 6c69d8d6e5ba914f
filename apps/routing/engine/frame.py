"""What has to be timed about one route, and a timing of it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from apps.routing.engine.problem import DrivingRules


@dataclass(frozen=True, slots=True)
class Opening:
    """When unloading may start: from ``earliest`` to ``latest``, both included; after ``due`` it is late, at
    ``rate`` cents per hour."""

    earliest: int
    latest: int
    due: int
    rate: int = 0

    def price(self, start: int) -> int:
        """Cents for starting at ``start``, rounded half up."""
        return (max(0, start - self.due) * self.rate + 1800) // 3600


@dataclass(frozen=True, slots=True)
class Frame:
    """One sequence of stops to be timed; ``legs`` has one entry more than the others, the way home.

    A stop is a visit or a return to the depot to load again. ``openings`` says for each stop when it may be
    begun, where a stop has several such times or a price for being late; it is empty where ``earliest`` and
    ``latest`` say everything. ``departed`` is set for a route that has left. ``hourly`` is the price of an
    hour, to weigh lateness against.
    """

    legs: tuple[int, ...]
    earliest: tuple[int, ...]
    latest: tuple[int, ...]
    service: tuple[int, ...]
    leaves: int
    back: int
    duty: int
    driving: DrivingRules
    openings: tuple[tuple[Opening, ...], ...] = ()
    departed: int | None = None
    hourly: int = 0

    def opening(self, stop: int, start: int) -> Opening | None:
        """The opening in which ``stop`` starts at ``start``: of several the one with the least lateness."""
        fitting = [one for one in self.openings[stop] if one.earliest <= start <= one.latest]
        return min(fitting, key=lambda one: (max(0, start - one.due), one.earliest), default=None)


@dataclass(frozen=True, slots=True)
class Pause:
    """A break of ``length`` seconds after ``offset`` seconds of driving on ``leg``."""

    leg: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Timing:
    """A timed sequence: departure, return, and for each stop arrival and start of unloading."""

    start: int
    end: int
    arrivals: tuple[int, ...]
    starts: tuple[int, ...]
    pauses: tuple[Pause, ...]
