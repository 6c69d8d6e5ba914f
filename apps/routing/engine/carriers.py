"""Which carrier drives which route: the cheapest choice among candidates, exact, under everybody's numbers
and caps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from apps.routing.engine.candidate import Candidate
from apps.routing.engine.problem import Keep, Problem

_EFFORT = 8.0
"""Deterministic time for one choice."""

_AT_LEAST = 0.5
"""Seconds that one choice may take even where the time is over: enough to take over what it is told."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen routes, and whether no better choice exists among the candidates."""

    routes: tuple[Candidate, ...]
    proven: bool


def choose(
    problem: Problem,
    candidates: Sequence[Candidate],
    hint: Sequence[Candidate] = (),
    *,
    seconds: float | None = None,
) -> Choice:
    """The choice of routes with the least costs of all kinds.

    Each visit is on one chosen route at most and costs its penalty when it is on none; a vehicle class is
    used as often as it has vehicles, a vehicle that has to keep stops exactly once, a carrier as often and
    for as many pallets as its caps allow, and what was promised to it costs its shortfall. Charges include
    minimum charges. ``hint`` is a choice to start from, it need not be allowed. The same input gives the same
    choice, unless it takes longer than ``seconds``.
    """
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in candidates]
    left_out = _each_visit_once(model, problem, candidates, taken)
    shortfalls = _keep_numbers(model, problem, candidates, taken)
    leaving = {visit: _leaving_out(problem, visit) for visit in left_out}
    model.minimize(
        sum(one.cents * var for one, var in zip(candidates, taken, strict=True))
        + sum(leaving[visit] * var for visit, var in left_out.items())
        + sum(shortfalls)
    )
    hinted = {(one.order, one.vehicle) for one in hint}
    for one, var in zip(candidates, taken, strict=True):
        model.add_hint(var, (one.order, one.vehicle) in hinted)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = problem.budget.seed % 2**31
    solver.parameters.max_deterministic_time = _EFFORT
    if seconds is not None:
        solver.parameters.max_time_in_seconds = max(_AT_LEAST, seconds)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Choice((), proven=False)
    chosen = tuple(one for one, var in zip(candidates, taken, strict=True) if solver.value(var))
    return Choice(chosen, proven=status == cp_model.OPTIMAL)


def _each_visit_once(
    model: cp_model.CpModel,
    problem: Problem,
    candidates: Sequence[Candidate],
    taken: Sequence[cp_model.IntVar],
) -> dict[int, cp_model.IntVar]:
    on_routes: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for one, var in zip(candidates, taken, strict=True):
        for visit in one.visits:
            on_routes[visit].append(var)
    left_out = {visit: model.new_bool_var("") for visit in sorted(on_routes)}
    for visit, var in left_out.items():
        model.add_exactly_one([*on_routes[visit], var])
    return left_out


def _keep_numbers(
    model: cp_model.CpModel,
    problem: Problem,
    candidates: Sequence[Candidate],
    taken: Sequence[cp_model.IntVar],
) -> list[cp_model.LinearExpr]:
    """Numbers and caps as constraints; what routes short of those promised cost."""
    by_class: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    by_carrier: dict[str, list[cp_model.IntVar]] = defaultdict(list)
    pallets: dict[str, list[cp_model.LinearExpr]] = defaultdict(list)
    for one, var in zip(candidates, taken, strict=True):
        by_class[one.vehicle].append(var)
        carrier_id = problem.fleet[one.vehicle].carrier_id
        by_carrier[carrier_id].append(var)
        pallets[carrier_id].append(sum(problem.visits[visit].load.pallets for visit in one.visits) * var)
    bound = {
        problem.owner_of[one.vehicle_id]
        for one in problem.stays
        if one.keep is not Keep.VEHICLE and one.visit_ids
    }
    for number, used in by_class.items():
        if number in bound:
            model.add_exactly_one(used)
        else:
            model.add(sum(used) <= len(problem.fleet[number].vehicle_ids))
    shortfalls: list[cp_model.LinearExpr] = []
    for carrier in problem.carriers:
        given = (sum(by_carrier[carrier.id]), sum(pallets[carrier.id]))
        for amount, cap in zip(given, (carrier.max_routes, carrier.max_pallets), strict=True):
            if cap is not None:
                model.add(amount <= cap)
        for amount, promised, cents in zip(
            given,
            (carrier.committed_routes, carrier.committed_pallets),
            (carrier.shortfall_cents, carrier.pallet_shortfall_cents),
            strict=True,
        ):
            if promised and cents:
                short = model.new_int_var(0, promised, "")
                model.add(short >= promised - amount)
                shortfalls.append(cents * short)
    return shortfalls


def _leaving_out(problem: Problem, visit: int) -> int:
    one = problem.visits[visit]
    return one.penalty_cents + (problem.change_cents if one.id in problem.vehicle_now else 0)
