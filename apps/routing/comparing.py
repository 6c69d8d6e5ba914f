"""What changes from one version of a plan to another: deliveries, routes, and what it costs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.routing.models import Route, RoutePlan, Stop

NOTICEABLE = timedelta(minutes=5)
"""A stop that moves by less is the same stop to a driver and a dock."""


class Change(StrEnum):
    """What becomes of a delivery."""

    ADDED = "added"
    DROPPED = "dropped"
    REASSIGNED = "reassigned"
    RETIMED = "retimed"


@dataclass(frozen=True)
class StopChange:
    """One delivery whose visit changes; ``before`` and ``after`` are vehicle and arrival, None where on no
    route."""

    change: Change
    delivery_id: UUID
    number: str
    site: str
    before: tuple[str, datetime] | None
    after: tuple[str, datetime] | None


@dataclass(frozen=True)
class RouteChange:
    """One vehicle's route; cents and metres are 0 where it does not drive."""

    plate: str
    carrier: str
    cents_before: int
    cents_after: int
    metres_before: int
    metres_after: int
    stops_before: tuple[str, ...]
    stops_after: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that differs; ``cents`` is how much dearer the later version is (negative: cheaper)."""

    stops: tuple[StopChange, ...]
    routes: tuple[RouteChange, ...]
    cents: int

    @property
    def is_same(self) -> bool:
        return not self.stops and not self.routes

    def count(self, change: Change) -> int:
        """How many deliveries change that way."""
        return sum(one.change is change for one in self.stops)


def compare(before: RoutePlan, after: RoutePlan) -> Comparison:
    """From ``before`` to ``after``, both with routes and stops at hand; by delivery number and by plate."""
    return Comparison(
        stops=tuple(_stop_changes(before, after)),
        routes=tuple(_route_changes(before, after)),
        cents=after.cost_cents - before.cost_cents,
    )


def same_visits(before: Route, after: Route) -> bool:
    """Whether a vehicle drives the same deliveries in the same order at the same times, to the minute."""
    return (before.vehicle_id, _sequence(before)) == (after.vehicle_id, _sequence(after))


def _sequence(route: Route) -> list[tuple[UUID, datetime]]:
    return [
        (stop.delivery_id, stop.arrives_at.replace(second=0, microsecond=0)) for stop in route.stops.all()
    ]


def _stop_changes(before: RoutePlan, after: RoutePlan) -> Iterable[StopChange]:
    former, latter = _by_delivery(before), _by_delivery(after)
    for delivery_id in sorted({*former, *latter}, key=lambda one: _number(former, latter, one)):
        old, new = former.get(delivery_id), latter.get(delivery_id)
        change = _change(old, new)
        if change is None:
            continue
        stop = (latter.get(delivery_id) or former[delivery_id])[1]
        yield StopChange(
            change=change,
            delivery_id=delivery_id,
            number=stop.delivery.number,
            site=stop.delivery.site.name,
            before=_where(old),
            after=_where(new),
        )


Visit = tuple[Route, Stop]


def _change(old: Visit | None, new: Visit | None) -> Change | None:
    if old is None:
        return Change.ADDED
    if new is None:
        return Change.DROPPED
    if old[0].vehicle_id != new[0].vehicle_id:
        return Change.REASSIGNED
    if abs(old[1].starts_at - new[1].starts_at) >= NOTICEABLE:
        return Change.RETIMED
    return None


def _where(visit: Visit | None) -> tuple[str, datetime] | None:
    return None if visit is None else (visit[0].vehicle.plate, visit[1].starts_at)


def _by_delivery(plan: RoutePlan) -> dict[UUID, Visit]:
    return {stop.delivery_id: (route, stop) for route in plan.routes.all() for stop in route.stops.all()}


def _number(former: dict[UUID, Visit], latter: dict[UUID, Visit], delivery_id: UUID) -> str:
    _, stop = former.get(delivery_id) or latter[delivery_id]
    return str(stop.delivery.number)


def _route_changes(before: RoutePlan, after: RoutePlan) -> Iterable[RouteChange]:
    former = {route.vehicle.plate: route for route in before.routes.all()}
    latter = {route.vehicle.plate: route for route in after.routes.all()}
    for plate in sorted({*former, *latter}):
        old, new = former.get(plate), latter.get(plate)
        if old is not None and new is not None and old.cost_cents == new.cost_cents and same_visits(old, new):
            continue
        named = new or old
        assert named is not None
        yield RouteChange(
            plate=plate,
            carrier=named.carrier.name,
            cents_before=old.cost_cents if old else 0,
            cents_after=new.cost_cents if new else 0,
            metres_before=old.distance_m if old else 0,
            metres_after=new.distance_m if new else 0,
            stops_before=_numbers(old),
            stops_after=_numbers(new),
        )


def _numbers(route: Route | None) -> tuple[str, ...]:
    return tuple(stop.delivery.number for stop in route.stops.all()) if route is not None else ()
