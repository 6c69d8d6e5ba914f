"""How near routes are to the best known, family by family, beside the peers' in the same run.

Where an instance fits on one core, ours and the peers' searches are run two at a time, a core each, so that
all have the same neighbour and whatever else the machine does hits all of them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import mean
from time import perf_counter, process_time
from typing import TypeVar

from apps.routing import engine
from benchmarks import _peers
from benchmarks._instances import Instance

SEED = 7
LARGEST = 1000
SMALL = 50
SECONDS_SMALL = 2.0
SECONDS_LARGEST = 120.0
GRACE = 30.0
"""Seconds beyond its time, for reading and a busy machine, after which a peer is given up."""
SOLVERS = ("ours", "PyVRP", "OR-Tools")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Found:
    """What one solver found: its cost, None without a solution, and the share of a core that it had."""

    cost: float | None
    share: float


@dataclass(frozen=True)
class Gaps:
    """One instance: each solver's distance from the best known in percent, in the order of ``SOLVERS``."""

    instance: Instance
    seconds: float
    percent: tuple[float | None, ...]
    shares: tuple[float, ...]

    @property
    def ours(self) -> float | None:
        """Our own gap; None where we left out somebody who has to be served."""
        return self.percent[0]

    @property
    def behind(self) -> float | None:
        """Points that we are behind bare PyVRP; negative: ahead of it; None where one has no solution."""
        ours, bare = self.percent[:2]
        return None if ours is None or bare is None else ours - bare

    def __str__(self) -> str:
        told = ", ".join(f"{who} {_said(gap)}" for who, gap in zip(SOLVERS, self.percent, strict=True))
        shares = "/".join(f"{100 * share:.0f}" for share in self.shares)
        return f"{self.instance.name} in {self.seconds:g} s: {told} (% of a core: {shares})"


def chosen(found: Sequence[Instance]) -> list[Instance]:
    """What ``INSTANCES`` asks for: names with commas between, ``all``, or what a run of 25 minutes has room
    for: all but the second ones with 1,000 customers."""
    asked = os.environ.get("INSTANCES", "")
    if asked == "all":
        return list(found)
    if asked:
        names = set(asked.split(","))
        return [one for one in found if one.name in names]
    largest: set[str] = set()
    kept = []
    for one in sorted(found, key=lambda one: one.name, reverse=True):
        if one.customers < LARGEST or one.family not in largest:
            kept.append(one)
            largest |= {one.family} if one.customers >= LARGEST else set()
    return [one for one in found if one in kept]


def seconds_for(instance: Instance, seconds: float) -> float:
    """How long each solver has: 2 s suffice for 50 customers, 1,000 have what their target says."""
    if instance.customers <= SMALL:
        return min(seconds, SECONDS_SMALL)
    return SECONDS_LARGEST if instance.customers >= LARGEST else seconds


def measured(instances: Sequence[Instance], seconds: float) -> Iterator[Gaps]:
    """The gaps of each instance as they come in."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        small = [one for one in instances if one.customers < LARGEST]
        waiting = [(one, _begun(pool, one, seconds_for(one, seconds), (ours, bare, google))) for one in small]
        for one, futures in waiting:
            yield _gaps(one, seconds_for(one, seconds), [each.result() for each in futures])
        for one in (each for each in instances if each.customers >= LARGEST):
            mine = _begun(pool, one, SECONDS_LARGEST, (ours,))[0].result()
            peers = _begun(pool, one, SECONDS_LARGEST, (bare, google))
            yield _gaps(one, SECONDS_LARGEST, [mine, *(each.result() for each in peers)])


def by_family(gaps: Sequence[Gaps]) -> dict[str, list[Gaps]]:
    """The gaps of each family, in the families' order."""
    families: defaultdict[str, list[Gaps]] = defaultdict(list)
    for one in gaps:
        families[one.instance.family].append(one)
    return dict(families)


def table(families: dict[str, list[Gaps]]) -> Iterator[str]:
    """A line for each family: mean gaps, and how many instances a solver had no solution for."""
    yield f"{'family':<12} {'s':>4} {'×':>3}  " + "".join(f"{who:>18}" for who in SOLVERS)
    for family, gaps in families.items():
        cells = "".join(f"{_mean([one.percent[solver] for one in gaps]):>18}" for solver in range(3))
        yield f"{family:<12} {gaps[0].seconds:>4g} {len(gaps):>3}  {cells}"


def ours(instance: Instance, seconds: float) -> Found:
    """Our engine, checked; who leaves out somebody who has to be served has no solution."""
    workers = 2 if instance.customers >= LARGEST else 1
    budget = engine.Budget(seed=SEED, iterations=None, seconds=seconds, workers=workers)
    problem, data = instance.read(budget)
    answer, share = _timed(lambda: engine.plan(problem))
    assert engine.check(problem, answer) == ()
    optional = {str(number) for number, one in enumerate(data.clients(), start=1) if not one.required}
    complete = {one.visit_id for one in answer.unassigned} <= optional
    return Found(float(answer.total_cost) if complete else None, share)


def bare(instance: Instance, seconds: float) -> Found:
    """PyVRP as it comes, with our seed; one that does not come back by itself (its first local search on
    PR03, PR08 and PR09 never ends) has no solution."""
    context = get_context("spawn")
    told, teller = context.Pipe(duplex=False)
    child = context.Process(target=_bare, args=(teller, instance, seconds))
    child.start()
    teller.close()
    came = told.poll(seconds + GRACE)
    found = told.recv() if came else Found(None, 0.0)
    child.kill()
    child.join()
    return found


def _bare(teller: Connection, instance: Instance, seconds: float) -> None:
    data = instance.data()
    teller.send(Found(*_timed(lambda: _peers.bare_pyvrp(data, seconds, SEED))))


def google(instance: Instance, seconds: float) -> Found:
    """OR-Tools' routing."""
    data = instance.data()
    return Found(*_timed(lambda: _peers.or_tools(data, seconds)))


def _begun(
    pool: ProcessPoolExecutor,
    instance: Instance,
    seconds: float,
    solvers: Sequence[Callable[[Instance, float], Found]],
) -> list[Future[Found]]:
    return [pool.submit(solver, instance, seconds) for solver in solvers]


def _timed(solve: Callable[[], Answer]) -> tuple[Answer, float]:
    wall, cpu = perf_counter(), process_time()
    answer = solve()
    return answer, (process_time() - cpu) / max(perf_counter() - wall, 1e-9)


def _gaps(instance: Instance, seconds: float, found: Sequence[Found]) -> Gaps:
    percent = tuple(None if one.cost is None else 100 * (one.cost / instance.best - 1) for one in found)
    return Gaps(instance, seconds, percent, tuple(one.share for one in found))


def _mean(gaps: Sequence[float | None]) -> str:
    known = [gap for gap in gaps if gap is not None]
    said = f"{mean(known):.2f}" if known else "–"
    return said if len(known) == len(gaps) else f"{said} ({len(gaps) - len(known)} without)"


def _said(gap: float | None) -> str:
    return "–" if gap is None else f"{gap:.2f}"
