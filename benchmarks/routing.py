"""The routing engine: how near its routes are to the best known beside its peers', how soon, and what one
more delivery costs.

``INSTANCES_DIR`` and ``INSTANCES_BKS`` name the instances (see ``_instances``), ``SECONDS`` the time for each
(10), ``INSTANCES`` which of them are solved: a sample, or ``all``, those with 1,000 customers too.
``make bench ONLY=routing INSTANCES=all SECONDS=30`` sets them. Every plan is checked.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean
from time import perf_counter

import numpy as np

from apps.routing import engine
from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.model import Assumptions, build
from benchmarks import _instances, _peers
from benchmarks._days import HOUR, SEED, day_of
from benchmarks._instances import Instance
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

SAMPLE = ("C104", "R104", "RC201", "R1_2_1", "RC2_2_1", "R1_4_1", "RC1_4_1")
LARGEST = 1000
SIZES = ((50, 12), (100, 20), (200, 36), (400, 60))


def run() -> Iterator[Promise]:
    """The promises of a day first, then those of the instances, each with its peers' figures printed."""
    yield Promise("routing-day-of-50", round(_seconds_for_50(), 2), target=20, unit=" s")
    yield Promise("routing-model-share-400", round(_model_share(), 2), target=10, unit=" %")
    yield from _one_more_delivery()
    yield from _thousand_deliveries()
    where = _instances.folder()
    if where is None:
        print("routing: no published instances; name their folder in INSTANCES_DIR to measure the gaps")
        return
    yield from _families(_instances.instances(where))


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
    model = build(RouteBook(problem), range(400), Assumptions(available))
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


def _tell_day(count: int, answer: engine.Plan) -> None:
    served = count - len(answer.unassigned)
    print(
        f"routing: {count} deliveries, {len(answer.routes)} routes, {len(answer.unassigned)} left out, "
        f"ZAR {answer.route_cost / 100 / max(served, 1):.2f} a delivery",
        flush=True,
    )


def _families(found: Sequence[Instance]) -> Iterator[Promise]:
    seconds = float(os.environ.get("SECONDS") or 10)
    chosen = found if os.environ.get("INSTANCES") == "all" else _sample(found)
    families: defaultdict[str, list[tuple[float, float | None, float | None]]] = defaultdict(list)
    for instance in chosen:
        families[instance.family].append(_gaps(instance, 120.0 if instance.customers >= LARGEST else seconds))
    print(f"routing: mean gap in % in {seconds:g} s (1,000 customers: 120 s on two cores)")
    for family, gaps in families.items():
        ours, bare, google = zip(*gaps, strict=True)
        print(
            f"routing: {family:<11} ×{len(gaps):<2} ours {_said(ours)}  PyVRP {_said(bare)}  "
            f"OR-Tools {_said(google)}"
        )
    for family, gaps in families.items():
        name = family.replace(" ", "-").lower()
        time = 120 if family.endswith("1000") else int(seconds)
        if (family, time) in TARGETS:
            gap = mean(one[0] for one in gaps)
            yield Promise(f"routing-gap-{name}", round(gap, 2), target=TARGETS[family, time], unit=" %")
        both = [(ours, bare) for ours, bare, _ in gaps if bare is not None]
        if both:
            behind = mean(ours - bare for ours, bare in both)
            yield Promise(f"routing-behind-pyvrp-{name}", round(behind, 2), target=BEHIND, unit=" points")


def _sample(found: Sequence[Instance]) -> list[Instance]:
    """The named ones, and of every other family the first."""
    chosen = [one for one in found if one.variant == "VRPTW" and one.name in SAMPLE]
    seen = {one.family for one in found if one.variant == "VRPTW"}
    for one in found:
        if one.family not in seen and one.customers < LARGEST:
            seen.add(one.family)
            chosen.append(one)
    return chosen


def _gaps(instance: Instance, seconds: float) -> tuple[float, float | None, float | None]:
    """Gap to the best known in percent: ours, bare PyVRP's with the same seed, OR-Tools'."""
    workers = 2 if instance.customers >= LARGEST else 1
    budget = engine.Budget(seed=SEED, iterations=None, seconds=seconds, workers=workers)
    problem, data = instance.read(budget)
    answer, _ = _planned(problem)
    optional = {str(number) for number, one in enumerate(data.clients(), start=1) if not one.required}
    assert {one.visit_id for one in answer.unassigned} <= optional
    costs = (
        float(answer.total_cost),
        _peers.bare_pyvrp(data, seconds, SEED),
        _peers.or_tools(data, seconds),
    )
    ours, bare, google = (None if cost is None else 100 * (cost / instance.best - 1) for cost in costs)
    assert ours is not None
    print(
        f"routing: {instance.name} in {seconds:g} s: ours {_said([ours])}, PyVRP {_said([bare])}, "
        f"OR-Tools {_said([google])}",
        flush=True,
    )
    return ours, bare, google


def _said(gaps: Sequence[float | None]) -> str:
    known = [gap for gap in gaps if gap is not None]
    missing = len(gaps) - len(known)
    said = f"{mean(known):6.2f}" if known else "     –"
    return f"{said} ({missing} without)" if missing and known else said
