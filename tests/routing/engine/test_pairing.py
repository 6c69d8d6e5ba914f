"""Pairs are worth the most together, never a partner twice, and nobody is paired against the rules."""

from itertools import permutations

import pytest

from apps.routing.engine.pairing import pair


def most(worth):
    """The best sum, by trying everything."""
    rows, columns = len(worth), len(worth[0])
    wide = [[*row, *[0] * rows] for row in worth]
    return max(
        sum(max(0, wide[row][column]) for row, column in enumerate(chosen))
        for chosen in permutations(range(columns + rows), rows)
    )


@pytest.mark.parametrize(
    "worth",
    [
        [[5, 0, 3], [4, 1, 0]],
        [[1], [2], [3]],
        [[0, 0], [0, 7]],
        [[9, 8], [8, 1]],
        [[0]],
    ],
)
def test_pairs_are_the_best_there_are(worth):
    pairs = pair(worth)

    assert len(set(pairs.values())) == len(pairs)
    assert all(worth[row][column] > 0 for row, column in pairs.items())
    assert sum(worth[row][column] for row, column in pairs.items()) == most(worth)


def test_where_there_is_nobody_nobody_is_paired():
    assert pair([]) == {} == pair([[], []])
