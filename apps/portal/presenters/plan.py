"""A plan of the day as tables and figures, which say everything, and as map and chart, which show it."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.portal.presenters.times import clock
from apps.routing.comparing import Change, compare
from apps.routing.days import LocalDay
from apps.routing.drawing import gantt_of, map_of
from apps.routing.engine.result import Activity
from apps.routing.engine.svg import swatch
from apps.routing.models import Route, RoutePlan, Stop, Unassigned
from apps.routing.services import slots_to_propose
from apps.routing.ways import DrivenAround, around_by_leg

Context = dict[str, Any]
COST_PARTS = {
    "fixed": gettext_lazy("Fixed"),
    "distance": gettext_lazy("Distance"),
    "time": gettext_lazy("Time"),
    "stops": gettext_lazy("Stops"),
    "pallets": gettext_lazy("Pallets"),
    "waiting": gettext_lazy("Waiting"),
    "minimum": gettext_lazy("Up to the minimum"),
}


def drawings(plan: RoutePlan, *, now: datetime) -> dict[str, SafeString]:
    """Map and chart as SVG; the engine escapes every name, so the markup may stand as it is."""
    day = LocalDay(plan.day, plan.site.time_zone)
    moment = now if day.start <= now < day.end else None
    return {
        "map": mark_safe(map_of(plan, title=_("Map of the plan"))),  # noqa: S308 escaped by the engine
        "gantt": mark_safe(gantt_of(plan, title=_("Routes over the hours of the day"), now=moment)),  # noqa: S308
    }


def route_table(plan: RoutePlan) -> list[Context]:
    """Every route with its stops, its times and what it costs part by part."""
    zone = plan.site.time_zone
    several = len({route.depot_id for route in plan.routes.all()} | {plan.site_id}) > 1
    return [
        {
            "pk": route.pk,
            "depot": route.depot.name if several else "",
            "number": route.number,
            "is_locked": route.is_locked,
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
            **_stops(route, zone),
        }
        for route in plan.routes.all()
    ]


def _stops(route: Route, zone: str) -> Context:
    """A route's stops, and what the way home leads around."""
    around = {leg: _around(one) for leg, one in around_by_leg(route).items()}
    stops = [
        {**_stop(stop, zone, loaded), "around": around.get(leg, "")}
        for leg, (stop, loaded) in enumerate(_with_loading(route, zone))
    ]
    return {"stops": stops, "home_around": around.get(len(stops), "")}


def _around(one: DrivenAround) -> str:
    """“around Inner city, +3.4 km”."""
    words = {"zones": ", ".join(one.zones), "km": f"{one.km:,.1f}"}
    return _("around %(zones)s, +%(km)s km") % words


def left_out_table(plan: RoutePlan, to_book: Collection[UUID] = ()) -> list[Context]:
    """Deliveries on no route, each with every reason; slots can be asked for those ``to_book``."""
    return [
        {
            "number": one.delivery.number,
            "delivery_id": one.delivery_id,
            "may_move": one.slot is not None,
            "ask_url": reverse("desk:ask", args=[one.delivery_id]) if one.delivery_id in to_book else "",
            "url": reverse("desk:delivery", args=[one.delivery_id]),
            "site": one.delivery.site.name,
            "pallets": one.delivery.pallets,
            "reasons": one.reasons,
            "remedies": [remedy["sentence"] for remedy in one.remedies],
            "slots": _slots(one),
            "details": one.details,
        }
        for one in plan.unassigned.all()
    ]


def _slots(one: Unassigned) -> str:
    """The slots that could be proposed, in the site's time: “10:00–10:30 or 11:15–11:45”; may be empty."""
    zone = one.delivery.site.time_zone
    spans = [f"{clock(slot.start, zone)}–{clock(slot.end, zone)}" for slot in slots_to_propose(one)]
    return _(" or ").join(spans)


def tiles(plan: RoutePlan) -> list[Context]:
    """The plan's figures in a row."""
    return [
        {"label": _("Routes"), "value": len(plan.routes.all())},
        {"label": _("Stops"), "value": stops_of(plan)},
        {"label": _("On no route"), "value": len(plan.unassigned.all())},
        {"label": _("Distance"), "value": kilometres(plan.distance_m), "unit": "km"},
        {"label": _("Of it empty"), "value": kilometres(empty_metres(plan)), "unit": "km"},
        {"label": _("On the road"), "value": _hours(_seconds_on_the_road(plan)), "unit": "h"},
        {"label": _("Pallet spaces used"), **_utilisation(plan)},
        {"label": _("Cost"), "value": _whole(plan.cost_cents), "unit": plan.currency},
    ]


def empty_metres(plan: RoutePlan) -> int:
    """What is driven with nothing left on board: each trip's way back to the depot."""
    stops = [stop for route in plan.routes.all() for stop in route.stops.all()]
    home = sum(route.distance_m for route in plan.routes.all()) - sum(stop.distance_m for stop in stops)
    return home + sum(stop.empty_m for stop in stops)


def _seconds_on_the_road(plan: RoutePlan) -> int:
    """From leaving to returning, of all routes together."""
    spent = sum((route.returns_at - route.departs_at for route in plan.routes.all()), timedelta())
    return int(spent.total_seconds())


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f}"


def _utilisation(plan: RoutePlan) -> Context:
    """Pallets carried of what the vehicles that drive have room for, on each of their trips."""
    room = sum(
        route.vehicle.capacity_pallets * len({stop.trip for stop in route.stops.all()})
        for route in plan.routes.all()
    )
    carried = sum(stop.delivery.pallets for route in plan.routes.all() for stop in route.stops.all())
    return {"value": f"{100 * carried / room:.0f}", "unit": "%"} if room else {"value": "–", "unit": ""}


def comparison(plan: RoutePlan, previous: RoutePlan | None) -> list[Context]:
    """The plan's numbers beside those of the version before; empty for a first version."""
    if previous is None:
        return []
    figures: list[tuple[str, int, int, Callable[[int], str]]] = [
        (_("Cost, %(currency)s") % {"currency": plan.currency}, plan.cost_cents, previous.cost_cents, _whole),
        (_("Distance, km"), plan.distance_m, previous.distance_m, kilometres),
        (_("Of it empty, km"), empty_metres(plan), empty_metres(previous), kilometres),
        (_("On the road, h"), _seconds_on_the_road(plan), _seconds_on_the_road(previous), _hours),
        (_("Routes"), len(plan.routes.all()), len(previous.routes.all()), str),
        (_("Stops"), stops_of(plan), stops_of(previous), str),
        (_("On no route"), len(plan.unassigned.all()), len(previous.unassigned.all()), str),
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


def changes(draft: RoutePlan, in_force: RoutePlan | None) -> Context | None:
    """What publishing a draft would change; None when nothing is in force yet."""
    if in_force is None:
        return None
    found, zone = compare(in_force, draft), draft.site.time_zone
    labels = {
        Change.ADDED: _("Comes onto a route"),
        Change.DROPPED: _("Falls off its route"),
        Change.REASSIGNED: _("Another vehicle"),
        Change.RETIMED: _("Another time"),
    }

    def where(visit: tuple[str, datetime] | None) -> str:
        return f"{visit[0]}, {clock(visit[1], zone)}" if visit else "–"

    return {
        "version": in_force.version,
        "summary": ngettext(
            "%(n)d delivery changes; %(cost)s.", "%(n)d deliveries change; %(cost)s.", len(found.stops)
        )
        % {"n": len(found.stops), "cost": dearer(found.cents, draft.currency)},
        "stops": [
            {
                "number": one.number,
                "url": reverse("desk:delivery", args=[one.delivery_id]),
                "site": one.site,
                "label": labels[one.change],
                "before": where(one.before),
                "after": where(one.after),
            }
            for one in found.stops
        ],
    }


def dearer(cents: int, currency: str) -> str:
    """“ZAR 120.00 dearer”, “ZAR 120.00 cheaper” or “at the same cost”."""
    if not cents:
        return _("at the same cost")
    words = {"amount": money(abs(cents), currency)}
    return _("%(amount)s dearer") % words if cents > 0 else _("%(amount)s cheaper") % words


def stops_of(plan: RoutePlan) -> int:
    return sum(len(route.stops.all()) for route in plan.routes.all())


def money(cents: int, currency: str) -> str:
    """“ZAR 1,234.50”."""
    return f"{currency} {cents / 100:,.2f}"


def kilometres(metres: int) -> str:
    """Kilometres with one decimal: “123.4”."""
    return f"{metres / 1000:,.1f}"


def bound_sentence(plan: RoutePlan) -> str:
    """What was proven: the cost below which no plan of the day can go; empty when nothing was.

    Of a repair nothing is said: its bound counts changes too, which are no charge.
    """
    if not plan.lower_bound_cents or plan.making != RoutePlan.Making.PLANNED:
        return ""
    total = plan.cost_cents + plan.penalty_cents
    words = {"bound": money(plan.lower_bound_cents, plan.currency), "total": money(total, plan.currency)}
    if not plan.penalty_cents:
        return _("Proven: no plan of this day costs less than %(bound)s; this one costs %(total)s.") % words
    return (
        _("Proven: no plan of this day costs less than %(bound)s.") % words
        + " "
        + _("This one costs %(total)s when what it leaves out is priced in.") % words
    )


def _whole(cents: int) -> str:
    return f"{cents / 100:,.0f}"


def _signed(difference: int, say: Callable[[int], str]) -> str:
    if not difference:
        return _("same")
    return ("+" if difference > 0 else "−") + say(abs(difference))


def _with_loading(route: Route, zone: str) -> list[tuple[Stop, str]]:
    """Each stop, with when the vehicle loads again before it; empty where it doesn't."""
    loads = {one["leg"]: one for one in route.segments if one["activity"] == Activity.LOAD}
    told = []
    trip = 1
    for leg, stop in enumerate(route.stops.all()):
        again = loads.get(leg)
        words = {"trip": stop.trip, "depot": route.depot.name}
        if stop.trip == trip:
            said = ""
        elif again is None:
            said = _("Trip %(trip)d: back at %(depot)s") % words
        else:
            hours = "–".join(clock(datetime.fromisoformat(again[edge]), zone) for edge in ("start", "end"))
            said = _("Trip %(trip)d: loads at %(depot)s %(hours)s") % {**words, "hours": hours}
        told.append((stop, said))
        trip = stop.trip
    return told


def _stop(stop: Stop, zone: str, loaded: str) -> Context:
    delivery = stop.delivery
    waits = stop.starts_at - stop.arrives_at
    return {
        "pk": stop.pk,
        "delivery_id": delivery.pk,
        "is_locked": stop.is_locked,
        "position": stop.position,
        "loaded": loaded,
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


def _breaks(route: Route, zone: str) -> list[str]:
    pauses = [segment for segment in route.segments if segment["activity"] == Activity.BREAK]
    return [
        "–".join(clock(datetime.fromisoformat(pause[edge]), zone) for edge in ("start", "end"))
        for pause in pauses
    ]
