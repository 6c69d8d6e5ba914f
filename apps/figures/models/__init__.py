"""What deliveries came to: facts of each, sums of each day, causes, rates and predictions.

All of it is counted from what is on record elsewhere and can be counted again; overrides, rates and
milestones alone are said by people.
"""

from apps.figures.models.causes import CauseOverride, FailureRates
from apps.figures.models.facts import HORIZONS, Counting, DayFigures, VisitFacts, WeeklyReport
from apps.figures.models.milestones import Milestone, MilestoneDelivery
from apps.figures.models.risks import Risk, RiskModel

__all__ = [
    "HORIZONS",
    "CauseOverride",
    "Counting",
    "DayFigures",
    "FailureRates",
    "Milestone",
    "MilestoneDelivery",
    "Risk",
    "RiskModel",
    "VisitFacts",
    "WeeklyReport",
]
