"""Instances of every format are the same question to our engine and to PyVRP."""

from pathlib import Path

import pytest

from apps.routing.engine import Budget, check, plan
from benchmarks import _instances, _peers

BUDGET = Budget(seed=1, iterations=100)

EXPLICIT = """NAME: three
TYPE: VRPTW
DIMENSION: 4
VEHICLES: 2
CAPACITY: 10
SERVICE_TIME: 5
EDGE_WEIGHT_TYPE: EXPLICIT
EDGE_WEIGHT_FORMAT: FULL_MATRIX
EDGE_WEIGHT_SECTION
0 10 20 30
12 0 10 20
22 12 0 10
32 22 12 0
DEMAND_SECTION
1 0
2 4
3 4
4 4
TIME_WINDOW_SECTION
1 0 200
2 0 100
3 0 100
4 0 100
DEPOT_SECTION
1
-1
EOF
"""

SOLOMON = """tiny

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0       230          0
    1      3         4          7          0       100         10
    2      6         8          7          0       100         10
    3      9        12          7          0       100         10
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "three.vrp").write_text(EXPLICIT)
    (tmp_path / "tiny.txt").write_text(SOLOMON)
    (tmp_path / "known.csv").write_text(
        "variant,file,name,customers,first_n_rows,bks\n"
        "OTHER,three.vrp,three,3,,66\n"
        "VRPTW,tiny.txt,tiny.2,2,2,30\n"
    )
    monkeypatch.setenv("INSTANCES_DIR", str(tmp_path))
    monkeypatch.setenv("INSTANCES_BKS", str(tmp_path / "known.csv"))
    return tmp_path


def test_explicit_matrices_and_the_first_rows_of_a_file_are_read(folder):
    tiny, three = _instances.instances(folder)
    assert (tiny.family, three.family) == ("VRPTW 2", "OTHER")

    for instance, cost in ((tiny, 100 + 200), (three, 84_000)):
        problem, data = instance.read(BUDGET)
        answer = plan(problem)

        assert check(problem, answer) == ()
        assert answer.total_cost == cost
        assert _peers.bare_pyvrp(data, 0.1, seed=1) == cost
        assert _peers.or_tools(data, 0.1) == cost


def test_a_way_that_is_longer_back_is_longer_back(folder):
    problem, _ = _instances.instances(folder)[1].read(BUDGET)

    assert problem.travel.metres.tolist()[1] == [12_000, 0, 10_000, 20_000]


@pytest.mark.skipif(_instances.folder() is None, reason="no instances; name their folder in INSTANCES_DIR")
def test_the_checker_passes_on_every_published_variant_and_on_every_small_instance():
    where = _instances.folder()
    assert where is not None
    seen, small = set(), 0
    for instance in _instances.instances(where):
        if instance.customers > 120 or (instance.variant in seen and instance.customers > 25):
            continue
        seen.add(instance.variant)
        small += instance.customers <= 25
        problem, _ = instance.read(Budget(seed=1, iterations=40))
        assert check(problem, plan(problem)) == ()
    assert seen >= {"VRPTW", "HFVRP", "MTVRPTWR", "SDVRPTW"}
    assert small >= 12
