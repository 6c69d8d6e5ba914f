"""What was promised to carriers and what they take at most: due on a day, priced, kept or said."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Commitment
from apps.routing import engine
from apps.routing.problems import gather
from apps.routing.services import publish_plan
from apps.routing.volumes import Spent, Standing
from tests.factories.cast import NOW
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


@pytest.mark.parametrize(
    ("at_least", "spent", "day", "cents"),
    [
        (25, Spent(), DAY, 0),  # nobody was paid yet
        (25, Spent(1_000, 250, 1), DAY, 0),
        (20, Spent(1_000, 0, 0), DAY + timedelta(days=2), 250),  # Friday: 250 of 1,250 are 20 %
        (20, Spent(1_000, 0, 0), DAY, 84),  # Wednesday: three weekdays are left
        (100, Spent(1_000, 900, 3), DAY + timedelta(days=2), 10_000),  # what others had can't be taken back
    ],
)
def test_of_a_promised_share_the_money_is_due_that_brings_it_about(at_least, spent, day, cents):
    terms = Commitment(period="week", measure="share", at_least=at_least)

    assert Standing(terms, 0.0, spent).due_cents(day) == cents


def test_a_promised_share_is_due_as_routes_of_what_they_cost_so_far(
    two_visits, planned, alice, warehouse, order, agree, northern_site
):
    dear = make_carrier("Dear", RIGID, RIGID, per_route=100_000)
    make_carrier("Cheap", RIGID, per_route=80_000)
    row = promise(dear, "share", "week", at_least=40)

    def asked(day):
        found = {one.id: one for one in gather(site=warehouse, day=day, now=NOW).problem.carriers}
        return found["Dear"].committed_routes, found["Dear"].shortfall_cents

    before = asked(DAY + timedelta(days=2))
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)

    assert {route.carrier.name for route in plan.routes.all()} == {"Cheap"}
    assert (before, asked(DAY)) == ((0, 0), (0, 0))
    assert asked(DAY + timedelta(days=2)) == (round(plan.cost_cents * 2 / 3 / 100_000), 100_000)
    row.shortfall = 500
    row.save()
    _, price = asked(DAY + timedelta(days=2))
    assert price == 500 * 100 * 100_000 // plan.cost_cents
