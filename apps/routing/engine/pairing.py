"""Who is paired with whom so that the pairs are worth the most: drivers with vehicles or with routes."""

from __future__ import annotations

from collections.abc import Sequence

from ortools.graph.python.linear_sum_assignment import SimpleLinearSumAssignment


def pair(worth: Sequence[Sequence[int]]) -> dict[int, int]:
    """Of each row at most one column and the other way round, the sum of their worth being the largest.

    ``worth`` is rows × columns, 0 or less where the two don't go together. Exact; equal input gives equal
    pairs.
    """
    rows, columns = len(worth), len(worth[0]) if worth else 0
    if not rows or not columns:
        return {}
    # Each row and each column may stay alone: with a partner of its own that is worth nothing.
    solver = SimpleLinearSumAssignment()
    for row, along in enumerate(worth):
        for column, here in enumerate(along):
            if here > 0:
                solver.add_arc_with_cost(row, column, -here)
        solver.add_arc_with_cost(row, columns + row, 0)
    for column in range(columns):
        solver.add_arc_with_cost(rows + column, column, 0)
        for row in range(rows):
            solver.add_arc_with_cost(rows + column, columns + row, 0)
    if solver.solve() != solver.OPTIMAL:
        raise ArithmeticError("worths are too large to be paired by")
    partners = {row: solver.right_mate(row) for row in range(rows)}
    return {row: column for row, column in partners.items() if column < columns}
