"""Slots for many at once: 500 deliveries over 40 sites on two cores, checked, and against first come.

The day is made up from a fixed seed: most deliveries want the morning, others have almost half of the docks'
time, and the sites limit vehicles at once, appointments an hour or pallets a day.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from uuid import UUID

from apps.appointments.bulk import Ask, Ground, Need, Problem, Taken, assign, check, first_come
from apps.appointments.calendar import Gap, Limit
from benchmarks.harness import Promise

DELIVERIES, SITES, DAYS = 500, 40, 2
SEED = 7
SECONDS = 60.0
OPENS = datetime(2026, 3, 3, 4, tzinfo=UTC)  # 06:00 in Johannesburg
HOUR, QUARTER = 3600, 900
OPEN_HOURS = 10
BUSY = 0.45


def run() -> Iterator[Promise]:
    """Seconds, what the checker finds, who is left out though there is room, the gap to the bound."""
    problem = made_up()
    began = perf_counter()
    answer = assign(problem)
    took = perf_counter() - began
    figures, plain = answer.figures, first_come(problem)
    at_first = _cost(problem, {ask_id: place.start for ask_id, place in plain.items()})
    print(
        f"bulk: {figures.placed} of {figures.asked} placed at {figures.cost:,} min, at most"
        f" {figures.most_placed} at no less than {figures.least_cost:,} min;"
        f" first come places {len(plain)} at {at_first:,} min"
    )
    yield Promise("bulk", round(took, 1), SECONDS, " s")
    yield Promise("bulk-violations", len(check(problem, answer.slots)), 0)
    yield Promise("bulk-left-out", figures.most_placed - figures.placed, 0)
    yield Promise("bulk-gap", round(100 * figures.gap, 2), 1.0, " %")
    yield Promise("bulk-placed-beside-first-come", figures.placed - len(plain), 0, bound="at least")
    yield Promise("bulk-cost-beside-first-come", round(figures.cost / at_first, 3), 1.0)


def made_up() -> Problem:
    """Two to four docks a site, now and then with two lanes; every eighth site is twice as wanted."""
    random = Random(SEED)  # noqa: S311 a made-up day, no secret
    grounds, docks = {}, {}
    for number in range(SITES):
        site_id = UUID(int=number + 1)
        docks[site_id] = [
            (UUID(int=(number + 1 << 16) + dock), random.choice((1, 1, 1, 2)), random.choice((0, 0, 10)))
            for dock in range(random.randint(2, 4))
        ]
        grounds[site_id] = Ground(site_id, "Africa/Johannesburg", *_limits(random, number))
    gaps = {site_id: _gaps(random, each) for site_id, each in docks.items()}
    weights = [2 if number % 8 == 0 else 1 for number in range(SITES)]
    asks = tuple(
        _ask(random, number, site_id, docks[site_id], gaps[site_id])
        for number, site_id in enumerate(random.choices(list(grounds), weights, k=DELIVERIES))
    )
    return Problem(asks, grounds, seed=SEED, seconds=SECONDS, workers=2)


def _limits(random: Random, number: int) -> tuple[dict[Limit, int], tuple[Taken, ...]]:
    if number % 3 == 0:
        return {Limit.AT_ONCE: 3}, ()
    if number % 3 == 1:
        hours = [int(OPENS.timestamp()) + HOUR * hour for hour in range(24 * DAYS)]
        return {Limit.HOUR: 5}, tuple(Taken(Limit.HOUR, at, at + HOUR, random.randint(0, 2)) for at in hours)
    return {Limit.DAY_PALLETS: 200}, ()


def _gaps(random: Random, docks: list[tuple[UUID, int, int]]) -> tuple[Gap, ...]:
    """What is free of each lane: the opening hours of the days without the half hours that others have."""
    found: list[Gap] = []
    for dock_id, lanes, _ in docks:
        for lane in range(1, lanes + 1):
            for day in range(DAYS):
                at = int((OPENS + timedelta(days=day)).timestamp())
                for half in range(OPEN_HOURS * 2):
                    begin = at + half * HOUR // 2
                    if random.random() < BUSY:
                        continue
                    if (
                        found
                        and found[-1].dock_id == dock_id
                        and found[-1].lane == lane
                        and found[-1].end == begin
                    ):
                        begin = found.pop().start
                    found.append(Gap(dock_id, lane, begin, at + (half + 1) * HOUR // 2))
    return tuple(found)


def _ask(
    random: Random, number: int, site_id: UUID, docks: list[tuple[UUID, int, int]], gaps: tuple[Gap, ...]
) -> Ask:
    pallets = random.randint(1, 20)
    first = int(OPENS.timestamp())
    taken = [dock for dock in docks if random.random() < 0.8] or docks[:1]
    return Ask(
        id=UUID(int=(1 << 64) + number),
        site_id=site_id,
        wanted=first + HOUR * random.choice((1, 1, 1, 2, 2, 3, 5)),
        first=first,
        last=first + 24 * HOUR * DAYS,
        needs={dock_id: Need(15 + 5 * -(-pallets // 4), 0, clear) for dock_id, _, clear in taken},
        gaps=gaps,
        pallets=pallets,
    )


def _cost(problem: Problem, starts: dict[UUID, int]) -> int:
    return sum(abs(starts[ask.id] - ask.wanted) // 60 for ask in problem.asks if ask.id in starts)
