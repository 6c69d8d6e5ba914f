"""Letting a phone reach one vehicle's day: a link from the planner, exchanged once, ended at will."""

import secrets
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services import LinkClosed, issue_link, revoke_links, use_link
from apps.driving.errors import RouteClosed
from apps.driving.models import DriverSession
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
        expires_at=_end_of(route),
        facts={"site": str(route.plan.site_id), "day": route.plan.day.isoformat()},
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
        vehicle_id=link.subject_id,
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
    revoke_links(PURPOSE, subject_id=route.vehicle_id, now=now)
    return DriverSession.objects.filter(
        site_id=route.plan.site_id, day=route.plan.day, vehicle_id=route.vehicle_id, ended_at=None
    ).update(ended_at=now)


def _end_of(route: Route) -> datetime:
    zone = ZoneInfo(route.plan.site.time_zone)
    midnight = datetime.combine(route.plan.day + timedelta(days=1), time.min, tzinfo=zone)
    return midnight.astimezone(UTC) + AFTERWARDS
