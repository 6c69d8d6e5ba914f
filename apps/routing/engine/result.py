"""What the engine answers: routes with every minute accounted for, and what was left out and why.

Units as in ``problem``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.routing.engine.problem import Window


class Activity(StrEnum):
    """What a driver does during one segment of a route."""

    DRIVE = "drive"
    WAIT = "wait"
    SERVICE = "service"
    BREAK = "break"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Segment:
    """One activity over ``[start, end)``.

    ``leg`` counts the drives from 0: leg *n* leads to stop *n*, the last one home. A service and the wait
    before it carry the leg that led there. A break at a stop before unloading belongs to the leg that led
    there, a break after unloading to the leg that follows. Where a trip begins anew, the leg to its first
    stop is the way back to the depot, the loading there, and the way on.
    """

    activity: Activity
    start: int
    end: int
    leg: int


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A visit on its route: ``arrival`` at the gate, unloading over ``[start, end)``, ``metres`` driven to
    get there. ``trip`` counts from 1; it goes up where the vehicle loads at the depot before this stop.
    ``late_seconds`` is how long after the site's receiving window the unloading ends, at ``late_cents``."""

    visit_id: str
    arrival: int
    start: int
    end: int
    metres: int
    trip: int = 1
    late_seconds: int = 0
    late_cents: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one route costs by its tariff, part by part; ``waiting`` is what waiting costs beside its time,
    ``minimum`` what lifts the sum to the minimum charge. Cents."""

    fixed: int
    distance: int
    time: int
    stops: int
    pallets: int
    minimum: int
    waiting: int = 0

    @property
    def total(self) -> int:
        """The sum of all parts."""
        parts = self.fixed + self.distance + self.time + self.stops + self.pallets
        return parts + self.waiting + self.minimum


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


class RemedyKind(StrEnum):
    """What would have to be different so that a visit is served."""

    SLOT = "slot"
    """Another time at the same dock: a counter-offer to the recipient."""
    OVERTIME = "overtime"
    """A vehicle's shift or duty ends later."""
    EARLIER = "earlier"
    """A vehicle's shift or its depot begins earlier."""
    DEPOT = "depot"
    """The depot closes later."""
    VEHICLE = "vehicle"
    """One more vehicle like one that there is, or a route beyond its carrier's number."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that would admit a visit to the plan as it stands, tried out, and what it would cost.

    ``extra_cents`` is what the carriers would charge more. ``slot`` is the time to propose, unloading
    included (``SLOT``); ``seconds`` by how much something begins earlier or ends later (``OVERTIME``,
    ``EARLIER``, ``DEPOT``). ``route`` numbers the planned route that would take it, ``None`` a further one.
    """

    kind: RemedyKind
    extra_cents: int
    sentence: str
    class_id: str
    route: int | None = None
    slot: Window | None = None
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A visit that no route takes, with the reasons that were found by testing and the changes that would
    admit it, the cheapest first."""

    visit_id: str
    reasons: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()


class ChangeKind(StrEnum):
    """How a visit's place differs between two plans."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """To another vehicle."""
    SHIFTED = "shifted"
    """On the same vehicle, with its unloading at another time."""


@dataclass(frozen=True, slots=True)
class Change:
    """One visit whose place differs between two plans; ``None`` where it had or has no place."""

    kind: ChangeKind
    visit_id: str
    vehicle_before: str | None
    vehicle_after: str | None
    start_before: int | None = None
    start_after: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer; money in cents.

    ``route_cost`` is what the carriers charge, ``penalty_cost`` what the left-out visits were worth,
    ``late_cost`` the price of unloading after receiving windows, ``shortfall_cost`` that of routes promised
    to carriers and not given, ``change_cost`` that of ``changed`` visits: those of the current plan which are
    on another vehicle now, or on none.
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
    late_cost: int = 0
    shortfall_cost: int = 0
    change_cost: int = 0
    changed: tuple[str, ...] = ()

    @property
    def total_cost(self) -> int:
        """What the search minimised: charges, penalties and the prices of lateness, shortfalls and
        changes."""
        promises = self.late_cost + self.shortfall_cost
        return self.route_cost + self.penalty_cost + promises + self.change_cost

    @property
    def gap(self) -> float:
        """How far ``total_cost`` may be above the best possible, as a fraction of ``total_cost``."""
        return 1 - self.lower_bound / self.total_cost if self.total_cost else 0.0
