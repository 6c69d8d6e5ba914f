"""The routing engine: pure Python in, pure Python out, no Django. ``plan`` is the door; ``problem`` says what
goes in."""

from apps.routing.engine.around import Circle, bends, in_the_way, leads_through, with_detours
from apps.routing.engine.check import Violation, check
from apps.routing.engine.driving import Driver, drive
from apps.routing.engine.gaps import Ways
from apps.routing.engine.problem import (
    DEFAULT_PENALTY_CENTS,
    Around,
    Budget,
    Carrier,
    Current,
    Depot,
    DrivingRules,
    InvalidProblem,
    Keep,
    Load,
    Problem,
    Stay,
    Tariff,
    TravelMatrix,
    VehicleClass,
    Visit,
    Window,
)
from apps.routing.engine.repair import diff
from apps.routing.engine.result import (
    Activity,
    Change,
    ChangeKind,
    Cost,
    Plan,
    PlannedRoute,
    PlannedStop,
    Reason,
    Remedy,
    RemedyKind,
    Segment,
    Unassigned,
)
from apps.routing.engine.rounds import LARGE, ROUNDS, Progress
from apps.routing.engine.slots import SlotCost, StandingPlan
from apps.routing.engine.solve import EngineFault, plan
from apps.routing.engine.travel import GreatCircle, Point, TravelProvider

__all__ = [
    "DEFAULT_PENALTY_CENTS",
    "LARGE",
    "ROUNDS",
    "Activity",
    "Around",
    "Budget",
    "Carrier",
    "Change",
    "ChangeKind",
    "Circle",
    "Cost",
    "Current",
    "Depot",
    "Driver",
    "DrivingRules",
    "EngineFault",
    "GreatCircle",
    "InvalidProblem",
    "Keep",
    "Load",
    "Plan",
    "PlannedRoute",
    "PlannedStop",
    "Point",
    "Problem",
    "Progress",
    "Reason",
    "Remedy",
    "RemedyKind",
    "Segment",
    "SlotCost",
    "StandingPlan",
    "Stay",
    "Tariff",
    "TravelMatrix",
    "TravelProvider",
    "Unassigned",
    "VehicleClass",
    "Violation",
    "Visit",
    "Ways",
    "Window",
    "bends",
    "check",
    "diff",
    "drive",
    "in_the_way",
    "leads_through",
    "plan",
    "with_detours",
]
