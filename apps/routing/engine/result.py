"""What the engine answers: routes with every minute accounted for, and what was left out and why.

Units as in ``problem``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Activity(StrEnum):
    """What a driver does during one segment of a route."""

    DRIVE = "drive"
    WAIT = "wait"
    SERVICE = "service"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Segment:
    """One activity over ``[start, end)``.

    ``leg`` counts the drives from 0: leg *n* leads to stop *n*, the last one home. A service and the wait
    before it carry the leg that led there. A break at a stop before unloading belongs to the leg that led
    there, a break after unloading to the leg that follows.
    """

    activity: Activity
    start: int
    end: int
    leg: int


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A visit on its route: ``arrival`` at the gate, unloading over ``[start, end)``, ``metres`` driven to
    get there."""

    visit_id: str
    arrival: int
    start: int
    end: int
    metres: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one route costs by its tariff, part by part; ``minimum`` is what lifts the sum to the minimum
    charge. Cents."""

    fixed: int
    distance: int
    time: int
    stops: int
    pallets: int
    minimum: int

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return self.fixed + self.distance + self.time + self.stops + self.pallets + self.minimum


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """One vehicle's day from leaving its depot at ``start`` until it is back at ``end``."""

    number: int
    carrier_id: str
    class_id: str
    vehicle_id: str
    depot_id: str
    start: int
    end: int
    stops: tuple[PlannedStop, ...]
    segments: tuple[Segment, ...]
    metres: int
    return_metres: int
    cost: Cost

    def seconds_of(self, activity: Activity) -> int:
        """How long the route spends on ``activity``."""
        return sum(one.end - one.start for one in self.segments if one.activity is activity)

    @property
    def breaks(self) -> tuple[Segment, ...]:
        """The breaks in their order."""
        return tuple(one for one in self.segments if one.activity is Activity.BREAK)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a visit was left out: a stable ``code``, a sentence, and details such as one line per vehicle."""

    code: str
    sentence: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A visit that no route takes, with the reasons that were found by testing."""

    visit_id: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer; money in cents.

    ``route_cost`` is what the carriers charge, ``penalty_cost`` what the left-out visits were worth.
    ``lower_bound`` is a cost that no plan can undercut, so ``total_cost`` is at most ``gap`` above the best.
    ``finished`` is false when a deadline or a cancellation ended the search before its iterations did.
    """

    routes: tuple[PlannedRoute, ...]
    unassigned: tuple[Unassigned, ...]
    route_cost: int
    penalty_cost: int
    lower_bound: int
    finished: bool
    iterations: int
    notes: tuple[str, ...]

    @property
    def total_cost(self) -> int:
        """What the search minimised: charges plus penalties."""
        return self.route_cost + self.penalty_cost

    @property
    def gap(self) -> float:
        """How far ``total_cost`` may be above the best possible, as a fraction of ``total_cost``."""
        return 1 - self.lower_bound / self.total_cost if self.total_cost else 0.0
