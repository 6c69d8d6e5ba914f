"""Our model costs nothing: it is as good as bare PyVRP with the same seed and iterations.

The instances are published ones, their folder is named by ``INSTANCES_DIR``; without it they are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import pyvrp
from pyvrp.stop import MaxIterations

from apps.routing.engine import (
    Budget,
    Carrier,
    Depot,
    DrivingRules,
    Load,
    Problem,
    Tariff,
    TravelMatrix,
    VehicleClass,
    Visit,
    Window,
    check,
    plan,
)

FOLDER = Path(os.environ.get("INSTANCES_DIR", Path(__file__).parents[4] / "shared" / "instances"))
NO_BREAKS = DrivingRules(before_break=10**7, per_day=10**7)
ITERATIONS = 300


def solomon(path: Path) -> tuple[Problem, pyvrp.ProblemData]:
    """One instance for us and for PyVRP, with distances as in the DIMACS challenge: euclidean × 10,
    truncated."""
    lines = [line.split() for line in path.read_text().splitlines()]
    count, capacity = map(int, lines[4])
    rows = np.array([[int(cell) for cell in line] for line in lines[9:] if line])
    apart = np.hypot(*(rows[:, None, axis] - rows[None, :, axis] for axis in (1, 2)))
    metres = (apart * 10).astype(np.int64)
    return _ours(rows, metres, count, capacity), _bare(rows, metres, count, capacity)


def _ours(rows: np.ndarray, metres: np.ndarray, count: int, capacity: int) -> Problem:
    horizon = int(rows[0, 5]) * 10
    fleet = VehicleClass(
        "v",
        "c",
        "0",
        tuple(f"v{number}" for number in range(count)),
        Load(capacity, 0, 0),
        Tariff(per_km_cents=1000),
        Window(0, horizon),
    )
    visits = tuple(
        Visit(
            id=str(number),
            lat=0.0,
            lon=0.0,
            load=Load(int(demand)),
            window=Window(int(ready) * 10, int(due + service) * 10),
            service_seconds=int(service) * 10,
        )
        for number, _, _, demand, ready, due, service in rows[1:]
    )
    return Problem(
        depots=(Depot("0", 0.0, 0.0, 0, horizon),),
        visits=visits,
        fleet=(fleet,),
        carriers=(Carrier("c"),),
        travel=TravelMatrix(metres, metres),
        driving=NO_BREAKS,
        budget=Budget(seed=7, iterations=ITERATIONS),
    )


def _bare(rows: np.ndarray, metres: np.ndarray, count: int, capacity: int) -> pyvrp.ProblemData:
    clients = [
        pyvrp.Client(
            location=place,
            delivery=[int(demand)],
            service_duration=int(service) * 10,
            tw_early=int(ready) * 10,
            tw_late=int(due) * 10,
        )
        for place, (_, _, _, demand, ready, due, service) in enumerate(rows[1:], start=1)
    ]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(int(x), int(y)) for x, y in rows[:, 1:3]],
        clients=clients,
        depots=[pyvrp.Depot(location=0, tw_late=int(rows[0, 5]) * 10)],
        vehicle_types=[pyvrp.VehicleType(count, [capacity])],
        distance_matrices=[metres],
        duration_matrices=[metres],
    )


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no instances in {FOLDER}; name their folder in INSTANCES_DIR"
)
@pytest.mark.parametrize("name", ["C101", "R101", "RC201"])
def test_our_model_is_as_good_as_bare_pyvrp(name):
    ours, bare = solomon(FOLDER / "VRPTW" / f"{name}.txt")

    answer = plan(ours)
    reference = pyvrp.solve(bare, MaxIterations(ITERATIONS), seed=7)

    assert check(ours, answer) == ()
    assert answer.unassigned == ()
    assert answer.total_cost <= reference.cost() * 1.01
