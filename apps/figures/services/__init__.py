"""What may be done with figures: count, train and tell risks, say causes, rates and milestones, report."""

from apps.figures.services.counting import Counted, count
from apps.figures.services.foreseeing import foresee, learn
from apps.figures.services.milestones import Dates, remove_milestone, set_milestone, tie, untie
from apps.figures.services.reporting import report_week
from apps.figures.services.saying import override_cause, set_rates

__all__ = [
    "Counted",
    "Dates",
    "count",
    "foresee",
    "learn",
    "override_cause",
    "remove_milestone",
    "report_week",
    "set_milestone",
    "set_rates",
    "tie",
    "untie",
]
