"""Exceptions as their list shows them: how soon harm comes, one sentence, and what helps."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.deliveries.models import Discrepancy
from apps.facilities.models import DocumentType
from apps.figures.tables import Cell, Column, Table
from apps.insights.interventions import fingerprint
from apps.insights.kinds import Kind, Severity
from apps.insights.models import DeliveryException
from apps.insights.selectors import Lead
from apps.portal.presenters.risks import reason
from apps.portal.presenters.times import span_label
from apps.tracking.models import Measure, RefusedPosition

Context = dict[str, Any]
STATE = {Severity.NOTICE: "info", Severity.WARNING: "warning", Severity.URGENT: "error"}


def rows(found: Iterable[Lead], *, now: datetime) -> list[Context]:
    """The list; what a severity looks like is drawn once for all of its rows."""
    badge = "components/status_badge.html"
    badges = {each: render_to_string(badge, {"state": STATE[each], "label": each.label}) for each in Severity}
    return [
        {
            **row(each.exception, now=now),
            "badge": badges[Severity(each.exception.severity)],
            "best": best(each.exception),
            "together": each.together,
            "more": each.together - 1,
        }
        for each in found
    ]


def row(exception: DeliveryException, *, now: datetime) -> Context:
    """What the list and its own page say of an exception."""
    severity = Severity(exception.severity)
    return {
        "exception": exception,
        "kind": Kind(exception.kind).label,  # get_kind_display translates all kinds to find one
        "state": STATE[severity],
        "severity": severity.label,
        "harm": until(exception.harm_at, now),
        "sentence": sentence(exception),
    }


def best(exception: DeliveryException) -> Context:
    """What helps most: a button as ``told``, or else the page of ``suggestion``."""
    if exception.interventions and exception.kind != Kind.EXCURSION:
        return told(exception.interventions[0], 0, exception.delivery.site.time_zone)
    return suggestion(exception)


def acts(exception: DeliveryException) -> list[Context]:
    """All that helps, each as ``told``, the best first."""
    zone = exception.delivery.site.time_zone
    return [told(each, number, zone) for number, each in enumerate(exception.interventions)]


def table(rows: Iterable[DeliveryException]) -> Table:
    """The list to take away, one exception a row, those of one cause each by itself."""
    heads = [
        Column(_("Harm at")),
        Column(_("Severity")),
        Column(_("What")),
        Column(_("In words")),
        Column(_("Delivery")),
        Column(_("Site")),
        Column(_("Detected")),
        Column(_("Owner")),
        Column(_("Put off until")),
    ]
    lines = [
        [
            Cell(each.harm_at.isoformat(timespec="minutes")),
            Cell(str(Severity(each.severity).label)),
            Cell(str(Kind(each.kind).label)),
            Cell(sentence(each)),
            Cell(each.delivery.number),
            Cell(each.delivery.site.name),
            Cell(each.detected_at.isoformat(timespec="minutes")),
            Cell(each.owner_name or "–"),
            Cell(each.snoozed_until.isoformat(timespec="minutes") if each.snoozed_until else "–"),
        ]
        for each in rows
    ]
    return Table("exceptions", _("Exceptions"), heads, lines)


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
            if facts["turn"] == "nobody":
                return _("The offer ran out without an answer; no slot is agreed with %(site)s.") % {
                    "site": site.name
                }
            return _("%(site)s has not answered; then the slots are free again.") % {"site": site.name}
        case Kind.PAPER_MISSING:
            names = ", ".join(str(DocumentType(kind).label) for kind in facts["papers"])
            return _("Still to be brought: %(papers)s.") % {"papers": names}
        case Kind.TENDER_UNANSWERED:
            return _("%(carrier)s has not answered for route %(route)s.") % facts
        case Kind.AT_RISK:
            return _("%(percent)s %% likely to come late or fail, %(by)s: %(reasons)s.") % {
                "percent": facts["percent"],
                "by": _("as the past tells") if facts["by"] == "model" else _("by stated rules"),
                "reasons": "; ".join(reason(each) for each in facts["reasons"]),
            }
        case Kind.NO_SHOW_RISK:
            return _("Its slot begins soon and no plan in force brings it.")
        case Kind.LATE_RELEASE:
            return _("Its vehicle leaves at %(time)s and the goods are not loaded.") % {
                "time": _clock(facts["planned"], site.time_zone)
            }
        case Kind.EXCURSION:
            return _excursion(facts, site.time_zone)
        case Kind.DATA_FAULT if facts["fault"] == "stuck":
            return _(
                "Sensor %(sensor)s says %(value)s °C again and again; what the goods see is not known."
            ) % {
                "sensor": facts["sensor"],
                "value": formats.number_format(facts["value"] / 1000),
            }
        case Kind.DATA_FAULT:
            reason = RefusedPosition.Reason(facts["reason"]).label
            return _("%(n)s positions of %(plate)s can’t be right within the hour: %(reason)s.") % {
                "n": facts["n"],
                "plate": facts["plate"],
                "reason": str(reason)[:1].lower() + str(reason)[1:],
            }
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
            return _("Due at %(time)s, and last seen at %(seen)s.") % {
                "time": _clock(facts["planned"], site.time_zone),
                "seen": _clock(facts.get("seen", facts["planned"]), site.time_zone),
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
        case Kind.UNCOLLECTED:
            last = formats.date_format(date.fromisoformat(facts["last_day"]), "D j M")
            return _("It is kept for collection until %(day)s, and nobody has come.") % {"day": last}


def told(intervention: Context, number: int, zone: str) -> Context:
    """An intervention as a button: its number, a verb, what it costs; ``url`` where it is a call."""
    one: Context = {"number": number, "what": fingerprint(intervention), "url": "", "sub": "", "label": ""}
    match intervention["key"]:
        case "answer":
            one["label"] = _("Accept %(when)s") % {"when": _span(intervention, zone)}
            one["sub"] = intervention["dock"]
        case "slots":
            first = intervention["slots"][0]
            words = _("Propose %(when)s") if intervention["move"] else _("Ask for %(when)s")
            one["label"] = words % {"when": _span(first, zone)}
            more = len(intervention["slots"]) - 1
            parts = (
                [ngettext("and %(n)d later slot", "and %(n)d later slots", more) % {"n": more}]
                if more
                else []
            )
            one["sub"] = ", ".join([*parts, *_cost(first)])
        case "vehicle":
            one["label"] = _("Put it on %(plate)s") % {"plate": intervention["plate"]}
            one["sub"] = ", ".join([intervention["carrier"], *_cost(intervention)])
        case "publish":
            one["label"] = _("Publish version %(n)s") % {"n": intervention["version"]}
            one["sub"] = ", ".join([_("the repair that is ready"), *_cost(intervention)])
        case "repair":
            one["label"] = _("Have the plan repaired")
            one["sub"] = _("as a draft, with its cost")
        case "remind":
            one["label"] = _("Ask %(carrier)s again") % {"carrier": intervention["carrier"]}
        case "again":
            units = intervention["units"]
            one["label"] = _("Bring it again")
            one["sub"] = ngettext("%(n)d unit was not taken", "%(n)d units were not taken", units) % {
                "n": units
            }
        case "note":
            one["label"] = _("Issue the CMR note")
        case _call:
            one["label"] = _("Call %(who)s") % {"who": intervention["who"]}
            one["sub"] = intervention["number"]
            one["url"] = f"tel:{intervention['number']}"
    return one


def _span(slot: Context, zone: str) -> str:
    start, end = (datetime.fromisoformat(slot[name]) for name in ("start", "end"))
    return span_label(start, end, zone)


def _cost(priced: Context) -> list[str]:
    if priced.get("cents") is None:
        return []
    amount = f"{priced['currency']} {formats.number_format(priced['cents'] / 100, 2, force_grouping=True)}"
    return [_("costs %(amount)s more") % {"amount": amount}]


def suggestion(exception: DeliveryException) -> Context:
    """The page on which the help that fits best is one click away: ``url`` and ``label``."""
    delivery = exception.delivery
    at_delivery = reverse("desk:delivery", args=[delivery.pk])
    match Kind(exception.kind):
        case Kind.OFFER_UNANSWERED if exception.facts["turn"] == "shipper":
            return {"url": at_delivery, "label": _("Answer the offer")}
        case Kind.OFFER_UNANSWERED if exception.facts["turn"] == "nobody":
            return {"url": reverse("desk:ask", args=[delivery.pk]), "label": _("Ask for another slot")}
        case Kind.OFFER_UNANSWERED:
            return {"url": at_delivery, "label": _("See the offer")}
        case Kind.PAPER_MISSING:
            kind = exception.facts["papers"][0]
            bring = reverse("desk:bring", args=[delivery.pk])
            return {"url": f"{bring}?document_type={kind}", "label": _("Add the paper")}
        case Kind.NO_CARRIER | Kind.TENDER_UNANSWERED:
            return {"url": reverse("desk:tenders"), "label": _("See the tenders")}
        case Kind.AT_RISK:
            return {"url": reverse("desk:risks"), "label": _("See the risks")}
        case Kind.LATE_DEPARTURE | Kind.LATE_RELEASE | Kind.NO_SHOW_RISK:
            of_the_day = f"?site={delivery.origin_id}&day={delivery.day:%Y-%m-%d}"
            return {"url": reverse("desk:plan") + of_the_day, "label": _("Repair the plan")}
        case Kind.EXCURSION:
            decide = reverse("desk:exception", args=[exception.pk])
            return {"url": f"{decide}#decide-title", "label": _("Decide about the goods")}
        case Kind.FAILED:
            return {"url": reverse("desk:ask", args=[delivery.pk]), "label": _("Ask for another slot")}
        case Kind.UNCOLLECTED:
            ready = reverse("desk:ready_to_collect", args=[delivery.pk])
            return {"url": ready, "label": _("Keep it longer")}
        case Kind.NOT_ARRIVED | Kind.LATE_ARRIVAL | Kind.SILENCE if delivery.site.contact_phone:
            phone = delivery.site.contact_phone
            return {"url": f"tel:{phone}", "label": _("Call the site, %(phone)s") % {"phone": phone}}
        case _other:
            return {"url": at_delivery, "label": _("Open the delivery")}


def _excursion(facts: Context, zone: str) -> str:
    unit = {Measure.TEMPERATURE: "°C", Measure.HUMIDITY: "%", Measure.SHOCK: "g"}[Measure(facts["measure"])]
    low, high = (formats.number_format(facts[name] / 1000) for name in ("minimum", "maximum"))
    bounds = [facts[name] for name in ("low", "high") if facts.get(name) is not None]
    allowed = " – ".join(formats.number_format(bound / 1000) for bound in bounds)
    span = f"{low} {unit}" if low == high else f"{low} – {high} {unit}"
    if not allowed:
        return _("%(sensor)s: %(span)s, outside its limits.") % {"sensor": facts["sensor"], "span": span}
    return _("%(sensor)s since %(time)s: %(span)s; %(allowed)s %(unit)s is allowed.") % {
        "sensor": facts["sensor"],
        "time": _clock(facts["from"], zone),
        "span": span,
        "allowed": allowed,
        "unit": unit,
    }


def _clock(text: str, zone: str) -> str:
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return str(formats.time_format(at.time(), "TIME_FORMAT"))
