"""Shared reads of what is seen on the way. Called in the shipper's schema."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.appointments.models import Basis
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.routing.models import RoutePlan, Stop
from apps.tracking.models import ExpectedArrival, Position
from apps.tracking.plausible import Fix, metres

#: What was told longer ago is no picture of now: the worker tells at least every ten minutes on the road.
STALE = timedelta(minutes=30)


@dataclass(frozen=True)
class Whereabouts:
    """Where the vehicle of a delivery is: how far from its site in a straight line, and when it said so."""

    latitude: float
    longitude: float
    at: datetime
    metres_away: float


def newest_expected(delivery_ids: Iterable[UUID]) -> dict[UUID, ExpectedArrival]:
    """What was told last of each of these deliveries; 1 query."""
    rows = ExpectedArrival.objects.filter(delivery_id__in=list(delivery_ids))
    newest = rows.order_by("delivery_id", "-made_at").distinct("delivery_id")
    return {row.delivery_id: row for row in newest}


def whereabouts(delivery: Delivery) -> Whereabouts | None:
    """Where its vehicle is, while it is on its way and comes to this site next; else None.

    A vehicle that has other stops before it stands at other recipients' docks, which are nobody's business
    here.
    """
    if delivery.state != State.IN_TRANSIT:
        return None
    told = ExpectedArrival.objects.filter(delivery=delivery).order_by("-made_at").first()
    if told is None or told.stops_before or told.basis != Basis.POSITION:
        return None
    stop = (
        Stop.objects.filter(delivery=delivery, route__plan__state=RoutePlan.State.PUBLISHED)
        .select_related("route")
        .first()
    )
    if stop is None or told.seen_at is None:
        return None
    seen = Position.objects.filter(vehicle_id=stop.route.vehicle_id, at__lte=told.seen_at)
    here = seen.order_by("-at").first()
    if here is None:
        return None
    site = Fix(here.at, delivery.site.latitude, delivery.site.longitude)
    away = metres(Fix(here.at, here.latitude, here.longitude), site)
    return Whereabouts(here.latitude, here.longitude, here.at, away)
