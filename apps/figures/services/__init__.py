"""What may be done with figures: keep them counted."""

from apps.figures.services.counting import Counted, count

__all__ = ["Counted", "count"]
