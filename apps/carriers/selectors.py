"""Reads of the shipper's carriers; all of them run in its schema. Whether one can be used: ``usability``."""

from collections.abc import Iterable
from datetime import date, datetime, time
from math import asin, cos, radians, sin, sqrt
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from apps.carriers.errors import UnknownCarrier
from apps.carriers.models import Area, Carrier, Contact, Driver, EmissionZone, Qualification, Vehicle
from apps.carriers.usability import lapsing, may_drive, priced_on, tariff_gaps, tariff_on, usable_on
from apps.facilities.models import Site

__all__ = [
    "carrier_by_id",
    "carriers_with_facts",
    "day_here",
    "drivers_of",
    "lapsing",
    "may_drive",
    "priced_on",
    "serves",
    "shift_on",
    "tariff_gaps",
    "tariff_on",
    "tender_addresses",
    "usable_on",
    "with_readiness",
    "zones_at",
    "zones_on",
]

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""


def day_here(*, now: datetime) -> date:
    """The day it is at the shipper's first own site; in UTC while it has none. Called in its schema."""
    site = Site.objects.filter(shipper__isnull=False, active=True).order_by("code").first()
    return now.astimezone(ZoneInfo(site.time_zone if site else "UTC")).date()


def with_readiness(carriers: QuerySet[Carrier], *, day: date) -> QuerySet[Carrier]:
    """Add what lists show of a carrier on ``day``.

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


def carriers_with_facts(carriers: QuerySet[Carrier] | None = None) -> QuerySet[Carrier]:
    """Carriers with all that decides whether they can be used; eleven queries, however many there are."""
    rows = Carrier.objects.all() if carriers is None else carriers
    vehicles = Vehicle.objects.order_by("plate").prefetch_related("outages", "documents")
    return rows.prefetch_related(
        Prefetch("vehicles", vehicles),
        Prefetch("drivers", drivers_with_facts()),
        "documents",
        "tariffs",
        "areas",
        "commitments",
    )


def drivers_with_facts() -> QuerySet[Driver]:
    """Drivers with what decides whether they can drive."""
    held = Qualification.objects.select_related("driver")
    return Driver.objects.order_by("name", "id").prefetch_related(
        Prefetch("qualifications", held), "shifts", "absences"
    )


def drivers_of(carrier_ids: Iterable[UUID]) -> list[Driver]:
    """Drivers of these carriers by name, with what decides whether they can drive; four queries."""
    return list(drivers_with_facts().filter(carrier__in=list(carrier_ids)))


def carrier_by_id(carrier_id: UUID) -> Carrier:
    """A carrier with its facts.

    Raises:
        UnknownCarrier: there is none with that id in this schema.
    """
    carrier = carriers_with_facts().filter(pk=carrier_id).first()
    if carrier is None:
        raise UnknownCarrier("There is no such carrier.")
    return carrier


def shift_on(driver: Driver, day: date) -> tuple[time, time] | None:
    """From when until when the driver works on ``day``, in the planning site's zone.

    None says that no hours are kept for them: they work whenever the vehicle does. Whether they work on that
    day at all is ``usable_on``'s to say.
    """
    for shift in driver.shifts.all():
        if shift.weekday == day.isoweekday():
            return shift.starts, shift.ends
    return None


def serves(carrier: Carrier, site: Site) -> bool:
    """Whether one of the carrier's areas contains the site; a carrier without areas drives everywhere."""
    areas = list(carrier.areas.all())
    return not areas or any(_contains(area, site) for area in areas)


def tender_addresses(carrier: Carrier) -> list[str]:
    """Where tenders are mailed to: its dispatchers, without any the carrier's own address; may be empty."""
    found = carrier.contacts.filter(purpose=Contact.Purpose.DISPATCH).exclude(email="")
    return sorted(set(found.values_list("email", flat=True))) or ([carrier.email] if carrier.email else [])


def zones_on(day: date) -> list[EmissionZone]:
    """Emission zones in force on ``day``, with their areas; two queries."""
    return list(EmissionZone.objects.filter(valid__contains=day).prefetch_related("areas"))


def zones_at(zones: Iterable[EmissionZone], site: Site) -> list[EmissionZone]:
    """Those of ``zones`` that the site lies in."""
    return [zone for zone in zones if any(_contains(area, site) for area in zone.areas.all())]


def _contains(area: Area, site: Site) -> bool:
    if area.radius_km is not None and area.latitude is not None and area.longitude is not None:
        return _kilometres(area.latitude, area.longitude, site.latitude, site.longitude) <= area.radius_km
    return (
        area.country == site.country
        and (not area.region or area.region.casefold() == site.region.casefold())
        and site.postal_code.casefold().startswith(area.postal_prefix.casefold())
    )


def _kilometres(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Great-circle distance by the haversine formula."""
    north, east = radians(to_lat - lat), radians(to_lon - lon)
    half = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(to_lat)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))
