"""The engine's one door: a problem in, a plan out.

PyVRP searches for routes round after round, each round told what the one before got wrong (breaks, caps,
minimum charges); exact models time every route and choose among all routes found; what is left out gets a
last try and then its reasons. The independent checker judges the plan before anybody sees it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from apps.routing.engine.bound import lower_bound
from apps.routing.engine.candidate import Candidate, RouteBook
from apps.routing.engine.carriers import Choice, choose
from apps.routing.engine.check import Violation, check
from apps.routing.engine.explain import explain
from apps.routing.engine.insertion import cheapest_insertion
from apps.routing.engine.model import Assumptions, Clock, Order, Tour, build, search
from apps.routing.engine.problem import Problem, validate
from apps.routing.engine.result import Plan, PlannedRoute, PlannedStop, Unassigned
from apps.routing.engine.rules import Rule
from apps.routing.engine.timing import segments

ROUNDS = 4
"""At most so many rounds of search."""

_FIRST_SHARE = 0.6
"""Share of the time left that a round may take when another may follow."""


class EngineFault(RuntimeError):
    """The engine made a plan that its own checker refuses; ``violations`` says where. No such plan leaves the
    engine."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__("; ".join(violation.sentence for violation in violations))
        self.violations = violations


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is: which round of it, its iterations so far, and the best cost in cents of this
    round."""

    round: int
    iterations: int
    best_cost: int


def plan(
    problem: Problem,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Routes for ``problem`` at the lowest cost found, every rule kept, a reason for every visit left out.

    ``progress`` hears of each better solution; ``cancelled`` is asked at each iteration, and when it says yes
    the best so far is the answer. Each round runs the budget's iterations. Equal problems, seeds and
    iterations give equal plans.

    Raises:
        InvalidProblem: the problem makes no sense; it says why.
        EngineFault: the checker refused the plan.
    """
    validate(problem)
    book = RouteBook(problem)
    clock = Clock(problem.budget.seconds, cancelled or (lambda: False))
    routes, notes = _find(book, clock, progress or (lambda _: None))
    answer = _write(book, routes, clock, notes)
    violations = check(problem, answer)
    if violations:
        raise EngineFault(violations)
    return answer


def _find(
    book: RouteBook, clock: Clock, progress: Callable[[Progress], None]
) -> tuple[list[Candidate], list[str]]:
    problem = book.problem
    classes = range(len(problem.fleet))
    servable = [
        visit
        for visit in range(len(problem.visits))
        if any(isinstance(book.candidate((visit,), number), Candidate) for number in classes)
    ]
    if not servable:
        return [], ["No visit can be served by any vehicle, so there was nothing to search."]
    pool = _Pool(book, servable)
    assumed = Assumptions(available=_available(problem))
    choice = Choice((), proven=False)
    rounds = 0
    for number in range(ROUNDS):
        rounds = number + 1
        found = _round(book, clock, servable, assumed, number, progress)
        pool.add(found)
        choice = choose(
            problem, pool.candidates(), hint=[*pool.feasible(found[-1])] if found else choice.routes
        )
        revised = _revise(book, assumed, found[-1] if found else [], choice)
        if revised == assumed or clock.must_stop():
            break
        assumed = revised
    routes = _insert_the_rest(book, list(choice.routes), servable)
    return routes, _notes(problem, rounds, clock, choice, len(pool))


def _round(
    book: RouteBook,
    clock: Clock,
    servable: Sequence[int],
    assumed: Assumptions,
    number: int,
    progress: Callable[[Progress], None],
) -> list[list[Tour]]:
    budget = book.problem.budget
    model = build(book, servable, assumed)
    if model is None:
        return []
    until = None
    if budget.seconds is not None:
        spent = clock.spent()
        is_last = number == ROUNDS - 1 or _knows_every_rule(book.problem)
        share = 1.0 if is_last else _FIRST_SHARE
        until = spent + (budget.seconds - spent) * share
    return search(
        model,
        clock,
        seed=budget.seed,
        iterations=budget.iterations,
        until=until,
        told=lambda cents: progress(Progress(number + 1, clock.iterations, cents)),
    )


def _knows_every_rule(problem: Problem) -> bool:
    """Whether the search itself can say everything, so that no further round has anything to teach it."""
    longest = max(fleet.shift.end - fleet.shift.start for fleet in problem.fleet)
    return (
        longest <= problem.driving.before_break
        and all(carrier.max_routes is None for carrier in problem.carriers)
        and all(fleet.tariff.minimum_cents == 0 for fleet in problem.fleet)
    )


class _Pool:
    """Every sequence of visits that was worth remembering; each may be driven by any class that can."""

    def __init__(self, book: RouteBook, servable: Sequence[int]) -> None:
        self._book = book
        self._orders: dict[Order, None] = {(visit,): None for visit in servable}

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
    chosen = Counter(route.vehicle for route in choice.routes)
    over = {
        carrier.id
        for carrier in problem.carriers
        if carrier.max_routes is not None and driven[carrier.id] > carrier.max_routes
    }
    return tuple(
        chosen[number] if vehicle.carrier_id in over else available[number]
        for number, vehicle in enumerate(problem.fleet)
    )


def _insert_the_rest(book: RouteBook, routes: list[Candidate], servable: Sequence[int]) -> list[Candidate]:
    """Visits that are on no route but have a place that costs less than leaving them out get it, the dearest
    first."""
    visits = book.problem.visits
    served = {visit for route in routes for visit in route.order}
    missing = sorted(set(servable) - served, key=lambda visit: (-visits[visit].penalty_cents, visit))
    for visit in missing:
        insertion = cheapest_insertion(book, routes, visit)
        if insertion is None or insertion.extra >= visits[visit].penalty_cents:
            continue
        if insertion.replaces is None:
            routes.append(insertion.route)
        else:
            routes[insertion.replaces] = insertion.route
    return routes


def _notes(problem: Problem, rounds: int, clock: Clock, choice: Choice, sequences: int) -> list[str]:
    proof = "is proven cheapest" if choice.proven else "is the best found in its time, without proof,"
    notes = [
        f"Distances and times: {problem.travel.source}.",
        f"Searched {clock.iterations} iterations in {rounds} {'round' if rounds == 1 else 'rounds'} "
        f"with seed {problem.budget.seed}.",
        f"The choice of carriers and vehicles {proof} among {sequences} sequences of stops.",
    ]
    if clock.interrupted:
        notes.append("The search was ended early; this is the best found until then.")
    return notes


def _write(book: RouteBook, routes: list[Candidate], clock: Clock, notes: list[str]) -> Plan:
    problem = book.problem
    ordered = sorted(
        routes, key=lambda route: (route.timing.start, problem.fleet[route.vehicle].id, route.order)
    )
    vehicles: dict[int, list[str]] = defaultdict(list)
    for number, offer in enumerate(problem.fleet):
        vehicles[number] = list(reversed(offer.vehicle_ids))
    planned = tuple(
        _route(book, number, candidate, vehicles[candidate.vehicle].pop())
        for number, candidate in enumerate(ordered, start=1)
    )
    served = {visit for route in routes for visit in route.order}
    missing = [visit for visit in range(len(problem.visits)) if visit not in served]
    return Plan(
        routes=planned,
        unassigned=tuple(
            Unassigned(problem.visits[visit].id, explain(book, ordered, visit)) for visit in missing
        ),
        route_cost=sum(route.cost.total for route in planned),
        penalty_cost=sum(problem.visits[visit].penalty_cents for visit in missing),
        lower_bound=lower_bound(book),
        finished=not clock.interrupted,
        iterations=clock.iterations,
        notes=tuple(notes),
    )


def _route(book: RouteBook, number: int, candidate: Candidate, vehicle_id: str) -> PlannedRoute:
    problem, timing = book.problem, candidate.timing
    offer = problem.fleet[candidate.vehicle]
    *metres, home = book.metres(candidate.order, candidate.vehicle)
    visits = [problem.visits[visit] for visit in candidate.order]
    return PlannedRoute(
        number=number,
        carrier_id=offer.carrier_id,
        class_id=offer.id,
        vehicle_id=vehicle_id,
        depot_id=offer.depot_id,
        start=timing.start,
        end=timing.end,
        stops=tuple(
            PlannedStop(visit.id, arrival, start, start + visit.service_seconds, leg)
            for visit, arrival, start, leg in zip(visits, timing.arrivals, timing.starts, metres, strict=True)
        ),
        segments=segments(candidate.frame, timing),
        metres=candidate.metres,
        return_metres=home,
        cost=candidate.cost,
    )
