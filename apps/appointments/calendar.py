"""What one statement found out about a site's days: gaps, hours, closures, limits; and arithmetic of moments.

Pure; no Django. Moments are whole seconds since the epoch inside, aware datetimes at the door. Starts lie
on quarter hours; every zone in use is a multiple of 15 minutes off UTC, so a site's quarter hours are UTC's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

GRID = 15 * 60
Span = tuple[int, int]


@dataclass(frozen=True)
class Gap:
    """Time in which one lane of a dock is open and free for the whole of a slot."""

    dock_id: UUID
    lane: int
    start: int
    end: int


@dataclass(frozen=True)
class DockNeed:
    """A dock as the search asks about it: the load's minutes there, and the dock's own around a vehicle."""

    dock_id: UUID
    name: str
    rank: int
    lanes: int
    minutes: int
    setup_minutes: int = 0
    clear_minutes: int = 0


@dataclass(frozen=True)
class Shut:
    """A closure; ``dock_id`` None closes the whole site."""

    dock_id: UUID | None
    start: int
    end: int
    reason: str


class Limit(StrEnum):
    """A limit that is counted over what others hold and have booked at the site."""

    AT_ONCE = "at once"
    APART = "apart"
    HOUR = "hour"
    HOUR_PALLETS = "hour pallets"
    DAY = "day"
    DAY_PALLETS = "day pallets"
    QUOTA = "quota"


#: A slot must not touch time in which one of these is used up; of the others it must not start in it.
THROUGHOUT = frozenset({Limit.AT_ONCE, Limit.APART})


@dataclass(frozen=True)
class Full:
    """Time in which a limit is used up for this load."""

    limit: Limit
    start: int
    end: int

    def keeps_out(self, start: int, end: int) -> bool:
        """Whether a slot ``[start, end)`` can't be had for it."""
        if self.limit in THROUGHOUT:
            return self.start < end and start < self.end
        return self.start <= start < self.end


@dataclass(frozen=True)
class Calendar:
    """What one statement found out about the days asked for.

    ``hours`` are the receiving windows as moments, under the dock that has its own and under None for the
    rest; ``reserved`` is dock time kept for another shipper, ``barred`` the days of a season, or all others,
    in which a dock's rules refuse the load, ``full`` when the site's counted limits leave no room for it.
    """

    gaps: tuple[Gap, ...] = ()
    hours: Mapping[UUID | None, tuple[Span, ...]] = field(default_factory=dict)
    closures: tuple[Shut, ...] = ()
    reserved: tuple[Shut, ...] = ()
    barred: tuple[Shut, ...] = ()
    full: tuple[Full, ...] = ()

    def hours_at(self, dock_id: UUID) -> tuple[Span, ...]:
        """The receiving hours that hold at a dock."""
        return self.hours.get(dock_id, self.hours.get(None, ()))

    def limits_on(self, start: int, end: int) -> list[Limit]:
        """The counted limits that leave no room for a slot ``[start, end)``, each once."""
        return list(dict.fromkeys(full.limit for full in self.full if full.keeps_out(start, end)))


@dataclass(frozen=True)
class Bounds:
    """When a slot may start: inside the days asked for and the site's lead times."""

    now: datetime
    opens: datetime
    closes: datetime
    earliest: datetime
    latest: datetime

    @property
    def first(self) -> int:
        return round_up(max(epoch(self.opens), _ceil(self.earliest)))

    @property
    def last(self) -> int:
        """The last moment at which a slot may start."""
        return min(epoch(self.closes) - 1, epoch(self.latest))


def overlaps(spans: Iterable[Span], start: int, end: int) -> bool:
    return any(lower < end and start < upper for lower, upper in spans)


def covers(spans: Iterable[Span], start: int, end: int) -> bool:
    """Whether one of the spans holds all of ``[start, end)``."""
    return any(lower <= start and end <= upper for lower, upper in spans)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A local day as ``[start, end)`` in UTC: 23, 24 or 25 hours."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day that ``moment`` belongs to at the site."""
    return moment.astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def epoch(moment: datetime) -> int:
    """Whole seconds since the epoch."""
    return int(moment.timestamp() // 1)


def _ceil(moment: datetime) -> int:
    return -int(-moment.timestamp() // 1)


def round_up(seconds: int) -> int:
    """The quarter hour at or after ``seconds``."""
    return -(-seconds // GRID) * GRID
