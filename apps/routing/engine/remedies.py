"""What would admit a visit that was left out: changes tried on the plan as it stands, the cheapest first, as
data from which a counter-offer can be made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.routing.engine.candidate import Candidate, RouteBook, Waiver
from apps.routing.engine.compat import refusals
from apps.routing.engine.frame import Opening
from apps.routing.engine.insertion import Insertion, cheapest_insertion
from apps.routing.engine.problem import Problem, Window
from apps.routing.engine.result import Remedy, RemedyKind
from apps.routing.engine.rules import Rule
from apps.routing.engine.slots import SlotCost, StandingPlan
from apps.routing.engine.wording import clock, duration, listing, money

AT_MOST = 2 * 3600
"""Seconds by which hours may give way; what needs more is no remedy."""

_ROUND_TIMES = (900, 300)
"""A slot begins on the quarter hour, else on five minutes, if the route has time for that."""

_HOURS = (
    (RemedyKind.OVERTIME, frozenset({Rule.SHIFT_END, Rule.DUTY})),
    (RemedyKind.EARLIER, frozenset({Rule.SHIFT_START, Rule.DEPOT_OPENS})),
    (RemedyKind.DEPOT, frozenset({Rule.DEPOT_CLOSES, Rule.SHIFT_END, Rule.DUTY})),
)


SLOTS = 3
"""At most so many other slots are named; an offer has room for a few."""


def remedies(
    book: RouteBook,
    routes: Sequence[Candidate],
    visit: int,
    *,
    standing: StandingPlan,
    offered: Sequence[Window] | None = None,
) -> tuple[Remedy, ...]:
    """Each kind of change that would admit ``visit`` (by number), the others staying where they are.

    ``standing`` are the same routes, prepared to price slots; ``offered`` the slots that the dock could
    really give, where they are known: without them any time is tried.
    """
    slots = offered if offered is not None else book.problem.visits[visit].alternatives or None
    other = _any_time(book, routes, visit) if slots is None else _offered(book, visit, slots, standing)
    found = [*other, *_other_hours(book, routes, visit), *_another_vehicle(book, routes, visit)]
    return tuple(sorted(found, key=lambda one: (one.extra_cents, one.kind)))


def suitable_vehicle(book: RouteBook, visit: int) -> tuple[Remedy, ...]:
    """What a vehicle like one that there is would cost, were it fit for the dock and the goods: the cheapest.

    Only classes that break the fewest rules are looked at; it comes on a route of its own.
    """
    problem, one = book.problem, book.problem.visits[visit]
    broken = {number: refusals(one, offer) for number, offer in enumerate(problem.fleet)}
    fewest = min((len(found) for found in broken.values() if found), default=0)
    tried = []
    for number, found in broken.items():
        if not found or len(found) > fewest:
            continue
        waived = frozenset(refusal.rule for refusal in found)
        answer = book.waived((visit,), number, Waiver(waived, visit))
        if isinstance(answer, Candidate):
            tried.append((answer.cents, number, listing(refusal.sentence for refusal in found)))
    if not tried:
        return ()
    cents, number, why = min(tried)
    offer = problem.fleet[number]
    sentence = (
        f"It would fit on a vehicle like {offer.label} if it were not for this: {why}; at that tariff a "
        f"route of its own costs {money(problem, cents)}."
    )
    return (Remedy(RemedyKind.VEHICLE, cents, sentence, offer.id),)


def _offered(
    book: RouteBook, visit: int, slots: Sequence[Window], standing: StandingPlan
) -> Iterator[Remedy]:
    """The cheapest of the slots that the dock could give."""
    problem, one = book.problem, book.problem.visits[visit]
    takes = max(one.service_seconds, 1)
    coming = [slot for slot in slots if slot != one.window and slot.end - takes >= problem.now]
    prices = [
        (price.cents, price) for price in standing.costs_of_known(visit, coming) if price.cents is not None
    ]
    for cents, price in sorted(prices, key=lambda pair: (pair[0], pair[1].slot.start))[:SLOTS]:
        yield _slot_remedy(book, price, cents)


def _slot_remedy(book: RouteBook, price: SlotCost, cents: int) -> Remedy:
    problem, slot = book.problem, price.slot
    span = f"{clock(problem, slot.start)}–{clock(problem, slot.end)}"
    sentence = f"It would fit at {span}, for {money(problem, cents)} more."
    return Remedy(RemedyKind.SLOT, cents, sentence, price.class_id, route=price.route, slot=slot)


def _any_time(book: RouteBook, routes: Sequence[Candidate], visit: int) -> Iterator[Remedy]:
    """The cheapest time of all, whether or not the dock could give it."""
    problem, one = book.problem, book.problem.visits[visit]
    insertion = cheapest_insertion(book, routes, visit, Waiver(frozenset({Rule.WINDOW}), visit))
    if insertion is None:
        return
    start = _rounded(book, insertion, visit, _start(insertion, visit))
    slot = Window(start, start + max(one.service_seconds, 1))
    yield _remedy(
        problem,
        RemedyKind.SLOT,
        insertion,
        f"It would fit at {clock(problem, slot.start)}–{clock(problem, slot.end)}",
        slot=slot,
    )


def _rounded(book: RouteBook, insertion: Insertion, visit: int, start: int) -> int:
    """A start near ``start`` that is easier to say and still fits, for the same money or less."""
    route = insertion.route
    for step in _ROUND_TIMES:
        for moment in (-(-start // step) * step, start // step * step):
            waiver = Waiver(frozenset({Rule.WINDOW}), visit, instead=(Opening(moment, moment, moment),))
            answer = book.waived(route.order, route.vehicle, waiver)
            if isinstance(answer, Candidate) and answer.cents <= route.cents:
                return moment
    return start


def _other_hours(book: RouteBook, routes: Sequence[Candidate], visit: int) -> Iterator[Remedy]:
    problem = book.problem
    for kind, rules in _HOURS:
        insertion = cheapest_insertion(book, routes, visit, Waiver(rules, visit, by=AT_MOST))
        if insertion is None:
            continue
        seconds = _by(book, insertion, kind)
        if seconds <= 0 or (kind is RemedyKind.DEPOT and not _depot_binds(problem, insertion)):
            continue
        offer = problem.fleet[insertion.route.vehicle]
        span = duration(seconds)
        says = {
            RemedyKind.OVERTIME: f"It would fit with {span} of overtime for {offer.label}",
            RemedyKind.EARLIER: f"It would fit if {offer.label} left {span} earlier",
            RemedyKind.DEPOT: f"It would fit if the depot closed {span} later",
        }
        yield _remedy(problem, kind, insertion, says[kind], seconds=seconds)


def _by(book: RouteBook, insertion: Insertion, kind: RemedyKind) -> int:
    """Seconds by which hours give way on the route of ``insertion``."""
    route = insertion.route
    offer = book.problem.fleet[route.vehicle]
    depot = book.problem.depot_of(offer)
    if kind is RemedyKind.EARLIER:
        return max(offer.shift.start, depot.opens) - route.timing.start
    if kind is RemedyKind.DEPOT:
        return route.timing.end - depot.closes
    took, most = route.timing.end - route.timing.start, offer.max_duty_seconds
    return max(route.timing.end - offer.shift.end, 0 if most is None else took - most)


def _depot_binds(problem: Problem, insertion: Insertion) -> bool:
    offer = problem.fleet[insertion.route.vehicle]
    return problem.depot_of(offer).closes < offer.shift.end or insertion.route.timing.end <= offer.shift.end


def _another_vehicle(book: RouteBook, routes: Sequence[Candidate], visit: int) -> Iterator[Remedy]:
    problem = book.problem
    waiver = Waiver(frozenset({Rule.FLEET, Rule.CARRIER_CAP}), visit)
    insertion = cheapest_insertion(book, routes, visit, waiver)
    if insertion is not None and insertion.replaces is None:
        label = problem.fleet[insertion.route.vehicle].label
        says = f"It would fit on one more vehicle like {label}"
        yield _remedy(problem, RemedyKind.VEHICLE, insertion, says)


def _start(insertion: Insertion, visit: int) -> int:
    return insertion.route.timing.starts[insertion.route.order.index(visit)]


def _remedy(
    problem: Problem,
    kind: RemedyKind,
    insertion: Insertion,
    says: str,
    *,
    slot: Window | None = None,
    seconds: int = 0,
) -> Remedy:
    return Remedy(
        kind=kind,
        extra_cents=insertion.extra,
        sentence=f"{says}, for {money(problem, insertion.extra)} more.",
        class_id=problem.fleet[insertion.route.vehicle].id,
        route=None if insertion.replaces is None else insertion.replaces + 1,
        slot=slot,
        seconds=seconds,
    )
