"""What a round of search learns from the one before, and the last try for what is still left out."""

from __future__ import annotations

import numpy as np
import pytest

from apps.routing.engine import Tariff, Window, plan
from apps.routing.engine.candidate import RouteBook
from apps.routing.engine.carriers import Choice, choose
from apps.routing.engine.insertion import cheapest_insertion
from apps.routing.engine.model import Assumptions
from apps.routing.engine.regions import Regions
from apps.routing.engine.rounds import LARGE, _revise, insert_the_rest
from tests.routing.engine.days import HOUR, MINUTE, at, day, vehicles, visit


def test_a_route_without_time_for_its_break_makes_its_class_slow():
    fleet = [vehicles("van", shift=Window(at(6), at(11, 30)))]
    book = RouteBook(day([150], [visit("a")], fleet))

    revised = _revise(book, Assumptions(available=(1,)), [((0,), 0)], Choice((), proven=True))

    assert revised == Assumptions(available=(1,), slow=frozenset({0}))


def test_a_route_too_long_for_a_driver_shortens_the_duty_of_its_class():
    book = RouteBook(day([300], [visit("a")], [vehicles("van")]))

    revised = _revise(book, Assumptions(available=(1,)), [((0,), 0)], Choice((), proven=True))

    assert revised.duty == ((0, 9 * HOUR + 45 * MINUTE),)


def test_a_route_below_its_minimum_charge_makes_its_class_dear():
    book = RouteBook(day([10], [visit("a")], [vehicles("van", tariff=Tariff(minimum_cents=900))]))
    route = book.candidate((0,), 0)

    revised = _revise(book, Assumptions(available=(1,)), [((0,), 0)], Choice((route,), proven=True))

    assert revised == Assumptions(available=(1,), dear=frozenset({0}))


def test_classes_over_their_carrier_cap_are_cut_to_what_the_exact_choice_took():
    fleet = [vehicles("small", pallets=1), vehicles("large", pallets=1)]
    book = RouteBook(day([10, 20], [visit("a"), visit("b")], fleet, caps={"swift": 1}))
    tours = [((0,), 0), ((1,), 1)]
    choice = choose(book.problem, [book.candidate((0,), 0), book.candidate((1,), 1)])

    revised = _revise(book, Assumptions(available=(1, 1)), tours, choice)

    assert sum(revised.available) == 1


def test_a_visit_with_a_place_on_a_route_is_not_left_out():
    book = RouteBook(day([10, 20], [visit("a"), visit("b")], [vehicles("van")]))

    routes = insert_the_rest(book, [book.candidate((1,), 0)], [0, 1])

    assert [sorted(route.order) for route in routes] == [[0, 1]]


def test_the_cheapest_place_is_on_the_way():
    book = RouteBook(day([30, 10, 20], [visit("c"), visit("a"), visit("b")], [vehicles("van", count=2)]))

    insertion = cheapest_insertion(book, [book.candidate((1, 0), 0)], 2)

    assert (insertion.extra, insertion.replaces) == (0, 0)


@pytest.mark.parametrize(("penalty_cents", "is_cut"), [(1_000_000, True), (1, False)])
def test_a_large_day_is_cut_only_where_its_visits_are_worth_their_ways(penalty_cents, is_cut, monkeypatch):
    cuts = []
    cut = Regions.cut
    monkeypatch.setattr(Regions, "cut", lambda self, *asked: cuts.append(asked) or cut(self, *asked))
    kms = np.random.default_rng(7).integers(1, 60, LARGE + 20).tolist()
    visits = [visit(f"v{place}", unload=60, penalty_cents=penalty_cents) for place in range(len(kms))]

    answer = plan(day(kms, visits, [vehicles("van", count=40, pallets=20)], iterations=12))

    assert bool(cuts) == is_cut
    assert len(answer.routes) > 0 if is_cut else answer.routes == ()
