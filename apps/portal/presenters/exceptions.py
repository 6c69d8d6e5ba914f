"""Exceptions as their list shows them: how soon harm comes, one sentence, and what helps."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.deliveries.models import Discrepancy
from apps.facilities.models import DocumentType
from apps.insights.kinds import Kind, Severity
from apps.insights.models import DeliveryException

Context = dict[str, Any]
STATE = {Severity.NOTICE: "info", Severity.WARNING: "warning", Severity.URGENT: "error"}


def row(exception: DeliveryException, *, now: datetime) -> Context:
    """One line of the list."""
    severity = Severity(exception.severity)
    return {
        "exception": exception,
        "kind": exception.get_kind_display(),
        "state": STATE[severity],
        "severity": severity.label,
        "harm": until(exception.harm_at, now),
        "sentence": sentence(exception),
        "help": suggestion(exception),
        "late": exception.detected_at - exception.cause_at > timedelta(minutes=5),
    }


def until(at: datetime, now: datetime) -> str:
    """How far away a moment is, either way, in its largest unit."""
    ahead = at >= now
    minutes = int(abs((at - now).total_seconds()) // 60)
    if minutes < 60:
        span = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    elif minutes < 48 * 60:
        span = ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    else:
        span = ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    return (_("in %(span)s") if ahead else _("%(span)s ago")) % {"span": span}


def sentence(exception: DeliveryException) -> str:
    """What is wrong, with the figures it was found by."""
    facts, site = exception.facts, exception.delivery.site
    match Kind(exception.kind):
        case Kind.OFFER_UNANSWERED:
            if facts["turn"] == "shipper":
                return _("%(site)s waits for your answer; then its slots are free again.") % {
                    "site": site.name
                }
            return _("%(site)s has not answered; then the slots are free again.") % {"site": site.name}
        case Kind.PAPER_MISSING:
            names = ", ".join(str(DocumentType(kind).label) for kind in facts["papers"])
            return _("Still to be brought: %(papers)s.") % {"papers": names}
        case Kind.NO_CARRIER:
            return _("No carrier took route %(route)s.") % {"route": facts["route"]}
        case Kind.LATE_DEPARTURE:
            return _("It should have left at %(time)s.") % {"time": _clock(facts["planned"], site.time_zone)}
        case Kind.LATE_ARRIVAL:
            return _("Expected at %(time)s, after its arrival window.") % {
                "time": _clock(facts["expected"], site.time_zone)
            }
        case Kind.NOT_ARRIVED:
            return _("Its arrival window is over and nobody checked it in.")
        case Kind.SILENCE:
            return _("Due at %(time)s, and nothing was recorded since it left.") % {
                "time": _clock(facts["planned"], site.time_zone)
            }
        case Kind.DWELL:
            return _("At the site since %(time)s; %(minutes)s minutes are free.") % {
                "time": _clock(facts["arrived"], site.time_zone),
                "minutes": facts["free_minutes"],
            }
        case Kind.DISCREPANCY:
            names = ", ".join(str(Discrepancy.Kind(kind).label).lower() for kind in facts["kinds"])
            return _("Handed over otherwise than expected: %(kinds)s.") % {"kinds": names}
        case Kind.FAILED:
            if facts["reason"]:
                return _("The attempt failed (%(reason)s); no other one is agreed.") % {
                    "reason": facts["reason"]
                }
            return _("The attempt failed; no other one is agreed.")


def suggestion(exception: DeliveryException) -> Context:
    """The page on which the help that fits best is one click away: ``url`` and ``label``."""
    delivery = exception.delivery
    at_delivery = reverse("desk:delivery", args=[delivery.pk])
    plan = f"{reverse('desk:plan')}?site={delivery.origin_id}&day={delivery.day:%Y-%m-%d}"
    match Kind(exception.kind):
        case Kind.OFFER_UNANSWERED if exception.facts["turn"] == "shipper":
            return {"url": at_delivery, "label": _("Answer the offer")}
        case Kind.OFFER_UNANSWERED:
            return {"url": at_delivery, "label": _("See the offer")}
        case Kind.PAPER_MISSING:
            kind = exception.facts["papers"][0]
            bring = reverse("desk:bring", args=[delivery.pk])
            return {"url": f"{bring}?document_type={kind}", "label": _("Add the paper")}
        case Kind.NO_CARRIER | Kind.LATE_DEPARTURE:
            return {"url": plan, "label": _("Repair the plan")}
        case Kind.FAILED:
            return {"url": reverse("desk:ask", args=[delivery.pk]), "label": _("Ask for another slot")}
        case Kind.NOT_ARRIVED | Kind.LATE_ARRIVAL | Kind.SILENCE if delivery.site.contact_phone:
            phone = delivery.site.contact_phone
            return {"url": f"tel:{phone}", "label": _("Call the site, %(phone)s") % {"phone": phone}}
        case _other:
            return {"url": at_delivery, "label": _("Open the delivery")}


def _clock(text: str, zone: str) -> str:
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return str(formats.time_format(at.time(), "TIME_FORMAT"))
