"""A stored plan as the engine's map and chart, SVG markup; without a query on a plan of ``selectors``."""

from datetime import datetime
from typing import Any

from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.engine.gantt import Bar, Row, draw_gantt
from apps.routing.engine.map import Bent, MapRoute, Spot, draw_map
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.stored import segments_of


def map_of(plan: RoutePlan, *, title: str) -> str:
    """The plan's routes from their depots over their stops and home, and what is on no route; without tiles.

    ``data-route`` are routes' numbers, ``data-stop`` deliveries' numbers.
    """
    day = LocalDay(plan.day, plan.site.time_zone)
    routes = [
        MapRoute(
            route.number,
            _label(route),
            _spot(route.depot, route.depot.code, ""),
            tuple(_stop_spot(stop, day) for stop in route.stops.all()),
            tuple(stop.trip for stop in route.stops.all()),
            tuple(_bent(one) for one in route.around),
        )
        for route in plan.routes.all()
    ]
    left_out = [_spot(one.delivery.site, one.delivery.number, "on no route") for one in plan.unassigned.all()]
    land = {
        name: tuple(engine.Circle(*circle) for circle in circles)
        for route in plan.routes.all()
        for one in route.around
        for name, circles in zip(one["zones"], one.get("land", []), strict=False)
    }
    return draw_map(routes, left_out, land, title=title)


def gantt_of(plan: RoutePlan, *, title: str, now: datetime | None = None) -> str:
    """The plan's routes over the hours of the site's day; ``now`` draws the line of the moment."""
    day = LocalDay(plan.day, plan.site.time_zone)
    return draw_gantt(
        [_row(route, day) for route in plan.routes.all()],
        clock=lambda seconds: day.clock(day.moment(seconds)),
        title=title,
        now=None if now is None else day.seconds(now),
    )


def _label(route: Route) -> str:
    return f"{route.carrier.name}, {route.vehicle.plate}"


def _bent(one: dict[str, Any]) -> Bent:
    """A way of ``Route.around``; plans made before bends were kept have none."""
    bends = tuple(engine.Point(*bend) for bend in one.get("bends", []))
    return Bent(one["leg"], one.get("to_depot", False), tuple(one["zones"]), bends)


def _spot(site: Site, id_: str, hint: str) -> Spot:
    said = f"{site.name}, {id_}, {hint}" if hint else site.name
    return Spot(id_, site.latitude, site.longitude, site.name, said)


def _stop_spot(stop: Stop, day: LocalDay) -> Spot:
    times = f"{day.clock(stop.starts_at)}–{day.clock(stop.departs_at)}"
    return _spot(stop.delivery.site, stop.delivery.number, times)


def _row(route: Route, day: LocalDay) -> Row:
    stops = list(route.stops.all())
    return Row(
        number=route.number,
        label=f"{route.number} · {route.vehicle.plate}",
        sublabel=route.carrier.name,
        bars=tuple(_bar(one, stops) for one in segments_of(route, day)),
        windows=tuple((day.seconds(stop.slot.lower), day.seconds(stop.slot.upper)) for stop in stops),
    )


def _bar(one: engine.Segment, stops: list[Stop]) -> Bar:
    if one.activity is not engine.Activity.SERVICE:
        return Bar(one.activity, one.start, one.end)
    delivery = stops[one.leg].delivery
    return Bar(one.activity, one.start, one.end, one.leg + 1, delivery.number, delivery.site.name)
