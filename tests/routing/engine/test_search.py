"""How a search is set: how far it looks back, and what it costs it at first to break a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.routing.engine import Budget, Tariff, check, plan
from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.model import UNITS_PER_CENT, Assumptions, build
from apps.routing.engine.search import looks_back
from tests.routing.engine.days import day, vehicles, visit


@pytest.mark.parametrize(
    ("iterations", "visits", "back"),
    [(2_000, 100, 50), (2_000, 400, 12), (100, 400, 10), (100_000, 100, 300), (None, 400, 300)],
)
def test_a_search_looks_back_as_far_as_its_iterations_are_worth_to_a_visit(iterations, visits, back):
    assert looks_back(iterations, visits) == back


def test_a_load_too_many_costs_at_first_what_ten_ways_cost_and_at_most_far_more():
    visits = [visit("a", pallets=6), visit("b", pallets=10)]
    problem = day([10, 10], visits, [vehicles("van", tariff=Tariff(per_km_cents=100))])

    model = build(RouteBook(problem), [0, 1], Assumptions(available=(1,)))

    loads, *_ = model.penalties.midpoint_penalties(model.data)
    mean_way = 4 * 10 * 100 * UNITS_PER_CENT / 9
    assert loads == [pytest.approx(10 * mean_way / 8)]
    assert model.penalties.max_penalty > 100 * loads[0]


def test_a_search_until_a_moment_finds_its_pace_and_goes_on():
    problem = replace(
        day([10, -20, 30], [visit("a"), visit("b"), visit("c")], [vehicles("van", count=2)]),
        budget=Budget(seed=1, iterations=None, seconds=0.5),
    )

    answer = plan(problem)

    assert check(problem, answer) == ()
    assert (answer.total_cost, answer.finished) == (10_000, True)
    assert answer.iterations > 100
