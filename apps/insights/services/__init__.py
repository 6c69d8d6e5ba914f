"""What may be done with exceptions: detect them, take one on, put it off, say something, resolve it."""

from apps.insights.services.acting import comment, resolve, snooze, take
from apps.insights.services.watching import Watched, watch

__all__ = ["Watched", "comment", "resolve", "snooze", "take", "watch"]
