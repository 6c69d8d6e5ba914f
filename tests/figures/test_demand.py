"""Demand and capacity: what is on order, agreed and expected by site and week, against fleet and promises."""

from datetime import timedelta

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from apps.carriers.models import Commitment
from apps.deliveries.models import Delivery
from apps.figures import services
from apps.figures.demand import capacity, demand, gaps, monday
from apps.figures.models import VisitFacts
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY
from tests.routing.conftest import RIGID, make_carrier


def past(delivery, weeks, pallets=20):
    """A delivery of so many pallets in each of the last weeks."""
    pattern = VisitFacts.objects.get()
    for number in range(1, weeks + 1):
        old = Delivery.objects.create(
            number=f"P{number}",
            origin=delivery.origin,
            site=delivery.site,
            day=DAY - timedelta(weeks=number),
            pallets=pallets,
        )
        pattern.pk, pattern.day, pattern.pallets = old.pk, old.day, pallets
        pattern.save(force_insert=True)


def test_what_is_on_order_agreed_and_expected(confirmed, delivery):
    services.count(now=timezone.now())
    past(delivery, 2)
    assert demand(DAY)[0].expected is None

    past_of = VisitFacts.objects.exclude(pk=delivery.pk)
    past_of.delete()
    Delivery.objects.exclude(pk=delivery.pk).delete()
    past(delivery, 4)
    this, *_rest = demand(DAY)

    assert (this.site, this.week) == ("Northern Hospital stores", monday(DAY))
    assert (this.deliveries, this.pallets, this.agreed) == (1, 3, 1)
    assert (this.expected, this.low, this.high) == (20, 20, 20)


def test_fleet_and_promises_against_what_is_asked_for(confirmed, delivery):
    services.count(now=timezone.now())
    carrier = make_carrier("Swift", RIGID, RIGID, cap=1)
    Commitment.objects.create(
        carrier=carrier,
        valid=DateRange(DAY - timedelta(days=30), None),
        period=Commitment.Period.WEEK,
        measure=Commitment.Measure.PALLETS,
        at_least=40,
    )

    demanded, carried = demand(DAY), capacity(DAY)
    week = gaps(demanded, carried, DAY)[0]

    assert (carried[0].fleet_routes, carried[0].fleet_pallets) == (5, 50)
    assert carried[0].at_least == "40 pallets / week"
    assert (week.asked, week.fleet, week.promised) == (3, 50, 40)
    assert (week.missing, week.short_of_promise) == (0, 37)


def test_nothing_of_anothers(confirmed, globex):
    services.count(now=timezone.now())
    with doorway.enter_shipper(globex):
        assert demand(DAY) == []
        assert capacity(DAY) == []
