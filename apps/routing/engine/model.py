"""The day as PyVRP sees it, and its search.

The whole tariff is in the objective: a profile's "distance" of an arc is the money for its kilometres plus
what stopping at its head costs (stop and pallets), fixed cost and cost per hour are PyVRP's own. Money is
counted in 1/3600 cent, so that cents per hour over whole seconds stay exact. What PyVRP cannot say (breaks,
caps over several classes, minimum charges) comes as ``Assumptions`` from round to round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.constants import MAX_VALUE
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams
from pyvrp.PenaltyManager import PenaltyParams
from pyvrp.solve import SolveParams, solve

from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.problem import Depot, Problem, VehicleClass, Visit

UNITS_PER_CENT = 3600
Order = tuple[int, ...]
Tour = tuple[Order, int]
"""A sequence of visits and the vehicle class that drives it, both by number."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What one round of search takes for granted.

    ``available`` vehicles of each class; ``slow`` classes drive every leg longer by the share that breaks
    take (45 minutes on 4.5 hours), which is enough for breaks anywhere; ``duty`` bounds the seconds of a
    class's routes; ``dear`` classes pay their minimum charge up front.
    """

    available: tuple[int, ...]
    slow: frozenset[int] = frozenset()
    duty: tuple[tuple[int, int], ...] = ()
    dear: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Model:
    """PyVRP's data, and which visit and vehicle class each of its numbers stands for."""

    data: pyvrp.ProblemData
    visits: tuple[int, ...]
    classes: tuple[int, ...]
    penalties: PenaltyParams


def build(book: RouteBook, visits: Sequence[int], assumed: Assumptions) -> Model | None:
    """The PyVRP model of ``visits`` (by number) under ``assumed``, or ``None`` when no vehicle is to be had.

    Every visit is optional at the price of its penalty.
    """
    problem = book.problem
    classes = tuple(
        number
        for number, count in enumerate(assumed.available)
        if count and any(book.allowed(visit, number) for visit in visits)
    )
    if not classes:
        return None
    dimensions = _dimensions(problem, visits, classes)
    profiles = _Profiles(book, visits, assumed)
    data_types = [_vehicle_type(problem, number, assumed, profiles, dimensions) for number in classes]
    data = pyvrp.ProblemData(
        locations=_locations(problem, visits),
        clients=[
            _client(problem, visit, place, dimensions, len(problem.depots))
            for place, visit in enumerate(visits)
        ],
        depots=[
            pyvrp.Depot(location=place, tw_early=depot.opens, tw_late=depot.closes)
            for place, depot in enumerate(problem.depots)
        ],
        vehicle_types=data_types,
        distance_matrices=profiles.costs,
        duration_matrices=profiles.seconds,
    )
    return Model(data, tuple(visits), classes, _penalties(profiles.costs, profiles.allowed))


def _locations(problem: Problem, visits: Sequence[int]) -> list[pyvrp.Location]:
    places: list[Depot | Visit] = [*problem.depots, *(problem.visits[visit] for visit in visits)]
    return [pyvrp.Location(x=place.lon, y=place.lat) for place in places]


def _dimensions(problem: Problem, visits: Sequence[int], classes: Sequence[int]) -> tuple[int, ...]:
    """The capacities that can bind at all; the search need not look at the others."""
    total = [sum(problem.visits[visit].load.amounts[unit] for visit in visits) for unit in range(3)]
    room = [
        min((problem.fleet[one].capacity.amounts[unit] for one in classes), default=0) for unit in range(3)
    ]
    return tuple(unit for unit in range(3) if total[unit] > room[unit])


def _client(
    problem: Problem, visit: int, place: int, dimensions: tuple[int, ...], depots: int
) -> pyvrp.Client:
    one = problem.visits[visit]
    return pyvrp.Client(
        location=depots + place,
        delivery=[one.load.amounts[unit] for unit in dimensions],
        service_duration=one.service_seconds,
        tw_early=one.window.start,
        tw_late=one.latest_start,
        prize=one.penalty_cents * UNITS_PER_CENT,
        required=False,
    )


def _vehicle_type(
    problem: Problem, number: int, assumed: Assumptions, profiles: _Profiles, dimensions: tuple[int, ...]
) -> pyvrp.VehicleType:
    offer = problem.fleet[number]
    depot = problem.depot_index[offer.depot_id]
    tariff = offer.tariff
    duties = [dict(assumed.duty).get(number), offer.max_duty_seconds]
    fixed = max(tariff.fixed_cents, tariff.minimum_cents) if number in assumed.dear else tariff.fixed_cents
    return pyvrp.VehicleType(
        num_available=assumed.available[number],
        capacity=[offer.capacity.amounts[unit] for unit in dimensions],
        start_depot=depot,
        end_depot=depot,
        fixed_cost=fixed * UNITS_PER_CENT,
        tw_early=offer.shift.start,
        tw_late=offer.shift.end,
        shift_duration=min((duty for duty in duties if duty is not None), default=np.iinfo(np.int64).max),
        unit_distance_cost=1,
        unit_duration_cost=tariff.per_hour_cents * UNITS_PER_CENT // 3600,
        profile=profiles.of(number),
        name=offer.id,
    )


class _Profiles:
    """One pair of matrices for all classes that drive at the same speed, price and docks."""

    def __init__(self, book: RouteBook, visits: Sequence[int], assumed: Assumptions) -> None:
        self._book, self._visits, self._assumed = book, visits, assumed
        problem = book.problem
        places = [*range(len(problem.depots)), *(problem.place(visit) for visit in visits)]
        self._metres = problem.travel.metres[np.ix_(places, places)]
        self._seconds = problem.travel.seconds[np.ix_(places, places)]
        self._known: dict[tuple[object, ...], int] = {}
        self.costs: list[Any] = []  # arrays of int64; PyVRP's stubs ask for a type that NumPy does not have
        self.seconds: list[Any] = []
        self.allowed: list[NDArray[np.bool_]] = []

    def of(self, number: int) -> int:
        """The profile of a vehicle class, made when it is the first of its kind."""
        offer = self._book.problem.fleet[number]
        depots = len(self._book.problem.depots)
        allowed = np.array([True] * depots + [self._book.allowed(visit, number) for visit in self._visits])
        tariff, slow = offer.tariff, number in self._assumed.slow
        key = (allowed.tobytes(), tariff.per_km_cents, tariff.per_stop_cents, tariff.per_pallet_cents, slow)
        if key not in self._known:
            self._known[key] = len(self.costs)
            self.costs.append(self._cost_matrix(offer, allowed))
            self.seconds.append(self._with_breaks() if slow else self._seconds)
            self.allowed.append(allowed)
        return self._known[key]

    def _cost_matrix(self, offer: VehicleClass, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        problem, tariff = self._book.problem, offer.tariff
        costs = self._metres * (tariff.per_km_cents * UNITS_PER_CENT) // 1000
        stops = [
            tariff.per_stop_cents + tariff.per_pallet_cents * problem.visits[visit].load.pallets
            for visit in self._visits
        ]
        costs[:, len(problem.depots) :] += np.array(stops, dtype=np.int64) * UNITS_PER_CENT
        costs[:, ~allowed] = costs[~allowed, :] = MAX_VALUE
        np.fill_diagonal(costs, 0)
        return costs

    def _with_breaks(self) -> NDArray[np.int64]:
        driving = self._book.problem.driving
        share = 1 + driving.full_break / driving.before_break
        return np.ceil(self._seconds * share).astype(np.int64)


def _penalties(costs: list[NDArray[np.int64]], allowed: list[NDArray[np.bool_]]) -> PenaltyParams:
    """PyVRP's bounds for the price of a broken rule, in proportion to our money.

    Its own maximum of 100,000 is made for arcs of a few hundred units; ours cost millions.
    """
    means = [float(cost[np.ix_(may, may)].mean()) for cost, may in zip(costs, allowed, strict=True)]
    return PenaltyParams(max_penalty=float(np.clip(250 * max(means, default=0.0), 1e5, 1e12)))


@dataclass
class Clock:
    """When a search has to end. Counts iterations over all rounds."""

    seconds: float | None
    cancelled: Callable[[], bool]
    iterations: int = 0
    interrupted: bool = False
    _began: float = field(default_factory=monotonic)

    def must_stop(self) -> bool:
        """Whether somebody cancelled or the deadline has passed."""
        late = self.seconds is not None and monotonic() - self._began >= self.seconds
        self.interrupted = self.interrupted or late or self.cancelled()
        return self.interrupted

    def spent(self) -> float:
        """Seconds since the clock was made."""
        return monotonic() - self._began


@dataclass
class _Stop:
    """PyVRP's stopping rule: so many iterations, or the clock, or this round's share of the time."""

    clock: Clock
    iterations: int | None
    until: float | None
    done: int = 0

    def __call__(self, best_cost: int) -> bool:
        if self.done and self.clock.must_stop():
            return True
        if self.iterations is not None and self.done >= self.iterations:
            return True
        if self.until is not None and self.clock.spent() >= self.until:
            return True
        self.done += 1
        self.clock.iterations += 1
        return False


class _Listener(IteratedLocalSearchCallbacks):
    """Keeps the tours of the best solutions on the way, the newest last."""

    def __init__(self, model: Model, told: Callable[[int], None]) -> None:
        self.model, self.told = model, told
        self.best: list[pyvrp.Solution] = []

    def on_best(self, best: pyvrp.Solution) -> None:
        self.best.append(best)
        del self.best[:-_REMEMBERED]
        self.told(_cents(best))


_REMEMBERED = 12
"""Best solutions of one round whose routes the choice of carriers may mix."""


def search(
    model: Model,
    clock: Clock,
    *,
    seed: int,
    iterations: int | None,
    until: float | None,
    told: Callable[[int], None],
) -> list[list[Tour]]:
    """The tours of the last best solutions, the best one last.

    ``told`` hears the cost in cents of each new best.

    Ends after ``iterations``, when the clock has run for ``until`` seconds, or when the clock must stop.
    """
    listener = _Listener(model, told)
    found = solve(
        model.data,
        stop=_Stop(clock, iterations, until),
        seed=seed,
        collect_stats=False,
        params=SolveParams(ils=IteratedLocalSearchParams(callbacks=listener), penalty=model.penalties),
    )
    return [_tours(model, solution) for solution in [*listener.best, found.best]]


def _tours(model: Model, solution: pyvrp.Solution) -> list[Tour]:
    return [
        (
            tuple(model.visits[one.idx] for one in route.schedule() if one.is_client()),
            model.classes[route.vehicle_type()],
        )
        for route in solution.routes()
    ]


def _cents(solution: pyvrp.Solution) -> int:
    units = (
        solution.distance_cost()
        + solution.duration_cost()
        + solution.fixed_vehicle_cost()
        + solution.uncollected_prizes()
    )
    return int(units) // UNITS_PER_CENT
