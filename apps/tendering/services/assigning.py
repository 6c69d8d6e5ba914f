"""The result of a search on the plan: the carrier, vehicle, driver and cost of its route, record, papers."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.actors import SYSTEM
from apps.carriers.models import Driver
from apps.carriers.selectors import drivers_of
from apps.deliveries.services import record_planned
from apps.deliveries.states import State as Ground
from apps.routing.models import Route, RoutePlan
from apps.tenancy.outbox import enqueue
from apps.tendering.errors import VehicleUnfit
from apps.tendering.models import Tender
from apps.tendering.needs import Needs, against_driver, busy_drivers, needs_of


def assign(route: Route, tender: Tender, *, now: datetime) -> None:
    """Give the route to the carrier that took it: with its vehicle, the driver named or one that is free.

    Every stop gets its custody event, every delivery note is issued anew; a route that stays as it was
    planned is told to nobody again.

    Raises:
        VehicleUnfit: the vehicle was put on another route of the plan meanwhile.
    """
    needs = needs_of(route)
    driver = tender.driver or _driver_for(needs, tender, route)
    changed = (route.vehicle_id, route.driver_id) != (tender.vehicle_id, driver.pk if driver else None)
    difference = tender.price_cents - route.cost_cents
    route.carrier, route.vehicle, route.driver = tender.carrier, tender.vehicle, driver
    if difference:
        route.cost_cents, route.cost_parts = tender.price_cents, tender.cost_parts
    try:
        with transaction.atomic():
            route.save(update_fields=["carrier", "vehicle", "driver", "cost_cents", "cost_parts"])
    except IntegrityError as error:
        raise VehicleUnfit(
            f"{tender.vehicle.plate} drives another route of this plan. Name another vehicle."
        ) from error
    if difference:
        RoutePlan.objects.filter(pk=route.plan_id).update(cost_cents=F("cost_cents") + difference)
    if changed:
        _tell(needs, route, now)


def _driver_for(needs: Needs, tender: Tender, route: Route) -> Driver | None:
    """The driver planned, where they are this carrier's; else its first by name who can; else nobody yet."""
    busy = busy_drivers(needs.day.day, without=route.pk)
    fitting = [
        one for one in drivers_of([tender.carrier_id]) if not against_driver(needs, tender.vehicle, one, busy)
    ]
    planned = next((one for one in fitting if one.pk == route.driver_id), None)
    return planned or (fitting[0] if fitting else None)


def _tell(needs: Needs, route: Route, now: datetime) -> None:
    for visit in needs.visits:
        stop = visit.stop
        if stop.delivery.state != Ground.OPEN:
            continue
        record_planned(
            actor=SYSTEM,
            delivery=stop.delivery,
            route=str(route.number),
            stop=stop.position,
            carrier=route.carrier.name,
            vehicle=route.vehicle.plate,
            arrival=stop.arrives_at,
            now=now,
        )
        enqueue(
            "deliveries.issue_delivery_note",
            delivery_id=str(stop.delivery_id),
            carrier=route.carrier.name,
            vehicle=route.vehicle.plate,
            driver=route.driver.name if route.driver else "",
        )
