"""Slots for many deliveries as the desk shows them: chosen from, proposed, and what became of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.deliveries.models import BulkLine, BulkRequest, Delivery
from apps.portal.presenters.deliveries import recipient_of
from apps.portal.presenters.plan import dearer

OUTCOMES = {
    BulkLine.Outcome.SENT: "offered",
    BulkLine.Outcome.LOST: "conflict",
    BulkLine.Outcome.REFUSED: "refused",
}


def choice(delivery: Delivery) -> dict[str, Any]:
    """One line of the deliveries that are chosen from."""
    return {
        "id": delivery.pk,
        "number": delivery.number,
        "url": reverse("desk:delivery", args=[delivery.pk]),
        "site": delivery.site.name,
        "recipient": recipient_of(delivery),
        "day": delivery.day,
        "temperature": delivery.get_temperature_class_display()
        if delivery.temperature_class != "ambient"
        else "",
        "pallets": delivery.pallets,
        "weight_kg": delivery.weight_kg,
    }


def line(one: BulkLine) -> dict[str, Any]:
    """One delivery of a request: its slots or why there is none, and what came of the offer."""
    site = one.delivery.site
    outcome = BulkLine.Outcome(one.outcome)
    return {
        **choice(one.delivery),
        "zone": site.time_zone,
        "slots": [described(slot) for slot in one.slots],
        "route": _route(one.slots[0]) if one.slots else "",
        "difference": difference(one.late_minutes),
        "why_not": one.why_not,
        "is_chosen": one.chosen,
        "may_send": bool(one.slots) and outcome == BulkLine.Outcome.OPEN,
        "state": OUTCOMES.get(outcome, ""),
        "state_label": str(outcome.label),
        "answer": one.answer,
        "alternatives": [described(slot) for slot in one.alternatives],
        "ask_url": reverse("desk:ask", args=[one.delivery_id]),
    }


def _route(slot: dict[str, Any]) -> str:
    """What the plan of the slot's day would pay: “The plan ZAR 120.00 dearer”; empty without a plan."""
    if "route" not in slot:
        return ""
    cents, currency = slot["route"]["cents"], slot["route"]["currency"]
    if cents is None:
        return _("No vehicle of the plan can come then")
    return _("The plan %(cost)s") % {"cost": dearer(cents, currency)}


def described(slot: dict[str, str]) -> dict[str, Any]:
    """A stored slot with its moments."""
    return {
        "dock": slot["dock"],
        "start": datetime.fromisoformat(slot["start"]),
        "end": datetime.fromisoformat(slot["end"]),
    }


def difference(minutes: int | None) -> str:
    """How far a slot is from what was wanted: “1 h 15 min later”."""
    if minutes is None:
        return ""
    if not minutes:
        return _("As wanted")
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [
        ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else "",
        _("%(n)d h") % {"n": hours} if hours else "",
        _("%(n)d min") % {"n": left} if left else "",
    ]
    words = " ".join(filter(None, parts))
    return (_("%(span)s later") if minutes > 0 else _("%(span)s earlier")) % {"span": words}


def tiles(request: BulkRequest, lines: Sequence[BulkLine]) -> list[dict[str, Any]]:
    """How good the proposal is, and how much of it went out."""
    figures = request.figures
    placed = figures["placed"]
    off = round(figures.get("off_minutes", figures["cost"]) / placed) if placed else 0
    sent = sum(one.outcome == BulkLine.Outcome.SENT for one in lines)
    return [
        {"label": _("Deliveries"), "value": figures["asked"], "note": _sites(figures["sites"])},
        {"label": _("With slots"), "value": placed, "note": _most(figures)},
        {
            "label": _("Off the wanted time"),
            "value": off,
            "unit": _("min on average"),
            "note": _best(figures),
        },
        *_on_planned_days(figures.get("priced", 0)),
        {"label": _("Offers sent"), "value": sent, "note": ""},
    ]


def _on_planned_days(count: int) -> list[dict[str, Any]]:
    """For how many deliveries the route's cost was weighed; nothing where no day is planned."""
    if not count:
        return []
    return [
        {
            "label": _("Route weighed for"),
            "value": count,
            "note": _("the dearest start counts like an hour off the wanted time"),
        }
    ]


def _sites(count: int) -> str:
    return ngettext("to %(n)d site", "to %(n)d sites", count) % {"n": count}


def _most(figures: dict[str, Any]) -> str:
    if figures["placed"] >= figures["most_placed"]:
        return _("more are not possible")
    return _("at most %(n)d are possible") % {"n": figures["most_placed"]}


def _best(figures: dict[str, Any]) -> str:
    """What is known of answers that would be better."""
    if not figures["finished"]:
        return _("the search was stopped; this is the best found until then")
    if figures["cost"] <= figures["least_cost"]:
        return _("proven best")
    percent = 100 * (figures["cost"] - figures["least_cost"]) / figures["cost"]
    return _("at most %(percent).1f %% better is possible") % {"percent": percent}


def days(counts: dict[date, int], *, shown: date, today: date) -> list[dict[str, Any]]:
    """The next days that have deliveries to book, tomorrow always among them."""
    listed = sorted({*counts, shown, today + timedelta(days=1)})
    return [{"day": day, "count": counts.get(day, 0), "is_current": day == shown} for day in listed[:10]]


def earlier(requests: Sequence[BulkRequest]) -> list[dict[str, Any]]:
    """Requests that may be come back to."""
    return [
        {
            "url": reverse("desk:bulk_request", args=[one.pk]),
            "at": one.created_at,
            "by": one.asked_by_name,
            "asked": one.asked,  # type: ignore[attr-defined]  # annotated
            "placed": one.figures.get("placed"),
            "sent": one.sent,  # type: ignore[attr-defined]  # annotated
        }
        for one in requests
    ]
