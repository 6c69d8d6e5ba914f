"""A standing appointment in words: its rule, its days, its history, whose turn it is."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.actors import Side
from apps.appointments.announcing_series import series_words
from apps.appointments.models import StandingAppointment, StandingEvent, StandingVisit
from apps.appointments.recurrence import read
from apps.appointments.states import StandingState, VisitState
from apps.portal.presenters.offers import load_line
from apps.portal.presenters.parties import Parties

Context = dict[str, Any]
BADGES = {
    StandingState.OFFERED: "offered",
    StandingState.AGREED: "confirmed",
    StandingState.DECLINED: "declined",
    StandingState.ENDED: "cancelled",
}
DAY_BADGES = {
    VisitState.KEPT: "held",
    VisitState.BOOKED: "confirmed",
    VisitState.SKIPPED: "cancelled",
    VisitState.LAPSED: "expired",
}
STEP_BADGES = {
    "proposed": "offered",
    "countered": "countered",
    "agreed": "confirmed",
    "declined": "declined",
    "skipped": "info",
}


def parties_of(series: StandingAppointment) -> Parties:
    return Parties(shipper=series.shipper.name, recipient=series.site.name)


def rule_sentence(series: StandingAppointment) -> str:
    """“Every week on Mon, Wed at 09:00, from 4 March 2026, Dock 1”."""
    weekdays, every = read(series.rule)
    often = ngettext("Every week", "Every %(n)d weeks", every) % {"n": every}
    days = ", ".join(str(WEEKDAYS_ABBR[day - 1]) for day in weekdays)
    parts = [
        _("%(often)s on %(days)s at %(time)s")
        % {"often": often, "days": days, "time": time_format(series.starts)},
        _("from %(day)s") % {"day": date_format(series.first_day, "j F Y")},
    ]
    if series.last_day:
        parts.append(_("until %(day)s") % {"day": date_format(series.last_day, "j F Y")})
    if series.dock:
        parts.append(series.dock.name)
    return ", ".join(parts)


def series_line(series: StandingAppointment, *, reader: Side) -> Context:
    """One row of a list of series."""
    space = "desk" if reader == Side.SHIPPER else "hub"
    return {
        "url": reverse(f"{space}:series", args=[series.pk]),
        "who": series.site.name if reader == Side.SHIPPER else series.shipper.name,
        "sentence": rule_sentence(series),
        "load": load_line(series),
        "state": BADGES[StandingState(series.state)],
        "state_label": str(series.get_state_display()),
        "turn": parties_of(series).name(series.must_act) if series.must_act else "",
    }


def series_turn(series: StandingAppointment, *, reader: Side) -> Context | None:
    """Who answers a proposed series, as ``turn.html`` takes it; None when nobody has to."""
    if series.state != StandingState.OFFERED:
        return None
    parties = parties_of(series)
    words = {"who": parties.name(series.must_act), "other": parties.other(series.must_act)}
    sentence = (
        _("%(who)s answers %(other)s’s change of a standing appointment; the agreed one stands until then.")
        if series.replaces_id
        else _("%(who)s answers %(other)s’s standing appointment.")
    )
    return {"sentence": sentence % words, "is_readers": series.must_act == reader, "expires_at": None}


def day_line(visit: StandingVisit, *, reader: Side) -> Context:
    """One day of a series, with the delivery that has it or why nothing is kept."""
    url = ""
    if visit.appointment is not None:
        url = (
            reverse("desk:delivery", args=[visit.appointment.delivery_id])
            if reader == Side.SHIPPER
            else reverse("hub:appointment", args=[visit.appointment.pk])
        )
    starts: datetime | None = visit.starts_at
    return {
        "id": visit.pk,
        "day": visit.day,
        "at": starts,
        "dock": visit.dock.name if visit.dock else "",
        "state": DAY_BADGES[VisitState(visit.state)],
        "state_label": str(visit.get_state_display()),
        "reason": visit.reason,
        "reference": visit.appointment.reference if visit.appointment else "",
        "url": url,
        "may_skip": visit.state == VisitState.KEPT,
    }


def history_entry(event: StandingEvent, parties: Parties) -> Context:
    """One step as ``timeline_entry.html`` takes it."""
    return {
        "id": f"series-{event.pk}",
        "state": STEP_BADGES.get(event.step, "cancelled"),
        "actor": f"{event.actor_name} ({parties.name(event.side)})",
        "what": series_words(event.step),
        "at": event.at,
        "message": event.message,
        "details": "",
    }
