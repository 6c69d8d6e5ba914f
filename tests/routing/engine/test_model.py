"""What PyVRP is told: a route costs there what its tariff says, and what may not be is never worth it."""

from __future__ import annotations

from dataclasses import replace

import pyvrp

from apps.routing.engine import Load, Tariff
from apps.routing.engine.candidate import Candidate, RouteBook
from apps.routing.engine.model import UNITS_PER_CENT, Assumptions, build
from tests.routing.engine.days import HOUR, MINUTE, day, vehicles, visit

TARIFF = Tariff(
    fixed_cents=5_000, per_km_cents=123, per_hour_cents=4_321, per_stop_cents=300, per_pallet_cents=40
)


def cents(model, *routes):
    """The cost of a solution by PyVRP's own reckoning."""
    solution = pyvrp.Solution(
        model.data, [pyvrp.Route(model.data, list(visits), number) for number, visits in routes]
    )
    loads = [1] * model.data.num_load_dimensions
    return pyvrp.CostEvaluator(loads, 1, 0).penalised_cost(solution) / UNITS_PER_CENT


def test_a_route_costs_what_its_tariff_says_to_the_cent():
    problem = day([13, 29], [visit("a", pallets=2), visit("b", pallets=3)], [vehicles("van", tariff=TARIFF)])
    book = RouteBook(problem)

    model = build(book, [0, 1], Assumptions(available=(1,)))

    priced = book.candidate((0, 1), 0)
    assert isinstance(priced, Candidate)
    assert round(cents(model, (0, [0, 1]))) == priced.cents


def test_a_visit_left_out_costs_its_penalty():
    problem = day([10], [visit("a", penalty_cents=777)], [vehicles("van")])

    model = build(RouteBook(problem), [0], Assumptions(available=(1,)))

    assert cents(model) == 777


def test_a_dock_that_refuses_the_vehicle_is_dearer_than_any_penalty():
    fleet = [vehicles("lorry", length_m=12.0), vehicles("van", length_m=6.0)]
    problem = day([10, 20], [visit("a", max_length_m=9.0), visit("b")], fleet)

    model = build(RouteBook(problem), [0, 1], Assumptions(available=(1, 1)))

    assert cents(model, (0, [0])) > cents(model) > cents(model, (1, [0]))


def test_a_dock_that_refuses_the_cheaper_vehicle_is_dearer_than_any_penalty_too():
    cheap, dear = Tariff(per_km_cents=100), Tariff(per_km_cents=5_000)
    fleet = [vehicles("lorry", length_m=12.0, tariff=cheap), vehicles("van", length_m=6.0, tariff=dear)]
    problem = day([10, 20], [visit("a", max_length_m=9.0), visit("b")], fleet)

    model = build(RouteBook(problem), [0, 1], Assumptions(available=(1, 1)))

    assert cents(model, (0, [0])) > cents(model) > cents(model, (1, [0]))


def test_classes_whose_kilometres_differ_in_price_share_their_ways():
    tariffs = [Tariff(per_km_cents=100), Tariff(per_km_cents=250), Tariff(per_km_cents=100, per_stop_cents=7)]
    fleet = [vehicles(f"van{number}", tariff=tariff) for number, tariff in enumerate(tariffs)]
    book = RouteBook(day([10], [visit("a")], fleet))

    model = build(book, [0], Assumptions(available=(1, 1, 1)))

    assert [kind.profile for kind in model.data.vehicle_types()] == [0, 0, 1]
    assert [cents(model, (number, [0])) for number in range(3)] == [2_000, 5_000, 2_007]


def test_only_capacities_that_can_bind_are_looked_at():
    visits = [replace(visit("a"), load=Load(6, 1, 1)), replace(visit("b"), load=Load(6, 1, 1))]
    problem = day([10, 20], visits, [vehicles("van", pallets=10)])

    model = build(RouteBook(problem), [0, 1], Assumptions(available=(1,)))

    assert [client.delivery for client in model.data.clients()] == [[6], [6]]
    assert model.data.vehicle_type(0).capacity == [10]


def test_a_slow_class_drives_each_leg_longer_by_the_share_of_breaks():
    problem = day([270], [visit("a")], [vehicles("van")])

    model = build(RouteBook(problem), [0], Assumptions(available=(1,), slow=frozenset({0})))

    assert model.data.duration_matrix(0)[0, 1] == (270 + 45) * MINUTE


def test_a_dear_class_pays_its_minimum_charge_up_front():
    problem = day([10], [visit("a")], [vehicles("van", tariff=Tariff(fixed_cents=10, minimum_cents=900))])

    model = build(RouteBook(problem), [0], Assumptions(available=(1,), dear=frozenset({0})))

    assert model.data.vehicle_type(0).fixed_cost == 900 * UNITS_PER_CENT


def test_the_shorter_of_two_duties_holds():
    problem = day([10], [visit("a")], [vehicles("van", max_duty_seconds=9 * HOUR)])

    model = build(RouteBook(problem), [0], Assumptions(available=(1,), duty=((0, 8 * HOUR),)))

    assert model.data.vehicle_type(0).shift_duration == 8 * HOUR


def test_without_a_vehicle_there_is_no_model():
    problem = day([10], [visit("a", pallets=11)], [vehicles("van")])

    assert build(RouteBook(problem), [0], Assumptions(available=(1,))) is None
