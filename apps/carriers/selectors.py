"""Reads of the shipper's carriers; all of them run in its schema."""

from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.carriers.models import Carrier, Vehicle


def with_readiness(carriers: QuerySet[Carrier], *, day: date) -> QuerySet[Carrier]:
    """Add what decides whether a carrier can be planned with on ``day``.

    ``active_vehicles`` and ``active_drivers`` are counts; ``has_tariff`` says whether one of its active
    vehicles is of a class that a tariff prices on that day.
    """
    priced = Vehicle.objects.filter(
        carrier=OuterRef("pk"),
        active=True,
        carrier__tariffs__valid__contains=day,
        carrier__tariffs__vehicle_class=F("vehicle_class"),
    )
    return carriers.annotate(
        active_vehicles=Count("vehicles", filter=Q(vehicles__active=True), distinct=True),
        active_drivers=Count("drivers", filter=Q(drivers__active=True), distinct=True),
        has_tariff=Exists(priced),
    )


def usable_on(day: date) -> QuerySet[Carrier]:
    """Carriers that can be planned with on ``day``: active, with an active vehicle that a tariff prices."""
    usable = with_readiness(Carrier.objects.filter(active=True), day=day)
    return usable.filter(Q(has_tariff=True))
