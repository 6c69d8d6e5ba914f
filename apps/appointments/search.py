"""Slot arithmetic: from a site's free gaps to bookable starts, counts per day, alternatives.

Pure; no Django. Moments are whole seconds since the epoch inside, aware datetimes at the door. Starts lie
on quarter hours; every zone in use is a multiple of 15 minutes off UTC, so a site's quarter hours are UTC's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from heapq import merge, nsmallest
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.appointments.load import Slot

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


@dataclass(frozen=True)
class Calendar:
    """What one statement found out about the days asked for.

    ``hours`` are the receiving windows as moments, under the dock that has its own and under None for the
    rest; ``full`` is when the site has as many vehicles as it takes, ``full_days`` the days without room
    for this load's pallets.
    """

    gaps: tuple[Gap, ...] = ()
    hours: Mapping[UUID | None, tuple[Span, ...]] = field(default_factory=dict)
    closures: tuple[Shut, ...] = ()
    full: tuple[Span, ...] = ()
    full_days: tuple[Span, ...] = ()

    def hours_at(self, dock_id: UUID) -> tuple[Span, ...]:
        """The receiving hours that hold at a dock."""
        return self.hours.get(dock_id, self.hours.get(None, ()))


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
        return _up(max(_seconds(self.opens), _ceil(self.earliest)))

    @property
    def last(self) -> int:
        """The last moment at which a slot may start."""
        return min(_seconds(self.closes) - 1, _seconds(self.latest))


@dataclass(frozen=True)
class DayCount:
    """How many starts a local day has left; when none, ``why`` says what is in the way."""

    day: date
    starts: int
    why: str = ""


@dataclass(frozen=True)
class SlotSearch:
    """The answer of a search.

    ``slots`` are the first ``limit`` bookable slots by start, the preferred dock first. ``refusals`` says,
    per dock that can't take the load at all, why. The methods look beyond the limit too.
    """

    slots: tuple[Slot, ...]
    refusals: Mapping[UUID, tuple[str, ...]]
    per_day: tuple[DayCount, ...]
    docks: Mapping[UUID, DockNeed]
    dock_names: Mapping[UUID, str]
    zone: ZoneInfo
    bounds: Bounds
    calendar: Calendar

    def earliest(self, count: int = 3) -> tuple[Slot, ...]:
        """The first ``count`` starts, each at the preferred dock that is free then."""
        return tuple(islice(self._one_per_start(), count))

    def on(self, day: date) -> tuple[Slot, ...]:
        """Every start of a local day, each at the preferred dock that is free then."""
        opens, closes = day_bounds(day, self.zone)
        return tuple(slot for slot in self._one_per_start() if opens <= slot.start < closes)

    def at(self, start: datetime) -> tuple[Slot, ...]:
        """Every dock that is free for this load at ``start``, the preferred first."""
        moment = _seconds(start)
        return tuple(_slot(self.docks[i], moment) for i in self._ranked if moment in self.starts[i])

    def nearest(self, wanted: Slot, count: int = 3) -> tuple[Slot, ...]:
        """The ``count`` free starts closest to a wanted slot's, at the wanted dock where that is free."""
        moment = _seconds(wanted.start)
        by_start: dict[int, tuple[bool, int, UUID]] = {}
        for dock_id in self._ranked:
            preference = (dock_id != wanted.dock_id, self.docks[dock_id].rank, dock_id)
            for start in self.starts[dock_id].near(moment, count):
                by_start[start] = min(preference, by_start.get(start, preference))
        closest = nsmallest(count, by_start, key=lambda start: (abs(start - moment), start))
        return tuple(_slot(self.docks[by_start[start][2]], start) for start in closest)

    def lanes_free(self, slot: Slot) -> tuple[int, ...]:
        """The lanes of the slot's dock that are free for all of it; empty when it can't be booked."""
        start, end = _seconds(slot.start), _seconds(slot.end)
        if not self._may_start(start) or slot.dock_id not in self.docks:
            return ()
        return tuple(
            sorted(
                {
                    g.lane
                    for g in self.calendar.gaps
                    if g.dock_id == slot.dock_id and g.start <= start and end <= g.end
                }
            )
        )

    @cached_property
    def _ranked(self) -> tuple[UUID, ...]:
        return tuple(sorted(self.docks, key=lambda i: (self.docks[i].rank, self.docks[i].name)))

    @cached_property
    def starts(self) -> Mapping[UUID, "Starts"]:
        """When a vehicle may start at each dock that takes the load."""
        return starts_by_dock(self.calendar.gaps, self.docks, self.bounds)

    def _may_start(self, moment: int) -> bool:
        return moment % GRID == 0 and self.bounds.first <= moment <= self.bounds.last

    def _one_per_start(self) -> Iterator[Slot]:
        previous = None
        for slot in every_slot(self.starts, self.docks):
            if slot.start != previous:
                yield slot
            previous = slot.start


class Starts:
    """A set of quarter hours, a bit each, counted from ``base``: unions and counts of weeks cost nothing."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.bits = 0

    def add(self, first: int, last: int) -> None:
        """Add the quarter hours of ``[first, last]``; both lie on the grid."""
        if first <= last:
            self.bits |= ((1 << ((last - first) // GRID + 1)) - 1) << ((first - self.base) // GRID)

    def count(self, first: int, until: int) -> int:
        """How many there are in ``[first, until)``."""
        low = max(0, (_up(first) - self.base) // GRID)
        high = max(low, (_up(until) - self.base) // GRID)
        return ((self.bits >> low) & ((1 << (high - low)) - 1)).bit_count()

    def near(self, moment: int, count: int) -> Iterator[int]:
        """The ``count`` before ``moment`` and the ``count`` from it on that are closest to it."""
        pivot = max(0, (_up(moment) - self.base) // GRID)
        after, found = self.bits >> pivot, 0
        while after and found < count:
            low = (after & -after).bit_length() - 1
            yield self.base + (pivot + low) * GRID
            after &= after - 1
            found += 1
        before, found = self.bits & ((1 << pivot) - 1), 0
        while before and found < count:
            high = before.bit_length() - 1
            yield self.base + high * GRID
            before ^= 1 << high
            found += 1

    def __contains__(self, moment: int) -> bool:
        index, off_grid = divmod(moment - self.base, GRID)
        return index >= 0 and not off_grid and bool(self.bits >> index & 1)

    def __iter__(self) -> Iterator[int]:
        remaining = self.bits
        while remaining:
            lowest = remaining & -remaining
            yield self.base + (lowest.bit_length() - 1) * GRID
            remaining ^= lowest


def starts_by_dock(gaps: Iterable[Gap], docks: Mapping[UUID, DockNeed], bounds: Bounds) -> dict[UUID, Starts]:
    """When a vehicle may start at each dock, whatever the lane."""
    first, last = bounds.first, bounds.last
    found = {dock_id: Starts(first) for dock_id in docks}
    needed = {dock_id: need.minutes * 60 for dock_id, need in docks.items()}
    for gap in gaps:
        latest = min(gap.end - needed[gap.dock_id], last)
        found[gap.dock_id].add(max(_up(gap.start), first), latest - latest % GRID)
    return found


def every_slot(starts: Mapping[UUID, Starts], docks: Mapping[UUID, DockNeed]) -> Iterator[Slot]:
    """Every bookable slot by start, the preferred dock first; each is made when it is asked for."""

    def at(need: DockNeed) -> Iterator[tuple[int, int, str, DockNeed]]:
        return ((start, need.rank, need.name, need) for start in starts[need.dock_id])

    for start, _, _, need in merge(*(at(need) for need in docks.values()), key=lambda found: found[:3]):
        yield _slot(need, start)


def count_days(starts: Mapping[UUID, Starts], days: Iterable[date], zone: ZoneInfo) -> list[tuple[date, int]]:
    """For each local day how many different starts it has at any dock."""
    union = Starts(0)
    for of_dock in starts.values():
        union.base = of_dock.base
        union.bits |= of_dock.bits
    counted = []
    for day in days:
        opens, closes = day_bounds(day, zone)
        counted.append((day, union.count(_seconds(opens), _seconds(closes))))
    return counted


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


def epoch(moment: datetime) -> int:
    """Whole seconds since the epoch."""
    return _seconds(moment)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _slot(need: DockNeed, start: int) -> Slot:
    begins = datetime.fromtimestamp(start, UTC)
    return Slot(need.dock_id, begins, begins + timedelta(minutes=need.minutes))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def _ceil(moment: datetime) -> int:
    return -int(-moment.timestamp() // 1)


def _up(seconds: int) -> int:
    """The quarter hour at or after ``seconds``."""
    return -(-seconds // GRID) * GRID
