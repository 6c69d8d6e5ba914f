"""A plan of the day as pictures, tables and figures. The tables say everything; map and chart show it again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.portal.presenters.times import clock
from apps.routing.days import LocalDay
from apps.routing.engine.gantt import Bar, Row, draw_gantt
from apps.routing.engine.map import MapRoute, Spot, draw_map
from apps.routing.engine.result import Activity
from apps.routing.engine.svg import swatch
from apps.routing.models import Route, RoutePlan, Stop, Unassigned

Context = dict[str, Any]
COST_PARTS = {
    "fixed": gettext_lazy("Fixed"),
    "distance": gettext_lazy("Distance"),
    "time": gettext_lazy("Time"),
    "stops": gettext_lazy("Stops"),
    "pallets": gettext_lazy("Pallets"),
    "minimum": gettext_lazy("Up to the minimum"),
}


def plan_map(plan: RoutePlan, routes: Sequence[Route], left_out: Iterable[Unassigned]) -> SafeString:
    """The map as SVG. The engine escapes every name, so the markup may stand as it is."""
    zone = plan.site.time_zone
    depot = Spot(str(plan.site.pk), plan.site.latitude, plan.site.longitude, plan.site.name)
    lines = [
        MapRoute(
            route.number,
            f"{route.carrier.name}, {route.vehicle.plate}",
            depot,
            tuple(
                _spot(stop, f"{clock(stop.starts_at, zone)}–{clock(stop.departs_at, zone)}")
                for stop in route.stops.all()
            ),
        )
        for route in routes
    ]
    outside = [_spot(one, _("on no route")) for one in left_out]
    return mark_safe(draw_map(lines, outside, title=_("Map of the plan")))  # noqa: S308 escaped by the engine


def plan_gantt(plan: RoutePlan, routes: Sequence[Route], *, now: datetime) -> SafeString:
    """The chart as SVG; the line of now is drawn on the day itself."""
    day = LocalDay(plan.day, plan.site.time_zone)
    rows = [_gantt_row(route, day) for route in routes]
    drawn = draw_gantt(
        rows,
        clock=lambda seconds: day.clock(day.moment(seconds)),
        title=_("Routes over the hours of the day"),
        now=day.seconds(now) if day.start <= now < day.end else None,
    )
    return mark_safe(drawn)  # noqa: S308 escaped by the engine


def route_table(plan: RoutePlan, routes: Sequence[Route]) -> list[Context]:
    """Every route with its stops, its times and what it costs part by part."""
    zone = plan.site.time_zone
    return [
        {
            "number": route.number,
            "swatch": mark_safe(swatch(route.number)),  # noqa: S308 made of numbers
            "carrier": route.carrier.name,
            "vehicle": route.vehicle.plate,
            "vehicle_class": route.vehicle.get_vehicle_class_display(),
            "driver": route.driver.name if route.driver else "",
            "departs": clock(route.departs_at, zone),
            "returns": clock(route.returns_at, zone),
            "breaks": ", ".join(_breaks(route, zone)),
            "km": kilometres(route.distance_m),
            "pallets": sum(stop.delivery.pallets for stop in route.stops.all()),
            "cost": money(route.cost_cents, plan.currency),
            "parts": [
                {"label": label, "cost": money(route.cost_parts[part], plan.currency)}
                for part, label in COST_PARTS.items()
                if route.cost_parts.get(part)
            ],
            "stops": [_stop(stop, zone) for stop in route.stops.all()],
        }
        for route in routes
    ]


def left_out_table(left_out: Iterable[Unassigned]) -> list[Context]:
    """Deliveries on no route, each with every reason."""
    return [
        {
            "number": one.delivery.number,
            "url": reverse("desk:delivery", args=[one.delivery_id]),
            "site": one.delivery.site.name,
            "pallets": one.delivery.pallets,
            "reasons": one.reasons,
            "details": one.details,
        }
        for one in left_out
    ]


def tiles(plan: RoutePlan, routes: Sequence[Route], left_out: Sequence[Unassigned]) -> list[Context]:
    """The plan's figures in a row."""
    stops = sum(len(route.stops.all()) for route in routes)
    return [
        {"label": _("Routes"), "value": len(routes)},
        {"label": _("Stops"), "value": stops},
        {"label": _("On no route"), "value": len(left_out)},
        {"label": _("Distance"), "value": kilometres(plan.distance_m), "unit": "km"},
        {"label": _("Cost"), "value": f"{plan.cost_cents / 100:,.0f}", "unit": plan.currency, "note": _proven(plan)},
    ]


def comparison(plan: RoutePlan, previous: RoutePlan | None) -> list[Context]:
    """The plan's numbers beside those of the version before; empty for a first version."""
    if previous is None:
        return []
    figures: list[tuple[str, int, int, Any]] = [
        (_("Cost"), plan.cost_cents, previous.cost_cents, lambda cents: money(cents, plan.currency)),
        (_("Distance"), plan.distance_m, previous.distance_m, lambda metres: f"{kilometres(metres)} km"),
        (_("Routes"), plan.routes.count(), previous.routes.count(), str),
        (_("Stops"), *(Stop.objects.filter(route__plan=each).count() for each in (plan, previous)), str),
        (_("On no route"), plan.unassigned.count(), previous.unassigned.count(), str),
    ]
    return [
        {
            "label": label,
            "now": say(now),
            "before": say(before),
            "difference": _signed(now - before, say),
        }
        for label, now, before, say in figures
    ]


def money(cents: int, currency: str) -> str:
    """“ZAR 1,234.50”."""
    return f"{currency} {cents / 100:,.2f}"


def kilometres(metres: int) -> str:
    """Kilometres with one decimal: “123.4”."""
    return f"{metres / 1000:,.1f}"


def _proven(plan: RoutePlan) -> str:
    """How far from the best possible the plan can be at most, as it was proven."""
    total = plan.cost_cents + plan.penalty_cents
    if not total or not plan.lower_bound_cents:
        return ""
    gap = max(0.0, 1 - plan.lower_bound_cents / total)
    return _("proven best") if gap < 0.0005 else _("at most %(gap)s above the best") % {"gap": f"{gap:.1%}"}


def _signed(difference: int, say: Any) -> str:
    if not difference:
        return _("same")
    return ("+" if difference > 0 else "−") + say(abs(difference))


def _spot(what: Stop | Unassigned, hint: str) -> Spot:
    delivery = what.delivery
    site = delivery.site
    return Spot(str(delivery.pk), site.latitude, site.longitude, site.name, f"{delivery.number}, {site.name}, {hint}")


def _stop(stop: Stop, zone: str) -> Context:
    delivery = stop.delivery
    waits = stop.starts_at - stop.arrives_at
    return {
        "position": stop.position,
        "delivery": delivery.number,
        "url": reverse("desk:delivery", args=[delivery.pk]),
        "site": delivery.site.name,
        "city": delivery.site.city,
        "dock": stop.dock.name,
        "pallets": delivery.pallets,
        "arrives": clock(stop.arrives_at, zone),
        "slot": f"{clock(stop.slot.lower, zone)}–{clock(stop.slot.upper, zone)}",
        "unloads": f"{clock(stop.starts_at, zone)}–{clock(stop.departs_at, zone)}",
        "waits": int(waits // timedelta(minutes=1)) if waits >= timedelta(minutes=1) else 0,
        "km": kilometres(stop.distance_m),
    }


def _gantt_row(route: Route, day: LocalDay) -> Row:
    stops = list(route.stops.all())
    return Row(
        route.number,
        f"{route.number} · {route.vehicle.plate}",
        route.carrier.name,
        tuple(_bar(segment, stops, day) for segment in route.segments),
        tuple((day.seconds(stop.slot.lower), day.seconds(stop.slot.upper)) for stop in stops),
    )


def _bar(segment: Context, stops: Sequence[Stop], day: LocalDay) -> Bar:
    activity = Activity(segment["activity"])
    start, end = (day.seconds(datetime.fromisoformat(segment[key])) for key in ("start", "end"))
    if activity is not Activity.SERVICE:
        return Bar(activity, start, end)
    stop = stops[segment["leg"]]
    return Bar(activity, start, end, stop.position, str(stop.delivery_id), stop.delivery.site.name)


def _breaks(route: Route, zone: str) -> list[str]:
    pauses = [segment for segment in route.segments if segment["activity"] == Activity.BREAK]
    return [
        "–".join(f"{datetime.fromisoformat(pause[key]).astimezone(ZoneInfo(zone)):%H:%M}" for key in ("start", "end"))
        for pause in pauses
    ]
