"""Distances over the sphere and the time a lorry takes for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.engine import GreatCircle, Point
from apps.routing.engine.travel import great_circle_metres

JOHANNESBURG, PRETORIA, DURBAN = Point(-26.2041, 28.0473), Point(-25.7479, 28.2293), Point(-29.8587, 31.0218)


def test_one_degree_of_latitude_is_a_three_hundred_sixtieth_of_the_meridian():
    assert great_circle_metres([Point(0, 0), Point(1, 0)])[0, 1] == pytest.approx(111_195, abs=1)


def test_near_places_are_slow_and_far_places_fast():
    travel = GreatCircle().matrix([JOHANNESBURG, PRETORIA, DURBAN])
    kmh = travel.metres / np.maximum(travel.seconds, 1) * 3.6

    assert 50 < kmh[0, 1] < 65 < kmh[0, 2] < 75
    assert 60_000 < travel.metres[0, 1] < 75_000


def test_no_place_is_no_matrix():
    assert GreatCircle().matrix([]).metres.shape == (0, 0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-170, 170)), min_size=3, max_size=3))
def test_a_detour_is_never_quicker(places):
    travel = GreatCircle().matrix([Point(*place) for place in places])

    for matrix in (travel.metres, travel.seconds):
        assert (np.diagonal(matrix) == 0).all()
        assert (matrix == matrix.T).all()
        assert matrix[0, 1] <= matrix[0, 2] + matrix[2, 1] + 2
