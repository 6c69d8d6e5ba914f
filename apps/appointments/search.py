"""Slot arithmetic: from free gaps to bookable slots, counts per day, alternatives. Pure; no Django."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from heapq import merge, nsmallest
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.appointments.calendar import (
    GRID,
    Bounds,
    Calendar,
    DockNeed,
    Full,
    Gap,
    Limit,
    Shut,
    Span,
    covers,
    day_bounds,
    epoch,
    local_day,
    overlaps,
)
from apps.appointments.load import Slot
from apps.appointments.starts import Starts, starts_by_dock, without

__all__ = [
    "GRID",
    "Bounds",
    "Calendar",
    "DayCount",
    "DockNeed",
    "Full",
    "Gap",
    "Limit",
    "Shut",
    "SlotSearch",
    "Span",
    "Starts",
    "count_days",
    "covers",
    "day_bounds",
    "epoch",
    "every_slot",
    "local_day",
    "overlaps",
]


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
        moment = epoch(start)
        return tuple(_slot(self.docks[i], moment) for i in self._ranked if moment in self.starts[i])

    def nearest(self, wanted: Slot, count: int = 3) -> tuple[Slot, ...]:
        """The ``count`` free starts closest to a wanted slot's, at the wanted dock where that is free."""
        moment = epoch(wanted.start)
        by_start: dict[int, tuple[bool, int, UUID]] = {}
        for dock_id in self._ranked:
            preference = (dock_id != wanted.dock_id, self.docks[dock_id].rank, dock_id)
            for start in self.starts[dock_id].near(moment, count):
                by_start[start] = min(preference, by_start.get(start, preference))
        closest = nsmallest(count, by_start, key=lambda start: (abs(start - moment), start))
        return tuple(_slot(self.docks[by_start[start][2]], start) for start in closest)

    def lanes_free(self, slot: Slot) -> tuple[int, ...]:
        """The lanes of the slot's dock that are free for all of it; empty when it can't be booked."""
        start, end = epoch(slot.start), epoch(slot.end)
        if not self._may_start(start) or slot.dock_id not in self.docks:
            return ()
        if self.calendar.limits_on(start, end):
            return ()
        gaps = (gap for gap in self.calendar.gaps if gap.dock_id == slot.dock_id)
        fitting = (g for g in without(gaps, self.calendar.barred) if g.start <= start and end <= g.end)
        return tuple(sorted({gap.lane for gap in fitting}))

    @cached_property
    def _ranked(self) -> tuple[UUID, ...]:
        return tuple(sorted(self.docks, key=lambda i: (self.docks[i].rank, self.docks[i].name)))

    @cached_property
    def starts(self) -> Mapping[UUID, "Starts"]:
        """When a vehicle may start at each dock that takes the load."""
        return starts_by_dock(self.calendar, self.docks, self.bounds)

    def _may_start(self, moment: int) -> bool:
        return moment % GRID == 0 and self.bounds.first <= moment <= self.bounds.last

    def _one_per_start(self) -> Iterator[Slot]:
        previous = None
        for slot in every_slot(self.starts, self.docks):
            if slot.start != previous:
                yield slot
            previous = slot.start


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
        counted.append((day, union.count(epoch(opens), epoch(closes))))
    return counted


def _slot(need: DockNeed, start: int) -> Slot:
    begins = datetime.fromtimestamp(start, UTC)
    return Slot(need.dock_id, begins, begins + timedelta(minutes=need.minutes))
