"""Published instances, for our engine and as PyVRP's data: Solomon's format (Gehring and Homberger's too)
and VRPLIB's, explicit matrices included.

``INSTANCES_DIR`` names the folder, ``INSTANCES_BKS`` the file of best known solutions: CSV with the columns
variant, file (relative to the folder), name, customers, first_n_rows and bks.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.constants import MAX_VALUE

from apps.routing.engine import (
    DEFAULT_PENALTY_CENTS,
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
HORIZON = 10**7
"""Where an instance has no closing time."""

SCALES = {"VRPTW": 10, "HFVRP": 100_000}
"""Our cents in one unit of a best known solution, for each variant; 1 for the others. Solomon's as in the
DIMACS challenge: euclidean × 10, truncated."""

ROUNDING = {"MTVRPTWR": "dimacs", "PCVRPTW": "dimacs", "VRPTW": "dimacs"}
"""How PyVRP rounds each variant's distances; the others' are exact to three places."""

UNTIMED = frozenset({"HFVRP"})
MANY_TRIPS = 30


@dataclass(frozen=True)
class Instance:
    """One row of the file of best known solutions; ``best`` is in our cents."""

    name: str
    variant: str
    customers: int
    path: Path
    first: int | None
    best: float

    @property
    def family(self) -> str:
        """What its gap is told together with: variant and size."""
        return f"{self.variant} {self.customers}" if self.variant == "VRPTW" else self.variant

    def read(self, budget: Budget) -> tuple[Problem, pyvrp.ProblemData]:
        """The question for us, and the same for PyVRP."""
        data = self.data()
        return as_problem(data, budget, timed=self.variant not in UNTIMED), data

    def data(self) -> pyvrp.ProblemData:
        """The question for PyVRP."""
        return read(self.path, rounding=ROUNDING.get(self.variant, "exact"), first=self.first)


def folder() -> Path | None:
    """Where the instances are: ``INSTANCES_DIR``, else ``../shared/instances``; None when there are none."""
    named = Path(os.environ.get("INSTANCES_DIR") or ROOT.parent / "shared" / "instances")
    return named if named.is_dir() else None


def instances(where: Path) -> list[Instance]:
    """All that the file of best known solutions names, by variant and size."""
    known = Path(os.environ.get("INSTANCES_BKS") or where / "bks.csv")
    with known.open(encoding="utf-8", newline="") as file:
        found = [
            Instance(
                name=row["name"],
                variant=row["variant"],
                customers=int(row["customers"]),
                path=where / row["file"],
                first=int(row["first_n_rows"]) if row["first_n_rows"] else None,
                best=float(row["bks"]) * SCALES.get(row["variant"], 1),
            )
            for row in csv.DictReader(file)
        ]
    return sorted(found, key=lambda one: (one.variant != "VRPTW", one.variant, one.customers, one.name))


def read(path: Path, *, rounding: str, first: int | None = None) -> pyvrp.ProblemData:
    """One file as PyVRP's data; of a Solomon file only the ``first`` customers if that is given."""
    if path.suffix == ".txt":
        return _solomon(path, first)
    return pyvrp.read(path, round_func=rounding)


def _solomon(path: Path, first: int | None) -> pyvrp.ProblemData:
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    count, capacity = map(int, lines[4])
    rows = np.array([[int(cell) for cell in line] for line in lines[9:] if line])
    rows = rows if first is None else rows[: first + 1]
    apart = np.hypot(*(rows[:, None, axis] - rows[None, :, axis] for axis in (1, 2)))
    matrices: list[Any] = [(apart * 10).astype(np.int64)]
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
        distance_matrices=matrices,
        duration_matrices=matrices,
    )


def as_problem(data: pyvrp.ProblemData, budget: Budget, *, timed: bool = True) -> Problem:
    """The same question for our engine; one unit of PyVRP's cost is one cent.

    Profiles may differ in what they forbid, as with site-dependent vehicles, not in their distances. Without
    ``timed`` driving takes no time.
    """
    places = [*(one.location for one in data.depots()), *(one.location for one in data.clients())]
    square = np.ix_(places, places)
    profiles = range(data.num_profiles)
    metres = np.minimum.reduce([data.distance_matrix(one)[square] for one in profiles])
    seconds = np.minimum.reduce([data.duration_matrix(one)[square] for one in profiles])
    open_to = [data.distance_matrix(one)[square] == metres for one in profiles]
    for matrix in (metres, seconds):
        np.fill_diagonal(matrix, 0)
        # Ways that no vehicle may go are never gone; their length only has to be a number like the others.
        np.copyto(matrix, matrix[matrix < MAX_VALUE].max(), where=matrix >= MAX_VALUE)
    kinds = data.vehicle_types()
    dearest = max(kind.fixed_cost + kind.unit_distance_cost * 2 * int(metres.max()) for kind in kinds)
    penalty = max(DEFAULT_PENALTY_CENTS, 3 * dearest)
    return Problem(
        depots=tuple(
            Depot(str(number), 0.0, 0.0, one.tw_early, min(one.tw_late, HORIZON))
            for number, one in enumerate(data.depots())
        ),
        visits=tuple(
            _visit(number, one, penalty, _barred(number + len(data.depots()), len(data.depots()), open_to))
            for number, one in enumerate(data.clients())
        ),
        fleet=tuple(_vehicles(number, kind) for number, kind in enumerate(kinds)),
        carriers=(Carrier("c"),),
        travel=TravelMatrix(metres, seconds if timed else np.zeros_like(seconds)),
        driving=NO_BREAKS,
        budget=budget,
    )


def _barred(place: int, depots: int, open_to: list[NDArray[np.bool_]]) -> frozenset[str]:
    """Profiles whose vehicles may not come here."""
    return frozenset(str(number) for number, ways in enumerate(open_to) if not ways[:depots, place].all())


def _visit(number: int, one: pyvrp.Client, penalty: int, barred: frozenset[str]) -> Visit:
    return Visit(
        id=str(number + 1),
        lat=0.0,
        lon=0.0,
        load=Load(one.delivery[0]),
        window=Window(one.tw_early, min(one.tw_late, HORIZON) + max(one.service_duration, 1)),
        service_seconds=one.service_duration,
        penalty_cents=penalty if one.required else one.prize,
        ready=one.release_time,
        zones=barred,
    )


def _vehicles(number: int, kind: pyvrp.VehicleType) -> VehicleClass:
    again = bool(kind.reload_depots)
    return VehicleClass(
        id=f"v{number}",
        carrier_id="c",
        depot_id=str(kind.start_depot),
        vehicle_ids=tuple(f"v{number}-{one}" for one in range(kind.num_available)),
        capacity=Load(kind.capacity[0], 0, 0),
        tariff=Tariff(fixed_cents=kind.fixed_cost, per_km_cents=1000 * kind.unit_distance_cost),
        shift=Window(kind.tw_early, min(kind.tw_late, HORIZON)),
        max_duty_seconds=min(kind.shift_duration, HORIZON),
        barred_zones=frozenset({str(kind.profile)}),
        max_trips=min(kind.max_trips, MANY_TRIPS) if again else 1,
    )
