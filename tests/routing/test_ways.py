"""Straight ways and circles: which lead through, and how much longer it is around."""

import numpy as np
import pytest

from apps.routing.ways import Circle, around

CIRCLE = Circle(0.0, 0.0, 3_000)


@pytest.mark.parametrize(
    ("start", "end", "through", "longer"),
    [
        ((0.0, -0.1), (0.0, 0.1), True, 0.0366),  # through the middle, 11.12 km on either side of it
        ((0.02, -0.1), (0.02, 0.1), True, 0.0024),
        ((0.03, -0.1), (0.03, 0.1), False, 0.0),  # 3.3 km past it
        ((0.0, 0.05), (0.0, 0.1), False, 0.0),  # leads away from it
        ((0.0, 0.0), (0.0, 0.1), True, 0.0),  # begins inside: no way around
        ((0.0, 0.1), (0.0, 0.1), False, 0.0),  # no way at all
    ],
)
def test_a_way_through_a_circle_is_found_and_its_way_around_measured(start, end, through, longer):
    crossed, share = around(np.array([start]), np.array([end]), CIRCLE)

    assert crossed.tolist() == [through]
    assert share[0] == pytest.approx(longer, abs=0.0001)


def test_it_makes_no_difference_where_on_earth_and_in_which_direction():
    far = Circle(-26.2, 179.99, 3_000)
    scale = np.cos(np.radians(far.lat))
    starts, ends = np.array([[-26.2, 179.99 - 0.1 / scale]]), np.array([[-26.2, -180.01 + 0.1 / scale]])

    for one, other in ((starts, ends), (ends, starts)):
        crossed, share = around(one, other, far)
        assert (crossed.tolist(), round(float(share[0]), 4)) == ([True], 0.0366)


def test_ways_are_found_as_walking_along_them_in_small_steps_finds_them():
    random = np.random.default_rng(4)
    starts, ends = (random.uniform(-0.1, 0.1, (300, 2)) for _ in range(2))
    steps = np.linspace(0.0, 1.0, 2_001)[:, None, None]
    metres = np.radians(starts + steps * (ends - starts)) * 6_371_008.8
    nearest = np.hypot(metres[..., 0], metres[..., 1]).min(axis=0)

    crossed, _ = around(starts, ends, CIRCLE)

    clear = np.abs(nearest - CIRCLE.radius_m) > 20
    assert 30 < crossed.sum() < 270
    assert (crossed == (nearest < CIRCLE.radius_m))[clear].all()
