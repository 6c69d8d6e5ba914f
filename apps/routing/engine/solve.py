"""The engine's one door: a problem in, a plan out.

What can't be planned is put aside with the reason; the rest is searched round after round, what is left out
gets a last try and then its reasons. The independent checker judges the plan before anybody sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from apps.routing.engine.bound import lower_bound
from apps.routing.engine.candidate import RELOAD, Candidate, RouteBook
from apps.routing.engine.check import Violation, check
from apps.routing.engine.explain import explain
from apps.routing.engine.problem import InvalidProblem, Keep, Problem, Window
from apps.routing.engine.repair import changed, split
from apps.routing.engine.result import Plan, PlannedRoute, PlannedStop, Unassigned
from apps.routing.engine.rounds import Found, Progress, Rounds
from apps.routing.engine.rules import Rule
from apps.routing.engine.search import Clock
from apps.routing.engine.slots import StandingPlan
from apps.routing.engine.sound import Sound, sort_out
from apps.routing.engine.timing import segments
from apps.routing.engine.wording import money


class EngineFault(RuntimeError):
    """The engine made a plan that its own checker refuses; ``violations`` says where. No such plan leaves the
    engine."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__("; ".join(violation.sentence for violation in violations))
        self.violations = violations


def plan(
    problem: Problem,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    alternatives: Callable[[str], Sequence[Window]] | None = None,
) -> Plan:
    """Routes for ``problem`` at the lowest cost found, every rule kept, a reason for every visit left out.

    ``progress`` hears of better solutions; ``cancelled`` is asked again and again, and when it says yes the
    best so far is the answer. ``alternatives`` is asked, at the end, for the slots that the dock of a visit
    left out could give instead; without it any time is tried. All are called in the caller's thread. Each
    round runs the budget's iterations. Equal problems, seeds, workers and iterations give equal plans.

    Raises:
        InvalidProblem: the problem makes no sense; it says why.
        EngineFault: the checker refused the plan.
    """
    sound = sort_out(problem)
    book = RouteBook(split(sound.problem))
    _refuse_what_cannot_stay(book)
    clock = Clock(problem.budget.seconds, cancelled or (lambda: False))
    found = _search(book, clock, progress or (lambda _: None))
    answer = _write(problem, sound, book, found, clock, alternatives)
    violations = check(problem, answer)
    if violations:
        raise EngineFault(violations)
    return answer


def _search(book: RouteBook, clock: Clock, progress: Callable[[Progress], None]) -> Found:
    rounds = Rounds(book, clock, progress)
    if not rounds.servable and not book.problem.stays:
        return Found((), 0, proven=True, sequences=0)
    return rounds.run()


def _refuse_what_cannot_stay(book: RouteBook) -> None:
    """Frozen routes and locked beginnings have to be drivable as they are."""
    problem, faults = book.problem, []
    for stay in problem.stays:
        number = problem.owner_of[stay.vehicle_id]
        kept = book.kept(number)
        if kept is None or stay.keep is Keep.VEHICLE or not kept[0]:
            continue
        broken = book.candidate(kept[0], number)
        if isinstance(broken, Rule):
            faults.append(
                f"The locked stops of vehicle {stay.vehicle_id} cannot be kept as they are: "
                f"they break the rule “{broken.value}”. Unlock them, or change what stands in their way."
            )
    if faults:
        raise InvalidProblem(tuple(faults))


def _notes(problem: Problem, sound: Sound, found: Found, clock: Clock) -> tuple[str, ...]:
    notes = [f"Distances and times: {problem.travel.source}.", *sound.notes]
    if not found.rounds:
        return (*notes, "No visit can be served by any vehicle, so there was nothing to search.")
    proof = "is proven cheapest" if found.proven else "is the best found in its time, without proof,"
    seeds = f"seed {problem.budget.seed}"
    if problem.budget.workers > 1:
        seeds += f" on {problem.budget.workers} cores"
    notes += [
        f"Searched {clock.iterations} iterations in {found.rounds} "
        f"{'round' if found.rounds == 1 else 'rounds'} with {seeds}.",
        f"The choice of carriers and vehicles {proof} among {found.sequences} sequences of stops.",
    ]
    if clock.interrupted:
        notes.append("The search was ended early; this is the best found until then.")
    return tuple(notes)


def _promises(problem: Problem, driven: Counter[str], carried: Counter[str]) -> Iterator[str]:
    """What was promised to carriers for the day and is not given to them."""
    for one in problem.carriers:
        for given, promised, cents, unit in (
            (driven[one.id], one.committed_routes, one.shortfall_cents, "routes"),
            (carried[one.id], one.committed_pallets, one.pallet_shortfall_cents, "pallets"),
        ):
            if given < promised:
                price = money(problem, (promised - given) * cents)
                yield f"{one.label} gets {given} of the {promised} {unit} due to it, which counts as {price}."


def _write(
    problem: Problem,
    sound: Sound,
    book: RouteBook,
    found: Found,
    clock: Clock,
    alternatives: Callable[[str], Sequence[Window]] | None,
) -> Plan:
    planned = _routes(problem, book, found.routes)
    unassigned = [*sound.left_out, *_left_out(book, _ordered(book, found.routes), alternatives)]
    penalty = {visit.id: visit.penalty_cents for visit in problem.visits}
    driven = Counter(route.carrier_id for route in planned)
    carried: Counter[str] = Counter()
    for route in planned:
        loads = (problem.visits[problem.visit_index[stop.visit_id]].load for stop in route.stops)
        carried[route.carrier_id] += sum(load.pallets for load in loads)
    answer = Plan(
        routes=planned,
        unassigned=tuple(sorted(unassigned, key=lambda one: problem.visit_index[one.visit_id])),
        route_cost=sum(route.cost.total for route in planned),
        penalty_cost=sum(penalty[one.visit_id] for one in unassigned),
        lower_bound=lower_bound(book),
        finished=not clock.interrupted,
        iterations=clock.iterations,
        notes=(*_notes(problem, sound, found, clock), *_promises(problem, driven, carried)),
        late_cost=sum(stop.late_cents for route in planned for stop in route.stops),
        shortfall_cost=sum(one.shortfall(driven[one.id], carried[one.id]) for one in problem.carriers),
    )
    moved = changed(problem, answer)
    return replace(answer, changed=moved, change_cost=len(moved) * problem.change_cents)


def _left_out(
    book: RouteBook,
    routes: Sequence[Candidate],
    alternatives: Callable[[str], Sequence[Window]] | None,
) -> Iterator[Unassigned]:
    """What is on none of ``routes``, with reasons and remedies."""
    served = {visit for route in routes for visit in route.visits}
    missing = [visit for visit in range(len(book.problem.visits)) if visit not in served]
    standing = StandingPlan.of_candidates(book, routes) if missing else None
    for visit in missing:
        assert standing is not None
        name = book.problem.visits[visit].id
        offered = None if alternatives is None else alternatives(name)
        reasons, remedies = explain(book, routes, visit, standing=standing, offered=offered)
        yield Unassigned(name, reasons, remedies)


def _ordered(book: RouteBook, routes: Sequence[Candidate]) -> list[Candidate]:
    fleet = book.problem.fleet
    return sorted(routes, key=lambda route: (route.timing.start, fleet[route.vehicle].id, route.order))


def _routes(problem: Problem, book: RouteBook, routes: Sequence[Candidate]) -> tuple[PlannedRoute, ...]:
    """The routes, each with a vehicle of its class: the one that most of its visits are on now, if any."""
    owners = {one: offer.id for offer in problem.fleet for one in offer.vehicle_ids}
    ordered = _ordered(book, routes)
    vehicles = _assign(book, ordered)
    return tuple(
        _route(book, number, candidate, vehicle, owners[vehicle])
        for number, (candidate, vehicle) in enumerate(zip(ordered, vehicles, strict=True), start=1)
    )


def _assign(book: RouteBook, ordered: Sequence[Candidate]) -> list[str]:
    problem = book.problem
    free: dict[int, list[str]] = {number: [*one.vehicle_ids] for number, one in enumerate(problem.fleet)}
    wishes = []
    for place, route in enumerate(ordered):
        now = Counter(problem.vehicle_now.get(problem.visits[visit].id) for visit in route.visits)
        wishes += [(-count, place, vehicle) for vehicle, count in now.items() if vehicle is not None]
    given: dict[int, str] = {}
    for _, place, vehicle in sorted(wishes):
        if place not in given and vehicle in free[ordered[place].vehicle]:
            given[place] = vehicle
            free[ordered[place].vehicle].remove(vehicle)
    return [given[place] if place in given else free[one.vehicle].pop(0) for place, one in enumerate(ordered)]


def _route(
    book: RouteBook, number: int, candidate: Candidate, vehicle_id: str, class_id: str
) -> PlannedRoute:
    offer, timing = book.problem.fleet[candidate.vehicle], candidate.timing
    *metres, home = book.metres(candidate.order, candidate.vehicle)
    reloads = frozenset(place for place, visit in enumerate(candidate.order) if visit == RELOAD)
    return PlannedRoute(
        number=number,
        carrier_id=offer.carrier_id,
        class_id=class_id,
        vehicle_id=vehicle_id,
        depot_id=offer.depot_id,
        start=timing.start,
        end=timing.end,
        stops=tuple(_stops(book, candidate, metres)),
        segments=segments(candidate.frame, timing, reloads),
        metres=candidate.metres,
        return_metres=home,
        cost=candidate.cost,
    )


def _stops(book: RouteBook, candidate: Candidate, metres: Sequence[int]) -> list[PlannedStop]:
    stops, trip, driven = [], 1, 0
    for place, visit in enumerate(candidate.order):
        driven += metres[place]
        if visit == RELOAD:
            trip += 1
            continue
        start = candidate.timing.starts[place]
        stops.append(
            PlannedStop(
                book.problem.visits[visit].id,
                candidate.timing.arrivals[place],
                start,
                start + candidate.frame.service[place],
                driven,
                trip,
                candidate.late[place],
                candidate.late_cents[place],
            )
        )
        driven = 0
    return stops
