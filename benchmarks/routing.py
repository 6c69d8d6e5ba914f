"""The routing engine: how soon a day is planned, and how near its routes are to the best known.

The day is made up from a fixed seed, so that it needs no file. The other promises need published instances in
``INSTANCES_DIR`` and are left out, with a word, where there are none.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime

from apps.routing import engine
from benchmarks import _solomon
from benchmarks.harness import Promise

DELIVERIES = 50
NAMES = ("C104", "R104", "RC104")
SECONDS = 8.0
SEED = 7
HOUR = 3600


def run() -> Iterator[Promise]:
    """A day's planning time; then the mean gap in percent, and in points behind PyVRP with equal time."""
    yield Promise("routing-day-of-50", round(_planning_time(), 2), target=20, unit=" s")
    folder = _solomon.folder()
    if folder is None:
        print("routing: no published instances; name their folder in INSTANCES_DIR to measure the gaps")
        return
    best = _best_known(folder)
    gaps = []
    for name in NAMES:
        ours, bare = _gaps(folder / "VRPTW" / f"{name}.txt", best[name])
        gaps.append((ours, bare))
        print(f"routing: {name} in {SECONDS:g} s, gap {ours:.2f} %, bare PyVRP {bare:.2f} %")
    mean, mean_bare = (sum(column) / len(gaps) for column in zip(*gaps, strict=True))
    yield Promise("routing-gap-100", round(mean, 2), target=0.30, unit=" %")
    yield Promise("routing-behind-pyvrp", round(mean - mean_bare, 2), target=0.10, unit=" points")


def _planning_time() -> float:
    problem = _made_up_day()
    began = perf_counter()
    answer = engine.plan(problem)
    took = perf_counter() - began
    assert engine.check(problem, answer) == ()
    return took


def _gaps(path: Path, best: float) -> tuple[float, float]:
    """Gap to the best known in percent, ours and bare PyVRP's, each with the same seed and time."""
    problem, bare = _solomon.read(path, engine.Budget(seed=SEED, iterations=None, seconds=SECONDS))
    answer = engine.plan(problem)
    reference = pyvrp.solve(bare, MaxRuntime(SECONDS), seed=SEED, display=False)
    return 100 * (answer.total_cost / best - 1), 100 * (reference.cost() / best - 1)


def _best_known(folder: Path) -> dict[str, float]:
    """Costs in the instances' own unit, of which ``_solomon`` makes ten."""
    with (folder / "bks.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["variant"] == "VRPTW"]
    return {row["name"]: 10 * float(row["bks"]) for row in rows}


def _made_up_day() -> engine.Problem:
    """50 deliveries around Johannesburg with half-hour slots, two carriers, one of them capped."""
    random = np.random.default_rng(SEED)
    places = random.normal((-26.2, 28.1), 0.2, (DELIVERIES, 2)).round(4).tolist()
    hours = random.integers(7 * 2, 15 * 2, DELIVERIES).tolist()
    pallets = random.integers(1, 6, DELIVERIES).tolist()
    visits = tuple(
        engine.Visit(
            id=f"D{number:02d}",
            lat=lat,
            lon=lon,
            load=engine.Load(pallets=count, kg=300 * count, litres=1000 * count),
            window=engine.Window(hour * HOUR // 2, (hour + 1) * HOUR // 2),
            service_seconds=HOUR // 2,
        )
        for number, ((lat, lon), hour, count) in enumerate(zip(places, hours, pallets, strict=True))
    )
    depot = engine.Depot("depot", -26.14, 28.2)
    points = [engine.Point(depot.lat, depot.lon), *(engine.Point(one.lat, one.lon) for one in visits)]
    return engine.Problem(
        depots=(depot,),
        visits=visits,
        fleet=(_vehicles("own", 4, 90_000), _vehicles("hired", 20, 120_000)),
        carriers=(engine.Carrier("own", max_routes=3), engine.Carrier("hired")),
        travel=engine.GreatCircle().matrix(points),
        budget=engine.Budget(seed=SEED),
        currency="ZAR",
    )


def _vehicles(carrier: str, count: int, fixed_cents: int) -> engine.VehicleClass:
    return engine.VehicleClass(
        id=carrier,
        carrier_id=carrier,
        depot_id="depot",
        vehicle_ids=tuple(f"{carrier}-{number}" for number in range(count)),
        capacity=engine.Load(12, 8000, 40_000),
        tariff=engine.Tariff(fixed_cents=fixed_cents, per_km_cents=1200, per_hour_cents=18_000),
        shift=engine.Window(5 * HOUR, 18 * HOUR),
    )
