"""What breaking a rule costs PyVRP's search, in proportion to the money of the day.

PyVRP's own bounds are made for ways of a few hundred units; ours cost millions. Where too few answers keep a
rule its price rises, where too many do it falls: a search goes through what is not allowed to what is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Self

import numpy as np
import pyvrp
from pyvrp.constants import MAX_VALUE
from pyvrp.PenaltyManager import PenaltyParams

_HIGHEST = 250
"""Ways of mean cost that a second late or a unit too many costs at most, and half of it a second at first."""

_LOAD = 10
"""Ways of mean cost that a mean delivery too many costs at first. After 3,000 iterations X200-HD is 2.7 %
above the best known and X115-HVRP 0.9 %; beginning at half the highest, as PyVRP does, 4.6 % and 2.0 %."""


@dataclass
class Penalties(PenaltyParams):
    """PyVRP's parameters; ``way`` is the mean cost of a way by the dearest vehicles."""

    way: float = 0.0

    @classmethod
    def of(cls, data: pyvrp.ProblemData) -> Self:
        """Those that suit the costs of ``data``."""
        way = max(_mean_ways(data))
        return cls(max_penalty=float(np.clip(_HIGHEST * way, 1e5, 1e12)), way=way)

    def midpoint_penalties(self, data: pyvrp.ProblemData) -> tuple[list[float], float, float]:
        """Where the search begins: loads at ``_LOAD``, the rest at half the highest."""
        loads, late, far = super().midpoint_penalties(data)
        means = [fmean(one.delivery[unit] for one in data.clients()) for unit in range(len(loads))]
        return [_LOAD * self.way / mean for mean in means], late, far


def _mean_ways(data: pyvrp.ProblemData) -> Iterator[float]:
    """What the ways that may be driven cost on average, by each profile at each rate."""
    for profile, rate in {(kind.profile, kind.unit_distance_cost) for kind in data.vehicle_types()}:
        costs = rate * data.distance_matrix(profile)
        yield float(costs[costs < MAX_VALUE].mean())
