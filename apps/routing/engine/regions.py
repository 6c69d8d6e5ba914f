"""A large day cut into parts that are searched on their own: routes near each other in place and time.

Each sweep cuts elsewhere, so that the parts of one overlap those of the one before and no border stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.candidate import served
from apps.routing.engine.model import Tour
from apps.routing.engine.problem import Problem

PART = 220
"""Visits in one part, about: large enough to hold a few long routes, small enough for quick iterations."""

_WAITING = 0.2
"""Weight of unavoidable waiting between two visits against driving between them, as in PyVRP's
neighbourhoods."""


def parts_for(visits: int, workers: int) -> int:
    """Into how many parts of about ``PART`` visits a day is cut: as many for each worker, so that none waits
    for another."""
    return max(2, workers * round(visits / (PART * workers)))


@dataclass(frozen=True, slots=True)
class Part:
    """Tours searched together, the visits to be served in it (left-out ones too), and its vehicles of each
    class."""

    tours: tuple[Tour, ...]
    visits: tuple[int, ...]
    available: tuple[int, ...]


class Regions:
    """How near visits are to each other, worked out once for a problem."""

    def __init__(self, problem: Problem) -> None:
        first = len(problem.depots)
        seconds = problem.travel.seconds[first:, first:].astype(np.float64)
        opens = np.array([one.window.start for one in problem.visits], dtype=np.float64)
        leaves = np.array(
            [one.latest_start + one.service_seconds for one in problem.visits], dtype=np.float64
        )
        waiting = np.maximum(0.0, opens[None, :] - leaves[:, None] - seconds)
        apart = seconds + _WAITING * waiting
        self._apart = np.minimum(apart, apart.T)

    def cut(
        self,
        tours: Sequence[Tour],
        visits: Sequence[int],
        available: Sequence[int],
        random: np.random.Generator,
        parts: int,
    ) -> list[Part]:
        """So many parts, of about as many visits each; every tour, visit and vehicle is in exactly one."""
        routes = [np.array(served(order)) for order, _ in tours]
        groups = _grow(self._near(routes), [len(one) for one in routes], random, parts)
        on_routes = {int(visit) for one in routes for visit in one}
        extra: list[list[int]] = [[] for _ in groups]
        for visit in visits:
            if visit not in on_routes:
                extra[self._nearest(visit, groups, routes)].append(visit)
        spare = Counter(dict(enumerate(available)))
        spare.subtract(Counter(number for _, number in tours))
        found = []
        for place, group in enumerate(groups):
            used = Counter(tours[one][1] for one in group)
            share = [
                used[number] + _share(max(0, spare[number]), place, len(groups))
                for number in range(len(available))
            ]
            inside = [int(visit) for one in group for visit in routes[one]]
            found.append(
                Part(tuple(tours[one] for one in group), tuple(sorted(inside + extra[place])), tuple(share))
            )
        return found

    def _near(self, routes: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        """Mean way from a visit of one route to the nearest of another, routes × routes, symmetric."""
        order = np.concatenate(routes)
        starts = np.cumsum([0, *(len(one) for one in routes[:-1])])
        nearest = np.minimum.reduceat(self._apart[np.ix_(order, order)], starts, axis=1)
        mean = np.add.reduceat(nearest, starts, axis=0) / np.array([[len(one)] for one in routes])
        near: NDArray[np.float64] = mean + mean.T
        return near

    def _nearest(
        self, visit: int, groups: Sequence[Sequence[int]], routes: Sequence[NDArray[np.int64]]
    ) -> int:
        ways = [min(float(self._apart[visit, routes[one]].min()) for one in group) for group in groups]
        return int(np.argmin(ways))


def _grow(
    near: NDArray[np.float64], sizes: Sequence[int], random: np.random.Generator, parts: int
) -> list[list[int]]:
    """Groups of routes of about as many visits, each grown from one that is far from the groups before."""
    left = set(range(len(sizes)))
    groups: list[list[int]] = []
    seed = int(random.integers(len(sizes)))
    while left:
        if groups:
            taken = [one for group in groups for one in group]
            seed = min(left, key=lambda one: (-near[one, taken].min(), one))
        enough = sum(sizes[one] for one in left) / (parts - len(groups))
        group = [seed]
        left.discard(seed)
        while left and sum(sizes[one] for one in group) < enough:
            following = min(left, key=lambda one: (near[one, group].mean(), one))
            group.append(following)
            left.discard(following)
        groups.append(group)
    return sorted(groups, key=lambda group: (-sum(sizes[one] for one in group), group))


def _share(spare: int, place: int, parts: int) -> int:
    return spare // parts + (place < spare % parts)
