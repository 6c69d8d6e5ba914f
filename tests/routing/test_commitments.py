"""What was promised to carriers and what they take at most: due on a day, priced, kept or said."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Commitment
from apps.routing import engine
from apps.routing.problems import gather
from apps.routing.volumes import Standing
from tests.routing.conftest import DAY, RIGID, make_carrier

ALWAYS = DateRange(None, None)


def promise(carrier, measure="routes", period="day", **facts):
    return Commitment.objects.create(carrier=carrier, valid=ALWAYS, period=period, measure=measure, **facts)


@pytest.fixture
def two_visits(warehouse, order, agree, northern_site, southern_site):
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "13:00")


@pytest.mark.parametrize(
    ("period", "at_least", "used", "day", "due"),
    [
        ("day", 2, 0, DAY, 2),
        ("day", 2, 3, DAY, 0),
        ("week", 10, 4, DAY, 2),  # Wednesday: three weekdays are left for six
        ("week", 10, 4, DAY + timedelta(days=2), 6),  # Friday
        ("week", 10, 4, DAY + timedelta(days=4), 6),  # Sunday: no weekday is left
        ("month", 22, 0, date(2026, 3, 2), 1),
        ("month", 23, 0, date(2026, 3, 2), 2),
    ],
)
def test_what_is_due_on_a_day_is_what_is_missing_spread_over_the_weekdays_left(
    period, at_least, used, day, due
):
    assert Standing(Commitment(period=period, at_least=at_least), used).due(day) == due


def test_a_carrier_that_is_dearer_gets_the_route_it_was_promised_when_missing_it_is_dearer_still(
    two_visits, planned
):
    dear = make_carrier("Dear", RIGID, per_route=100_000)
    make_carrier("Cheap", RIGID, per_route=80_000)
    row = promise(dear, at_least=1, shortfall=30_000)

    kept = planned()
    row.shortfall = 10_000
    row.save()
    broken = planned()

    assert ({route.carrier.name for route in kept.routes.all()}, kept.shortfall_cents) == ({"Dear"}, 0)
    assert {route.carrier.name for route in broken.routes.all()} == {"Cheap"}
    assert broken.shortfall_cents == 10_000
    assert "Dear gets 0 of the 1 routes due to it, which counts as ZAR 100.00." in broken.notes


def test_pallets_promised_and_taken_at_most_are_reckoned_with(two_visits, warehouse, planned):
    swift = make_carrier("Swift", RIGID, RIGID, per_route=80_000)
    promise(swift, "pallets", at_most=5)

    plan = planned()

    (left_out,) = plan.unassigned.all()
    assert "Swift takes 5 pallets on this day" in " ".join(left_out.reasons)
    assert gather(site=warehouse, day=DAY).problem.carriers == (
        engine.Carrier("Swift", name="Swift", max_pallets=5),
    )


def test_a_promise_of_pallets_is_worth_a_share_of_a_route_where_nothing_was_agreed(two_visits, warehouse):
    promise(make_carrier("Swift", RIGID, per_route=80_000), "pallets", at_least=30)

    (swift,) = gather(site=warehouse, day=DAY).problem.carriers

    assert (swift.committed_pallets, swift.pallet_shortfall_cents) == (30, 8_000)
