"""Searches for carriers as pages show them: who was asked at what price, who must act until when."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.portal.presenters.plan import kilometres, money
from apps.portal.presenters.times import clock, day_label, moment_label
from apps.routing.models import Route, Stop
from apps.tendering.models import Tender, TenderEvent, Tendering
from apps.tendering.states import Channel, SearchState, State

Context = dict[str, Any]
TENDER_MARKS = {
    State.QUEUED: "queued",
    State.OPEN: "waiting",
    State.ACCEPTED: "accepted",
    State.DECLINED: "declined",
    State.EXPIRED: "expired",
    State.PASSED: "cancelled",
    State.WITHDRAWN: "cancelled",
    State.RETURNED: "failed",
}
SEARCH_MARKS = {
    SearchState.OPEN: "waiting",
    SearchState.ASSIGNED: "accepted",
    SearchState.UNCOVERED: "unassigned",
    SearchState.WITHDRAWN: "cancelled",
}


def status(search: Tendering) -> Context:
    """A search in a line: mark, word, and who has to do what until when."""
    return {
        "mark": SEARCH_MARKS[SearchState(search.state)],
        "label": search.get_state_display(),
        "sentence": turn(search),
        "url": reverse("desk:tendering", args=[search.pk]),
    }


def turn(search: Tendering) -> str:
    """Who must act until when, or what came of it."""
    zone = search.route.plan.site.time_zone
    tenders = list(search.tenders.all())
    asked = [one for one in tenders if one.state == State.OPEN and one.expires_at]
    if search.state == SearchState.OPEN and len(asked) == 1:
        return _("%(carrier)s answers until %(until)s.") % {
            "carrier": asked[0].carrier.name,
            "until": moment_label(asked[0].expires_at, zone) if asked[0].expires_at else "",
        }
    if search.state == SearchState.OPEN and asked:
        until = max(one.expires_at for one in asked if one.expires_at)
        return ngettext(
            "%(n)d carrier answers until %(until)s.", "%(n)d carriers answer until %(until)s.", len(asked)
        ) % {"n": len(asked), "until": moment_label(until, zone)}
    taken = next((one for one in tenders if one.state == State.ACCEPTED), None)
    if taken is not None:
        return _("%(carrier)s has it at %(price)s.") % {
            "carrier": taken.carrier.name,
            "price": money(taken.price_cents, taken.currency),
        }
    if search.state == SearchState.UNCOVERED:
        return _("Nobody took it; the planner acts.")
    return _("Called off.")


def asks(tender: Tender) -> str:
    """“Amber Lines answers until Tue 3 Mar, 09:15 SAST, for ZAR 1,234.00.”"""
    return _("%(carrier)s answers until %(until)s, for %(price)s.") % {
        "carrier": tender.carrier.name,
        "until": moment_label(tender.expires_at, tender.tendering.route.plan.site.time_zone)
        if tender.expires_at
        else "",
        "price": money(tender.price_cents, tender.currency),
    }


def route_title(route: Route) -> str:
    """“Route 2, Tuesday 3 March”."""
    return _("Route %(number)d, %(day)s") % {"number": route.number, "day": day_label(route.plan.day)}


def rows(search: Tendering) -> list[Context]:
    """Every carrier of a search by rank, with its price, how it was ranked and what it said."""
    zone = search.route.plan.site.time_zone
    return [
        {
            "id": one.pk,
            "carrier": one.carrier.name,
            "carrier_url": reverse("desk:carrier", args=[one.carrier_id]),
            "vehicle": one.vehicle.plate,
            "driver": one.driver.name if one.driver else "",
            "rank": one.rank,
            "price": money(one.price_cents, one.currency),
            "reasons": one.reasons,
            "mark": TENDER_MARKS[State(one.state)],
            "label": one.get_state_display(),
            "said": _said(one, zone),
            "answer_url": reverse("desk:tender", args=[one.pk]) if one.state == State.OPEN else "",
            "return_url": reverse("desk:give_back", args=[one.pk]) if one.state == State.ACCEPTED else "",
            "mail_url": reverse("desk:tender_mail", args=[one.pk]) if one.state == State.OPEN else "",
        }
        for one in search.tenders.all()
    ]


def history(search: Tendering) -> list[Context]:
    """Every step as ``timeline_entry.html`` takes it, the newest first."""
    return [_entry(event) for event in reversed(search.events.all())]


def route_facts(route: Route, stops: list[Stop]) -> Context:
    """The route as a carrier has to know it: when, where, how much."""
    zone = route.plan.site.time_zone
    return {
        "day": day_label(route.plan.day),
        "origin": route.depot.name,
        "departs": clock(route.departs_at, zone),
        "returns": clock(route.returns_at, zone),
        "km": kilometres(route.distance_m),
        "pallets": sum(stop.delivery.pallets for stop in stops),
        "kg": f"{sum(stop.delivery.weight_kg for stop in stops):,.0f}",
        "stops": [
            {
                "position": stop.position,
                "site": stop.delivery.site.name,
                "city": stop.delivery.site.city,
                "dock": stop.dock.name,
                "slot": f"{clock(stop.slot.lower, zone)}–{clock(stop.slot.upper, zone)}",
                "arrives": clock(stop.arrives_at, zone),
                "pallets": stop.delivery.pallets,
                "goods": stop.delivery.get_temperature_class_display(),
            }
            for stop in stops
        ],
    }


def _said(tender: Tender, zone: str) -> str:
    if tender.state == State.OPEN and tender.expires_at:
        return _("answers until %s") % moment_label(tender.expires_at, zone)
    said = [
        tender.get_reason_code_display() if tender.reason_code else "",
        tender.note,
        _("by %s") % tender.answered_by if tender.answered_by else "",
        moment_label(tender.answered_at, zone) if tender.answered_at else "",
    ]
    return ", ".join(filter(None, said))


def _entry(event: TenderEvent) -> Context:
    if event.tender is not None:
        mark, word = TENDER_MARKS[State(event.to_state)], State(event.to_state).label
        what = f"{event.tender.carrier.name}: {word}"
    else:
        mark, word = SEARCH_MARKS[SearchState(event.to_state)], SearchState(event.to_state).label
        what = str(word)
    reason = event.get_reason_code_display() if event.reason_code else ""
    return {
        "state": mark,
        "actor": "",
        "what": what,
        "at": event.at,
        "details": " · ".join(filter(None, [_by(event), reason])),
        "message": event.note,
    }


def _by(event: TenderEvent) -> str:
    if event.channel == Channel.SYSTEM:
        return str(event.actor_name)
    return f"{event.actor_name}, {Channel(event.channel).label}"


def is_late(tender: Tender, now: datetime) -> bool:
    """Whether the time to answer is over, swept or not."""
    return tender.expires_at is not None and tender.expires_at <= now
