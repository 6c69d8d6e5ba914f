"""Receiving windows that fall into an hour which the site's clock skips when summer time begins. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AHEAD = timedelta(days=400)


def days_skipped(
    windows: Iterable[tuple[int, time, time]], zone: ZoneInfo, *, today: date
) -> list[tuple[date, time, time]]:
    """The days of the next year or so on which a weekly window has no time at all, each with its hours.

    ``windows`` are ISO weekday, opening and closing by the wall clock; one that closes at or before it opens
    runs into the next day and is never skipped whole.
    """
    found = set()
    given = list(windows)
    for day in (today + timedelta(days=n) for n in range(AHEAD.days)):
        if _offset(day, zone) == _offset(day + timedelta(days=1), zone):
            continue
        for weekday, opens, closes in given:
            if weekday == day.isoweekday() and opens < closes and not _lasts(day, opens, closes, zone):
                found.add((day, opens, closes))
    return sorted(found)


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, time.min, zone).utcoffset()


def _lasts(day: date, opens: time, closes: time, zone: ZoneInfo) -> bool:
    """Whether some wall-clock minute of the window is really shown on that day."""
    at = datetime.combine(day, opens)
    while at < datetime.combine(day, closes):
        shown = at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if shown == at:
            return True
        at += timedelta(minutes=15)
    return False
