"""Every slot that an ask could have, what it costs, and what of the site it uses up; for both solvers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.appointments.bulk.problem import Ask, Ground, Place
from apps.appointments.calendar import GRID, Limit, round_up

#: So many options of one site are weighed at most; beyond that each ask keeps its cheapest.
MOST_OPTIONS = 150_000

HOURLY = (Limit.HOUR, Limit.HOUR_PALLETS)
DAILY = (Limit.DAY, Limit.DAY_PALLETS, Limit.QUOTA)
OF_PALLETS = (Limit.HOUR_PALLETS, Limit.DAY_PALLETS)


@dataclass(frozen=True, slots=True)
class Option:
    """One slot for one ask (its index); ``[lower, upper)`` is the slot with its dock's buffers."""

    ask: int
    place: Place
    cost: int
    lower: int
    upper: int

    @property
    def track(self) -> tuple[UUID, int]:
        """The dock and lane, which are taken once at any moment."""
        return self.place.dock_id, self.place.lane


def options_of(asks: Sequence[Ask]) -> tuple[list[list[Option]], bool]:
    """The options of each ask, cheapest first, and whether all of them are there."""
    found = [sorted(_options(number, ask), key=_preference) for number, ask in enumerate(asks)]
    total = sum(map(len, found))
    if total <= MOST_OPTIONS:
        return found, True
    each = MOST_OPTIONS // len(asks)
    return [some[:each] for some in found], False


def cost_of(ask: Ask, start: int) -> int:
    """Minutes off the wanted start, whichever way, and the start's route cost."""
    return abs(start - ask.wanted) // 60 + ask.extra.get(start, 0)


def hour_of(start: int, zone: str) -> int:
    """When the site's clock hour of a moment begins; the two hours that autumn shows alike are two."""
    local = datetime.fromtimestamp(start, UTC).astimezone(_zone(zone))
    return start - local.minute * 60 - local.second


def day_of(start: int, zone: str) -> int:
    """The site's day of a moment, as a number."""
    return datetime.fromtimestamp(start, UTC).astimezone(_zone(zone)).toordinal()


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def keys_of(option: Option, ask: Ask, ground: Ground) -> Iterator[tuple[Limit, int, int]]:
    """Which counters of the site a slot adds to: limit, hour or day, and by how much."""
    for limit in ground.limits:
        amount = ask.pallets if limit in OF_PALLETS else 1
        if limit in HOURLY:
            yield limit, hour_of(option.place.start, ground.zone), amount
        elif limit in DAILY:
            yield limit, day_of(option.place.start, ground.zone), amount


def room_of(ground: Ground) -> dict[tuple[Limit, int], int]:
    """How much is used up of each hour's and day's limit already."""
    used: dict[tuple[Limit, int], int] = {}
    for taken in ground.taken:
        if taken.limit in HOURLY:
            used[taken.limit, hour_of(taken.start, ground.zone)] = taken.count
        elif taken.limit in DAILY:
            used[taken.limit, day_of(taken.start, ground.zone)] = taken.count
    return used


def vehicles_then(ground: Ground, moment: int) -> int:
    """How many vehicles of others are on the site then."""
    return sum(t.count for t in ground.taken if t.limit == Limit.AT_ONCE and t.start <= moment < t.end)


def _preference(option: Option) -> tuple[int, int, UUID, int]:
    return option.cost, option.place.start, option.place.dock_id, option.place.lane


def _options(number: int, ask: Ask) -> Iterator[Option]:
    for gap in ask.gaps:
        need = ask.needs.get(gap.dock_id)
        if need is None:
            continue
        length = need.minutes * 60
        start = round_up(max(gap.start, ask.first))
        last = min(gap.end - length, ask.last)
        while start <= last:
            yield Option(
                number,
                Place(gap.dock_id, gap.lane, start, start + length),
                cost_of(ask, start),
                start - need.setup_minutes * 60,
                start + length + need.clear_minutes * 60,
            )
            start += GRID
