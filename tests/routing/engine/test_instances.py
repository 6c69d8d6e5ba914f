"""Our model costs nothing: it is as good as bare PyVRP with the same seed and iterations.

The instances are published ones, their folder is named by ``INSTANCES_DIR``; without it they are skipped.
"""

from __future__ import annotations

import pytest
import pyvrp
from pyvrp.stop import MaxIterations

from apps.routing.engine import Budget, check, plan
from benchmarks import _instances

FOLDER = _instances.folder()
BUDGET = Budget(seed=7, iterations=300)


@pytest.mark.skipif(FOLDER is None, reason="no instances; name their folder in INSTANCES_DIR")
@pytest.mark.parametrize("name", ["C101", "R101", "RC201"])
def test_our_model_is_as_good_as_bare_pyvrp(name: str) -> None:
    assert FOLDER is not None
    ours, bare = next(one for one in _instances.instances(FOLDER) if one.name == name).read(BUDGET)

    answer = plan(ours)
    reference = pyvrp.solve(bare, MaxIterations(300), seed=7)

    assert check(ours, answer) == ()
    assert answer.unassigned == ()
    assert answer.total_cost <= reference.cost() * 1.01


@pytest.mark.skipif(FOLDER is None, reason="no instances; name their folder in INSTANCES_DIR")
def test_where_vehicles_are_scarce_and_dear_nobody_is_left_out_as_long_as_all_have_a_place() -> None:
    assert FOLDER is not None
    scarce = next(one for one in _instances.instances(FOLDER) if one.name == "X115-HVRP")
    problem, _ = scarce.read(BUDGET)

    answer = plan(problem)

    assert check(problem, answer) == ()
    assert answer.unassigned == ()
    assert answer.total_cost <= scarce.best * 1.05
