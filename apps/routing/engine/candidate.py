"""One vehicle class driving one sequence of visits: whether it can, when, and what it costs.

Everything that compares routes asks here, so a rule is applied in one way; ``check`` alone judges by code of
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from apps.routing.engine.compat import refusals
from apps.routing.engine.frame import Frame, Opening, Timing
from apps.routing.engine.problem import (
    DAY,
    Current,
    Depot,
    DrivingRules,
    Keep,
    Load,
    Problem,
    Stay,
    VehicleClass,
    Window,
)
from apps.routing.engine.result import Cost
from apps.routing.engine.rules import Rule
from apps.routing.engine.tariffs import price
from apps.routing.engine.timing import quick_timing, time_route, time_with

NEVER, FOREVER = -2 * DAY, 5 * DAY
"""Bounds of time where a rule that gives one is waived."""

RELOAD = -1
"""In an order of visits: back to the depot and load again."""

Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Rules that are not looked at. Those about a dock, goods or a window are waived for ``visit`` alone.

    With ``by`` those about hours give way by so many seconds only; with ``instead`` unloading may start in
    these openings only.
    """

    rules: frozenset[Rule] = frozenset()
    visit: int | None = None
    by: int | None = None
    instead: tuple[Opening, ...] = ()

    def covers(self, rule: Rule, visit: int) -> bool:
        """Whether ``rule`` is waived for this visit."""
        return visit == self.visit and rule in self.rules

    def bound(self, rule: Rule, instant: int, *, earlier: bool) -> int | None:
        """What is left of a bound of time; None when nothing is."""
        if rule not in self.rules:
            return instant
        if self.by is None:
            return None
        return max(0, instant - self.by) if earlier else instant + self.by


NOTHING = Waiver()

_Clock = Callable[[Frame], Timing | Rule]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that could be driven: visits in order, vehicle class by number, its timing and its price.

    ``late`` are the seconds by which each stop of ``order`` is late, ``late_cents`` what that costs.
    """

    order: Order
    vehicle: int
    frame: Frame
    timing: Timing
    metres: int
    cost: Cost
    late: tuple[int, ...] = ()
    late_cents: tuple[int, ...] = ()
    change_cents: int = 0

    @property
    def cents(self) -> int:
        """What it costs altogether: the carrier's charge, the prices of its lateness and of its changes."""
        return self.cost.total + sum(self.late_cents) + self.change_cents

    @property
    def visits(self) -> Order:
        """The visits in order, without the returns to the depot."""
        return served(self.order)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one vehicle has to keep: its order, how, and what is done of it."""

    order: Order
    keep: Keep
    departed: int | None
    done: tuple[Window, ...]


def served(order: Order) -> Order:
    """The visits of an order, without the returns to the depot."""
    return tuple(visit for visit in order if visit != RELOAD) if RELOAD in order else order


def trips(order: Order) -> list[Order]:
    """The visits of each trip."""
    parts: list[list[int]] = [[]]
    for visit in order:
        if visit == RELOAD:
            parts.append([])
        else:
            parts[-1].append(visit)
    return [tuple(part) for part in parts]


class RouteBook:
    """Answers about candidates for one problem, each worked out once.

    A vehicle that has to keep something, or whose visits are the current plan's, has to be a class of its own
    (``repair.split``).
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        seconds = [travel.seconds.tolist() for travel in problem.every_travel]
        metres = [travel.metres.tolist() for travel in problem.every_travel]
        kinds = [problem.kind_of(offer) for offer in problem.fleet]
        self._legs, self._metres = ([each[kind] for kind in kinds] for each in (seconds, metres))
        self._facts = _facts(problem)
        pinned = {visit: number for number, facts in self._facts.items() for visit in served(facts.order)}
        frozen = {number for number, facts in self._facts.items() if facts.keep is Keep.ROUTE}
        self._allowed = [
            [
                pinned.get(visit, number) == number
                and (visit in pinned or number not in frozen)
                and not refusals(one, offer)
                for number, offer in enumerate(problem.fleet)
            ]
            for visit, one in enumerate(problem.visits)
        ]
        self._done = {
            visit for facts in self._facts.values() for visit in served(facts.order)[: len(facts.done)]
        }
        self._timings: dict[Frame, Timing | Rule] = {}
        self._answers: dict[tuple[Order, int], Candidate | Rule] = {}

    def allowed(self, visit: int, vehicle: int) -> bool:
        """Whether the dock, the goods and the locks admit the vehicle class and the load fits it."""
        return self._allowed[visit][vehicle]

    def admitted(self, visit: int, vehicle: int) -> bool:
        """The same but for the load, which a search that counts capacities finds out by itself."""
        if self._allowed[visit][vehicle]:
            return True
        found = refusals(self.problem.visits[visit], self.problem.fleet[vehicle])
        return bool(found) and all(one.rule is Rule.CAPACITY for one in found)

    def kept(self, vehicle: int) -> tuple[Order, Keep] | None:
        """What a vehicle has to keep, by number of its class."""
        facts = self._facts.get(vehicle)
        return None if facts is None else (facts.order, facts.keep)

    def alone(self, visit: int, vehicle: int) -> Order:
        """The order in which a class serves ``visit`` with nothing else to do but what comes first on its
        route."""
        kept = self.kept(vehicle)
        if kept is None or kept[1] is not Keep.FIRST or not kept[0]:
            return (visit,)
        offer, (before, _) = self.problem.fleet[vehicle], kept
        together = self.load((*trips(before)[-1], visit)).fits(offer.capacity)
        again = not together and len(trips(before)) < offer.max_trips
        return (*before, RELOAD, visit) if again else (*before, visit)

    def candidate(self, order: Order, vehicle: int) -> Candidate | Rule:
        """The route, or a rule that it breaks (the first one met)."""
        key = (order, vehicle)
        if key not in self._answers:
            self._answers[key] = self._judge(order, vehicle, NOTHING, self._timed)
        return self._answers[key]

    def optimistic(self, order: Order, vehicle: int, waiver: Waiver = NOTHING) -> Candidate | Rule:
        """As if drivers needed no breaks: never dearer and never stricter than the truth, and quick."""
        return self._judge(order, vehicle, waiver, lambda frame: time_with(frame, ()))

    def quick(self, order: Order, vehicle: int) -> Candidate | Rule:
        """With breaks where a pass over the route puts them: never cheaper than the truth, and quick."""
        return self._judge(order, vehicle, NOTHING, quick_timing)

    def waived(self, order: Order, vehicle: int, waiver: Waiver) -> Candidate | Rule:
        """The route with some rules waived."""
        return self._judge(order, vehicle, waiver, self._timed)

    def load(self, order: Order) -> Load:
        """What all visits together are brought."""
        return sum((self.problem.visits[visit].load for visit in served(order)), Load())

    def metres(self, order: Order, vehicle: int) -> tuple[int, ...]:
        """Metres of each leg, the way home last."""
        places = self._places(order, vehicle)
        metres = self._metres[vehicle]
        return tuple(metres[a][b] for a, b in pairwise(places))

    def frame(self, order: Order, vehicle: int, waiver: Waiver = NOTHING) -> Frame:
        """What has to be timed for this sequence and vehicle class."""
        problem, waived = self.problem, waiver.rules
        offer = problem.fleet[vehicle]
        depot = problem.depot_of(offer)
        loading = self._loading(order, waiver)
        leaves = [
            moment
            for rule, instant in (
                (Rule.DEPOT_OPENS, depot.opens),
                (Rule.SHIFT_START, offer.shift.start),
                (Rule.NOW, problem.now),
                (Rule.READY, loading[0]),
            )
            if (moment := waiver.bound(rule, instant, earlier=True)) is not None
        ]
        back = [
            moment
            for rule, instant in ((Rule.DEPOT_CLOSES, depot.closes), (Rule.SHIFT_END, offer.shift.end))
            if (moment := waiver.bound(rule, instant, earlier=False)) is not None
        ]
        duty = offer.max_duty_seconds
        duty = None if duty is None else waiver.bound(Rule.DUTY, duty, earlier=False)
        stops = tuple(self._openings(order, depot, offer, loading[1:], waiver))
        seconds = self._legs[vehicle]
        legs = tuple(seconds[a][b] for a, b in pairwise(self._places(order, vehicle)))
        frame = Frame(
            legs=legs,
            earliest=tuple(min(one.earliest for one in openings) for openings, _ in stops),
            latest=tuple(max(one.latest for one in openings) for openings, _ in stops),
            service=tuple(service for _, service in stops),
            leaves=max(leaves, default=NEVER),
            back=min(back, default=FOREVER),
            duty=FOREVER - NEVER if duty is None else duty,
            driving=_rules(problem.driving, waived),
            openings=tuple(openings for openings, _ in stops) if _flexible(stops) else (),
            hourly=offer.tariff.per_hour_cents + offer.tariff.per_wait_hour_cents if _flexible(stops) else 0,
        )
        facts = self._facts.get(vehicle)
        return frame if facts is None else _as_it_was(frame, order, facts)

    def _loading(self, order: Order, waiver: Waiver) -> list[int]:
        """When the goods of each trip are ready."""
        visits, waived = self.problem.visits, Rule.READY in waiver.rules
        return [0 if waived else max((visits[one].ready for one in trip), default=0) for trip in trips(order)]

    def _openings(
        self, order: Order, depot: Depot, offer: VehicleClass, ready: list[int], waiver: Waiver
    ) -> Iterator[tuple[tuple[Opening, ...], int]]:
        """Of each stop when it may be begun and how long it takes."""
        coming = iter(ready)
        for visit in order:
            if visit == RELOAD:
                takes = offer.reload_seconds
                opens = NEVER if Rule.DEPOT_OPENS in waiver.rules else depot.opens
                closes = FOREVER if Rule.DEPOT_CLOSES in waiver.rules else depot.closes
                last = closes - takes
                yield (Opening(max(opens, next(coming) - takes), last, last),), takes
            elif waiver.covers(Rule.WINDOW, visit):
                free = waiver.instead or (Opening(NEVER, FOREVER, FOREVER),)
                yield free, self.problem.visits[visit].service_seconds
            else:
                one = self.problem.visits[visit]
                yield openings(self.problem, visit), one.service_seconds

    def _places(self, order: Order, vehicle: int) -> list[int]:
        problem = self.problem
        depot = problem.depot_index[problem.fleet[vehicle].depot_id]
        return [depot, *(depot if visit == RELOAD else problem.place(visit) for visit in order), depot]

    def _timed(self, frame: Frame) -> Timing | Rule:
        if frame not in self._timings:
            self._timings[frame] = time_route(frame)
        return self._timings[frame]

    def _judge(self, order: Order, vehicle: int, waiver: Waiver, clock: _Clock) -> Candidate | Rule:
        if (broken := self._broken(order, vehicle, waiver)) is not None:
            return broken
        problem = self.problem
        offer, visits = problem.fleet[vehicle], served(order)
        frame = self.frame(order, vehicle, waiver)
        if any(early > late for early, late in zip(frame.earliest, frame.latest, strict=True)):
            return Rule.WINDOW
        timing = clock(frame)
        if isinstance(timing, Rule):
            return timing
        metres = sum(self.metres(order, vehicle))
        took = timing.end - timing.start
        working = sum(frame.legs) + sum(frame.service) + sum(pause.length for pause in timing.pauses)
        cost = price(
            offer.tariff,
            metres=metres,
            seconds=took,
            stops=len(visits),
            pallets=sum(problem.visits[visit].load.pallets for visit in visits),
            waiting=took - working,
        )
        late, late_cents = lateness(frame, timing)
        return Candidate(
            order, vehicle, frame, timing, metres, cost, late, late_cents, self._change(visits, offer)
        )

    def _change(self, visits: Order, offer: VehicleClass) -> int:
        """The price of the current plan's visits that come to another vehicle with this route."""
        problem = self.problem
        if not problem.change_cents:
            return 0
        now = (problem.vehicle_now.get(problem.visits[visit].id) for visit in visits)
        moved = sum(vehicle is not None and vehicle not in offer.vehicle_ids for vehicle in now)
        return moved * problem.change_cents

    def _broken(self, order: Order, vehicle: int, waiver: Waiver) -> Rule | None:
        offer = self.problem.fleet[vehicle]
        for visit in served(order):
            if not self._allowed[visit][vehicle] and visit not in self._done:
                found = refusals(self.problem.visits[visit], offer)
                if not found:
                    return Rule.LOCKED
                for refusal in found:
                    if not waiver.covers(refusal.rule, visit):
                        return refusal.rule
        if (facts := self._facts.get(vehicle)) is not None and not _keeps(order, facts):
            return Rule.LOCKED
        parts = trips(order)
        if len(parts) > offer.max_trips and Rule.TRIPS not in waiver.rules:
            return Rule.TRIPS
        fits = Rule.CAPACITY in waiver.rules or all(self.load(part).fits(offer.capacity) for part in parts)
        return None if fits else Rule.CAPACITY


def openings(problem: Problem, visit: int) -> tuple[Opening, ...]:
    """When unloading at a visit may start, late or not; an impossible opening where there is no moment."""
    one = problem.visits[visit]
    if not one.windows:
        return (Opening(one.window.start, one.latest_start, one.latest_start),)
    takes = max(one.service_seconds, 1)
    found = []
    for window in one.windows:
        due = min(window.end - takes, one.latest_start)
        earliest, latest = max(window.start, one.window.start), min(due + one.late_seconds, one.latest_start)
        if earliest <= latest:
            found.append(Opening(earliest, latest, due, one.late_cents_per_hour))
    return tuple(found) or (Opening(one.window.start, one.window.start - 1, one.window.start - 1),)


def _flexible(stops: tuple[tuple[tuple[Opening, ...], int], ...]) -> bool:
    return any(len(openings) > 1 or openings[0].due < openings[0].latest for openings, _ in stops)


def lateness(frame: Frame, timing: Timing) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """By how many seconds each stop is late, and what that costs."""
    if not frame.openings:
        return (0,) * len(timing.starts), (0,) * len(timing.starts)
    seconds, cents = [], []
    for stop, start in enumerate(timing.starts):
        opening = frame.opening(stop, start)
        seconds.append(0 if opening is None else max(0, start - opening.due))
        cents.append(0 if opening is None else opening.price(start))
    return tuple(seconds), tuple(cents)


def _facts(problem: Problem) -> dict[int, _Facts]:
    return {
        problem.owner_of[stay.vehicle_id]: _Facts(
            order_of(problem, stay), stay.keep, stay.departed, stay.done
        )
        for stay in problem.stays
    }


def order_of(problem: Problem, stay: Stay | Current) -> Order:
    """What stays or stands as an order of visits by number, with its returns to the depot."""
    order: list[int] = []
    before = 1
    for visit_id, trip in zip(stay.visit_ids, stay.trips or (1,) * len(stay.visit_ids), strict=True):
        order += [RELOAD] * (trip > before) + [problem.visit_index[visit_id]]
        before = trip
    return tuple(order)


def _keeps(order: Order, facts: _Facts) -> bool:
    if facts.keep is Keep.VEHICLE:
        return True
    return order == facts.order if facts.keep is Keep.ROUTE else order[: len(facts.order)] == facts.order


def _as_it_was(frame: Frame, order: Order, facts: _Facts) -> Frame:
    """``frame`` with what is done: its moments stand, and its ways took no longer than there was time."""
    if facts.departed is None:
        return frame
    legs, service, starts = list(frame.legs), list(frame.service), []
    before, done = facts.departed, list(facts.done)
    for stop, visit in enumerate(order):
        if not done:
            break
        legs[stop] = min(legs[stop], done[0].start - before)
        if visit == RELOAD:
            starts.append(before + legs[stop])
            service[stop] = min(service[stop], done[0].start - starts[-1])
        else:
            fact = done.pop(0)
            starts.append(fact.start)
            service[stop] = fact.end - fact.start
        before = starts[-1] + service[stop]
    past = tuple(starts)
    exact = tuple((Opening(start, start, start),) for start in past)
    return replace(
        frame,
        legs=tuple(legs),
        earliest=past + frame.earliest[len(past) :],
        latest=past + frame.latest[len(past) :],
        service=tuple(service),
        leaves=facts.departed,
        openings=exact + frame.openings[len(past) :] if frame.openings else (),
        departed=facts.departed,
    )


def _rules(rules: DrivingRules, waived: frozenset[Rule]) -> DrivingRules:
    unlimited = FOREVER - NEVER
    return DrivingRules(
        before_break=unlimited if Rule.BREAK in waived else rules.before_break,
        full_break=rules.full_break,
        first_part=rules.first_part,
        second_part=rules.second_part,
        per_day=unlimited if Rule.DAILY_DRIVING in waived else rules.per_day,
    )
