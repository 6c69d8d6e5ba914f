"""A recurrence rule of RFC 5545 for whole local days: weekly or every few weeks, on some weekdays."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_WEEKS = 8


def weekly(weekdays: Iterable[int], every: int = 1) -> str:
    """The rule's text for ISO weekdays (1 is Monday), every ``every`` weeks.

    Raises:
        ValueError: no weekday, one that there is not, or an interval outside 1 to ``MOST_WEEKS``.
    """
    days = sorted(set(weekdays))
    if not days or not set(days) <= set(range(1, 8)):
        raise ValueError("a recurrence needs weekdays from 1 to 7")
    if not 1 <= every <= MOST_WEEKS:
        raise ValueError(f"a recurrence comes every 1 to {MOST_WEEKS} weeks")
    return f"FREQ=WEEKLY;INTERVAL={every};BYDAY={','.join(DAYS[day - 1] for day in days)}"


def read(text: str) -> tuple[tuple[int, ...], int]:
    """The ISO weekdays and the interval of what ``weekly`` wrote.

    Raises:
        ValueError: it is another kind of rule.
    """
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    if set(parts) != {"FREQ", "INTERVAL", "BYDAY"} or parts["FREQ"] != "WEEKLY":
        raise ValueError(f"not a weekly rule: {text}")
    return tuple(DAYS.index(day) + 1 for day in parts["BYDAY"].split(",")), int(parts["INTERVAL"])


def occurrences(
    text: str, *, first_day: date, last_day: date | None, start: date, end: date
) -> Iterator[date]:
    """The days of a series in ``[start, end)``; weeks count from ``first_day``, ``last_day`` is included."""
    begins = datetime.combine(first_day, time())
    rule = rrulestr(text, dtstart=begins)
    until = datetime.combine(end - timedelta(days=1), time())
    if last_day is not None:
        until = min(until, datetime.combine(last_day, time()))
    for moment in rule.between(max(begins, datetime.combine(start, time())), until, inc=True):
        yield moment.date()
