"""The timing of one route: the formula, the breaks, and that the two agree where no break is due."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.engine import Activity, DrivingRules
from apps.routing.engine.rules import Rule
from apps.routing.engine.timing import Frame, Timing, place_breaks, segments, time_route, time_with
from tests.routing.engine.days import HOUR, MINUTE, at

LONG = Frame(
    legs=(3 * HOUR, 2 * HOUR, 0),
    earliest=(0, 0),
    latest=(24 * HOUR, 24 * HOUR),
    service=(30 * MINUTE, 30 * MINUTE),
    leaves=0,
    back=24 * HOUR,
    duty=24 * HOUR,
    driving=DrivingRules(),
)


def story(frame, timing):
    return [(one.activity, one.end - one.start) for one in segments(frame, timing)]


def test_four_and_a_half_hours_need_no_break():
    frame = replace(LONG, legs=(3 * HOUR, 90 * MINUTE, 0))

    assert time_route(frame).pauses == ()


def test_one_second_more_needs_one_and_it_is_taken_at_a_stop():
    frame = replace(LONG, legs=(3 * HOUR, 90 * MINUTE + 1, 0))

    timing = time_route(frame)

    assert story(frame, timing) == [
        (Activity.DRIVE, 3 * HOUR),
        (Activity.BREAK, 45 * MINUTE),
        (Activity.SERVICE, 30 * MINUTE),
        (Activity.DRIVE, 90 * MINUTE + 1),
        (Activity.SERVICE, 30 * MINUTE),
    ]


def test_a_leg_longer_than_four_and_a_half_hours_is_broken_on_the_road():
    frame = replace(LONG, legs=(5 * HOUR, 0, 0))

    timing = time_route(frame)

    assert [pause.length for pause in timing.pauses] == [45 * MINUTE]
    assert 30 * MINUTE <= timing.pauses[0].offset <= 4.5 * HOUR
    assert timing.end - timing.start == 5 * HOUR + HOUR + 45 * MINUTE


def test_two_short_waits_hold_a_split_break_of_15_and_30_minutes():
    frame = Frame(
        legs=(2 * HOUR, 2 * HOUR, 2 * HOUR),
        earliest=(at(8), at(11)),
        latest=(at(8), at(11)),
        service=(30 * MINUTE, 30 * MINUTE),
        leaves=at(5, 45),
        back=at(13, 30),
        duty=24 * HOUR,
        driving=DrivingRules(),
    )

    timing = time_route(frame)

    assert [pause.length for pause in timing.pauses] == [15 * MINUTE, 30 * MINUTE]
    assert (timing.start, timing.end) == (at(5, 45), at(13, 30))


def test_thirty_minutes_before_fifteen_are_no_break():
    frame = Frame(
        legs=(2 * HOUR, 2 * HOUR, 2 * HOUR),
        earliest=(at(8), at(10, 45)),
        latest=(at(8), at(10, 45)),
        service=(30 * MINUTE, 30 * MINUTE),
        leaves=at(5, 30),
        back=at(13, 15),
        duty=24 * HOUR,
        driving=DrivingRules(),
    )

    assert time_route(frame) is Rule.BREAK


def test_the_rule_that_fails_is_named():
    assert time_route(replace(LONG, legs=(5 * HOUR, 4 * HOUR, 1))) is Rule.DAILY_DRIVING
    assert time_route(replace(LONG, latest=(2 * HOUR, 24 * HOUR))) is Rule.WINDOW
    assert time_route(replace(LONG, duty=5 * HOUR)) is Rule.DUTY
    assert time_route(replace(LONG, duty=6 * HOUR)) is Rule.BREAK


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_formula_and_solver_agree_where_no_break_is_due(data):
    stops = data.draw(st.integers(1, 4))
    legs = data.draw(st.lists(st.integers(0, 4000), min_size=stops + 1, max_size=stops + 1))
    earliest = data.draw(st.lists(st.integers(0, 30_000), min_size=stops, max_size=stops))
    lengths = data.draw(st.lists(st.integers(0, 20_000), min_size=stops, max_size=stops))
    frame = Frame(
        legs=tuple(legs),
        earliest=tuple(earliest),
        latest=tuple(early + length for early, length in zip(earliest, lengths, strict=True)),
        service=(600,) * stops,
        leaves=0,
        back=60_000,
        duty=60_000,
        driving=replace(DrivingRules(), before_break=20_000),
    )

    formula, pauses = time_with(frame, ()), place_breaks(frame)

    assert isinstance(formula, Timing) == (pauses is not None)
    assert not pauses


@settings(max_examples=40, deadline=None)
@given(legs=st.lists(st.integers(0, 3 * HOUR), min_size=2, max_size=6))
def test_nobody_is_at_the_wheel_for_more_than_four_and_a_half_hours(legs):
    stops = len(legs) - 1
    frame = replace(
        LONG,
        legs=tuple(legs),
        earliest=(0,) * stops,
        latest=(48 * HOUR,) * stops,
        service=(900,) * stops,
        back=60 * HOUR,
        duty=60 * HOUR,
    )

    timing = time_route(frame)

    if sum(legs) > 9 * HOUR:
        assert timing is Rule.DAILY_DRIVING
        return
    wheel = 0
    for one in segments(frame, timing):
        if one.activity is Activity.BREAK and one.end - one.start >= 45 * MINUTE:
            wheel = 0
        if one.activity is Activity.DRIVE:
            wheel += one.end - one.start
        assert wheel <= 4.5 * HOUR
    assert all(one.end == other.start for one, other in pairwise(segments(frame, timing)))
