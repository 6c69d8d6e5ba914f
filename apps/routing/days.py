"""One local day of a site as an interval of moments, and moments as whole seconds since it began."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class LocalDay:
    """A day in a zone, ``[start, end)`` in UTC; 23 to 25 hours long where clocks are changed."""

    day: date
    zone: str

    @property
    def start(self) -> datetime:
        return self.at(time.min)

    @property
    def end(self) -> datetime:
        return LocalDay(self.day + timedelta(days=1), self.zone).start

    def at(self, clock: time) -> datetime:
        """That time of the day, in UTC."""
        return datetime.combine(self.day, clock, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def seconds(self, moment: datetime) -> int:
        """Whole seconds from the day's start until ``moment``; negative before it."""
        return int((moment - self.start) // timedelta(seconds=1))

    def moment(self, seconds: int) -> datetime:
        """The moment so many seconds after the day's start, in UTC."""
        return self.start + timedelta(seconds=seconds)

    def date_and_clock(self, moment: datetime) -> str:
        """``4 March 2026, 14:05`` as people on site read it."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return f"{local.day} {local:%B %Y, %H:%M}"

    def clock(self, moment: datetime) -> str:
        """``14:05`` as people on site read it; with the weekday when it is another day: ``Wed 00:30``."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return f"{local:%H:%M}" if local.date() == self.day else f"{local:%a %H:%M}"
