"""PyVRP's search over a model: until an end that is asked for again and again, on one core or two.

PyVRP lets go of Python's lock while it searches, so that threads search side by side. What the caller wants
to hear and be asked is done in the caller's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

import numpy as np
import pyvrp
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams
from pyvrp.search import OPERATORS, LocalSearch, compute_neighbours

from apps.routing.engine.model import Model

_REMEMBERED = 12
"""Best solutions of one search whose routes the choice of carriers may mix."""

BREAKS_RULES = int(np.iinfo(np.int64).max)
"""What PyVRP says a solution costs that breaks a rule."""

_BACK = 2.5
"""So many iterations late acceptance looks back for each that a visit gets, between the next two bounds."""

_LEAST, _MOST = 10, 300

_PROBE = 0.03
"""Share of a search until a moment after which its pace is known."""

_LOOK_EVERY = 0.05
"""Seconds between two looks at searches that run side by side."""


@dataclass
class Clock:
    """When a search has to end. Counts iterations over all rounds."""

    seconds: float | None
    cancelled: Callable[[], bool]
    iterations: int = 0
    interrupted: bool = False
    _began: float = field(default_factory=monotonic)

    def must_stop(self) -> bool:
        """Whether somebody cancelled or the deadline has passed."""
        late = self.seconds is not None and monotonic() - self._began >= self.seconds
        self.interrupted = self.interrupted or late or self.cancelled()
        return self.interrupted

    def spent(self) -> float:
        """Seconds since the clock was made."""
        return monotonic() - self._began

    def left(self) -> float | None:
        """Seconds until the deadline, if there is one."""
        return None if self.seconds is None else max(0.0, self.seconds - self.spent())


@dataclass(frozen=True, slots=True)
class Task:
    """One search: a model, from where, and until when; ``until`` is in seconds of the clock.

    It is given up where ``patience``, a share of its iterations or time, has brought no solution that keeps
    the rules.
    """

    model: Model
    seed: int
    iterations: int | None
    until: float | None
    start: pyvrp.Solution | None = None
    patience: float = 1.0


class _Searching(IteratedLocalSearchCallbacks):
    """PyVRP's stopping rule and ears for one task; keeps the best solutions on the way, the newest last."""

    def __init__(self, task: Task, clock: Clock, ends: Callable[[], bool]) -> None:
        self.task, self.clock, self.ends = task, clock, ends
        self.best: list[pyvrp.Solution] = []
        self.done = 0
        self.begun = clock.spent()
        self._until = task.until

    def __call__(self, best_cost: int) -> bool:
        task = self.task
        if self.done and self.ends():
            return True
        if task.iterations is not None and self.done >= task.iterations:
            return True
        if self._until is not None and self.clock.spent() >= self._until:
            return True
        if best_cost >= BREAKS_RULES and self._has_lost_patience():
            return True
        self.done += 1
        return False

    def _has_lost_patience(self) -> bool:
        task = self.task
        if task.iterations is not None and self.done >= task.patience * task.iterations:
            return True
        if task.until is None:
            return False
        return self.clock.spent() - self.begun >= task.patience * (task.until - self.begun)

    def on_best(self, best: pyvrp.Solution) -> None:
        self.best.append(best)
        del self.best[:-_REMEMBERED]

    def run(self) -> list[pyvrp.Solution]:
        """The last best solutions, the best one last."""
        data, penalties = self.task.model.data, self.task.model.penalties
        random = pyvrp.RandomNumberGenerator(seed=self.task.seed)
        manager = pyvrp.PenaltyManager(penalties.midpoint_penalties(data), penalties)
        local = LocalSearch(data, random, compute_neighbours(data))
        for operator in OPERATORS:
            if operator.supports(data):
                local.add_operator(operator(data))
        best = self.task.start
        if best is None:
            anything = pyvrp.Solution.make_random(data, random)
            best = local(anything, manager.max_cost_evaluator(), exhaustive=True)
        for length in self._stages():
            params = IteratedLocalSearchParams(history_length=length, callbacks=self)
            best = pyvrp.IteratedLocalSearch(data, manager, local, best, params).run(self, False).best
        return [*self.best, best]

    def _stages(self) -> Iterator[int]:
        """How far late acceptance looks back, first until the pace is known where that alone says how many
        iterations there will be."""
        task, visits = self.task, self.task.model.data.num_clients
        if task.iterations is not None or task.until is None:
            yield looks_back(task.iterations, visits)
            return
        began = self.clock.spent()
        self._until = began + _PROBE * (task.until - began)
        yield looks_back(0, visits)
        self._until = task.until
        now = self.clock.spent()
        yield looks_back(self.done * max(0.0, task.until - now) / max(now - began, 1e-9), visits)


def looks_back(iterations: float | None, visits: int) -> int:
    """How many iterations late acceptance looks back in a search of so many, ``None`` for one without end.

    The longer it looks back, the further a search gets in the end, and the later. PyVRP always looks 300
    back: R2_4_1 was 3.3 % above the best known that way after 2,500 iterations, six a visit, and 0.3 % with
    19; X200-HD, 15 a visit, 3.9 % and with 50 1.3 %; R104, 100 a visit, is as good with 200 as with 300.
    """
    return _MOST if iterations is None else int(np.clip(_BACK * iterations / visits, _LEAST, _MOST))


def search(
    tasks: Sequence[Task], clock: Clock, *, workers: int, told: Callable[[int, int], None]
) -> list[list[pyvrp.Solution]]:
    """Of each task the last best solutions, the best one last; ``workers`` tasks are searched at a time.

    ``told`` hears the number of a task and the cost in cents of each new best; iterations are counted on the
    clock.
    """
    if workers == 1 or len(tasks) == 1:
        return [_alone(number, task, clock, told) for number, task in enumerate(tasks)]
    stop = Event()
    running = [_Searching(task, clock, stop.is_set) for task in tasks]
    heard: list[pyvrp.Solution | None] = [None] * len(tasks)
    before = clock.iterations
    with ThreadPoolExecutor(workers, thread_name_prefix="routing") as pool:
        futures: list[Future[list[pyvrp.Solution]]] = [pool.submit(one.run) for one in running]
        try:
            pending = set(futures)
            while pending:
                _, pending = wait(pending, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
                clock.iterations = before + sum(one.done for one in running)
                _tell(running, heard, told)
                if clock.must_stop():
                    stop.set()
        finally:
            stop.set()
    return [future.result() for future in futures]


def _tell(
    running: Sequence[_Searching], heard: list[pyvrp.Solution | None], told: Callable[[int, int], None]
) -> None:
    for number, one in enumerate(running):
        best = one.best[-1] if one.best else None
        if best is not None and best is not heard[number]:
            heard[number] = best
            told(number, one.task.model.cents(best))


def _alone(number: int, task: Task, clock: Clock, told: Callable[[int, int], None]) -> list[pyvrp.Solution]:
    class Alone(_Searching):
        def __call__(self, best_cost: int) -> bool:
            ends = super().__call__(best_cost)
            clock.iterations += not ends
            return ends

        def on_best(self, best: pyvrp.Solution) -> None:
            super().on_best(best)
            told(number, task.model.cents(best))

    return Alone(task, clock, clock.must_stop).run()
