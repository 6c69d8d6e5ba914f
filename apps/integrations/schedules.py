"""When a scheduled query runs: EPCIS 2.0's cron-like schedule (section 8.2.5.3), in UTC. No queries; pure.

A field holds numbers, ranges (``5-10`` or ``[5-10]``), steps (``*/15``, ``0/30``) or a list of these; a field
that is not given allows all, but below the smallest one given it is the least: ``{"hour": "1"}`` is 01:00:00.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

#: From the smallest field to the largest, with what each may hold. Monday is day 1 of a week.
FIELDS: Mapping[str, tuple[int, int]] = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),
}
FURTHEST = 366 * 8  # days: 29 February comes again within eight years, its weekday aside
_PART = re.compile(r"(?:\[?(\d{1,2})(?:-(\d{1,2}))?\]?|(\*))(?:/(\d{1,2}))?")


class ScheduleInvalid(ValueError):
    """A schedule has an unknown field, or one that holds no such numbers."""


def parse(schedule: Mapping[str, object]) -> dict[str, frozenset[int]]:
    """What each field allows.

    Raises:
        ScheduleInvalid: it is empty, a field is unknown, or a field holds no such numbers.
    """
    if not schedule or (unknown := sorted(set(schedule) - set(FIELDS))):
        raise ScheduleInvalid(
            f"A schedule has some of {', '.join(FIELDS)}" + (f", not {unknown[0]}." if schedule else ".")
        )
    given = {name: _numbers(name, schedule[name]) for name in FIELDS if name in schedule}
    smallest = next(name for name in FIELDS if name in given)
    below = list(FIELDS)[: list(FIELDS).index(smallest)]
    return {
        name: given.get(name)
        or (
            frozenset({FIELDS[name][0]})
            if name in below and name in ("second", "minute", "hour")
            else frozenset(range(FIELDS[name][0], FIELDS[name][1] + 1))
        )
        for name in FIELDS
    }


def next_time(schedule: Mapping[str, object], after: datetime) -> datetime | None:
    """The first moment after ``after`` that the schedule names, in UTC; None where none comes.

    Raises:
        ScheduleInvalid: as `parse`.
    """
    allowed = parse(schedule)
    start = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    for days in range(FURTHEST):
        day = start.date() + timedelta(days=days)
        if (
            day.day in allowed["dayOfMonth"]
            and day.month in allowed["month"]
            and day.isoweekday() in allowed["dayOfWeek"]
        ):
            earliest = (start.hour, start.minute, start.second) if days == 0 else (0, 0, 0)
            if found := _time_of_day(allowed, earliest):
                return datetime(day.year, day.month, day.day, *found, tzinfo=UTC)
    return None


def _time_of_day(
    allowed: Mapping[str, frozenset[int]], earliest: tuple[int, int, int]
) -> tuple[int, int, int] | None:
    for hour in sorted(allowed["hour"]):
        for minute in sorted(allowed["minute"]):
            if (hour, minute, 59) < earliest:
                continue
            for second in sorted(allowed["second"]):
                if (hour, minute, second) >= earliest:
                    return hour, minute, second
    return None


def _numbers(name: str, value: object) -> frozenset[int]:
    least, most = FIELDS[name]
    found: set[int] = set()
    for part in str(value).replace(" ", "").split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ScheduleInvalid(f"{name} holds “{str(value)[:40]}”, which is no list of numbers or ranges.")
        first, last, every, step = match.groups()
        start = least if every else int(first)
        end = int(last) if last else most if every or step else start
        if not least <= start <= end <= most or step == "0":
            raise ScheduleInvalid(f"{name} holds numbers from {least} to {most}.")
        found |= set(range(start, end + 1, int(step or 1)))
    return frozenset(found)
