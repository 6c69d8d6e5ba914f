"""Seeing what a plan in force no longer relies on, and putting it on record as what needs re-planning.

The database is asked again and again rather than told by whoever changed something: whatever moved, was
cancelled or is late is found, whoever did it and however.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.permissions import require
from apps.carriers.models import Vehicle
from apps.core.turns import one_at_a_time
from apps.routing.days import LocalDay
from apps.routing.errors import UnknownPlan
from apps.routing.models import Disruption, Route, RoutePlan, Schedule
from apps.routing.noticing import Found, Kind, look
from apps.routing.selectors import plans
from apps.routing.services.planning import request_repair

WATCHED = frozenset(
    {Kind.VEHICLE_OUT, Kind.DELIVERY_NEW, Kind.LATE_DEPARTURE, Kind.APPOINTMENT_MOVED, Kind.APPOINTMENT_GONE}
)
"""What is found by looking, and so is settled when it is no longer found."""


def watch_plans(*, now: datetime) -> int:
    """Review every plan in force whose day is not over; returns how many disruptions are new.

    Where the site's schedule says so, a plan with something new is repaired as a draft.
    """
    yesterday = (now - timedelta(days=1)).date()
    found = 0
    in_force = RoutePlan.objects.filter(state=RoutePlan.State.PUBLISHED, day__gte=yesterday)
    for plan_id in in_force.values_list("pk", flat=True):
        found += review_plan(plan_id=plan_id, now=now)
    return found


@transaction.atomic
def review_plan(*, plan_id: UUID, now: datetime) -> int:
    """Put on record what the plan no longer relies on, and settle what has passed; how many are new.

    Nothing happens for a plan that is not in force or whose day is over in the site's zone.
    """
    one_at_a_time(f"routing disruptions {plan_id}")
    plan = plans().filter(pk=plan_id, state=RoutePlan.State.PUBLISHED).first()
    if plan is None or now >= LocalDay(plan.day, plan.site.time_zone).end:
        return 0
    found = {(one.kind, one.subject): one for one in look(plan, now)}
    known = {(one.kind, one.subject): one for one in plan.disruptions.filter(settled_at=None)}
    passed = [one.pk for key, one in known.items() if key not in found and one.kind in WATCHED]
    Disruption.objects.filter(pk__in=passed).update(settled_at=now)
    for key, one in known.items():
        if key in found and found[key].sentence != one.sentence:
            Disruption.objects.filter(pk=one.pk).update(sentence=found[key].sentence)
    new = [_row(plan, found[key], SYSTEM, now) for key in found if key not in known]
    Disruption.objects.bulk_create(new)
    if new:
        _repair_if_wanted(plan, now)
    return len(new)


@transaction.atomic
def report_breakdown(*, actor: Actor, route_id: UUID, note: str = "", now: datetime) -> Disruption:
    """A vehicle can't drive its route: it stays out for that day, and the plan needs re-planning.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such route in this schema.
    """
    require(actor, "routing.plan")
    route = _route(route_id)
    said = f": {note}" if note else ""
    return _note(
        route.plan,
        Found(
            Kind.VEHICLE_OUT,
            route.vehicle.plate,
            f"{route.vehicle.plate} of {route.carrier.name} is out of service{said}.",
            vehicle_id=route.vehicle_id,
        ),
        actor,
        now,
    )


@transaction.atomic
def withdraw_breakdown(*, actor: Actor, disruption_id: UUID, now: datetime) -> RoutePlan:
    """The vehicle can drive after all; returns the plan on which it was reported.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such report in this schema.
    """
    require(actor, "routing.plan")
    report = (
        Disruption.objects.select_related("plan__site")
        .filter(pk=disruption_id, kind=Kind.VEHICLE_OUT)
        .first()
    )
    if report is None:
        raise UnknownPlan("There is no such report.")
    Disruption.objects.filter(
        kind=Kind.VEHICLE_OUT, vehicle=report.vehicle_id, plan__day=report.plan.day
    ).delete()
    return report.plan


@transaction.atomic
def note_decline(
    *,
    actor: Actor,
    route: Route,
    carrier: str,
    now: datetime,
    vehicle: Vehicle | None = None,
    said: str = "declined",
) -> Disruption:
    """A carrier does not take a route, or gave it back: the plan needs re-planning.

    ``said`` is what it did, as a verb before the route. ``vehicle`` is the one that it was asked for; until
    this is settled the day is planned without it. The caller has required who may say so.
    """
    plate = (vehicle or route.vehicle).plate
    sentence = f"{carrier} {said} route {route.number} ({plate})."
    vehicle_id = vehicle.pk if vehicle is not None else None
    found = Found(Kind.TENDER_DECLINED, _declined(carrier, route), sentence, vehicle_id=vehicle_id)
    return _note(route.plan, found, actor, now)


@transaction.atomic
def settle_declines(*, route: Route, now: datetime) -> None:
    """Somebody has the route after all: who declined it matters no more."""
    route.plan.disruptions.filter(
        kind=Kind.TENDER_DECLINED, settled_at=None, subject__endswith=_declined("", route)
    ).update(settled_at=now)


def _declined(carrier: str, route: Route) -> str:
    """Tells one carrier's decline of one route from others; ends in a way that only this route's do."""
    of_route = f", route {route.number}"
    return f"{carrier[: 60 - len(of_route)]}{of_route}"


def _note(plan: RoutePlan, found: Found, actor: Actor, now: datetime) -> Disruption:
    """Put one thing on record, once; where the schedule says so, the plan in force is repaired as a draft."""
    one_at_a_time(f"routing disruptions {plan.pk}")
    known = plan.disruptions.filter(kind=found.kind, subject=found.subject, settled_at=None).first()
    if known is not None:
        return known
    row = _row(plan, found, actor, now)
    row.save(force_insert=True)
    _repair_if_wanted(plan, now)
    return row


def _repair_if_wanted(plan: RoutePlan, now: datetime) -> None:
    is_in_force = plan.state == RoutePlan.State.PUBLISHED
    if is_in_force and Schedule.objects.filter(site=plan.site, repairs_itself=True).exists():
        request_repair(actor=SYSTEM, plan_id=plan.pk, now=now)


def _row(plan: RoutePlan, found: Found, actor: Actor, now: datetime) -> Disruption:
    return Disruption(
        plan=plan,
        kind=found.kind,
        subject=found.subject,
        sentence=found.sentence,
        delivery=found.delivery,
        vehicle_id=found.vehicle_id,
        noticed_at=now,
        noticed_by=actor.name,
    )


def _route(route_id: UUID) -> Route:
    route = Route.objects.select_related("plan__site", "vehicle", "carrier").filter(pk=route_id).first()
    if route is None:
        raise UnknownPlan("There is no such route.")
    return route
