"""Numbers as people say them, for sentences in a plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.routing.engine.problem import Problem


def clock(problem: Problem, seconds: int) -> str:
    """The time of day at ``seconds``, in the problem's zone; the weekday too when it is another day than the
    plan's."""
    zone = ZoneInfo(problem.zone)
    first = problem.day_start.astimezone(zone)
    moment = (problem.day_start + timedelta(seconds=seconds)).astimezone(zone)
    return f"{moment:%H:%M}" if moment.date() == first.date() else f"{moment:%a %H:%M}"


def duration(seconds: int) -> str:
    """``9 h 40 min``, ``35 min`` or ``9 h``, rounded up to the minute."""
    hours, minutes = divmod(-(-seconds // 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)


def money(problem: Problem, cents: int) -> str:
    """``EUR 1,234.50``."""
    return f"{problem.currency} {cents / 100:,.2f}"


def listing(words: Iterable[str]) -> str:
    """``a``, ``a and b`` or ``a, b and c``."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
