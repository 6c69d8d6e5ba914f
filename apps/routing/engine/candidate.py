"""One vehicle class driving one sequence of visits: whether it can, when, and what it costs.

Everything that compares routes asks here, so a rule is applied in one way; ``check`` alone judges by code of
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from apps.routing.engine.compat import refusals
from apps.routing.engine.problem import DAY, DrivingRules, Load, Problem
from apps.routing.engine.result import Cost
from apps.routing.engine.rules import Rule
from apps.routing.engine.tariffs import price
from apps.routing.engine.timing import Frame, Timing, time_route, time_with

NEVER, FOREVER = -2 * DAY, 5 * DAY
"""Bounds of time where a rule that gives one is waived."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Rules that are not looked at. Those about a dock, goods or a window are waived for ``visit`` alone."""

    rules: frozenset[Rule] = frozenset()
    visit: int | None = None

    def covers(self, rule: Rule, visit: int) -> bool:
        """Whether ``rule`` is waived for this visit."""
        return visit == self.visit and rule in self.rules


NOTHING = Waiver()

_Clock = Callable[[Frame], Timing | Rule]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that could be driven: visits in order, vehicle class by number, its timing and its price."""

    order: tuple[int, ...]
    vehicle: int
    frame: Frame
    timing: Timing
    metres: int
    cost: Cost

    @property
    def cents(self) -> int:
        """What the carrier charges for it."""
        return self.cost.total


class RouteBook:
    """Answers about candidates for one problem, each worked out once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._legs = problem.travel.seconds.tolist()
        self._metres = problem.travel.metres.tolist()
        self._allowed = [
            [not refusals(visit, vehicle) for vehicle in problem.fleet] for visit in problem.visits
        ]
        self._timings: dict[Frame, Timing | Rule] = {}
        self._answers: dict[tuple[tuple[int, ...], int], Candidate | Rule] = {}

    def allowed(self, visit: int, vehicle: int) -> bool:
        """Whether the dock and the goods admit the vehicle class and the load fits it."""
        return self._allowed[visit][vehicle]

    def candidate(self, order: tuple[int, ...], vehicle: int) -> Candidate | Rule:
        """The route, or a rule that it breaks (the first one met)."""
        key = (order, vehicle)
        if key not in self._answers:
            self._answers[key] = self._judge(order, vehicle, NOTHING, self._timed)
        return self._answers[key]

    def optimistic(self, order: tuple[int, ...], vehicle: int, waiver: Waiver = NOTHING) -> Candidate | Rule:
        """As if drivers needed no breaks: never dearer and never stricter than the truth, and quick."""
        return self._judge(order, vehicle, waiver, lambda frame: time_with(frame, ()))

    def waived(self, order: tuple[int, ...], vehicle: int, waiver: Waiver) -> Candidate | Rule:
        """The route with some rules waived."""
        return self._judge(order, vehicle, waiver, self._timed)

    def load(self, order: tuple[int, ...]) -> Load:
        """What a vehicle leaves the depot with."""
        return sum((self.problem.visits[visit].load for visit in order), Load())

    def metres(self, order: tuple[int, ...], vehicle: int) -> tuple[int, ...]:
        """Metres of each leg, the way home last."""
        places = self._places(order, vehicle)
        return tuple(self._metres[a][b] for a, b in pairwise(places))

    def frame(self, order: tuple[int, ...], vehicle: int, waiver: Waiver = NOTHING) -> Frame:
        """What has to be timed for this sequence and vehicle class."""
        problem, waived = self.problem, waiver.rules
        offer = problem.fleet[vehicle]
        depot = problem.depot_of(offer)
        visits = [problem.visits[visit] for visit in order]
        unbound = [waiver.covers(Rule.WINDOW, visit) for visit in order]
        leaves = [
            instant
            for rule, instant in ((Rule.DEPOT_OPENS, depot.opens), (Rule.SHIFT_START, offer.shift.start))
            if rule not in waived
        ]
        back = [
            instant
            for rule, instant in ((Rule.DEPOT_CLOSES, depot.closes), (Rule.SHIFT_END, offer.shift.end))
            if rule not in waived
        ]
        no_duty = offer.max_duty_seconds is None or Rule.DUTY in waived
        return Frame(
            legs=tuple(self._legs[a][b] for a, b in pairwise(self._places(order, vehicle))),
            earliest=tuple(
                NEVER if free else visit.window.start for visit, free in zip(visits, unbound, strict=True)
            ),
            latest=tuple(
                FOREVER if free else visit.latest_start for visit, free in zip(visits, unbound, strict=True)
            ),
            service=tuple(visit.service_seconds for visit in visits),
            leaves=max(leaves, default=NEVER),
            back=min(back, default=FOREVER),
            duty=FOREVER - NEVER if no_duty else offer.max_duty_seconds or 0,
            driving=_rules(problem.driving, waived),
        )

    def _places(self, order: tuple[int, ...], vehicle: int) -> list[int]:
        depot = self.problem.depot_index[self.problem.fleet[vehicle].depot_id]
        return [depot, *(self.problem.place(visit) for visit in order), depot]

    def _timed(self, frame: Frame) -> Timing | Rule:
        if frame not in self._timings:
            self._timings[frame] = time_route(frame)
        return self._timings[frame]

    def _judge(self, order: tuple[int, ...], vehicle: int, waiver: Waiver, clock: _Clock) -> Candidate | Rule:
        if (broken := self._broken(order, vehicle, waiver)) is not None:
            return broken
        offer, load = self.problem.fleet[vehicle], self.load(order)
        frame = self.frame(order, vehicle, waiver)
        if any(early > late for early, late in zip(frame.earliest, frame.latest, strict=True)):
            return Rule.WINDOW
        timing = clock(frame)
        if isinstance(timing, Rule):
            return timing
        metres = sum(self.metres(order, vehicle))
        cost = price(
            offer.tariff,
            metres=metres,
            seconds=timing.end - timing.start,
            stops=len(order),
            pallets=load.pallets,
        )
        return Candidate(order, vehicle, frame, timing, metres, cost)

    def _broken(self, order: tuple[int, ...], vehicle: int, waiver: Waiver) -> Rule | None:
        offer = self.problem.fleet[vehicle]
        for visit in order:
            if not self._allowed[visit][vehicle]:
                for refusal in refusals(self.problem.visits[visit], offer):
                    if not waiver.covers(refusal.rule, visit):
                        return refusal.rule
        fits = Rule.CAPACITY in waiver.rules or self.load(order).fits(offer.capacity)
        return None if fits else Rule.CAPACITY


def _rules(rules: DrivingRules, waived: frozenset[Rule]) -> DrivingRules:
    unlimited = FOREVER - NEVER
    return DrivingRules(
        before_break=unlimited if Rule.BREAK in waived else rules.before_break,
        full_break=rules.full_break,
        first_part=rules.first_part,
        second_part=rules.second_part,
        per_day=unlimited if Rule.DAILY_DRIVING in waived else rules.per_day,
    )
