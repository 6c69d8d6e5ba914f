"""Shared reads of tenders. Called in the shipper's schema."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.carriers.models import Driver, Vehicle
from apps.carriers.selectors import carrier_by_id
from apps.routing.models import Stop
from apps.tendering.errors import UnknownTender
from apps.tendering.models import Tender, TenderEvent, Tendering
from apps.tendering.needs import against_driver, against_vehicle, busy_drivers, busy_vehicles, needs_of


def searches() -> QuerySet[Tendering]:
    """Searches with all that a list or page shows of them, the newest first; 3 queries however many."""
    tenders = Tender.objects.select_related("carrier", "vehicle", "driver").order_by("rank")
    events = TenderEvent.objects.select_related("tender__carrier").order_by("id")
    return (
        Tendering.objects.select_related("route__plan__site", "route__carrier", "route__vehicle")
        .prefetch_related(Prefetch("tenders", tenders), Prefetch("events", events))
        .order_by("-started_at", "-id")
    )


def search_by_id(tendering_id: UUID) -> Tendering:
    """
    Raises:
        UnknownTender: there is none with that id in this schema.
    """
    search = searches().filter(pk=tendering_id).first()
    if search is None:
        raise UnknownTender("There is no such search for a carrier.")
    return search


def tenders() -> QuerySet[Tender]:
    """Tenders with their routes and carriers."""
    return Tender.objects.select_related("tendering__route__plan__site", "carrier", "vehicle", "driver")


def tenders_with_stops() -> QuerySet[Tender]:
    """Tenders with every stop of their routes; 2 queries however many."""
    stops = Stop.objects.select_related("delivery__site", "dock").order_by("position")
    return tenders().prefetch_related(Prefetch("tendering__route__stops", stops))


def tender_by_id(tender_id: UUID) -> Tender:
    """
    Raises:
        UnknownTender: there is none with that id in this schema.
    """
    tender = tenders().filter(pk=tender_id).first()
    if tender is None:
        raise UnknownTender("There is no such tender.")
    return tender


def latest_searches(route_ids: Iterable[UUID]) -> dict[UUID, Tendering]:
    """The newest search of each of these routes that has one."""
    rows = searches().filter(route__in=list(route_ids)).order_by("number")
    return {search.route_id: search for search in rows}


def fitting(tender: Tender) -> tuple[list[Vehicle], list[Driver]]:
    """The carrier's vehicles that can drive the route now, the proposed one first, and its drivers who can.

    Drivers are judged with the proposed vehicle.
    """
    route = tender.tendering.route
    needs = needs_of(route)
    facts = carrier_by_id(tender.carrier_id)
    taken = busy_vehicles(needs.day.day, without=route.pk)
    vehicles = [one for one in facts.vehicles.all() if not against_vehicle(needs, one, taken)]
    vehicles.sort(key=lambda one: (one.pk != tender.vehicle_id, one.plate))
    busy = busy_drivers(needs.day.day, without=route.pk)
    drivers = [one for one in facts.drivers.all() if not against_driver(needs, tender.vehicle, one, busy)]
    return vehicles, drivers
