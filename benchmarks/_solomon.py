"""Published instances in Solomon's format, for our engine and for bare PyVRP.

Distances as in the DIMACS challenge: euclidean × 10, truncated, one cent for each of these units. The
instances' folder is named by ``INSTANCES_DIR``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyvrp

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
)

ROOT = Path(__file__).resolve().parents[1]
NO_BREAKS = DrivingRules(before_break=10**7, per_day=10**7)


def folder() -> Path | None:
    """Where the instances are: ``INSTANCES_DIR``, else ``../shared/instances``; None when there are none."""
    named = Path(os.environ.get("INSTANCES_DIR") or ROOT.parent / "shared" / "instances")
    return named if named.is_dir() else None


def read(path: Path, budget: Budget) -> tuple[Problem, pyvrp.ProblemData]:
    """One instance for us and for PyVRP."""
    lines = [line.split() for line in path.read_text().splitlines()]
    count, capacity = map(int, lines[4])
    rows = np.array([[int(cell) for cell in line] for line in lines[9:] if line])
    apart = np.hypot(*(rows[:, None, axis] - rows[None, :, axis] for axis in (1, 2)))
    metres = (apart * 10).astype(np.int64)
    return _ours(rows, metres, count, capacity, budget), _bare(rows, metres, count, capacity)


def _ours(rows: np.ndarray, metres: np.ndarray, count: int, capacity: int, budget: Budget) -> Problem:
    horizon = int(rows[0, 5]) * 10
    fleet = VehicleClass(
        id="v",
        carrier_id="c",
        depot_id="0",
        vehicle_ids=tuple(f"v{number}" for number in range(count)),
        capacity=Load(capacity, 0, 0),
        tariff=Tariff(per_km_cents=1000),
        shift=Window(0, horizon),
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
        budget=budget,
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
    matrices: list[Any] = [metres]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(int(x), int(y)) for x, y in rows[:, 1:3]],
        clients=clients,
        depots=[pyvrp.Depot(location=0, tw_late=int(rows[0, 5]) * 10)],
        vehicle_types=[pyvrp.VehicleType(count, [capacity])],
        distance_matrices=matrices,
        duration_matrices=matrices,
    )
