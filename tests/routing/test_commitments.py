"""What was promised to carriers and what they take at most: due on a day, priced, kept or said."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Commitment
from apps.routing import engine
from apps.routing.models import RoutePlan
from apps.routing.problems import gather
from apps.routing.services import publish_plan
from apps.routing.volumes import Estimate, Spent, Standing, standings
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


#: Six pallets, at 100,000 cents for ten: 60,000 cents.
SIX = Estimate(pallets=6, paid=100_000, carried=10)
FRIDAY = DAY + timedelta(days=2)


@pytest.mark.parametrize(
    ("at_least", "before", "own", "day", "cents"),
    [
        (25, 0, 0, DAY, 15_000),  # the first day: 25 % of 60,000
        (20, 100_000, 20_000, DAY, 12_000),  # it has its share: 20 % of 60,000
        (20, 100_000, 10_000, FRIDAY, 22_000),  # then it has 32,000 of 160,000, which are 20 %
        (20, 100_000, 10_000, DAY, 15_334),  # a third of the 10,000 missing on each of three days
        (20, 100_000, 30_000, DAY, 2_000),  # 10,000 too much come off at once: 32,000 of 160,000
        (20, 100_000, 50_000, DAY, 0),
        (100, 100_000, 90_000, FRIDAY, 60_000),  # no more than the day costs
    ],
)
def test_where_the_days_cost_is_expected_the_share_is_due_on_the_day_itself(
    at_least, before, own, day, cents
):
    terms = Commitment(period="week", measure="share", at_least=at_least)

    assert Standing(terms, 0.0, Spent(before + 60_000, own, 1, SIX)).due_cents(day) == cents


def move_plan(plan, day):
    """As if it had been in force on another day."""
    RoutePlan.objects.filter(pk=plan.pk).update(day=day)


def expected_on(warehouse, carrier, day):
    (one,) = standings([carrier], day, replanning=warehouse)[carrier.pk]
    return one.spent


def test_a_day_is_expected_to_cost_what_its_pallets_cost_in_the_period_or_in_the_one_before(
    two_visits, planned, alice, warehouse
):
    cheap = make_carrier("Cheap", RIGID, per_route=80_000)
    terms = promise(cheap, "share", "week", at_least=40)
    unpaid = expected_on(warehouse, cheap, DAY)
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)
    cost = plan.cost_cents
    replanned = expected_on(warehouse, cheap, DAY)  # its own plan is no news of what the day will cost
    move_plan(plan, DAY - timedelta(days=1))
    same_week = expected_on(warehouse, cheap, DAY)
    move_plan(plan, DAY - timedelta(days=7))
    week_before = expected_on(warehouse, cheap, DAY)
    empty_day = expected_on(warehouse, cheap, FRIDAY)
    move_plan(plan, DAY - timedelta(days=14))
    long_ago = expected_on(warehouse, cheap, DAY)
    terms.period = "month"
    terms.save()
    same_month = expected_on(warehouse, cheap, DAY)

    assert (unpaid, replanned, empty_day, long_ago) == (Spent(), Spent(), Spent(), Spent())
    assert same_week == Spent(2 * cost, cost, 1, Estimate(6, cost, 6))
    assert week_before == Spent(cost, 0, 0, Estimate(6, cost, 6, before=True))
    assert same_month.expected == Estimate(6, cost, 6, before=(DAY - timedelta(days=14)).month != DAY.month)


def test_the_own_fleets_part_of_the_pallets_counts_for_nothing(two_visits, planned, alice, warehouse):
    cheap = make_carrier("Cheap", RIGID, per_route=80_000)
    promise(cheap, "share", "week", at_least=40)
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)
    move_plan(plan, DAY - timedelta(days=7))
    cheap.own_fleet = True
    cheap.save()

    assert expected_on(warehouse, cheap, DAY).expected == Estimate(6, 0, 6, before=True)


def test_a_promised_share_is_kept_on_the_first_day_and_the_plan_says_what_it_reckoned_with(
    two_visits, planned, alice, warehouse
):
    make_carrier("Cheap", RIGID, per_route=80_000)
    before = planned()
    publish_plan(actor=alice, plan_id=before.pk, now=NOW)
    move_plan(before, DAY - timedelta(days=7))
    dear = make_carrier("Dear", RIGID, RIGID, per_route=100_000)
    promise(dear, "share", "week", at_least=50)

    plan = planned()

    cost = before.cost_cents
    said = [note for note in plan.notes if note.startswith("Dear was promised")]
    assert {route.carrier.name for route in before.routes.all()} == {"Cheap"}
    assert {route.carrier.name for route in plan.routes.all()} == {"Dear"}
    assert said == [
        f"Dear was promised 50 % of each week's spend. This day is expected to cost ZAR {cost / 100:,.2f}: 6 "
        f"pallets at what one cost on average in the week before. Of that ZAR {-(-cost // 2) / 100:,.2f} is "
        "due to it."
    ]
