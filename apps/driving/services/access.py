"""Letting a phone reach one vehicle's day or leg: a link from the planner, exchanged once, ended at will."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services import LinkClosed, issue_link, revoke_links, use_link
from apps.carriers.models import Vehicle
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.driving.errors import RouteClosed
from apps.driving.models import DriverSession
from apps.driving.selectors import OVER, sessions_of_route
from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan
from apps.tenancy.doorway import current_shipper

PURPOSE = "driving.open"
#: How long after the end of its day a phone may still send what it recorded offline.
AFTERWARDS = timedelta(hours=72)


@transaction.atomic
def invite_driver(*, actor: Actor, route_id: UUID, now: datetime) -> str:
    """A token that opens the route on one phone; earlier links to it that nobody used are closed.

    Raises:
        PermissionRefused: only the shipper's planners may.
        RouteClosed: the route is not in force: its plan is a draft or was replaced.
    """
    require(actor, "deliveries.plan")
    route = (
        Route.objects.select_related("plan__site", "vehicle", "driver")
        .filter(pk=route_id, plan__state=RoutePlan.State.PUBLISHED)
        .first()
    )
    if route is None:
        raise RouteClosed("Only a published route can be given to a driver. Publish the plan first.")
    revoke_links(PURPOSE, subject_id=route.vehicle_id, now=now)
    return issue_link(
        PURPOSE,
        subject_id=route.vehicle_id,
        shipper_id=current_shipper().pk,
        issued_to=route.driver.name if route.driver else route.vehicle.plate,
        expires_at=_afterwards(route.plan.day, route.plan.site),
        facts={"site": str(route.plan.site_id), "day": route.plan.day.isoformat()},
    )


@transaction.atomic
def invite_for_leg(*, actor: Actor, leg_id: UUID, vehicle_id: UUID, driver_name: str, now: datetime) -> str:
    """A token that opens a leg to the shipper's own site on one phone, driven by that name with that vehicle.

    Raises:
        PermissionRefused: only the shipper's planners may.
        RouteClosed: it is no leg, or the leg is over; or the vehicle is none in use.
    """
    require(actor, "deliveries.plan")
    leg = Delivery.objects.select_related("site").exclude(leg="").filter(pk=leg_id).first()
    if leg is None or leg.state in OVER - {State.FAILED}:
        raise RouteClosed("Only a leg that is not over can be given to a driver.")
    vehicle = Vehicle.objects.filter(pk=vehicle_id, active=True, carrier__active=True).first()
    if vehicle is None:
        raise RouteClosed("Choose a vehicle in use.")
    today = now.astimezone(ZoneInfo(leg.site.time_zone)).date()
    revoke_links(PURPOSE, subject_id=leg.pk, now=now)
    return issue_link(
        PURPOSE,
        subject_id=leg.pk,
        shipper_id=current_shipper().pk,
        issued_to=driver_name.strip() or vehicle.plate,
        expires_at=_afterwards(max(leg.day, today), leg.site),
        facts={
            "leg": str(leg.pk),
            "site": str(leg.origin_id),
            "day": leg.day.isoformat(),
            "vehicle": str(vehicle.pk),
        },
    )


@transaction.atomic
def open_route(*, token: str, now: datetime) -> tuple[DriverSession, str]:
    """Exchange a link for a session and the secret that the phone keeps; a link is exchanged once.

    Raises:
        LinkClosed: it was used, was revoked, has run out, or is another shipper's.
    """
    link = use_link(token, PURPOSE, now=now)
    if link.shipper_id != current_shipper().pk:
        raise LinkClosed("This link no longer works. Ask whoever sent it for a new one.")
    secret = secrets.token_urlsafe(32)
    session = DriverSession.objects.create(
        site_id=UUID(link.facts["site"]),
        day=datetime.fromisoformat(link.facts["day"]).date(),
        vehicle_id=UUID(link.facts["vehicle"]) if "vehicle" in link.facts else link.subject_id,
        leg_id=UUID(link.facts["leg"]) if "leg" in link.facts else None,
        driver_name=link.issued_to[:100],
        secret_hash=sha256(secret.encode()).digest(),
        opened_at=now,
        expires_at=link.expires_at,
    )
    return session, secret


@transaction.atomic
def end_access(*, actor: Actor, route_id: UUID, now: datetime) -> int:
    """Close every link and phone of the route's vehicle on its day; how many phones there were.

    Raises:
        PermissionRefused: only the shipper's planners may.
    """
    require(actor, "deliveries.plan")
    route = Route.objects.select_related("plan").get(pk=route_id)
    return _end(route.vehicle_id, sessions_of_route(route), now)


@transaction.atomic
def end_leg_access(*, actor: Actor, leg_id: UUID, now: datetime) -> int:
    """As ``end_access``, of one leg."""
    require(actor, "deliveries.plan")
    return _end(leg_id, DriverSession.objects.filter(leg=leg_id), now)


def _end(subject_id: UUID, sessions: QuerySet[DriverSession], now: datetime) -> int:
    revoke_links(PURPOSE, subject_id=subject_id, now=now)
    return sessions.filter(ended_at=None).update(ended_at=now)


def _afterwards(day: date, site: Site) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(site.time_zone))
    return midnight.astimezone(UTC) + AFTERWARDS
