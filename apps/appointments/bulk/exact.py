"""One site's asks, placed by CP-SAT: first as many as possible, then as near to what was wanted as possible.

An option is a yes or no; what may not happen together is said where it would begin: of intervals on one line,
those that overlap all cover the beginning of one of them. So the clauses are exact for buffers of any length,
and the linear relaxation is tight.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from time import monotonic
from typing import Any

from ortools.sat.python import cp_model

from apps.appointments.bulk.greedy import take_in_turn
from apps.appointments.bulk.options import Option, keys_of, options_of, room_of, vehicles_then
from apps.appointments.bulk.problem import Ask, Ground
from apps.appointments.calendar import Limit

EFFORT = 30.0
"""Deterministic time for one search, in the solver's own unit; seldom used up."""

Solve = Callable[[cp_model.CpSolver, cp_model.CpModel], int]


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """The chosen options of one site, the first slots of all asks before the second ones, and the bounds."""

    chosen: tuple[Option, ...]
    placed: int
    cost: int
    most_placed: int
    least_cost: int


def solve_site(
    asks: Sequence[Ask], ground: Ground, *, slots_each: int, seed: int, until: float, solve: Solve
) -> SiteAnswer:
    """Place the asks of one site; ``until`` is when (``monotonic``) the best found so far has to do.

    ``solve`` runs a solver on a model, so that somebody else can stop it.
    """
    options, is_all = options_of(asks)
    search = _Search(asks, ground, seed, until, solve)
    first = search.place(options, (), is_all=is_all)
    chosen = list(first.chosen)
    for _ in range(1, slots_each):
        has = {option.ask for option in chosen}
        further = [
            [option for option in some if number in has and not _like_another(option, chosen)]
            for number, some in enumerate(options)
        ]
        chosen += search.place(further, chosen, is_all=False).chosen
    return SiteAnswer(tuple(chosen), first.placed, first.cost, first.most_placed, first.least_cost)


def at_once(asks: Sequence[Ask], ground: Ground) -> SiteAnswer:
    """What needs no search: first come, first served, with the plainest bounds."""
    options, _ = options_of(asks)
    taken = take_in_turn(asks, options, ground)
    could = [some[0].cost for some in options if some]
    return SiteAnswer(tuple(taken), len(taken), _cost(taken), len(could), sum(sorted(could)[: len(taken)]))


def _like_another(option: Option, chosen: Iterable[Option]) -> bool:
    """Whether the ask has a slot that starts then already."""
    return any(option.ask == other.ask and option.place.start == other.place.start for other in chosen)


class _Search:
    def __init__(self, asks: Sequence[Ask], ground: Ground, seed: int, until: float, solve: Solve) -> None:
        self._asks, self._ground, self._seed = asks, ground, seed
        self._until, self._run = until, solve

    def place(
        self, options: Sequence[Sequence[Option]], standing: Sequence[Option], *, is_all: bool
    ) -> SiteAnswer:
        """One slot more for as many asks as possible, beside those that stand."""
        best = take_in_turn(self._asks, options, self._ground, standing)
        could = sorted(some[0].cost for some in options if some)
        most, least = len(could), sum(could[: len(best)])
        if len(best) < most or _cost(best) > least:
            flat = [option for some in options for option in some]
            if len(best) < most:
                best, bound = self._most(flat, standing, best)
                if is_all and bound is not None:
                    most = min(most, floor(bound + 1e-6))
                least = sum(could[: len(best)])
            best, bound = self._cheapest(flat, standing, best)
            if is_all and bound is not None:
                least = max(least, ceil(bound - 1e-6))
        return SiteAnswer(tuple(best), len(best), _cost(best), most, min(least, _cost(best)))

    def _most(
        self, flat: Sequence[Option], standing: Sequence[Option], best: list[Option]
    ) -> tuple[list[Option], float | None]:
        model, taken = self._model(flat, standing)
        model.maximize(sum(taken))
        found, bound = self._solve(model, taken, flat, best)
        return (found if len(found) > len(best) else best), bound

    def _cheapest(
        self, flat: Sequence[Option], standing: Sequence[Option], best: list[Option]
    ) -> tuple[list[Option], float | None]:
        model, taken = self._model(flat, standing)
        model.add(sum(taken) == len(best))
        model.minimize(sum(option.cost * var for option, var in zip(flat, taken, strict=True)))
        found, bound = self._solve(model, taken, flat, best)
        better = len(found) == len(best) and _cost(found) < _cost(best)
        return (found if better else best), bound

    def _solve(
        self,
        model: cp_model.CpModel,
        taken: Sequence[cp_model.IntVar],
        flat: Sequence[Option],
        best: Sequence[Option],
    ) -> tuple[list[Option], float | None]:
        """What a solver finds from ``best`` on, and its bound; nothing when it was stopped before either."""
        hinted = set(best)
        for option, var in zip(flat, taken, strict=True):
            model.add_hint(var, option in hinted)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self._seed % 2**31
        solver.parameters.max_deterministic_time = EFFORT
        solver.parameters.max_time_in_seconds = max(0.1, self._until - monotonic())
        status = self._run(solver, model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return [], None
        chosen = [option for option, var in zip(flat, taken, strict=True) if solver.value(var)]
        return chosen, solver.best_objective_bound

    def _model(
        self, flat: Sequence[Option], standing: Sequence[Option]
    ) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
        """A variable per option, and what the site allows beside what stands."""
        model = cp_model.CpModel()
        taken = [model.new_bool_var("") for _ in flat]
        weighed = [*zip(flat, taken, strict=True), *((option, 1) for option in standing)]
        own: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for option, var in zip(flat, taken, strict=True):
            own[option.ask].append(var)
        for some in own.values():
            model.add_at_most_one(some)
        self._one_per_lane(model, weighed)
        self._count(model, weighed)
        return model, taken

    def _one_per_lane(self, model: cp_model.CpModel, weighed: Sequence[tuple[Option, Any]]) -> None:
        tracks = defaultdict(list)
        for option, var in weighed:
            tracks[option.track].append((option, var))
        for some in tracks.values():
            for _, together in _together(some):
                model.add(sum(var for _, var in together) <= 1)

    def _count(self, model: cp_model.CpModel, weighed: Sequence[tuple[Option, Any]]) -> None:
        ground = self._ground
        used = room_of(ground)
        counters = defaultdict(list)
        for option, var in weighed:
            for limit, when, amount in keys_of(option, self._asks[option.ask], ground):
                counters[limit, when].append(amount * var)
        for (limit, when), terms in counters.items():
            model.add(sum(terms) <= max(0, ground.limits[limit] - used.get((limit, when), 0)))
        if ground.most_slots is not None:
            model.add(sum(var for _, var in weighed) <= ground.most_slots)
        dangerous = [(option, var) for option, var in weighed if self._asks[option.ask].apart]
        for _, together in _together(dangerous):
            model.add(sum(var for _, var in together) <= 1)
        if (most := ground.limits.get(Limit.AT_ONCE)) is not None:
            others = [taken.start for taken in ground.taken if taken.limit == Limit.AT_ONCE]
            for moment, together in _together(weighed, others, least=1):
                model.add(sum(var for _, var in together) <= max(0, most - vehicles_then(ground, moment)))


def _together(
    weighed: Sequence[tuple[Option, Any]], moments: Iterable[int] = (), *, least: int = 2
) -> list[tuple[int, list[tuple[Option, Any]]]]:
    """Who covers each moment at which one begins, or that is named; those that fewer than ``least`` cover are
    left out."""
    times = sorted({option.lower for option, _ in weighed} | set(moments))
    covering: list[list[tuple[Option, Any]]] = [[] for _ in times]
    for option, var in weighed:
        for index in range(bisect_left(times, option.lower), bisect_left(times, option.upper)):
            covering[index].append((option, var))
    return [(moment, some) for moment, some in zip(times, covering, strict=True) if len(some) >= least]


def _cost(options: Iterable[Option]) -> int:
    return sum(option.cost for option in options)
