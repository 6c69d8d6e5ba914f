"""A set of quarter hours, and the bookable starts of each dock as such sets. Pure; no Django."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from apps.appointments.calendar import GRID, THROUGHOUT, Bounds, Calendar, DockNeed, Gap, Shut, round_up


class Starts:
    """A set of quarter hours, a bit each, counted from ``base``: unions and counts of weeks cost nothing."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.bits = 0

    def add(self, first: int, last: int) -> None:
        """Add the quarter hours of ``[first, last]``; both lie on the grid."""
        if first <= last:
            self.bits |= ((1 << ((last - first) // GRID + 1)) - 1) << ((first - self.base) // GRID)

    def remove(self, first: int, until: int) -> None:
        """Take out the quarter hours of ``[first, until)``."""
        low = max(0, (round_up(first) - self.base) // GRID)
        high = max(low, (round_up(until) - self.base) // GRID)
        self.bits &= ~(((1 << (high - low)) - 1) << low)

    def count(self, first: int, until: int) -> int:
        """How many there are in ``[first, until)``."""
        low = max(0, (round_up(first) - self.base) // GRID)
        high = max(low, (round_up(until) - self.base) // GRID)
        return ((self.bits >> low) & ((1 << (high - low)) - 1)).bit_count()

    def near(self, moment: int, count: int) -> Iterator[int]:
        """The ``count`` before ``moment`` and the ``count`` from it on that are closest to it."""
        pivot = max(0, (round_up(moment) - self.base) // GRID)
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


def starts_by_dock(calendar: Calendar, docks: Mapping[UUID, DockNeed], bounds: Bounds) -> dict[UUID, Starts]:
    """When a vehicle may start at each dock, whatever the lane."""
    first, last = bounds.first, bounds.last
    found = {dock_id: Starts(first) for dock_id in docks}
    needed = {dock_id: need.minutes * 60 for dock_id, need in docks.items()}
    for gap in without(calendar.gaps, calendar.barred):
        latest = min(gap.end - needed[gap.dock_id], last)
        found[gap.dock_id].add(max(round_up(gap.start), first), latest - latest % GRID)
    for full in calendar.full:
        if full.limit not in THROUGHOUT:  # those that hold throughout are cut out of the gaps already
            for starts in found.values():
                starts.remove(full.start, full.end)
    return found


def without(gaps: Iterable[Gap], barred: Iterable[Shut]) -> Iterator[Gap]:
    """The gaps less the time in which their docks are barred."""
    by_dock: dict[UUID | None, list[tuple[int, int]]] = {}
    for shut in barred:
        by_dock.setdefault(shut.dock_id, []).append((shut.start, shut.end))
    for gap in gaps:
        at = gap.start
        for start, end in sorted(by_dock.get(gap.dock_id, ())):
            if at < min(start, gap.end):
                yield Gap(gap.dock_id, gap.lane, at, min(start, gap.end))
            at = max(at, end)
        if at < gap.end:
            yield Gap(gap.dock_id, gap.lane, at, gap.end) if at != gap.start else gap
