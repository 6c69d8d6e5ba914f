"""Bulk slotting: what it answers can stand together, and where few ask no answer is better."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.appointments.bulk import (
    Answer,
    Ask,
    Ground,
    Need,
    Place,
    Problem,
    Taken,
    Why,
    assign,
    check,
    first_come,
)
from apps.appointments.calendar import Gap, Limit

SITE, DOCK, SECOND = UUID(int=1), UUID(int=11), UUID(int=12)
OPENS = int(datetime(2026, 3, 3, 6, tzinfo=UTC).timestamp())
HOUR, QUARTER = 3600, 900


def ask(number: int, *, wanted: int = OPENS, minutes: int = 30, hours: int = 2, **other: object) -> Ask:
    """An ask for one dock of one lane, open from ``OPENS`` for some hours."""
    known: dict[str, object] = {
        "id": UUID(int=100 + number),
        "site_id": SITE,
        "wanted": wanted,
        "first": OPENS,
        "last": OPENS + 24 * HOUR,
        "needs": {DOCK: Need(minutes)},
        "gaps": (Gap(DOCK, 1, OPENS, OPENS + hours * HOUR),),
    }
    return Ask(**known | other)  # type: ignore[arg-type]  # one helper for all fields


def problem(*asks: Ask, ground: Ground | None = None, slots_each: int = 1) -> Problem:
    return Problem(asks, {SITE: ground or Ground(SITE, "Africa/Johannesburg")}, slots_each, seconds=5.0)


def starts(answer: Answer) -> list[int]:
    return sorted(place.start - OPENS for places in answer.slots.values() for place in places)


def test_room_is_made_for_all_where_first_come_leaves_somebody_out() -> None:
    long = ask(1, minutes=60, wanted=OPENS + HOUR // 2)
    early = ask(2, minutes=60, wanted=OPENS, gaps=(Gap(DOCK, 1, OPENS, OPENS + HOUR),))
    asked = problem(long, early)

    answer = assign(asked)

    assert len(first_come(asked)) == 1
    assert starts(answer) == [0, HOUR]
    assert answer.figures.proven
    assert answer.figures.cost == 30
    assert check(asked, answer.slots) == []


def test_who_has_no_slot_is_told_why() -> None:
    asked = problem(
        ask(1, hours=1, minutes=60),
        ask(2, hours=1, minutes=60),
        ask(3, needs={}),
        ask(4, gaps=()),
    )

    answer = assign(asked)

    assert answer.figures.placed == answer.figures.most_placed == 1
    assert sorted(answer.why_not.values()) == [Why.CROWDED, Why.NO_DOCK, Why.NO_START]


def test_a_docks_buffers_keep_vehicles_apart() -> None:
    need = {DOCK: Need(30, setup_minutes=10, clear_minutes=7)}

    answer = assign(problem(*(ask(number, needs=need, hours=3) for number in range(3))))

    assert starts(answer) == [0, HOUR, 2 * HOUR]


@pytest.mark.parametrize(
    ("limits", "taken", "placed"),
    [
        ({Limit.AT_ONCE: 1}, (), 4),
        ({Limit.AT_ONCE: 1}, (Taken(Limit.AT_ONCE, OPENS, OPENS + HOUR, 1),), 2),
        ({Limit.HOUR: 1}, (), 2),
        ({Limit.HOUR: 2}, (Taken(Limit.HOUR, OPENS, OPENS + HOUR, 1),), 3),
        ({Limit.DAY: 5}, (Taken(Limit.DAY, OPENS - 4 * HOUR, OPENS + 20 * HOUR, 2),), 3),
        ({Limit.QUOTA: 1}, (), 1),
        ({Limit.DAY_PALLETS: 11}, (), 2),
        ({Limit.HOUR_PALLETS: 5}, (), 2),
        ({Limit.DAY: 1}, (Taken(Limit.DAY, OPENS, OPENS + HOUR, 3),), 0),
    ],
)
def test_a_sites_limits_hold_with_what_others_have(
    limits: dict[Limit, int], taken: tuple[Taken, ...], placed: int
) -> None:
    both = {DOCK: Need(30), SECOND: Need(30)}
    gaps = (Gap(DOCK, 1, OPENS, OPENS + 2 * HOUR), Gap(SECOND, 1, OPENS, OPENS + 2 * HOUR))
    asked = problem(
        *(ask(number, needs=both, gaps=gaps, pallets=5) for number in range(8)),
        ground=Ground(SITE, "Africa/Johannesburg", limits, taken),
    )

    answer = assign(asked)

    assert (answer.figures.placed, answer.figures.most_placed) == (placed, placed)
    assert check(asked, answer.slots) == []


def test_dangerous_goods_that_are_kept_apart_are_not_there_together() -> None:
    both = {DOCK: Need(60), SECOND: Need(60)}
    gaps = (Gap(DOCK, 1, OPENS, OPENS + HOUR), Gap(SECOND, 1, OPENS, OPENS + 2 * HOUR))

    answer = assign(problem(*(ask(number, needs=both, gaps=gaps, apart=True) for number in range(3))))

    assert starts(answer) == [0, HOUR]


def test_each_offer_has_further_slots_only_where_everybody_has_one() -> None:
    asked = problem(*(ask(number, hours=2) for number in range(3)), slots_each=3)

    answer = assign(asked)

    assert sorted(map(len, answer.slots.values()), reverse=True) == [2, 1, 1]
    assert check(asked, answer.slots) == []


def test_held_slots_stay_below_what_a_shipper_may_hold() -> None:
    ground = Ground(SITE, "Africa/Johannesburg", most_slots=3)
    asked = problem(*(ask(number) for number in range(2)), ground=ground, slots_each=3)

    answer = assign(asked)

    assert sum(map(len, answer.slots.values())) == 3


def test_a_starts_route_cost_counts_like_lateness() -> None:
    answer = assign(problem(ask(1, extra={OPENS: 40, OPENS + QUARTER: 20})))

    assert starts(answer) == [2 * QUARTER]
    assert answer.figures.cost == 30


def test_the_same_seed_gives_the_same_answer() -> None:
    asked = problem(*(ask(number, wanted=OPENS + HOUR, hours=4) for number in range(7)))

    assert assign(asked).slots == assign(asked).slots


def test_a_search_that_is_stopped_answers_with_what_it_has() -> None:
    asked = problem(*(ask(number, wanted=OPENS + HOUR, hours=4) for number in range(7)))

    answer = assign(asked, cancelled=lambda: True)

    assert not answer.is_finished
    assert answer.figures.placed == 7
    assert check(asked, answer.slots) == []


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to five asks for up to two docks with lanes, gaps, buffers and limits of all kinds."""
    gaps = tuple(
        Gap(dock, lane, OPENS + QUARTER * begin, OPENS + QUARTER * (begin + length))
        for dock, lane in ((DOCK, 1), (DOCK, 2), (SECOND, 1))
        for begin, length in draw(
            st.lists(st.tuples(st.integers(0, 3), st.integers(2, 6)), min_size=lane % 2, max_size=1)
        )
    )
    buffers = st.sampled_from((0, 5, 10))
    setup, clear = draw(buffers), draw(buffers)
    docks = st.sets(st.sampled_from((DOCK, SECOND)), min_size=1)
    minutes = st.sampled_from((15, 25, 30, 45))
    asks = tuple(
        ask(
            number,
            wanted=OPENS + QUARTER * draw(st.integers(0, 8)),
            gaps=gaps,
            needs={dock: Need(draw(minutes), setup, clear) for dock in sorted(draw(docks))},
            pallets=draw(st.integers(0, 6)),
            apart=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 4)))
    )
    limits: dict[Limit, int] = draw(
        st.dictionaries(st.sampled_from([each for each in Limit if each != Limit.APART]), st.integers(1, 6))
    )
    taken = tuple(
        Taken(limit, OPENS, OPENS + HOUR, count) for limit in limits if (count := draw(st.integers(0, 2)))
    )
    return problem(*asks, ground=Ground(SITE, "Asia/Kolkata", limits, taken))


@settings(max_examples=60, deadline=None)
@given(problems())
def test_no_answer_is_better_and_none_breaks_a_rule(asked: Problem) -> None:
    answer = assign(asked)

    assert check(asked, answer.slots) == []
    assert check(asked, {ask_id: (place,) for ask_id, place in first_come(asked).items()}) == []
    assert (answer.figures.placed, answer.figures.cost) == _best(asked)
    assert answer.figures.proven


def _best(asked: Problem) -> tuple[int, int]:
    """How many can be placed and at what cost, by trying everything and asking the checker."""
    ways = []
    for each in asked.asks:
        places: list[Place | None] = [None]
        for gap in each.gaps:
            if need := each.needs.get(gap.dock_id):
                length = 60 * need.minutes
                begin = gap.start
                while begin + length <= gap.end:
                    places.append(Place(gap.dock_id, gap.lane, begin, begin + length))
                    begin += QUARTER
        ways.append(places)
    best = (0, 0)
    for chosen in _standing_together(asked, ways):
        cost = sum(abs(asked.asks[n].wanted - place.start) // 60 for n, place in chosen.items())
        if (len(chosen), -cost) > (best[0], -best[1]):
            best = (len(chosen), cost)
    return best


def _standing_together(asked: Problem, ways: list[list[Place | None]]) -> list[dict[int, Place]]:
    """Grown ask by ask: a rule that is broken stays broken whatever comes in addition."""
    grown: list[dict[int, Place]] = [{}]
    for number, places in enumerate(ways):
        grown = [
            larger
            for smaller, place in product(grown, places)
            for larger in [smaller if place is None else {**smaller, number: place}]
            if place is None or not check(asked, {asked.asks[n].id: (p,) for n, p in larger.items()})
        ]
    return grown


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"start": OPENS + 60, "end": OPENS + 60 + 1800}, "off the quarter hour"),
        ({"lane": 2}, "not free"),
        ({"end": OPENS + HOUR}, "a slot of 3600 s"),
        ({"dock_id": SECOND}, "does not take it"),
        ({"start": OPENS - QUARTER, "end": OPENS + QUARTER}, "outside its days"),
    ],
)
def test_the_checker_finds_each_misplaced_slot(broken: dict[str, object], said: str) -> None:
    asked = problem(ask(1))
    right = Place(DOCK, 1, OPENS, OPENS + 1800)

    assert check(asked, {asked.asks[0].id: (right,)}) == []
    (found,) = check(asked, {asked.asks[0].id: (replace(right, **broken),)})[:1]  # type: ignore[arg-type]
    assert said in found


def test_the_checker_finds_what_can_not_stand_together() -> None:
    limits = {Limit.HOUR: 1, Limit.AT_ONCE: 1, Limit.DAY_PALLETS: 5}
    asked = problem(
        ask(1, pallets=3, apart=True),
        ask(2, pallets=3, apart=True),
        ground=Ground(SITE, "Africa/Johannesburg", limits, most_slots=1),
    )
    place = Place(DOCK, 1, OPENS, OPENS + 1800)

    found = " ".join(check(asked, {each.id: (place,) for each in asked.asks} | {UUID(int=5): (place,)}))

    for said in (
        "was not asked for",
        "at one lane at once",
        "not kept apart",
        "2 slots are held of 1",
        "2 instead of 1 (hour)",
        "6 instead of 5 (day pallets)",
        "2 vehicles instead of 1",
    ):
        assert said in found
