"""What one more visit costs on routes that stand: the cheapest place for it, on a route or on a vehicle still
free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.routing.engine.candidate import NOTHING, RELOAD, Candidate, Order, RouteBook, Waiver
from apps.routing.engine.problem import Problem
from apps.routing.engine.rules import Rule

NEAREST = 12
"""So many routes, those that pass nearest, are tried on a day that has more."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """``route`` with the visit in it replaces the route numbered ``replaces`` (``None``: a further route);
    extra cents."""

    route: Candidate
    replaces: int | None
    extra: int


def cheapest_insertion(
    book: RouteBook, routes: Sequence[Candidate], visit: int, waiver: Waiver = NOTHING
) -> Insertion | None:
    """The cheapest way to serve ``visit`` without moving another visit, or ``None`` when there is none.

    Positions are tried in the order of what they would cost without breaks, which is never more than the
    truth, so that breaks are worked out for few of them.
    """
    best: Insertion | None = None
    for promised, replaces, candidate in sorted(
        _optimistic(book, routes, visit, waiver), key=lambda one: (one[0], one[2].order, one[2].vehicle)
    ):
        if best is not None and promised >= best.extra:
            break
        exact = book.waived(candidate.order, candidate.vehicle, waiver)
        if isinstance(exact, Rule):
            continue
        before = 0 if replaces is None else routes[replaces].cents
        if best is None or exact.cents - before < best.extra:
            best = Insertion(exact, replaces, exact.cents - before)
    return best


def free_classes(book: RouteBook, routes: Sequence[Candidate], waived: frozenset[Rule]) -> tuple[int, ...]:
    """Vehicle classes that can take a further route beside ``routes``: a vehicle is left and so is the
    carrier's cap."""
    problem = book.problem
    used = Counter(route.vehicle for route in routes)
    driven = Counter(problem.fleet[route.vehicle].carrier_id for route in routes)
    free = []
    for number, offer in enumerate(problem.fleet):
        cap = problem.carrier_by_id[offer.carrier_id].max_routes
        has_vehicle = Rule.FLEET in waived or used[number] < len(offer.vehicle_ids)
        under_cap = cap is None or Rule.CARRIER_CAP in waived or driven[offer.carrier_id] < cap
        if has_vehicle and under_cap:
            free.append(number)
    return tuple(free)


def full_carriers(problem: Problem, routes: Iterable[tuple[int, int]], pallets: int) -> set[str]:
    """Carriers that do not take so many pallets more; ``routes`` are class and pallets of each that
    stands."""
    carried: Counter[str] = Counter()
    for vehicle, loaded in routes:
        carried[problem.fleet[vehicle].carrier_id] += loaded
    return {
        one.id
        for one in problem.carriers
        if one.max_pallets is not None and carried[one.id] + pallets > one.max_pallets
    }


def _optimistic(
    book: RouteBook, routes: Sequence[Candidate], visit: int, waiver: Waiver
) -> Iterator[tuple[int, int | None, Candidate]]:
    problem = book.problem
    standing = ((route.vehicle, book.load(route.order).pallets) for route in routes)
    full = (
        set()
        if Rule.CARRIER_CAP in waiver.rules
        else full_carriers(problem, standing, problem.visits[visit].load.pallets)
    )
    for number in _near(book, routes, visit):
        route = routes[number]
        if problem.fleet[route.vehicle].carrier_id in full:
            continue
        for order in _with(route.order, visit, trips=book.problem.fleet[route.vehicle].max_trips):
            answer = book.optimistic(order, route.vehicle, waiver)
            if isinstance(answer, Candidate):
                yield answer.cents - route.cents, number, answer
    for vehicle in free_classes(book, routes, waiver.rules):
        if problem.fleet[vehicle].carrier_id in full:
            continue
        answer = book.optimistic((visit,), vehicle, waiver)
        if isinstance(answer, Candidate):
            yield answer.cents, None, answer


def _with(order: Order, visit: int, *, trips: int) -> Iterator[Order]:
    """``order`` with the visit at every place of it, and as a further trip where one is allowed."""
    for position in range(len(order) + 1):
        yield (*order[:position], visit, *order[position:])
    if order.count(RELOAD) + 1 < trips:
        for position in range(len(order) + 1):
            if position == len(order) or order[position] == RELOAD:
                yield (*order[:position], RELOAD, visit, *order[position:])
        yield (visit, RELOAD, *order)


def _near(book: RouteBook, routes: Sequence[Candidate], visit: int) -> list[int]:
    """The routes that pass nearest to the visit, by number and in their order."""
    if len(routes) <= NEAREST:
        return list(range(len(routes)))
    problem = book.problem
    seconds = [travel.seconds[problem.place(visit)] for travel in problem.every_travel]
    kinds = [problem.kind_of(offer) for offer in problem.fleet]
    ways = [
        min(int(seconds[kinds[route.vehicle]][problem.place(one)]) for one in route.visits)
        for route in routes
    ]
    return sorted(sorted(range(len(routes)), key=lambda number: (ways[number], number))[:NEAREST])
