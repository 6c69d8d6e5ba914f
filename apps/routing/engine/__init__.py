"""The routing engine: pure Python in, pure Python out, no Django. ``plan`` is the door; ``problem`` says what
goes in."""

from apps.routing.engine.check import Violation, check
from apps.routing.engine.problem import (
    DEFAULT_PENALTY_CENTS,
    Budget,
    Carrier,
    Depot,
    DrivingRules,
    InvalidProblem,
    Load,
    Problem,
    Tariff,
    TravelMatrix,
    VehicleClass,
    Visit,
    Window,
)
from apps.routing.engine.result import (
    Activity,
    Cost,
    Plan,
    PlannedRoute,
    PlannedStop,
    Reason,
    Segment,
    Unassigned,
)
from apps.routing.engine.solve import ROUNDS, EngineFault, Progress, plan
from apps.routing.engine.travel import GreatCircle, Point, TravelProvider

__all__ = [
    "DEFAULT_PENALTY_CENTS",
    "ROUNDS",
    "Activity",
    "Budget",
    "Carrier",
    "Cost",
    "Depot",
    "DrivingRules",
    "EngineFault",
    "GreatCircle",
    "InvalidProblem",
    "Load",
    "Plan",
    "PlannedRoute",
    "PlannedStop",
    "Point",
    "Problem",
    "Progress",
    "Reason",
    "Segment",
    "Tariff",
    "TravelMatrix",
    "TravelProvider",
    "Unassigned",
    "VehicleClass",
    "Violation",
    "Visit",
    "Window",
    "check",
    "plan",
]
