"""The peers on the same question with the same time: bare PyVRP, and OR-Tools' routing as its manual shows it
with matrices registered in C++."""

from __future__ import annotations

import numpy as np
import pyvrp
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from pyvrp.stop import MaxRuntime

HORIZON = 10**7


def bare_pyvrp(data: pyvrp.ProblemData, seconds: float, seed: int) -> float | None:
    """Its cost; None without a feasible solution."""
    found = pyvrp.solve(data, MaxRuntime(seconds), seed=seed, display=False)
    return float(found.cost()) if found.is_feasible() else None


def or_tools(data: pyvrp.ProblemData, seconds: float) -> float | None:
    """Savings and guided local search; None without a solution, or where several trips can't be asked for."""
    kinds = [kind for kind in data.vehicle_types() for _ in range(kind.num_available)]
    if any(kind.reload_depots for kind in kinds):
        return None
    nodes = [*(one.location for one in data.depots()), *(one.location for one in data.clients())]
    places = np.ix_(nodes, nodes)
    manager = pywrapcp.RoutingIndexManager(
        len(nodes), len(kinds), [kind.start_depot for kind in kinds], [kind.end_depot for kind in kinds]
    )
    model = pywrapcp.RoutingModel(manager)
    _charge(model, data, kinds, places)
    loads = [0] * len(data.depots()) + [one.delivery[0] for one in data.clients()]
    model.AddDimensionWithVehicleCapacity(
        model.RegisterUnaryTransitVector(loads), 0, [kind.capacity[0] for kind in kinds], True, "load"
    )
    _time(model, manager, data, kinds, places)
    _optional(model, manager, data)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.SAVINGS
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    found = model.SolveWithParameters(parameters)
    return None if found is None else float(found.ObjectiveValue())


def _charge(
    model: pywrapcp.RoutingModel,
    data: pyvrp.ProblemData,
    kinds: list[pyvrp.VehicleType],
    places: tuple[np.ndarray, ...],
) -> None:
    known: dict[tuple[int, int], int] = {}
    for vehicle, kind in enumerate(kinds):
        key = (kind.profile, kind.unit_distance_cost)
        if key not in known:
            matrix = np.minimum(data.distance_matrix(kind.profile)[places], 10**12) * kind.unit_distance_cost
            known[key] = model.RegisterTransitMatrix(matrix.tolist())
        model.SetArcCostEvaluatorOfVehicle(known[key], vehicle)
        model.SetFixedCostOfVehicle(kind.fixed_cost, vehicle)


def _time(
    model: pywrapcp.RoutingModel,
    manager: pywrapcp.RoutingIndexManager,
    data: pyvrp.ProblemData,
    kinds: list[pyvrp.VehicleType],
    places: tuple[np.ndarray, ...],
) -> None:
    service = np.array([0] * len(data.depots()) + [one.service_duration for one in data.clients()])
    seconds = [data.duration_matrix(number)[places] for number in range(data.num_profiles)]
    if not np.minimum.reduce(seconds).any():
        return
    matrices = [
        model.RegisterTransitMatrix((np.minimum(one, HORIZON) + service[:, None]).tolist()) for one in seconds
    ]
    model.AddDimensionWithVehicleTransits(
        [matrices[kind.profile] for kind in kinds], HORIZON, HORIZON, False, "time"
    )
    time = model.GetDimensionOrDie("time")
    for number, one in enumerate(data.clients(), start=len(data.depots())):
        time.CumulVar(manager.NodeToIndex(number)).SetRange(one.tw_early, min(one.tw_late, HORIZON))
    for vehicle, kind in enumerate(kinds):
        depot = data.depots()[kind.start_depot]
        early, late = max(kind.tw_early, depot.tw_early), min(kind.tw_late, depot.tw_late, HORIZON)
        time.CumulVar(model.Start(vehicle)).SetRange(early, late)
        time.CumulVar(model.End(vehicle)).SetRange(early, late)
        if kind.shift_duration < HORIZON:
            time.SetSpanUpperBoundForVehicle(kind.shift_duration, vehicle)


def _optional(
    model: pywrapcp.RoutingModel, manager: pywrapcp.RoutingIndexManager, data: pyvrp.ProblemData
) -> None:
    for number, one in enumerate(data.clients(), start=len(data.depots())):
        if not one.required:
            model.AddDisjunction([manager.NodeToIndex(number)], one.prize)
