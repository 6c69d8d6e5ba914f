"""How a visit stands, in words for the driver whose phone reported it: one title, one thing to do."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.appointments.at_gate import Verdict
from apps.appointments.models import Appointment
from apps.appointments.states import State
from apps.deliveries.services import Reported
from apps.facilities.models import Site
from apps.portal.presenters.dwell import spoken
from apps.portal.presenters.gate import STATES
from apps.portal.presenters.sites import address
from apps.portal.presenters.times import span_label

Context = dict[str, Any]


def reported_page(reported: Reported, *, site: Site, now: datetime) -> Context:
    """Context of the driver's answer; says nothing of whose goods they are or who else comes."""
    appointment, verdict = reported.appointment, reported.judged.verdict
    state, title, text = _words(reported, site)
    return {
        "said": {"state": state, "title": title, "text": text},
        "verdict": verdict.value,
        "number": appointment.confirmation_number if appointment else "",
        "slot": _slot(appointment) if appointment else "",
        "missing": [str(kind.label) for kind in reported.missing],
        "way": _way(appointment.site) if appointment and verdict == Verdict.WRONG_SITE else "",
        "is_waiting": verdict in WAITING,
        "now": now,
    }


#: What may still change while the phone is looked at.
WAITING = frozenset({Verdict.ON_TIME, Verdict.EARLY, Verdict.LATE, Verdict.HERE})


def _words(reported: Reported, site: Site) -> tuple[str, str, str]:
    appointment, judged = reported.appointment, reported.judged
    verdict = judged.verdict
    if appointment is not None and verdict == Verdict.HERE:
        return _here(appointment)
    if reported.missing:
        return (
            "warning",
            _("A paper is missing"),
            _(
                "The gate knows that the vehicle is here. It is let in with: %(papers)s. Show it at the gate"
                " or have it sent."
            )
            % {"papers": ", ".join(str(kind.label) for kind in reported.missing)},
        )
    by = spoken(timedelta(minutes=judged.minutes))
    other = appointment.site if appointment else site
    title, text = {
        Verdict.ON_TIME: (
            _("In the queue"),
            _("The gate knows that the vehicle is here. Stay with it; this page says when to go where."),
        ),
        Verdict.EARLY: (
            _("In the queue, %(by)s early") % {"by": by},
            _(
                "The gate knows that the vehicle is here and may let it in before its time."
                " Keep the gate free."
            ),
        ),
        Verdict.LATE: (
            _("In the queue, %(by)s late") % {"by": by},
            _(
                "The gate knows that the vehicle is here. Its dock may have been given away;"
                " wait for another one."
            ),
        ),
        Verdict.OTHER_DAY: (
            _("Expected on another day"),
            _("The vehicle is not in the queue. Call whoever sent it: another time has to be agreed first."),
        ),
        Verdict.WRONG_SITE: (
            _("Expected at %(site)s") % {"site": other.name},
            ", ".join(address(other)) or other.name,
        ),
        Verdict.OVER: (_("This visit is over"), _("Check out at the gate when leaving.")),
        Verdict.SEVERAL: (
            _("More than one visit is expected with this plate"),
            _("Type the confirmation number of this one; it stands on the delivery note."),
        ),
        Verdict.HERE: ("", ""),
        Verdict.NOT_AGREED: (_("No slot is agreed"), _walk_in()),
        Verdict.UNKNOWN: (_("Not known here"), _walk_in()),
    }[verdict]
    return STATES.get(verdict, "warning"), title, text


def _walk_in() -> str:
    return _(
        "Compare the number with the papers. If it is right, bring the papers to the gate: it was told, and"
        " can take the vehicle in without an appointment."
    )


def _here(appointment: Appointment) -> tuple[str, str, str]:
    dock = appointment.dock.name if appointment.dock else ""
    steps = set(appointment.events.values_list("step", flat=True))
    if appointment.state == State.IN_PROGRESS:
        return "in_progress", _("Unloading at %(dock)s") % {"dock": dock}, _("The handover follows.")
    if "at_door" in steps and dock:
        return "running", _("At %(dock)s") % {"dock": dock}, _("Unloading follows.")
    if "called" in steps and dock:
        return "running", _("Go to %(dock)s") % {"dock": dock}, _("The vehicle is called to its dock now.")
    return (
        "arrived",
        _("Checked in"),
        _("Stay with the vehicle; this page says when it is called to its dock."),
    )


def _slot(appointment: Appointment) -> str:
    if appointment.during is None:
        return ""
    return span_label(appointment.during.lower, appointment.during.upper, appointment.site.time_zone)


def _way(site: Site) -> str:
    return f"geo:{site.latitude:.6f},{site.longitude:.6f}?q={site.latitude:.6f},{site.longitude:.6f}"
