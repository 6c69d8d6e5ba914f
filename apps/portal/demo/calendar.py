"""The demo's clock: the day that is played lies just behind, the day that waits for answers just ahead."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Africa/Johannesburg")


@dataclass(frozen=True)
class DemoCalendar:
    """``played`` is the last working day before today, ``ahead`` the next one after tomorrow's cut-offs."""

    played: date
    ahead: date

    @classmethod
    def around(cls, now: datetime) -> "DemoCalendar":
        today = now.astimezone(ZONE).date()
        return cls(played=_working(today, -1), ahead=_working(today, +1))

    def at(self, clock: str, *, days: int = 0) -> datetime:
        """The moment of a local clock time on the played day, or ``days`` from it."""
        local = datetime.combine(self.played + timedelta(days=days), time.fromisoformat(clock), ZONE)
        return local.astimezone(UTC)


def _working(day: date, step: int) -> date:
    day += timedelta(days=step)
    while day.isoweekday() > 5:
        day += timedelta(days=step)
    return day
