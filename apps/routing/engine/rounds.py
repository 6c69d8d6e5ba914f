"""The search, round after round: each is told what the one before got wrong.

PyVRP doesn't know breaks, caps over several classes and minimum charges. Exact models time every route it
finds and choose among all of them; what that shows is assumed in the next round, which goes on from the
choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from apps.routing.engine.candidate import Candidate, Order, RouteBook, order_of, served
from apps.routing.engine.carriers import Choice, choose
from apps.routing.engine.insertion import cheapest_insertion
from apps.routing.engine.model import Assumptions, Model, Tour, build
from apps.routing.engine.problem import Keep, Problem
from apps.routing.engine.regions import Part, Regions, parts_for
from apps.routing.engine.rules import Rule
from apps.routing.engine.search import Clock, Task, search

ROUNDS = 4
"""At most so many rounds of search."""

LARGE = 300
"""Days with more visits on their routes are searched in parts, whose iterations are cheaper. One worker gets
as far in the parts of 400 visits as in the whole, two with those of 1,000 further, side by side (RC1_10_3
after 60 s: 2.99 and 3.21 % above the best known)."""

_FIRST_SHARE = 0.6
"""Share of the time left that a round may take when another may follow."""

_WHOLE_SHARE = 1 / 6
_WHOLE_ITERATIONS = 1 / 3
"""Shares of a large day's first round that go into the day as a whole before it is cut."""

_FAR_MORE = 2
"""A visit is worth its route where leaving it out costs so many times as much."""

_PATIENCE = 0.2
"""Share of a search after which it is no longer believed that everybody can be served."""

_LEARNED = (Rule.BREAK, Rule.DAILY_DRIVING)

_SWEEPS = 10
"""Into so many sweeps over all parts a large day's round is divided."""

_REMEMBERED = 12
"""Solutions of one round whose routes the choice of carriers may mix."""

_SEEDS_APART = 1_000_003


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is: which round of it, its iterations so far, and the best cost in cents of this
    round."""

    round: int
    iterations: int
    best_cost: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the search ends with."""

    routes: tuple[Candidate, ...]
    rounds: int
    proven: bool
    sequences: int


class Rounds:
    """One search for one problem."""

    def __init__(self, book: RouteBook, clock: Clock, progress: Callable[[Progress], None]) -> None:
        self._book, self._clock, self._progress = book, clock, progress
        self._problem = book.problem
        self._kept = _what_stays(book)
        fixed = {visit for order, _ in self._kept for visit in served(order)}
        self.servable = [visit for visit in range(len(self._problem.visits)) if _can(book, visit, fixed)]
        self._regions: Regions | None = None

    def run(self) -> Found:
        """Routes at the lowest cost found, every rule kept."""
        book, problem, clock = self._book, self._problem, self._clock
        pool = _Pool(book, self.servable, self._kept)
        standing = [*self._kept, *_standing(problem)]
        pool.add([standing])
        assumed = Assumptions(available=_available(problem))
        choice = Choice((), proven=False)
        rounds = 0
        for number in range(ROUNDS):
            rounds = number + 1
            found = self._round(assumed, number, standing)
            pool.add(found)
            hint = [*pool.feasible([*self._kept, *found[-1]])] if found else choice.routes
            choice = choose(problem, pool.candidates(), hint=hint, seconds=clock.left())
            standing = [(route.order, route.vehicle) for route in choice.routes]
            revised = _revise(book, assumed, found[-1] if found else [], choice)
            if revised == assumed or clock.must_stop():
                break
            assumed = revised
        routes = insert_the_rest(book, list(choice.routes), self.servable)
        return Found(tuple(routes), rounds, choice.proven, len(pool))

    def _round(self, assumed: Assumptions, number: int, standing: Sequence[Tour]) -> list[list[Tour]]:
        model = build(self._book, self.servable, assumed)
        if model is None:
            return []
        begins, ends = self._clock.spent(), self._until(number)
        large = len(self.servable) > LARGE
        found: list[list[Tour]] = []
        known = sum(len(served(order)) for order, _ in standing)
        if not large or known < len(self.servable) / 2:
            until = ends if not large or ends is None else begins + (ends - begins) * _WHOLE_SHARE
            everybody = not large and self._has_to_choose and self._all_are_worth_it
            found = self._everybody_at_once(assumed, number, standing, until) if everybody else []
            if not found:
                found = self._whole(model, number, standing, until, _WHOLE_ITERATIONS if large else 1.0)
            if not large and self._leaves_out(found):
                found = self._with_everybody(assumed, number, found, until)
        if large:
            found += self._parts(model, assumed, number, found[-1] if found else [*standing], begins, ends)
        return found[-_REMEMBERED:]

    def _parts(
        self,
        model: Model,
        assumed: Assumptions,
        number: int,
        best: list[Tour],
        begins: float,
        ends: float | None,
    ) -> list[list[Tour]]:
        """A large day in parts; as a whole still where most of it is not worth a way, which leaves too little
        on the routes to cut (RC1_10_3 with prizes, 150 of 1,000 after 60 s: 0.11 and 0.27 %)."""
        if sum(len(served(order)) for order, _ in best) > LARGE:
            return self._sweeps(assumed, number, best, begins, ends)
        return self._whole(model, number, best, ends, 1 - _WHOLE_ITERATIONS)

    @property
    def _has_to_choose(self) -> bool:
        """Whether vehicles may load again, or differ and may go everywhere: then a search in which visits
        are optional spends time on leaving them out and gets stuck with too few trips or vehicles (C201R0.25:
        3.1 % above the best known, 1.8 % with nobody optional; X200-HD: 4.0 % and 2.0 %). Where rules keep
        some away from somewhere, PyVRP's first search with nobody optional may never end (PR03)."""
        book, fleet = self._book, self._problem.fleet
        if any(one.max_trips > 1 for one in fleet):
            return True
        kinds = {(one.capacity, one.tariff, one.shift, one.depot_id) for one in fleet}
        return len(kinds) > 1 and all(
            book.admitted(visit, number) for visit in self.servable for number in range(len(fleet))
        )

    @cached_property
    def _all_are_worth_it(self) -> bool:
        """Whether leaving any visit out costs far more than driving for it alone."""
        return all(
            self._problem.visits[visit].penalty_cents >= _FAR_MORE * self._alone(visit)
            for visit in self.servable
        )

    def _alone(self, visit: int) -> int:
        """What it costs least to drive for one visit, after what its vehicle has to keep."""
        book = self._book
        routes = (
            book.candidate(book.alone(visit, number), number) for number in range(len(self._problem.fleet))
        )
        return min((one.cents for one in routes if isinstance(one, Candidate)), default=0)

    def _everybody_at_once(
        self, assumed: Assumptions, number: int, standing: Sequence[Tour], until: float | None
    ) -> list[list[Tour]]:
        """The day with nobody optional, which is the easier question where everybody can be served; given up
        soon where that is not to be had."""
        model = build(self._book, self.servable, assumed, required=True, loads_apart=False)
        if model is None:
            return []
        found = self._whole(model, number, standing, until, patience=_PATIENCE)
        return [] if self._leaves_out(found) or not self._keeps_rules(found[-1]) else found

    def _keeps_rules(self, tours: Sequence[Tour]) -> bool:
        """Whether an answer keeps the rules that the search knows; those about breaks it learns round by
        round."""
        answers = (self._book.candidate(order, vehicle) for order, vehicle in tours)
        return all(not isinstance(one, Rule) or one in _LEARNED for one in answers)

    def _leaves_out(self, found: Sequence[Sequence[Tour]]) -> bool:
        planned = {visit for order, _ in found[-1] for visit in served(order)} if found else set()
        return not planned.issuperset(self.servable)

    def _with_everybody(
        self, assumed: Assumptions, number: int, found: list[list[Tour]], until: float | None
    ) -> list[list[Tour]]:
        """The day once more, from nothing and with nobody optional: where vehicles are scarce the search is
        reluctant to put in what it once left out. What comes of it counts if it keeps the rules."""
        clock = self._clock
        if clock.must_stop() or (until is not None and clock.spent() >= until):
            return found
        model = build(self._book, self.servable, assumed, required=True)
        if model is None:
            return found
        tried = self._whole(model, number, (), until)
        complete = not self._leaves_out(tried) and self._keeps_rules(tried[-1])
        return [*found, *tried] if complete else [*tried, *found]

    def _until(self, number: int) -> float | None:
        """When a round has to end, in seconds of the clock; something is kept for what comes after it."""
        seconds, spent = self._problem.budget.seconds, self._clock.spent()
        if seconds is None:
            return None
        reserve = min(0.1 * seconds, 0.0015 * len(self.servable))
        is_last = number == ROUNDS - 1 or _knows_every_rule(self._problem)
        share = 1.0 if is_last else _FIRST_SHARE
        return spent + max(0.0, seconds - reserve - spent) * share

    def _whole(
        self,
        model: Model,
        number: int,
        standing: Sequence[Tour],
        until: float | None,
        share: float = 1.0,
        *,
        patience: float = 1.0,
    ) -> list[list[Tour]]:
        """The day as a whole, by each worker from another seed and for a ``share`` of the iterations."""
        budget = self._problem.budget
        start = model.solution(self._book, standing) if standing else None
        iterations = None if budget.iterations is None else max(1, int(budget.iterations * share))
        tasks = [
            Task(model, budget.seed + worker * _SEEDS_APART, iterations, until, start, patience)
            for worker in range(budget.workers)
        ]
        costs: dict[int, int] = {}

        def told(task: int, cents: int) -> None:
            costs[task] = cents
            self._progress(Progress(number + 1, self._clock.iterations, min(costs.values())))

        solutions = search(tasks, self._clock, workers=budget.workers, told=told)
        flat = [one for several in solutions for one in several]
        flat.sort(key=lambda one: (one.is_feasible(), -model.cents(one)))
        return [model.tours(one) for one in flat[-_REMEMBERED:]]

    def _sweeps(
        self, assumed: Assumptions, number: int, tours: list[Tour], begins: float, ends: float | None
    ) -> list[list[Tour]]:
        """Sweeps over a large day's parts, each cut elsewhere."""
        self._regions = self._regions or Regions(self._problem)
        budget, clock, found = self._problem.budget, self._clock, []
        sweep = 0
        while tours and not clock.must_stop():
            if ends is None and sweep == 4:
                break
            if ends is not None and clock.spent() >= ends - 0.02 * (ends - begins):
                break
            random = np.random.default_rng([budget.seed % 2**32, number, sweep])
            until = None if ends is None else min(ends, clock.spent() + (ends - begins) / _SWEEPS)
            tours = self._sweep(assumed, number, sweep, tours, until, random)
            found.append(tours)
            sweep += 1
        return found

    def _sweep(
        self,
        assumed: Assumptions,
        number: int,
        sweep: int,
        tours: list[Tour],
        until: float | None,
        random: np.random.Generator,
    ) -> list[Tour]:
        budget, clock = self._problem.budget, self._clock
        assert self._regions is not None
        count = parts_for(sum(len(served(order)) for order, _ in tours), budget.workers)
        parts = self._regions.cut(tours, self.servable, assumed.available, random, count)
        iterations = None if budget.iterations is None else max(1, budget.iterations // 6)
        result: list[Tour] = []
        cents = 0
        begins, waves = clock.spent(), -(-len(parts) // budget.workers)
        for wave in range(waves):
            end = None if until is None else begins + (until - begins) * (wave + 1) / waves
            tasks: list[tuple[Part, Task]] = []
            for part in parts[wave * budget.workers : (wave + 1) * budget.workers]:
                model = build(self._book, part.visits, replace(assumed, available=part.available))
                if model is None:
                    result += part.tours
                    continue
                seed = budget.seed + _SEEDS_APART * (1 + sweep) + len(result)
                start = model.solution(self._book, part.tours)
                tasks.append((part, Task(model, seed, iterations, end, start)))
            found = search([task for _, task in tasks], clock, workers=budget.workers, told=_unheard)
            for (part, task), solutions in zip(tasks, found, strict=True):
                best = solutions[-1]
                cents += task.model.cents(best)
                result += task.model.tours(best) if best.is_feasible() else part.tours
        self._progress(Progress(number + 1, clock.iterations, cents))
        return result


def _unheard(task: int, cents: int) -> None:
    """A part's cost says nothing about the day's."""


def _what_stays(book: RouteBook) -> list[Tour]:
    """What frozen routes and routes with locked first stops are at least."""
    kept = ((book.kept(number), number) for number in range(len(book.problem.fleet)))
    return [(one[0], number) for one, number in kept if one and one[1] is not Keep.VEHICLE and one[0]]


def _can(book: RouteBook, visit: int, fixed: set[int]) -> bool:
    """Whether a visit can be searched for: some vehicle can serve it alone, or after what stays."""
    if visit in fixed:
        return False
    return any(
        book.allowed(visit, number)
        and isinstance(book.candidate(book.alone(visit, number), number), Candidate)
        for number in range(len(book.problem.fleet))
    )


def _standing(problem: Problem) -> list[Tour]:
    """The current plan's routes by number, but for those that are frozen."""
    frozen = {stay.vehicle_id for stay in problem.stays if stay.keep is Keep.ROUTE}
    return [
        (order_of(problem, route), problem.owner_of[route.vehicle_id])
        for route in problem.current
        if route.visit_ids and route.vehicle_id in problem.owner_of and route.vehicle_id not in frozen
    ]


def _knows_every_rule(problem: Problem) -> bool:
    """Whether the search itself can say everything, so that no further round has anything to teach it."""
    longest = max(fleet.shift.end - fleet.shift.start for fleet in problem.fleet)
    return (
        longest <= problem.driving.before_break
        and all(one.bounds_nothing for one in problem.carriers)
        and all(fleet.tariff.minimum_cents == 0 for fleet in problem.fleet)
    )


class _Pool:
    """Every sequence of visits that was worth remembering; each may be driven by any class that can."""

    def __init__(self, book: RouteBook, servable: Sequence[int], kept: Sequence[Tour]) -> None:
        self._book = book
        self._orders: dict[Order, None] = {(visit,): None for visit in servable}
        self._orders.update((order, None) for order, _ in kept)

    def __len__(self) -> int:
        return len(self._orders)

    def add(self, solutions: Iterable[Sequence[Tour]]) -> None:
        for solution in solutions:
            self._orders.update((order, None) for order, _ in solution)

    def candidates(self) -> list[Candidate]:
        classes = range(len(self._book.problem.fleet))
        answers = (self._book.candidate(order, number) for order in self._orders for number in classes)
        return [answer for answer in answers if isinstance(answer, Candidate)]

    def feasible(self, solution: Sequence[Tour]) -> list[Candidate]:
        answers = (self._book.candidate(order, number) for order, number in solution)
        return [answer for answer in answers if isinstance(answer, Candidate)]


def _available(problem: Problem) -> tuple[int, ...]:
    caps = [problem.carrier_by_id[vehicle.carrier_id].max_routes for vehicle in problem.fleet]
    return tuple(
        len(vehicle.vehicle_ids) if cap is None else min(cap, len(vehicle.vehicle_ids))
        for vehicle, cap in zip(problem.fleet, caps, strict=True)
    )


def _revise(book: RouteBook, assumed: Assumptions, best: Sequence[Tour], choice: Choice) -> Assumptions:
    """What the next round should assume, now that ``best`` of this one met what PyVRP does not know."""
    problem = book.problem
    slow, duty = set(assumed.slow), dict(assumed.duty)
    for order, number in best:
        broken = book.candidate(order, number)
        if isinstance(broken, Rule):
            slow.add(number)
            if broken is Rule.DAILY_DRIVING:
                duty[number] = problem.driving.per_day + problem.driving.full_break
    dear = {route.vehicle for route in choice.routes if route.cost.minimum}
    return replace(
        assumed,
        available=_under_caps(problem, assumed.available, best, choice),
        slow=frozenset(slow),
        duty=tuple(sorted(duty.items())),
        dear=assumed.dear | dear,
    )


def _under_caps(
    problem: Problem, available: tuple[int, ...], best: Sequence[Tour], choice: Choice
) -> tuple[int, ...]:
    """Where a carrier's classes together went over its cap, as many of each as the exact choice took."""
    driven = Counter(problem.fleet[number].carrier_id for _, number in best)
    carried: Counter[str] = Counter()
    for order, number in best:
        pallets = sum(problem.visits[visit].load.pallets for visit in served(order))
        carried[problem.fleet[number].carrier_id] += pallets
    chosen = Counter(route.vehicle for route in choice.routes)
    over = {
        carrier.id
        for carrier in problem.carriers
        if (carrier.max_routes is not None and driven[carrier.id] > carrier.max_routes)
        or (carrier.max_pallets is not None and carried[carrier.id] > carrier.max_pallets)
    }
    return tuple(
        chosen[number] if vehicle.carrier_id in over else available[number]
        for number, vehicle in enumerate(problem.fleet)
    )


def insert_the_rest(book: RouteBook, routes: list[Candidate], servable: Sequence[int]) -> list[Candidate]:
    """Visits that are on no route but have a place that costs less than leaving them out get it, the dearest
    first."""
    visits = book.problem.visits
    planned = {visit for route in routes for visit in route.visits}
    missing = sorted(set(servable) - planned, key=lambda visit: (-visits[visit].penalty_cents, visit))
    for visit in missing:
        insertion = cheapest_insertion(book, routes, visit)
        if insertion is None or insertion.extra >= visits[visit].penalty_cents:
            continue
        if insertion.replaces is None:
            routes.append(insertion.route)
        else:
            routes[insertion.replaces] = insertion.route
    return routes
