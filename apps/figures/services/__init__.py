"""What may be done with figures: keep them counted, train and tell risks, say causes and rates, report."""

from apps.figures.services.counting import Counted, count
from apps.figures.services.foreseeing import foresee, learn
from apps.figures.services.reporting import report_week
from apps.figures.services.saying import override_cause, set_rates

__all__ = ["Counted", "count", "foresee", "learn", "override_cause", "report_week", "set_rates"]
