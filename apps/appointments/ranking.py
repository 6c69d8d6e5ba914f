"""Which bookable slots fit best: near what is wanted, at a preferred dock, on the way, in a quiet hour.

Pure; no Django. Everything is weighed in minutes, so that a figure can be said aloud: ten minutes later is as
bad as a dock one place further down the site's order, an hour that is full as bad as half an hour's shift,
the dearest of the slots that are compared on a planned route an hour worse than the cheapest.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from typing import TypeVar

from apps.appointments.load import Slot
from apps.appointments.search import SlotSearch, epoch

ROUTE_MINUTES = 60.0
DOCK_MINUTES = 10.0
FULL_HOUR_MINUTES = 30.0
#: Waiting without a wish: a day later weighs as much as an hour's shift.
WAIT_WEIGHT = 1 / 24
#: A time that the planned route can't serve comes after all that it can.
OFF_THE_ROUTE = 24 * 60.0
#: How many starts each dock puts forward, before and after what is wanted, and how many are put to the route.
NEAR, PUT_TO_THE_ROUTE = 48, 24
HOUR = 3600

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class RouteCost:
    """What a stop in a slot would add to the plan of its day, in cents; None where no vehicle could come.

    Not ``planned``: there is no plan of that day, which speaks neither for the slot nor against it.
    """

    cents: int | None
    currency: str = ""
    planned: bool = True


@dataclass(frozen=True)
class Wish:
    """What is wanted: a start in ``[earliest, latest]``, and what a slot does to the planned route.

    ``route_costs`` answers for several slots in their order, and is asked once, of the few best.
    """

    earliest: datetime | None = None
    latest: datetime | None = None
    route_costs: Callable[[Sequence[Slot]], Sequence[RouteCost]] | None = None


@dataclass(frozen=True)
class Ranked:
    """A slot and what speaks for and against it; the lowest ``score``, in minutes, is the best.

    ``away`` is the distance from what is wanted, 0 inside it; ``place`` the dock's in the site's order, from
    0; ``busy`` the share of its hour that is taken, over all docks; ``route`` what it costs on the plan.
    """

    slot: Slot
    score: float
    away: timedelta
    place: int
    busy: float
    route: RouteCost | None = None

    @property
    def is_off_route(self) -> bool:
        """Whether the day is planned and no vehicle of the plan could come then."""
        return self.route is not None and self.route.planned and self.route.cents is None


def best(
    search: SlotSearch, wish: Wish, count: int = 3, apart: timedelta = timedelta(hours=1)
) -> list[Ranked]:
    """The ``count`` slots that fit best, ``apart`` from each other as long as there are enough."""
    return [ranked for _, ranked in best_of({None: search}, wish, count, apart)]


def best_of(
    searches: Mapping[Key, SlotSearch], wish: Wish, count: int = 3, apart: timedelta = timedelta(hours=1)
) -> list[tuple[Key, Ranked]]:
    """The best slots of several sites together, each with the key of its search."""
    found = [(key, ranked) for key, search in searches.items() for ranked in _candidates(search, wish)]
    if wish.route_costs is not None:
        first = nsmallest(max(PUT_TO_THE_ROUTE, count), found, key=_order)
        costs = wish.route_costs([ranked.slot for _, ranked in first])
        found = list(_on_the_route(first, costs))
    return _apart(sorted(found, key=_order), count, apart)


def _order(found: tuple[object, Ranked]) -> tuple[float, datetime, int]:
    ranked = found[1]
    return ranked.score, ranked.slot.start, ranked.place


def _candidates(search: SlotSearch, wish: Wish) -> Iterator[Ranked]:
    """Starts around what is wanted, each at its best dock, with all that needs no route."""
    lower = epoch(wish.earliest) if wish.earliest else search.bounds.first
    upper = max(lower, epoch(wish.latest)) if wish.latest else lower
    weight = 1.0 if wish.earliest or wish.latest else WAIT_WEIGHT
    taken = _taken_share(search)
    order = sorted(search.docks.values(), key=lambda need: (need.rank, need.name))
    by_start: dict[int, Ranked] = {}
    for place, need in enumerate(order):
        starts = search.starts[need.dock_id]
        for start in {*starts.near(lower, NEAR), *starts.near(upper, NEAR)}:
            away = max(lower - start, start - upper, 0) / 60
            busy = taken.get(start // HOUR, 0.0)
            score = weight * away + DOCK_MINUTES * place + FULL_HOUR_MINUTES * busy
            if start not in by_start or score < by_start[start].score:
                begins = datetime.fromtimestamp(start, UTC)
                slot = Slot(need.dock_id, begins, begins + timedelta(minutes=need.minutes))
                by_start[start] = Ranked(slot, score, timedelta(minutes=away), place, busy)
    yield from by_start.values()


def _on_the_route(
    found: Sequence[tuple[Key, Ranked]], costs: Sequence[RouteCost]
) -> Iterator[tuple[Key, Ranked]]:
    known = [cost.cents for cost in costs if cost.cents is not None]
    cheapest, spread = min(known, default=0), max(known, default=0) - min(known, default=0)
    for (key, ranked), cost in zip(found, costs, strict=True):
        on_route = replace(ranked, route=cost)
        if on_route.is_off_route:
            on_route = replace(on_route, score=ranked.score + OFF_THE_ROUTE)
        elif cost.cents is not None and spread:
            more = ROUTE_MINUTES * (cost.cents - cheapest) / spread
            on_route = replace(on_route, score=ranked.score + more)
        yield key, on_route


def _apart(found: Iterable[tuple[Key, Ranked]], count: int, apart: timedelta) -> list[tuple[Key, Ranked]]:
    chosen: list[tuple[Key, Ranked]] = []
    near: list[tuple[Key, Ranked]] = []
    for key, ranked in found:
        if len(chosen) == count:
            break
        is_near = any(
            key == other and abs(ranked.slot.start - one.slot.start) < apart for other, one in chosen
        )
        (near if is_near else chosen).append((key, ranked))
    return sorted([*chosen, *near[: count - len(chosen)]], key=_order)


def _taken_share(search: SlotSearch) -> dict[int, float]:
    """By hour since the epoch, how much of the docks' open time is taken or too short for the load."""
    opened: dict[int, int] = {}
    free: dict[int, int] = {}
    for dock_id, need in search.docks.items():
        for start, end in search.calendar.hours_at(dock_id):
            _spread(opened, start, end, need.lanes)
    for gap in search.calendar.gaps:
        _spread(free, gap.start, gap.end, 1)
    return {hour: 1 - min(1.0, free.get(hour, 0) / seconds) for hour, seconds in opened.items() if seconds}


def _spread(into: dict[int, int], start: int, end: int, lanes: int) -> None:
    for hour in range(start // HOUR, -(-end // HOUR)):
        within = min(end, (hour + 1) * HOUR) - max(start, hour * HOUR)
        into[hour] = into.get(hour, 0) + within * lanes
