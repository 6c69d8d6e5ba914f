"""The axis of what is drawn to scale: moments as minutes from its start, in the steps of timescale.css."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

STEP = 5


@dataclass(frozen=True)
class Axis:
    """``hours`` hours from ``start``, elapsed ones when clocks change; what lies outside is cut off."""

    start: datetime
    hours: int
    zone: str

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=self.hours)

    def place(self, start: datetime, end: datetime) -> dict[str, int] | None:
        """``from`` and ``span`` of what lies on the axis, at least one step long; None when nothing does."""
        first, last = max(start, self.start), min(end, self.end)
        if last <= first:
            return None
        begins = _down((first - self.start).total_seconds() / 60)
        ends = _up((last - self.start).total_seconds() / 60)
        return {"from": begins, "span": max(STEP, ends - begins)}

    def at(self, moment: datetime) -> int | None:
        """Minutes from the axis' start, down to the step; None when the moment lies outside."""
        if not self.start <= moment < self.end:
            return None
        return _down((moment - self.start).total_seconds() / 60)

    def marks(self) -> list[dict[str, Any]]:
        """The hours along it, by the site's clock."""
        zone = ZoneInfo(self.zone)
        return [
            {"from": 60 * n, "label": f"{(self.start + timedelta(hours=n)).astimezone(zone):%H:%M}"}
            for n in range(self.hours)
        ]


def axis_around(
    spans: Iterable[tuple[datetime, datetime]], *, within: tuple[datetime, datetime], zone: str
) -> Axis:
    """The axis in whole hours that shows ``spans`` of a day ``within`` its bounds; without any, the day."""
    lower, upper = within
    shown = [(max(start, lower), min(end, upper)) for start, end in spans if start < upper and lower < end]
    first = min((start for start, _ in shown), default=lower)
    last = max((end for _, end in shown), default=upper)
    before = int((first - lower).total_seconds() // 3600)
    after = -int(-(last - lower).total_seconds() // 3600)
    return Axis(lower + timedelta(hours=before), max(1, after - before), zone)


def _down(minutes: float) -> int:
    return int(minutes // STEP) * STEP


def _up(minutes: float) -> int:
    return -int(-minutes // STEP) * STEP
