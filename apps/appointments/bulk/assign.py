"""The whole of it: sites are searched side by side, the answer is good at any moment and better with time."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from uuid import UUID

from ortools.sat.python import cp_model

from apps.appointments.bulk.exact import SiteAnswer, at_once, solve_site
from apps.appointments.bulk.options import options_of
from apps.appointments.bulk.problem import Answer, Ask, Figures, Place, Problem, Why

LOOK_EVERY = 0.25
"""Seconds between two questions whether it shall stop."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is: sites done of all, and asks placed so far, those of waiting sites included."""

    sites_done: int
    sites: int
    placed: int


def assign(
    problem: Problem,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Answer:
    """Slots for as many asks as possible, at the least cost: the same problem and seed, the same answer.

    Each site is searched for itself, ``workers`` at a time, until it is proven best or its share of
    ``seconds`` is over; then, and when ``cancelled``, the best found so far stands. Both functions are called
    from this thread only.

    Raises:
        ValueError: an ask is for a site that the problem does not describe.
    """
    by_site = _by_site(problem)
    answers = {site_id: at_once(asks, problem.grounds[site_id]) for site_id, asks in by_site.items()}
    stopper = _Stopper()
    shares = _Shares(problem, by_site)

    def search(site_id: UUID) -> SiteAnswer:
        return solve_site(
            by_site[site_id],
            problem.grounds[site_id],
            slots_each=problem.slots_each,
            seed=problem.seed,
            until=shares.until(site_id),
            solve=stopper.solve,
        )

    with ThreadPoolExecutor(max_workers=max(1, problem.workers)) as pool:
        waiting = {pool.submit(search, site_id): site_id for site_id in by_site}
        while waiting:
            progress(_so_far(answers, len(waiting)))
            if cancelled():
                stopper.stop()
                for future in waiting:
                    future.cancel()
            done, _ = wait(waiting, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
            for future in done:
                site_id = waiting.pop(future)
                if not future.cancelled():
                    answers[site_id] = future.result()
    progress(_so_far(answers, 0))
    return _answer(problem, by_site, answers, is_finished=not stopper.is_stopped)


class _Stopper:
    """Runs solvers and stops those that run, and those still to come, when it is told to."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._lock = Lock()
        self._running: set[cp_model.CpSolver] = set()

    def solve(self, solver: cp_model.CpSolver, model: cp_model.CpModel) -> int:
        with self._lock:
            if self.is_stopped:
                return int(cp_model.UNKNOWN)
            self._running.add(solver)
        try:
            return int(solver.solve(model))
        finally:
            with self._lock:
                self._running.discard(solver)

    def stop(self) -> None:
        with self._lock:
            self.is_stopped = True
            for solver in self._running:
                solver.stop_search()


class _Shares:
    """How long each site may take: what is left of the time, by how many asks are still to be placed."""

    def __init__(self, problem: Problem, by_site: dict[UUID, Sequence[Ask]]) -> None:
        self._ends = monotonic() + problem.seconds
        self._workers = max(1, problem.workers)
        self._weights = {site_id: len(asks) for site_id, asks in by_site.items()}
        self._left = sum(self._weights.values())
        self._lock = Lock()

    def until(self, site_id: UUID) -> float:
        """When the search of a site that begins now has to end."""
        with self._lock:
            weight, left = self._weights[site_id], self._left
            self._left -= weight
            now = monotonic()
            return min(self._ends, now + max(0.1, (self._ends - now) * self._workers * weight / left))


def _by_site(problem: Problem) -> dict[UUID, Sequence[Ask]]:
    by_site: dict[UUID, list[Ask]] = defaultdict(list)
    for ask in problem.asks:
        if ask.site_id not in problem.grounds:
            raise ValueError(f"ask {ask.id} is for a site that is not described")
        by_site[ask.site_id].append(ask)
    return dict(by_site)


def _so_far(answers: dict[UUID, SiteAnswer], waiting: int) -> Progress:
    return Progress(len(answers) - waiting, len(answers), sum(one.placed for one in answers.values()))


def _answer(
    problem: Problem,
    by_site: dict[UUID, Sequence[Ask]],
    answers: dict[UUID, SiteAnswer],
    *,
    is_finished: bool,
) -> Answer:
    slots: dict[UUID, tuple[Place, ...]] = {}
    why_not: dict[UUID, Why] = {}
    for site_id, asks in by_site.items():
        for option in answers[site_id].chosen:
            ask_id = asks[option.ask].id
            slots[ask_id] = (*slots.get(ask_id, ()), option.place)
        left_out = [ask for ask in asks if ask.id not in slots]
        for ask, options in zip(left_out, options_of(left_out)[0] if left_out else (), strict=True):
            why_not[ask.id] = Why.NO_DOCK if not ask.needs else Why.CROWDED if options else Why.NO_START
    figures = Figures(
        asked=len(problem.asks),
        placed=len(slots),
        cost=sum(one.cost for one in answers.values()),
        most_placed=sum(one.most_placed for one in answers.values()),
        least_cost=sum(one.least_cost for one in answers.values()),
    )
    return Answer(slots, why_not, figures, is_finished)
