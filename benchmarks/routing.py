"""The routing engine: how near its routes are to the best known beside its peers', how soon, and what one
more delivery costs.

``INSTANCES_DIR`` and ``INSTANCES_BKS`` name the instances (see ``_instances``), ``SECONDS`` the time for each
(10), ``INSTANCES`` which of them are solved (see ``_families.chosen``); a run takes some 22 minutes.
``make bench ONLY=routing INSTANCES=R104,R1_2_1 SECONDS=30`` sets them. Every plan is checked.
"""

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import mean
from time import perf_counter

import numpy as np

from apps.routing import engine
from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.model import Assumptions, build
from apps.routing.engine.sound import sort_out
from benchmarks import _families, _instances
from benchmarks._days import HOUR, SEED, day_of
from benchmarks.harness import Promise

TARGETS = {
    ("VRPTW 100", 10): 0.30,
    ("VRPTW 100", 30): 0.20,
    ("VRPTW 200", 10): 1.0,
    ("VRPTW 200", 30): 0.6,
    ("VRPTW 400", 10): 2.0,
    ("VRPTW 400", 30): 1.2,
    ("VRPTW 1000", 120): 2.5,
}
"""Mean gap in percent that is promised for a family in so many seconds."""

BEHIND = 0.10
"""Points that we may be behind bare PyVRP."""

SHORT = 20.0
"""Seconds for an instance that is only to be checked."""

SIZES = ((50, 12), (100, 20), (200, 36), (400, 60))


def run() -> Iterator[Promise]:
    """The promises of a day first, then those of the instances, each with its peers' figures printed."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(
        f"routing: {platform.machine()}, {cores} cores, load {load:.1f}, {datetime.now(UTC):%Y-%m-%d %H:%M}"
    )
    yield Promise("routing-day-of-50", round(_seconds_for_50(), 2), target=20, unit=" s")
    yield Promise("routing-model-share-400", round(_model_share(), 2), target=10, unit=" %")
    yield from _one_more_delivery()
    yield from _thousand_deliveries()
    where = _instances.folder()
    if where is None:
        print("routing: no published instances; name their folder in INSTANCES_DIR to measure the gaps")
        return
    every = _instances.instances(where)
    chosen = _families.chosen(every)
    yield from _gaps(chosen)
    if not os.environ.get("INSTANCES"):
        yield from _others_checked(every, chosen)


def _seconds_for_50() -> float:
    problem = day_of(50, 24, engine.Budget(seed=SEED))
    return _planned(problem)[1]


def _planned(problem: engine.Problem) -> tuple[engine.Plan, float]:
    """The plan, checked, and the seconds that it took."""
    began = perf_counter()
    answer = engine.plan(problem)
    took = perf_counter() - began
    assert engine.check(problem, answer) == ()
    return answer, took


def _model_share() -> float:
    """Percent of a 10 s run that building the model takes for 400 deliveries."""
    problem = day_of(400, 60, engine.Budget(seed=SEED), slot=3 * HOUR)
    available = tuple(len(offer.vehicle_ids) for offer in problem.fleet)
    began = perf_counter()
    model = build(RouteBook(sort_out(problem).problem), range(400), Assumptions(available))
    took = perf_counter() - began
    assert model is not None
    return 100 * took / 10


def _one_more_delivery() -> Iterator[Promise]:
    """Milliseconds to price 50 slots for a delivery on a plan of 400 stops; the plan is prepared once."""
    budget = engine.Budget(seed=SEED, iterations=None, seconds=10.0)
    problem = day_of(400, 60, budget, slot=3 * HOUR)
    answer, _ = _planned(problem)
    began = perf_counter()
    standing = engine.StandingPlan.of_plan(problem, answer)
    print(f"routing: a plan of 400 is prepared for pricing in {1000 * (perf_counter() - began):.0f} ms")
    slots = [engine.Window(7 * HOUR + 600 * one, 7 * HOUR + 600 * one + HOUR) for one in range(50)]
    times = []
    for number in range(100):
        place = problem.place(number)
        there = (problem.travel.metres[:, place], problem.travel.seconds[:, place])
        back = (problem.travel.metres[place], problem.travel.seconds[place])
        began = perf_counter()
        standing.costs(problem.visits[number], there, back, slots)
        times.append(1000 * (perf_counter() - began))
    yield Promise("routing-insertion-p95", round(float(np.percentile(times, 95)), 1), target=50, unit=" ms")


def _thousand_deliveries() -> Iterator[Promise]:
    """A day of 1,000 and 60 vehicles on both cores; what a delivery costs on smaller days beside it."""
    for count, vehicles in SIZES:
        budget = engine.Budget(seed=SEED, iterations=None, seconds=10.0)
        answer, _ = _planned(day_of(count, vehicles, budget, slot=3 * HOUR))
        _tell_day(count, answer)
    budget = engine.Budget(seed=SEED, iterations=None, seconds=105.0, workers=2)
    answer, took = _planned(day_of(1000, 60, budget, slot=3 * HOUR))
    _tell_day(1000, answer)
    yield Promise("routing-day-of-1000", round(took, 1), target=120, unit=" s")
    yield Promise("routing-day-of-1000-left-out", len(answer.unassigned), target=0)


def _others_checked(every: list[_instances.Instance], chosen: list[_instances.Instance]) -> Iterator[Promise]:
    """The instances for whose full time a run has no room are solved for a short one, so that all of them
    have been checked: ``_families.ours`` lets no plan pass that the checker does not."""
    checked = len(chosen)
    for one in (each for each in every if each not in chosen):
        found = _families.ours(one, SHORT)
        checked += 1
        gap = "–" if found.cost is None else f"{100 * (found.cost / one.best - 1):.2f}"
        print(f"routing: {one.name} in {SHORT:g} s: ours {gap}, checked", flush=True)
    yield Promise("routing-instances-checked", checked, target=len(every), bound="at least")


def _tell_day(count: int, answer: engine.Plan) -> None:
    served = count - len(answer.unassigned)
    print(
        f"routing: {count} deliveries, {len(answer.routes)} routes, {len(answer.unassigned)} left out, "
        f"ZAR {answer.route_cost / 100 / max(served, 1):.2f} a delivery",
        flush=True,
    )


def _gaps(instances: list[_instances.Instance]) -> Iterator[Promise]:
    seconds = float(os.environ.get("SECONDS") or 10)
    found = []
    for one in _families.measured(instances, seconds):
        print(f"routing: {one}", flush=True)
        found.append(one)
    families = _families.by_family(found)
    print("routing: mean gap to the best known in %")
    for line in _families.table(families):
        print(f"routing: {line}")
    for family, gaps in families.items():
        name, time = family.replace(" ", "-").lower(), int(gaps[0].seconds)
        solved = [one.ours for one in gaps if one.ours is not None]
        if (family, time) in TARGETS and solved:
            gap = mean(solved)
            yield Promise(f"routing-gap-{name}", round(gap, 2), target=TARGETS[family, time], unit=" %")
        behind = [one.behind for one in gaps if one.behind is not None]
        if behind:
            points = round(mean(behind), 2)
            yield Promise(f"routing-behind-pyvrp-{name}", points, target=BEHIND, unit=" points")
    without = sum(one.ours is None for one in found)
    yield Promise("routing-without-a-solution", without, target=0)
