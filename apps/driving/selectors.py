"""What a driver's phone may read: the route of its vehicle in the published plan, stop by stop."""

from datetime import datetime
from hashlib import sha256

from apps.accounts.actors import Actor, Means, Side
from apps.deliveries.states import State
from apps.driving.errors import RouteClosed
from apps.driving.models import DriverSession
from apps.routing.models import Route, RoutePlan, Stop
from apps.tenancy.doorway import current_shipper

#: Deliveries whose visit is over, however it ended.
OVER = frozenset({State.DELIVERED, State.REFUSED, State.FAILED, State.CANCELLED})


def session_by_secret(secret: str, *, now: datetime) -> DriverSession:
    """The open session of a phone, in the current shipper's schema.

    Raises:
        RouteClosed: there is none, or its time is over.
    """
    session = (
        DriverSession.objects.select_related("vehicle__carrier", "site")
        .filter(secret_hash=sha256(secret.encode()).digest(), ended_at=None, expires_at__gt=now)
        .first()
    )
    if session is None:
        raise RouteClosed("This phone has no route open. Ask the planner for a new link.")
    return session


def route_of(session: DriverSession) -> Route:
    """The vehicle's route in the plan that is published for the day.

    Raises:
        RouteClosed: the published plan has no route for it.
    """
    route = (
        Route.objects.select_related("vehicle", "carrier", "plan__site")
        .filter(
            plan__site=session.site,
            plan__day=session.day,
            plan__state=RoutePlan.State.PUBLISHED,
            vehicle=session.vehicle,
        )
        .first()
    )
    if route is None:
        raise RouteClosed(
            f"The plan has changed and {session.vehicle.plate} has no route on that day. Call the planner."
        )
    return route


def stops_of(route: Route) -> list[Stop]:
    """The route's stops in their order, with delivery, site and dock; 1 query."""
    return list(route.stops.select_related("delivery__site", "dock").order_by("position"))


def next_stop(stops: list[Stop]) -> Stop | None:
    """The first stop whose visit is not over; None when the round is done."""
    return next((stop for stop in stops if stop.delivery.state not in OVER), None)


def has_set_off(stops: list[Stop]) -> bool:
    """Whether nothing of the round waits to be loaded or to leave any more."""
    return not any(stop.delivery.state in (State.OPEN, State.LOADED) for stop in stops)


def actor_of(session: DriverSession) -> Actor:
    """The driver as whoever acts; what they may act on is checked where their actions come in."""
    return Actor(
        Side.SHIPPER,
        name=session.driver_name,
        shipper_id=current_shipper().pk,
        is_driver=True,
        means=Means.LINK,
    )
