"""The way around circles: never shorter than straight, the same in both directions, never inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.engine import Circle, GreatCircle, Point, bends, in_the_way, leads_through, with_detours
from apps.routing.engine.around import ways_around
from apps.routing.engine.travel import EARTH_RADIUS_M, great_circle_metres

CIRCLE = Circle(0.0, 0.0, 3_000)
DEGREE = np.radians(1) * EARTH_RADIUS_M


def flat_way_around(distance_m: float, offset_m: float, radius_m: float) -> float:
    """A string pulled tight around a circle on flat ground, between two places ``distance_m`` to either side
    of it and ``offset_m`` off its middle."""
    far = np.hypot(distance_m, offset_m)
    arc = 2 * np.arctan2(distance_m, offset_m) - 2 * np.arccos(radius_m / far)
    return 2 * np.sqrt(far**2 - radius_m**2) + radius_m * arc


# One way and one circle ---------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 0.005, 0.01, 0.02, 0.0269])
def test_the_way_around_is_a_string_pulled_tight(offset):
    straight, around = ways_around([Point(offset, -0.1), Point(offset, 0.1)], [CIRCLE])

    tight = flat_way_around(0.1 * DEGREE, offset * DEGREE, 3_000)
    assert straight[0, 1] == pytest.approx(0.2 * DEGREE, rel=1e-6)
    assert tight - 1 < around[0, 1] < tight + 0.013 * 3_000 * np.pi


@pytest.mark.parametrize(
    ("start", "end", "through"),
    [
        ((0.02, -0.1), (0.02, 0.1), True),
        ((0.03, -0.1), (0.03, 0.1), False),  # 3.3 km past it
        ((0.0, 0.05), (0.0, 0.1), False),  # leads away from it
        ((0.0, 0.0), (0.0, 0.1), True),  # begins inside
        ((0.0, 0.1), (0.0, 0.1), False),  # no way at all
    ],
)
def test_a_way_through_a_circle_is_found(start, end, through):
    assert leads_through([Point(*start)], [Point(*end)], CIRCLE).tolist() == [through]


def test_a_place_inside_is_left_and_reached_straight_but_around_the_circles_of_others():
    depot, behind, before = Point(0.0, 0.0), Point(0.0, 0.2), Point(0.0, -0.2)
    other = Circle(0.0, 0.1, 2_000)

    straight, around = ways_around([depot, behind, before], [CIRCLE, other])

    assert around[0, 2] == straight[0, 2]
    assert around[0, 1] > straight[0, 1]
    assert around[1, 2] > straight[1, 2]


def test_a_place_that_circles_enclose_has_no_way_around():
    ring = [Circle(0.1 * np.sin(a), 0.1 * np.cos(a), 5_000) for a in np.linspace(0, 2 * np.pi, 17)]

    straight, around = ways_around([Point(0.0, 0.0), Point(0.0, 0.5), Point(0.0, -0.5)], ring)

    assert around[0, 1] == straight[0, 1]
    assert around[1, 2] > straight[1, 2]


def test_a_wall_of_circles_is_driven_around_as_one():
    wall = [Circle(lat, 0.0, 3_000) for lat in np.arange(-0.1, 0.101, 0.05)]
    here, there = Point(0.0, -0.1), Point(0.0, 0.1)

    _, one_by_one = ways_around([here, there], wall[2:3])
    straight, around = ways_around([here, there], wall)

    assert around[0, 1] > 2 * np.hypot(0.1, 0.1) * DEGREE > one_by_one[0, 1] > straight[0, 1]


def test_it_makes_no_difference_where_on_earth_and_in_which_direction():
    scale = np.cos(np.radians(-26.2))
    here, there = Point(-26.2, 179.99 - 0.1 / scale), Point(-26.2, -180.01 + 0.1 / scale)

    straight, around = ways_around([here, there], [Circle(-26.2, 179.99, 3_000)])
    _, at_null = ways_around([Point(0.0, -0.1), Point(0.0, 0.1)], [CIRCLE])

    assert around[0, 1] == around[1, 0] > straight[0, 1]
    assert around[0, 1] == pytest.approx(at_null[0, 1], rel=1e-3)


def test_land_as_large_as_half_the_globe_stops_nobody_and_a_place_that_is_none_neither():
    places = [Point(0.0, -0.1), Point(0.0, 0.1), Point(float("nan"), 0.0)]

    straight, around = ways_around(places, [Circle(0.0, 0.0, 11_000_000), CIRCLE])

    assert around[0, 1] > straight[0, 1]
    assert (around[2], straight[2]) == (pytest.approx([0, 0, 0]), pytest.approx([0, 0, 0]))


def test_a_way_bends_at_the_circle_and_nowhere_else():
    here, there = Point(0.0, -0.1), Point(0.0, 0.1)

    turns = bends(here, there, [CIRCLE, Circle(0.2, 0.0, 3_000)])

    assert len(turns) > 2
    assert turns == tuple(sorted(turns, key=lambda turn: turn.lon))
    metres = great_circle_metres([Point(0.0, 0.0), *turns])[0, 1:]
    assert metres == pytest.approx(np.full(len(turns), 3_000), rel=0.03)
    assert bends(here, there, [Circle(0.2, 0.0, 3_000)]) == ()
    assert bends(Point(0.0, 0.0), there, [CIRCLE]) == ()


# Any places and circles ---------------------------------------------------------------------------

coordinates = st.floats(-0.3, 0.3, allow_nan=False)
points = st.lists(st.builds(Point, coordinates, coordinates), min_size=2, max_size=6, unique=True)
circles = st.lists(
    st.builds(Circle, coordinates, coordinates, st.floats(1_000, 15_000)), min_size=1, max_size=5
)


@settings(max_examples=150, deadline=None)
@given(points, circles)
def test_ways_around_are_symmetric_and_never_shorter_than_straight_ones(places, land):
    straight, around = ways_around(places, land)

    assert (around == around.T).all()
    assert (around >= straight).all()
    assert straight == pytest.approx(great_circle_metres(places), abs=0.1)


@settings(max_examples=100, deadline=None)
@given(st.builds(Point, coordinates, coordinates), st.builds(Point, coordinates, coordinates), circles)
def test_the_bends_of_a_way_make_it_as_long_as_it_is_reckoned(here, there, land):
    straight, around = ways_around([here, there], land)
    turns = bends(here, there, land)

    places = [here, *turns, there]
    drawn = np.diag(great_circle_metres(places), 1).sum()
    assert drawn == pytest.approx(around[0, 1], rel=0.01, abs=0.5)
    assert bool(turns) == bool(around[0, 1] > straight[0, 1])


@settings(max_examples=100, deadline=None)
@given(points, circles)
def test_of_three_places_outside_no_way_is_longer_than_over_the_third(places, land):
    metres = great_circle_metres([*places, *(Point(one.lat, one.lon) for one in land)])
    outside = [
        number
        for number in range(len(places))
        if all(metres[number, len(places) + circle] > 1.02 * one.radius_m for circle, one in enumerate(land))
    ]
    _, around = ways_around(places, land)
    _, free = ways_around(places, [])

    reachable = [
        one
        for one in outside
        if all(
            around[one, two] > free[one, two] or one == two or not _shut(places[one], places[two], land)
            for two in outside
        )
    ]
    inside = around[np.ix_(reachable, reachable)]
    over = (inside[:, :, None] + inside[None, :, :]).min(axis=1) if reachable else inside
    assert (inside <= over + 1e-3).all()


def _shut(one: Point, other: Point, land: list[Circle]) -> bool:
    """Whether the straight way is shut, so that an equal way around says that there is none."""
    return any(leads_through([one], [other], circle)[0] for circle in land)


@settings(max_examples=100, deadline=None)
@given(points, circles)
def test_a_way_outside_all_circles_is_no_shorter_than_one_that_only_has_to_avoid_one_of_them(places, land):
    straight, around = ways_around(places, land)

    for one in land:
        _, alone = ways_around(places, [one])
        there_is_none = around == straight
        assert (there_is_none | (around >= alone - 1e-3)).all()


@settings(max_examples=100, deadline=None)
@given(points, circles)
def test_circles_that_are_not_in_the_way_change_nothing(places, land):
    there = [land[number] for number in in_the_way(places, land)]

    _, all_of_them = ways_around(places, land)
    _, some = ways_around(places, there)

    assert some == pytest.approx(all_of_them, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(coordinates, coordinates, coordinates, coordinates, st.floats(1_000, 15_000))
def test_the_way_around_one_circle_is_a_way_that_never_enters_it(lat, lon, to_lat, to_lon, radius):
    """No way that stays outside is longer than the way around by more than the polygon is off, and none is
    shorter: a shorter one would have to go inside."""
    circle = Circle(0.0, 0.0, radius)
    (near, far) = (np.hypot(*one) * DEGREE for one in ((lat, lon), (to_lat, to_lon)))
    if min(near, far) < 1.02 * radius:
        return
    here, there = Point(lat, lon), Point(to_lat, to_lon)

    straight, around = (ways[0, 1] for ways in ways_around([here, there], [circle]))

    turn = np.arccos(np.clip((lat * to_lat + lon * to_lon) * DEGREE**2 / (near * far), -1, 1))
    arc = max(0.0, turn - np.arccos(radius / near) - np.arccos(radius / far))
    tight = np.sqrt(near**2 - radius**2) + np.sqrt(far**2 - radius**2) + radius * arc
    if arc == 0 or not leads_through([here], [there], circle)[0]:
        assert around == pytest.approx(straight, rel=1e-3)
    else:
        assert tight * (1 - 1e-4) < around < tight * (1 + 1e-4) + 0.013 * np.pi * radius


def test_ways_through_are_found_as_walking_along_them_in_small_steps_finds_them():
    random = np.random.default_rng(4)
    starts, ends = (random.uniform(-0.1, 0.1, (300, 2)) for _ in range(2))
    steps = np.linspace(0.0, 1.0, 2_001)[:, None, None]
    metres = np.radians(starts + steps * (ends - starts)) * EARTH_RADIUS_M
    nearest = np.hypot(metres[..., 0], metres[..., 1]).min(axis=0)

    crossed = leads_through([Point(*one) for one in starts], [Point(*one) for one in ends], CIRCLE)

    clear = np.abs(nearest - CIRCLE.radius_m) > 20
    assert 30 < crossed.sum() < 270
    assert (crossed == (nearest < CIRCLE.radius_m))[clear].all()


# Metres and seconds -------------------------------------------------------------------------------


def test_a_matrix_is_longer_by_what_its_provider_would_say_of_the_way_around():
    places = [Point(0.0, -0.1), Point(0.0, 0.1), Point(0.2, 0.1), Point(0.0, -0.1)]
    travel = GreatCircle().matrix(places)

    bent = with_detours(travel, places, [CIRCLE])

    _, around = ways_around(places[:3], [CIRCLE])
    assert bent.metres[0, 1] == pytest.approx(1.3 * around[0, 1], abs=1)
    assert bent.seconds[0, 1] > travel.seconds[0, 1]
    assert (bent.metres[3], bent.seconds[3]) == (
        pytest.approx(bent.metres[0]),
        pytest.approx(bent.seconds[0]),
    )
    assert (bent.metres[2], bent.source) == (pytest.approx(travel.metres[2]), travel.source)


def test_where_nothing_is_in_the_way_the_matrix_is_the_same():
    places = [Point(0.1, -0.1), Point(0.1, 0.1)]
    travel = GreatCircle().matrix(places)

    assert with_detours(travel, places, [CIRCLE]) is travel
    assert with_detours(travel, places, []) is travel
    assert in_the_way(places, [CIRCLE]) == ()
