"""Routes that somebody else decided: whether a vehicle can drive these visits in this order, why not, and the
plan of a day on which every order is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from apps.routing.engine.candidate import Candidate, RouteBook, order_of
from apps.routing.engine.compat import refusals
from apps.routing.engine.problem import Current, Keep, Problem, Stay
from apps.routing.engine.result import Plan
from apps.routing.engine.rules import Rule
from apps.routing.engine.solve import plan
from apps.routing.engine.sound import sort_out
from apps.routing.engine.wording import clock, duration

_SAYS = {
    Rule.CAPACITY: "there is not enough room for all of it",
    Rule.BREAK: "there is no time for the break that is due",
    Rule.LOCKED: "it is locked elsewhere",
}


class Driver:
    """Answers about given orders of one problem; nothing is searched, and what is locked is not looked at.

    ``trips`` say for each visit of an order on which trip it is; without them all are on the first.
    """

    def __init__(self, problem: Problem) -> None:
        sound = sort_out(replace(problem, stays=(), current=(), change_cents=0))
        self._book = RouteBook(sound.problem)
        self._faulty = {one.visit_id: one.reasons[0].sentence for one in sound.left_out}

    def cents(self, vehicle_id: str, visit_ids: Sequence[str], trips: Sequence[int] = ()) -> int | None:
        """What the route would cost; ``None`` when it can't be driven."""
        answer = self._answer(vehicle_id, visit_ids, trips)
        return answer.cents if isinstance(answer, Candidate) else None

    def obstacle(self, vehicle_id: str, visit_ids: Sequence[str], trips: Sequence[int] = ()) -> str:
        """Why the vehicle can't drive these visits in this order, as a sentence; empty when it can."""
        answer = self._answer(vehicle_id, visit_ids, trips)
        if isinstance(answer, Candidate):
            return ""
        if answer is None:
            faulty = [one for one in visit_ids if one in self._faulty]
            return f"{faulty[0]}: {self._faulty[faulty[0]]}" if faulty else f"{vehicle_id} can't be used."
        problem = self._book.problem
        offer = problem.fleet[problem.owner_of[vehicle_id]]
        for one in visit_ids:
            for refusal in refusals(problem.visits[problem.visit_index[one]], offer):
                return f"{one} on {vehicle_id}: {refusal.sentence}."
        stuck = next(
            visit_ids[length - 1]
            for length in range(1, len(visit_ids) + 1)
            if not isinstance(self._answer(vehicle_id, visit_ids[:length], trips[:length]), Candidate)
        )
        return f"{vehicle_id} would not serve {stuck} as stop {visit_ids.index(stuck) + 1}: " + self._why(
            answer, vehicle_id, stuck
        )

    def _why(self, rule: Rule, vehicle_id: str, visit_id: str) -> str:
        problem = self._book.problem
        offer = problem.fleet[problem.owner_of[vehicle_id]]
        window = problem.visits[problem.visit_index[visit_id]].window
        depot, driving = problem.depot_of(offer), problem.driving
        slot = f"{clock(problem, window.start)}–{clock(problem, window.end)}"
        says = {
            **_SAYS,
            Rule.WINDOW: f"its slot {slot} would be missed",
            Rule.NOW: f"it is {clock(problem, problem.now)} already",
            Rule.SHIFT_START: f"the shift starts at {clock(problem, offer.shift.start)}",
            Rule.SHIFT_END: f"the shift ends at {clock(problem, offer.shift.end)}",
            Rule.DEPOT_OPENS: f"nobody leaves before {clock(problem, depot.opens)}",
            Rule.DEPOT_CLOSES: f"the depot closes at {clock(problem, depot.closes)}",
            Rule.TRIPS: f"it makes at most {offer.max_trips} trips a day",
            Rule.DUTY: f"the longest duty is {duration(offer.max_duty_seconds or 0)}",
            Rule.DAILY_DRIVING: f"a driver is at the wheel for at most {duration(driving.per_day)} a day",
        }
        return f"{says.get(rule, f'it would break the rule “{rule.value}”')}."

    def _answer(
        self, vehicle_id: str, visit_ids: Sequence[str], trips: Sequence[int]
    ) -> Candidate | Rule | None:
        problem = self._book.problem
        if vehicle_id not in problem.owner_of or any(one in self._faulty for one in visit_ids):
            return None
        order = order_of(problem, Current(vehicle_id, tuple(visit_ids), tuple(trips)))
        visits = [problem.visit_index[one] for one in visit_ids]
        vehicle = problem.owner_of[vehicle_id]
        if not all(self._book.allowed(visit, vehicle) for visit in visits):
            return next(
                refusal.rule
                for visit in visits
                for refusal in refusals(problem.visits[visit], problem.fleet[vehicle])
            )
        return self._book.candidate(order, vehicle)


def drive(
    problem: Problem,
    orders: Mapping[str, Sequence[str]],
    trips: Mapping[str, Sequence[int]] | None = None,
) -> Plan:
    """The plan in which each vehicle drives the visits that ``orders`` gives it, timed, priced and checked.

    ``trips`` as in ``Driver``, by vehicle.

    Raises:
        InvalidProblem: an order can't be driven; ask ``Driver.obstacle`` why.
        EngineFault: the checker refused the plan.
    """
    on_trips = trips or {}
    stays = tuple(
        Stay(vehicle, tuple(visits), Keep.ROUTE, tuple(on_trips.get(vehicle, ())))
        for vehicle, visits in orders.items()
        if visits
    )
    budget = replace(problem.budget, iterations=1, workers=1)
    return plan(replace(problem, stays=stays, current=(), change_cents=0, budget=budget))
