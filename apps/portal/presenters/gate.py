"""A vehicle at the gate in words: the verdict, what to do next, and its one next step in the gate's list."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.appointments.at_gate import Judged, Verdict
from apps.appointments.models import Appointment, SelfReport
from apps.appointments.states import State
from apps.appointments.staying import stay_of
from apps.documents.papers import Period
from apps.documents.printing import Expected
from apps.facilities.models import Site
from apps.portal.presenters.dwell import detention_state, spoken
from apps.portal.presenters.expected import expected_of
from apps.portal.presenters.sites import address
from apps.portal.presenters.times import span_label

Context = dict[str, Any]

STATES = {
    Verdict.ON_TIME: "success",
    Verdict.EARLY: "warning",
    Verdict.LATE: "late",
    Verdict.OTHER_DAY: "warning",
    Verdict.WRONG_SITE: "error",
    Verdict.NOT_AGREED: "error",
    Verdict.HERE: "info",
    Verdict.OVER: "info",
}


def verdict(appointment: Appointment, judged: Judged) -> Context:
    """What stands at the gate and what works now: a title, a sentence, links to further steps."""
    return {
        "state": STATES[judged.verdict],
        "title": _title(appointment, judged),
        "text": _text(appointment, judged),
        "links": [link for link in _links(appointment, judged) if link],
    }


def _title(appointment: Appointment, judged: Judged) -> str:
    by = spoken(timedelta(minutes=judged.minutes))
    if judged.verdict == Verdict.EARLY:
        return _("%(by)s before its arrival window") % {"by": by}
    if judged.verdict == Verdict.LATE:
        return _("%(by)s after its arrival window") % {"by": by}
    if judged.verdict == Verdict.WRONG_SITE:
        return _("Expected at %(site)s") % {"site": appointment.site.name}
    return str(judged.verdict.label)


def _text(appointment: Appointment, judged: Judged) -> str:
    when = ""
    if appointment.during is not None:
        when = span_label(appointment.during.lower, appointment.during.upper, appointment.site.time_zone)
    return {
        Verdict.ON_TIME: _("Its slot is %(when)s.") % {"when": when},
        Verdict.EARLY: _(
            "Its slot is %(when)s. Check it in and let it wait, or give it a dock that is free now."
        )
        % {"when": when},
        Verdict.LATE: _("Its slot was %(when)s. Check it in; if its dock is taken, give it another one.")
        % {"when": when},
        Verdict.OTHER_DAY: _("Its slot is %(when)s. Agree on another time first, or send it away until then.")
        % {"when": when},
        Verdict.WRONG_SITE: ", ".join(address(appointment.site)) or appointment.site.name,
        Verdict.NOT_AGREED: _("Register it as a walk-in, or send it away; its shipper may ask for a slot."),
        Verdict.HERE: _("Go on from its page."),
        Verdict.OVER: _("The visit is over."),
    }[judged.verdict]


def _links(appointment: Appointment, judged: Judged) -> list[Context | None]:
    page = {"url": reverse("hub:appointment", args=[appointment.pk]), "label": _("Open the appointment")}
    move = {"url": reverse("hub:move", args=[appointment.pk]), "label": _("Give it another dock…")}
    if judged.verdict == Verdict.WRONG_SITE:
        site = appointment.site
        way = f"geo:{site.latitude:.6f},{site.longitude:.6f}?q={site.latitude:.6f},{site.longitude:.6f}"
        return [{"url": way, "label": _("Show the way")}, page]
    if judged.verdict == Verdict.NOT_AGREED:
        walk_in = reverse("hub:walk_in", args=[appointment.site_id])
        return [{"url": walk_in, "label": _("Register a walk-in")}, page]
    if judged.verdict in {Verdict.EARLY, Verdict.LATE} and appointment.state == State.CONFIRMED:
        return [move, page]
    return [page]


def next_step(appointment: Appointment, steps: set[str]) -> Context | None:
    """The one thing to do with a vehicle now: an address to post to or to open, and its verb."""
    key = appointment.pk
    if appointment.state in {State.CONFIRMED, State.NO_SHOW}:
        return {"url": reverse("hub:check_in", args=[key]), "label": _("Check in"), "is_page": True}
    if appointment.state == State.ARRIVED and appointment.dock is None:
        return {"url": reverse("hub:move", args=[key]), "label": _("Give a dock"), "is_page": True}
    if appointment.state == State.ARRIVED and not steps & {"called", "at_door"}:
        return {"url": reverse("hub:call", args=[key]), "label": _("Call to dock")}
    if appointment.state == State.ARRIVED:
        return {"url": reverse("hub:unload", args=[key]), "label": _("Start unloading")}
    if appointment.state == State.IN_PROGRESS and "unloaded" not in steps:
        return {"url": reverse("hub:unloaded", args=[key]), "label": _("End unloading")}
    if appointment.state == State.IN_PROGRESS:
        return {"url": reverse("hub:handover", args=[key]), "label": _("Hand over"), "is_page": True}
    if appointment.state == State.COMPLETED and "checked_out" not in steps:
        return {"url": reverse("hub:check_out", args=[key]), "label": _("Check out")}
    return None


def on_site(
    lines: list[Context], appointments: Mapping[UUID, Appointment], *, now: datetime
) -> tuple[list[Context], list[Context]]:
    """The gate's list with where each vehicle is, how long, and its next step; and how many are where.

    ``appointments`` come with their site and events.
    """
    counted: dict[str, int] = {}
    for line in lines:
        appointment = appointments.get(line["key"])
        if appointment is None:
            continue
        events = list(appointment.events.all())
        steps = {event.step for event in events}
        state, word = where(appointment, steps, now)
        stay = stay_of(appointment, events, now=now) if word else None
        line |= {
            "expected": expected_of(appointment),
            "next": next_step(appointment, steps),
            "where": word,
            "where_state": state,
            "self_reported": word == _("At the gate"),
            "on_site": spoken(stay.total) if stay else "",
            "detention": detention_state(stay, now=now) if stay else "",
        }
        if word:
            counted[word] = counted.get(word, 0) + 1
    return lines, [{"label": word, "value": count} for word, count in counted.items()]


def expected_lines(lines: Iterable[Context], plates: Mapping[UUID, str]) -> list[Expected]:
    """The gate's list as its paper has it; ``lines`` are those of ``presenters.board.gate_list``."""
    return [
        Expected(
            number=line["number"],
            shipper=line["shipper"],
            reference=line["reference"],
            load=line["load"],
            state=line["state_label"],
            dock=line["dock"],
            plate=plates.get(line["key"], ""),
            slot=None if line["waits"] else Period(start=line["start"], end=line["end"]),
            arrival_window=Period(start=line["window"][0], end=line["window"][1]) if line["window"] else None,
        )
        for line in lines
    ]


def unknown_vehicles(site: Site, reports: Iterable[SelfReport]) -> list[Context]:
    """Who reported by the code at the gate and is not known there: what was said, and the steps with it."""
    return [
        {
            "said": report.said,
            "at": report.at,
            "find_url": f"{reverse('hub:gate_find', args=[site.pk])}?{urlencode({'code': report.said})}",
            "walk_in_url": f"{reverse('hub:walk_in', args=[site.pk])}?{urlencode({'vehicle': report.said})}",
            "seen_url": reverse("hub:gate_seen", args=[site.pk, report.pk]),
        }
        for report in reports
    ]


def where(appointment: Appointment, steps: set[str], now: datetime) -> tuple[str, str]:
    """Where the vehicle is on the site, as state and word; empty while it is not there."""
    if appointment.state == State.IN_PROGRESS:
        return ("in_progress", _("Paperwork")) if "unloaded" in steps else ("in_progress", _("At the dock"))
    if appointment.state == State.ARRIVED and "at_door" in steps:
        return "running", _("At the door")
    if appointment.state == State.ARRIVED:
        return ("running", _("Called to dock")) if "called" in steps else ("arrived", _("Waits for door"))
    if appointment.state == State.COMPLETED and "checked_out" not in steps:
        return "done", _("May leave")
    if "at_gate" in steps and appointment.state in {State.CONFIRMED, State.NO_SHOW}:
        return "waiting", _("At the gate")
    return "", ""
