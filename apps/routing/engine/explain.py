"""Why a visit was left out. Every reason is found by waiving rules and trying again; none is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations

from apps.routing.engine.candidate import Candidate, RouteBook, Waiver
from apps.routing.engine.compat import refusals
from apps.routing.engine.insertion import Insertion, cheapest_insertion, full_carriers
from apps.routing.engine.problem import Carrier, Problem, Window
from apps.routing.engine.remedies import remedies, suitable_vehicle
from apps.routing.engine.result import Reason, Remedy
from apps.routing.engine.rules import TIME_RULES, Rule
from apps.routing.engine.slots import StandingPlan
from apps.routing.engine.timing import latest_departure
from apps.routing.engine.wording import clock, duration, listing, money

_ON_THE_DAY = (
    Rule.CARRIER_CAP,
    Rule.FLEET,
    Rule.CAPACITY,
    *TIME_RULES,
)
"""Rules that may keep a visit off a plan although a vehicle could serve it if it had nothing else to do."""


def explain(
    book: RouteBook,
    routes: Sequence[Candidate],
    visit: int,
    *,
    standing: StandingPlan,
    offered: Sequence[Window] | None = None,
) -> tuple[tuple[Reason, ...], tuple[Remedy, ...]]:
    """Why ``visit`` (by number) is on none of ``routes``, at least one reason; and what would admit it.

    First whether any vehicle may serve it, then whether one could with nothing else to do, then what stands
    in its way on this day: each rule that alone would admit it if waived, the other visits staying where they
    are. ``standing`` and ``offered`` as in ``remedies``.
    """
    problem = book.problem
    if not problem.fleet:
        return (Reason("no-vehicle", "No vehicle is offered for this day."),), ()
    classes = range(len(problem.fleet))
    may = [number for number in classes if book.allowed(visit, number)]
    if not may:
        return (_no_vehicle_may(book, visit),), suitable_vehicle(book, visit)
    helps = remedies(book, routes, visit, standing=standing, offered=offered)
    can = [one for one in may if isinstance(book.candidate(book.alone(visit, one), one), Candidate)]
    if not can:
        return _no_time(book, visit, may), helps
    insertion = cheapest_insertion(book, routes, visit)
    if insertion is not None:
        worth = problem.visits[visit].penalty_cents
        cheaper = tuple(one for one in helps if one.extra_cents < worth)
        return (_too_dear(problem, visit, insertion),), cheaper
    return _no_room(book, routes, visit, can), helps


def _no_vehicle_may(book: RouteBook, visit: int) -> Reason:
    problem = book.problem
    one = problem.visits[visit]
    found = [(vehicle, refusals(one, vehicle)) for vehicle in problem.fleet]
    owner = next((stay.vehicle_id for stay in problem.stays if one.id in stay.visit_ids), None)
    if owner is not None:
        vehicle, because = found[problem.owner_of[owner]]
        sentences = listing(refusal.sentence for refusal in because) if because else "its route is frozen"
        return Reason("locked", f"It is locked to {vehicle.label}: {sentences}.")
    free = [vehicle.label for vehicle, because in found if not because]
    if free:
        return Reason("locked", f"Only {listing(free)} may serve it, and what that drives is frozen.")
    nearest, why = min(found, key=lambda pair: len(pair[1]))
    return Reason(
        "no-compatible-vehicle",
        f"No vehicle may serve it. Nearest is {nearest.label}: {listing(one.sentence for one in why)}.",
        tuple(f"{vehicle.label}: {listing(one.sentence for one in because)}." for vehicle, because in found),
    )


def _no_time(book: RouteBook, visit: int, may: Sequence[int]) -> tuple[Reason, ...]:
    problem = book.problem
    one = problem.visits[visit]
    if one.window.end <= problem.now:
        now = clock(problem, problem.now)
        return (Reason("past", f"{_slot(problem, visit).capitalize()} is over: it is {now}."),)
    if one.window.end - one.window.start < one.service_seconds:
        slot = duration(one.window.end - one.window.start)
        needed = duration(one.service_seconds)
        return (Reason("slot-too-short", f"Unloading takes {needed}, the slot is {slot} long."),)
    found = {number: _conflict(book, visit, number) for number in may}
    conflicts = {number: conflict for number, conflict in found.items() if conflict}
    if not conflicts:
        label = listing(problem.fleet[number].label for number in may)
        return (Reason("locked", f"What {label} has to keep leaves no room for it."),)
    nearest = min(conflicts, key=lambda number: (len(conflicts[number]), _arrival(book, visit, number)))
    sentence = _conflict_sentence(book, visit, nearest, conflicts[nearest])
    return (Reason("no-time", sentence, tuple(_remedies(book, visit, nearest))),)


def _conflict(book: RouteBook, visit: int, vehicle: int) -> tuple[Rule, ...]:
    """Time rules that cannot be kept together, none of which could be spared: waiving any one more resolves
    it."""
    waived: frozenset[Rule] = frozenset()
    for rule in reversed(TIME_RULES):
        more = waived | {rule}
        if not _works(book, visit, vehicle, more):
            waived = more
    return tuple(rule for rule in TIME_RULES if rule not in waived)


def _works(book: RouteBook, visit: int, vehicle: int, waived: frozenset[Rule]) -> bool:
    return isinstance(book.waived(book.alone(visit, vehicle), vehicle, Waiver(waived, visit)), Candidate)


def _arrival(book: RouteBook, visit: int, vehicle: int) -> int:
    """When the vehicle could start unloading at the earliest if there were no slot and no end of the day."""
    rules = frozenset(TIME_RULES) - {
        Rule.SHIFT_START,
        Rule.DEPOT_OPENS,
        Rule.NOW,
        Rule.READY,
        Rule.BREAK,
    }
    answer = book.waived(book.alone(visit, vehicle), vehicle, Waiver(rules, visit))
    return answer.timing.starts[-1] if isinstance(answer, Candidate) else 0


def _conflict_sentence(book: RouteBook, visit: int, vehicle: int, conflict: tuple[Rule, ...]) -> str:
    problem = book.problem
    phrases = listing(_phrase(problem, visit, vehicle, rule) for rule in conflict)
    together = "cannot be kept together" if len(conflict) > 1 else "cannot be kept"
    label = problem.fleet[vehicle].label
    return f"With {label}, {phrases} {together}: {_fact(book, visit, vehicle, conflict)}."


def _fact(book: RouteBook, visit: int, vehicle: int, conflict: tuple[Rule, ...]) -> str:
    problem = book.problem
    frame = book.frame(book.alone(visit, vehicle), vehicle)
    if Rule.DAILY_DRIVING in conflict:
        return f"there and back is {duration(sum(frame.legs))} at the wheel"
    begins = {Rule.DEPOT_OPENS, Rule.SHIFT_START, Rule.NOW, Rule.READY}
    if Rule.WINDOW in conflict and begins & set(conflict):
        arrival, departure = _arrival(book, visit, vehicle), latest_departure(frame)
        return (
            f"leaving at {clock(problem, frame.leaves)} it can start unloading at "
            f"{clock(problem, arrival)} at the earliest, and to start by {clock(problem, frame.latest[-1])} "
            f"it has to leave by {clock(problem, departure)}"
        )
    rules = frozenset({Rule.SHIFT_END, Rule.DEPOT_CLOSES, Rule.DUTY})
    answer = book.waived(book.alone(visit, vehicle), vehicle, Waiver(rules, visit))
    if not isinstance(answer, Candidate):
        return "no timing of the route keeps all of them"
    took, back = answer.timing.end - answer.timing.start, answer.timing.end
    return f"the route takes {duration(took)} and is back at {clock(problem, back)} at the earliest"


def _remedies(book: RouteBook, visit: int, vehicle: int) -> list[str]:
    """The fewest rules that would have to give way, in every way there is."""
    problem = book.problem
    for size in range(1, len(TIME_RULES) + 1):
        ways = [way for way in combinations(TIME_RULES, size) if _works(book, visit, vehicle, frozenset(way))]
        if ways:
            return [
                f"It would work without {listing(_phrase(problem, visit, vehicle, rule) for rule in way)}."
                for way in ways
            ]
    return []


def _too_dear(problem: Problem, visit: int, insertion: Insertion) -> Reason:
    return Reason(
        "dearer-than-penalty",
        f"Serving it would cost {money(problem, insertion.extra)} more, "
        f"leaving it out is priced at {money(problem, problem.visits[visit].penalty_cents)}.",
    )


def _no_room(
    book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]
) -> tuple[Reason, ...]:
    def admits(rules: tuple[Rule, ...]) -> bool:
        return cheapest_insertion(book, routes, visit, Waiver(frozenset(rules), visit)) is not None

    def says(rule: Rule) -> str:
        return _SENTENCES[rule](book, routes, visit, can)

    single = [rule for rule in _ON_THE_DAY if admits((rule,))]
    if single:
        return tuple(Reason(rule.value, says(rule)) for rule in single)
    for pair in combinations(_ON_THE_DAY, 2):
        if admits(pair):
            return tuple(Reason(rule.value, f"{says(rule)} That alone would not help.") for rule in pair)
    return (
        Reason(
            "no-room",
            "No route has a place for it, whichever two rules are waived, as the others are planned.",
        ),
    )


_Says = Callable[[RouteBook, Sequence[Candidate], int, Sequence[int]], str]


def _full_fleet(book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]) -> str:
    at_cap = {carrier.id for carrier in _at_cap(book.problem, routes)}
    offers = [book.problem.fleet[number] for number in can]
    vehicles = sum(len(offer.vehicle_ids) for offer in offers if offer.carrier_id not in at_cap)
    if vehicles == 1:
        return "The one vehicle that could take it is on another route."
    return f"All {vehicles} vehicles that could take it are on other routes."


def _cap(book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]) -> str:
    problem = book.problem
    capped = [f"{one.label} takes {one.max_routes} on this day" for one in _at_cap(problem, routes)]
    pallets = problem.visits[visit].load.pallets
    full = full_carriers(problem, ((one.vehicle, book.load(one.order).pallets) for one in routes), pallets)
    bound = [
        f"{one.label} takes {one.max_pallets} pallets on this day"
        for one in problem.carriers
        if one.id in full
    ]
    if bound:
        return f"It would be over what a carrier takes: {listing([*bound, *capped])}."
    return f"Another route would be over a carrier's number of routes: {listing(capped)}."


def _at_cap(problem: Problem, routes: Sequence[Candidate]) -> list[Carrier]:
    driven = Counter(problem.fleet[route.vehicle].carrier_id for route in routes)
    return [
        one for one in problem.carriers if one.max_routes is not None and driven[one.id] >= one.max_routes
    ]


def _no_space(book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]) -> str:
    load = book.problem.visits[visit].load
    units = zip(load.amounts, ("pallets", "kg", "litres"), strict=True)
    amounts = listing(f"{amount} {unit}" for amount, unit in units if amount)
    return f"No vehicle that passes has room left for its {amounts}."


def _no_moment(book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]) -> str:
    return f"No route can keep {_slot(book.problem, visit)} without missing another appointment."


def _binding(rule: Rule) -> _Says:
    def says(book: RouteBook, routes: Sequence[Candidate], visit: int, can: Sequence[int]) -> str:
        return f"It would fit on a route without {_phrase(book.problem, visit, can[0], rule)}."

    return says


_SENTENCES: dict[Rule, _Says] = {
    **{rule: _binding(rule) for rule in TIME_RULES},
    Rule.CARRIER_CAP: _cap,
    Rule.FLEET: _full_fleet,
    Rule.CAPACITY: _no_space,
    Rule.WINDOW: _no_moment,
}


def _slot(problem: Problem, visit: int) -> str:
    one = problem.visits[visit]
    spans = [
        f"{clock(problem, window.start)}–{clock(problem, window.end)}"
        for window in one.windows or (one.window,)
    ]
    return f"the {'receiving windows' if len(spans) > 1 else 'slot'} {listing(spans)}"


def _phrase(problem: Problem, visit: int, vehicle: int, rule: Rule) -> str:
    offer = problem.fleet[vehicle]
    depot, driving = problem.depot_of(offer), problem.driving
    phrases = {
        Rule.WINDOW: _slot(problem, visit),
        Rule.NOW: f"the present hour {clock(problem, problem.now)}",
        Rule.READY: f"its goods being ready at {clock(problem, problem.visits[visit].ready)}",
        Rule.SHIFT_START: f"the start of the shift at {clock(problem, offer.shift.start)}",
        Rule.SHIFT_END: f"the end of the shift at {clock(problem, offer.shift.end)}",
        Rule.DEPOT_OPENS: f"the opening of the depot at {clock(problem, depot.opens)}",
        Rule.DEPOT_CLOSES: f"the closing of the depot at {clock(problem, depot.closes)}",
        Rule.DUTY: f"the longest duty of {duration(offer.max_duty_seconds or 0)}",
        Rule.BREAK: f"the break after {duration(driving.before_break)} at the wheel",
        Rule.DAILY_DRIVING: f"the limit of {duration(driving.per_day)} at the wheel",
    }
    return phrases[rule]
