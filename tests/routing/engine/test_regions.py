"""Parts of a large day: every tour, visit and vehicle is in exactly one of them."""

from collections import Counter

import numpy as np
import pytest

from apps.routing.engine import Budget
from apps.routing.engine.regions import Regions, parts_for
from benchmarks._days import HOUR, day_of

DAY = day_of(700, 80, Budget(), slot=3 * HOUR)
REGIONS = Regions(DAY)


@pytest.mark.parametrize("longest", [9, 13, 40])
def test_a_day_is_cut_into_parts_that_share_nothing_and_lose_nothing(longest):
    tours = [(tuple(range(first, min(first + longest, 690))), 1) for first in range(0, 690, longest)]
    tours = tours[: len(DAY.fleet[1].vehicle_ids)]

    for seed in range(12):
        parts = REGIONS.cut(tours, range(700), (13, 67), np.random.default_rng(seed), 4)

        assert Counter(tour for part in parts for tour in part.tours) == Counter(tours)
        assert sorted(visit for part in parts for visit in part.visits) == list(range(700))
        assert np.sum([part.available for part in parts], axis=0).tolist() == [13, 67]
        assert len(parts) == 4
        on_routes = [sum(len(order) for order, _ in part.tours) for part in parts]
        assert max(on_routes) < sum(on_routes) / 4 + longest


@pytest.mark.parametrize(
    ("visits", "workers", "parts"), [(301, 1, 2), (400, 2, 2), (1000, 1, 5), (1000, 2, 4), (5000, 2, 22)]
)
def test_each_worker_has_as_many_parts_of_a_day(visits, workers, parts):
    assert parts_for(visits, workers) == parts
