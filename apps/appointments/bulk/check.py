"""The second opinion: reads the problem anew and says what an answer breaks. Shares no code with solvers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.appointments.bulk.problem import Ask, Ground, Place, Problem
from apps.appointments.calendar import Limit

Visit = tuple[Ask, Place]


def check(problem: Problem, slots: Mapping[UUID, Sequence[Place]]) -> list[str]:
    """What is wrong with these slots, a sentence each; empty when all of them can stand together."""
    asks = {ask.id: ask for ask in problem.asks}
    wrong = [f"{ask_id} was not asked for" for ask_id in slots if ask_id not in asks]
    visits = [(asks[ask_id], place) for ask_id, places in slots.items() if ask_id in asks for place in places]
    for ask_id, places in slots.items():
        if len(places) > problem.slots_each:
            wrong.append(f"{ask_id} has {len(places)} slots of {problem.slots_each}")
        if len({place.start for place in places}) < len(places):
            wrong.append(f"{ask_id} has two slots with one start")
    for ask, place in visits:
        wrong += _misplaced(ask, place)
    for site_id, ground in problem.grounds.items():
        wrong += _at_site(ground, [visit for visit in visits if visit[0].site_id == site_id])
    return wrong


def _misplaced(ask: Ask, place: Place) -> Iterator[str]:
    if place.dock_id not in ask.needs:
        yield f"{ask.id} is at a dock that does not take it"
        return
    if place.end - place.start != 60 * ask.needs[place.dock_id].minutes:
        yield f"{ask.id} has a slot of {place.end - place.start} s"
    if place.start % 900:
        yield f"{ask.id} starts off the quarter hour"
    if place.start < ask.first or place.start > ask.last:
        yield f"{ask.id} starts outside its days"
    around = [g for g in ask.gaps if g.dock_id == place.dock_id and g.lane == place.lane]
    if not any(gap.start <= place.start and place.end <= gap.end for gap in around):
        yield f"{ask.id} is where its lane is not free"


def _at_site(ground: Ground, visits: Sequence[Visit]) -> Iterator[str]:
    for (one, its), (other, others) in combinations(visits, 2):
        overlap = _meet(_stay(one, its), _stay(other, others))
        if overlap and (its.dock_id, its.lane) == (others.dock_id, others.lane):
            yield f"{one.id} and {other.id} are at one lane at once"
        if overlap and one.apart and other.apart:
            yield f"{one.id} and {other.id} are not kept apart"
    if ground.most_slots is not None and len(visits) > ground.most_slots:
        yield f"{len(visits)} slots are held of {ground.most_slots}"
    yield from _over_hours_and_days(ground, visits)
    if Limit.AT_ONCE in ground.limits:
        yield from _too_many_at_once(ground, visits)


def _over_hours_and_days(ground: Ground, visits: Sequence[Visit]) -> Iterator[str]:
    zone = ZoneInfo(ground.zone)
    totals: Counter[tuple[Limit, str]] = Counter()
    for taken in ground.taken:
        if taken.limit not in (Limit.AT_ONCE, Limit.APART):
            totals[taken.limit, _name(taken.limit, taken.start, zone)] += taken.count
    for ask, place in visits:
        for limit in ground.limits:
            if limit in (Limit.HOUR_PALLETS, Limit.DAY_PALLETS):
                totals[limit, _name(limit, place.start, zone)] += ask.pallets
            elif limit not in (Limit.AT_ONCE, Limit.APART):
                totals[limit, _name(limit, place.start, zone)] += 1
    touched = {(limit, _name(limit, place.start, zone)) for _, place in visits for limit in ground.limits}
    for (limit, when), total in totals.items():
        if (limit, when) in touched and total > ground.limits[limit]:
            yield f"{total} instead of {ground.limits[limit]} ({limit}) in {when}"


def _name(limit: Limit, moment: int, zone: ZoneInfo) -> str:
    """The local day, or the local hour with its offset, which tells autumn's two alike hours apart."""
    local = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=moment)
    return (
        f"{local.astimezone(zone):%Y-%m-%d}"
        if "day" in limit or limit == Limit.QUOTA
        else (f"{local.astimezone(zone):%Y-%m-%d %H %z}")
    )


def _too_many_at_once(ground: Ground, visits: Sequence[Visit]) -> Iterator[str]:
    stays = [_stay(ask, place) for ask, place in visits]
    others = [(t.start, t.end, t.count) for t in ground.taken if t.limit == Limit.AT_ONCE]
    for moment in sorted({lower for lower, _ in stays} | {start for start, _, _ in others}):
        ours = sum(lower <= moment < upper for lower, upper in stays)
        total = ours + sum(count for start, end, count in others if start <= moment < end)
        if ours and total > ground.limits[Limit.AT_ONCE]:
            yield f"{total} vehicles instead of {ground.limits[Limit.AT_ONCE]} at {moment}"


def _stay(ask: Ask, place: Place) -> tuple[int, int]:
    need = ask.needs.get(place.dock_id)
    before, after = (need.setup_minutes, need.clear_minutes) if need else (0, 0)
    return place.start - 60 * before, place.end + 60 * after


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])
