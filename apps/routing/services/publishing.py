"""Putting a plan in force: still true, drivers named, carriers and papers told, the former one replaced."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.carriers.models import Driver
from apps.carriers.selectors import drivers_of, may_drive, shift_on, usable_on
from apps.core.errors import IllegalTransition
from apps.core.turns import one_at_a_time
from apps.deliveries import selectors as deliveries
from apps.deliveries.models import Delivery
from apps.deliveries.services import record_planned, ship_from
from apps.routing.comparing import same_visits
from apps.routing.days import LocalDay
from apps.routing.engine.pairing import pair
from apps.routing.errors import PlanOutdated
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.selectors import plan_by_id, published_plan
from apps.routing.standing import HAS_LEFT, still_agreed, stops_of
from apps.routing.visits import adr_classes_of
from apps.routing.wording import listed
from apps.tenancy.outbox import enqueue


@transaction.atomic
def publish_plan(*, actor: Actor, plan_id: UUID, now: datetime) -> RoutePlan:
    """Put a draft in force for its site and day; the plan in force until then is replaced.

    Each route gets a driver of its carrier. Stops that are new or changed get their custody event, and their
    delivery note is issued anew with carrier, vehicle and driver; a route that is the same as before is told
    to nobody again. What needed re-planning until now is settled.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such plan in this schema.
        IllegalTransition: the plan is no draft.
        PlanOutdated: an appointment, a vehicle or a delivery is no longer what the plan relies on.
    """
    require(actor, "routing.plan")
    day = plan_by_id(plan_id).day
    one_at_a_time(f"routing publishing {day}")
    plan = plan_by_id(plan_id)
    if plan.state != RoutePlan.State.DRAFT:
        state = RoutePlan.State(plan.state).label.lower()
        raise IllegalTransition(f"Version {plan.version} is {state}; plan the day anew.", state=plan.state)
    former = published_plan(site=plan.site, day=plan.day)
    _require_current(plan, former)
    if former is not None:
        RoutePlan.objects.filter(pk=former.pk).update(state=RoutePlan.State.REPLACED)
        former.disruptions.filter(settled_at=None).update(settled_at=now)
    plan.state, plan.published_at, plan.published_by = RoutePlan.State.PUBLISHED, now, actor.name
    plan.save(update_fields=["state", "published_at", "published_by"])
    before = {route.vehicle_id: route for route in former.routes.all()} if former is not None else {}
    _assign_drivers(plan, before)
    for route in plan.routes.all():
        for stop in route.stops.all():
            if stop.delivery.state not in HAS_LEFT:
                ship_from(delivery=stop.delivery, origin=route.depot)
        if route.vehicle_id in before and same_visits(before[route.vehicle_id], route):
            continue
        for stop in route.stops.all():
            if stop.delivery.state not in HAS_LEFT:
                _tell(route, stop, actor, now)
    _take_back(plan, former)
    enqueue("tendering.begin", plan_id=str(plan.pk))
    return plan


def _require_current(plan: RoutePlan, former: RoutePlan | None) -> None:
    planned = [stop for stop in stops_of(plan) if stop.delivery.state not in HAS_LEFT]
    appointed = {visit.delivery.pk: visit for visit in deliveries.visits(stop.delivery for stop in planned)}
    gone = [stop.delivery.number for stop in planned if not still_agreed(stop, appointed[stop.delivery_id])]
    if gone:
        raise PlanOutdated(
            f"{listed(gone)}: the appointment isn't what was planned for any more. Plan the day anew.",
            deliveries=gone,
        )
    _require_loads_where_they_are(plan, former)
    _require_on_no_other_plan(plan)
    _require_vehicles(plan)


def _require_loads_where_they_are(plan: RoutePlan, former: RoutePlan | None) -> None:
    """What is loaded stays on the vehicle that the plan in force put it on."""
    loaded = {**_loaded(former), **_loaded(plan)}
    new, old = _vehicle_by_delivery(plan), _vehicle_by_delivery(former)
    moved = sorted(loaded[one] for one in loaded if new.get(one) != old.get(one))
    if moved:
        raise PlanOutdated(
            f"{listed(moved)}: loaded already, and version {plan.version} doesn't leave it where it is. "
            "Repair the plan in force; a repair leaves what is loaded as it is.",
            deliveries=moved,
        )


def _require_on_no_other_plan(plan: RoutePlan) -> None:
    """What another site's plan in force brings on that day is not brought twice."""
    others = Stop.objects.filter(
        route__plan__day=plan.day,
        route__plan__state=RoutePlan.State.PUBLISHED,
        delivery__in=[stop.delivery_id for stop in stops_of(plan)],
    ).exclude(route__plan__site=plan.site)
    twice = sorted(others.values_list("delivery__number", flat=True))
    if twice:
        raise PlanOutdated(
            f"{listed(twice)}: on another site's plan in force. Plan the day anew.", deliveries=twice
        )


def _loaded(plan: RoutePlan | None) -> dict[UUID, str]:
    """Deliveries on the plan's routes whose goods have left the shipper's floor: their numbers."""
    stops = stops_of(plan) if plan is not None else ()
    return {stop.delivery_id: stop.delivery.number for stop in stops if stop.delivery.state in HAS_LEFT}


def _vehicle_by_delivery(plan: RoutePlan | None) -> dict[UUID, UUID]:
    routes = plan.routes.all() if plan is not None else ()
    return {stop.delivery_id: route.vehicle_id for route in routes for stop in route.stops.all()}


def _require_vehicles(plan: RoutePlan) -> None:
    routes = list(plan.routes.all())
    elsewhere = set(
        Route.objects.filter(
            plan__day=plan.day,
            plan__state=RoutePlan.State.PUBLISHED,
            vehicle__in=[one.vehicle_id for one in routes],
        )
        .exclude(plan__site=plan.site)
        .values_list("vehicle_id", flat=True)
    )
    lost = [
        route
        for route in routes
        if not any(stop.delivery.state in HAS_LEFT for stop in route.stops.all())
        and (route.vehicle_id in elsewhere or not (route.vehicle.active and route.carrier.active))
    ]
    if lost:
        numbers = [stop.delivery.number for route in lost for stop in route.stops.all()]
        plates = listed([route.vehicle.plate for route in lost])
        raise PlanOutdated(
            f"{plates} can't drive on this day any more. Plan the day anew.", deliveries=numbers
        )


def _assign_drivers(plan: RoutePlan, before: Mapping[UUID, Route]) -> None:
    """As many routes as can be get a driver of their carrier who may drive them.

    Who drove the vehicle in the plan before still does where that costs no other route its driver; else
    drivers come in the order of their names. Where nobody may drive it then, the route has no driver yet. Who
    drives for another site on that day is taken.
    """
    routes = list(plan.routes.all())
    busy = set(
        Route.objects.filter(plan__day=plan.day, plan__state=RoutePlan.State.PUBLISHED, driver__isnull=False)
        .exclude(plan=plan)
        .values_list("driver_id", flat=True)
    )
    drivers = [one for one in drivers_of({route.carrier_id for route in routes}) if one.pk not in busy]
    dangerous = adr_classes_of(stop.delivery for stop in stops_of(plan))
    worth = [[_worth(route, driver, before, dangerous) for driver in drivers] for route in routes]
    pairs = pair(_in_order(worth))
    for number, route in enumerate(routes):
        route.driver = drivers[pairs[number]] if number in pairs else None
    Route.objects.bulk_update(routes, ["driver"])


def _in_order(worth: Sequence[Sequence[int]]) -> list[list[int]]:
    """``worth`` so that the most pairs come before familiar ones, and those before the order of rows and
    columns: first drivers by name, the first of them on the first route."""
    rows, columns = len(worth), len(worth[0]) if worth else 0
    familiar = 1 + rows * rows * (columns + 1)
    one_more = 1 + 3 * rows * familiar
    return [
        [
            one_more + one * familiar + (rows - row) * (columns + 1 - place) if one else 0
            for place, one in enumerate(along)
        ]
        for row, along in enumerate(worth)
    ]


def _worth(
    route: Route, driver: Driver, before: Mapping[UUID, Route], dangerous: Mapping[UUID, Collection[str]]
) -> int:
    """0 where the driver may not drive the route, more where it is their vehicle already."""
    if not _may_drive(driver, route, dangerous):
        return 0
    former = before.get(route.vehicle_id)
    return 2 if former is not None and former.driver_id == driver.pk else 1


def _may_drive(driver: Driver, route: Route, dangerous: Mapping[UUID, Collection[str]]) -> bool:
    """Whether nothing is against it: away, lapsed, without the licence or induction, or off shift."""
    if driver.carrier_id != route.carrier_id:
        return False
    plan, stops = route.plan, list(route.stops.all())
    adr = any(dangerous[stop.delivery_id] for stop in stops)
    sites = [stop.delivery.site_id for stop in stops]
    if usable_on(driver, plan.day) or may_drive(driver, route.vehicle, plan.day, adr=adr, sites=sites):
        return False
    if driver.longest_duty_minutes is not None and route.returns_at - route.departs_at > timedelta(
        minutes=driver.longest_duty_minutes
    ):
        return False
    hours = shift_on(driver, plan.day)
    day = LocalDay(plan.day, plan.site.time_zone)
    return hours is None or (day.at(hours[0]) <= route.departs_at and route.returns_at <= day.at(hours[1]))


def _tell(route: Route, stop: Stop, actor: Actor, now: datetime) -> None:
    record_planned(
        actor=actor,
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


def _take_back(plan: RoutePlan, former: RoutePlan | None) -> None:
    """Deliveries that only the former plan had on a route: their notes no longer name its vehicles."""
    if former is None:
        return
    kept = {stop.delivery_id for stop in stops_of(plan)}
    dropped: list[Delivery] = [stop.delivery for stop in stops_of(former) if stop.delivery_id not in kept]
    for visit in deliveries.visits(dropped):
        if visit.is_confirmed:
            enqueue("deliveries.issue_delivery_note", delivery_id=str(visit.delivery.pk))
