"""The hub's inbox: what waits for the recipient, what waits for the shipper, and the day at each site."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.models import Appointment, Offer
from apps.appointments.states import State
from apps.facilities.models import Site
from apps.portal.presenters.offers import is_late, load_line, open_offer, status, talk_status
from apps.portal.presenters.times import clock

Context = dict[str, Any]


def waiting_row(appointment: Appointment, offers: list[Offer], *, now: datetime) -> Context:
    """A row that the recipient answers: the first slot by one click, or after a look (``inbox_row.html``)."""
    row = _row(appointment, offers, now)
    offer = open_offer(offers)
    if offer is None or appointment.must_act_by is None or appointment.must_act_by <= now:
        return row | {"answer_label": _("Look")}
    first = offer.slots.all()[0]
    accept = reverse("hub:accept", args=[appointment.pk, offer.pk])
    return row | {
        "answer_label": _("Look"),
        "accept_url": f"{accept}?then=inbox",
        "accept_label": _("Accept %(time)s")
        % {"time": clock(first.during.lower, appointment.site.time_zone)},
        "accept_name": "slot",
        "accept_value": first.index,
    }


def pending_row(appointment: Appointment, offers: list[Offer], *, now: datetime) -> Context:
    """A row that waits for the shipper: nothing to do but to look."""
    return _row(appointment, offers, now) | {"answer_label": _("Look")}


def decided_row(appointment: Appointment, *, now: datetime) -> Context:
    """One line of what was lately decided, for a table: when it comes, or why it does not."""
    state, label = status(appointment, now=now)
    during = appointment.during
    return {
        "url": reverse("hub:appointment", args=[appointment.pk]),
        "reference": appointment.reference,
        "shipper": appointment.shipper.name,
        "site": appointment.site.name,
        "zone": appointment.site.time_zone,
        "state": state,
        "state_label": label,
        "start": during.lower if during else None,
        "end": during.upper if during else None,
        "dock": appointment.dock.name if appointment.dock else "",
        "number": appointment.confirmation_number or "",
    }


def site_days(sites: Iterable[Site], appointments: Iterable[Appointment], *, now: datetime) -> list[Context]:
    """Per site what today brings: how many are expected, there, done, late, and the next one."""
    rows = []
    by_site: dict[Any, list[Appointment]] = {}
    for appointment in appointments:
        by_site.setdefault(appointment.site_id, []).append(appointment)
    for site in sites:
        mine = sorted(by_site.get(site.pk, []), key=lambda a: a.during.lower)
        expected = [a for a in mine if a.state == State.CONFIRMED]
        upcoming = [a for a in expected if not is_late(a, now=now)]
        rows.append(
            {
                "name": site.name,
                "zone": site.time_zone,
                "board_url": reverse("hub:board", args=[site.pk]),
                "profile_url": reverse("hub:site", args=[site.pk]),
                "expected": len(upcoming),
                "late": sum(is_late(a, now=now) for a in expected),
                "there": sum(a.state in {State.ARRIVED, State.IN_PROGRESS} for a in mine),
                "done": sum(a.state == State.COMPLETED for a in mine),
                "no_show": sum(a.state == State.NO_SHOW for a in mine),
                "next": _next(upcoming[0]) if upcoming else None,
            }
        )
    return rows


def needs(waiting: int, *, may_answer: bool) -> str:
    """The sentence under the title: what needs doing."""
    if not may_answer:
        return _("A receiving manager answers requests; this page shows what comes.")
    if not waiting:
        return _("Nothing waits for an answer.")
    return ngettext("%(n)s request waits for an answer.", "%(n)s requests wait for an answer.", waiting) % {
        "n": waiting
    }


def _row(appointment: Appointment, offers: list[Offer], now: datetime) -> Context:
    offer = open_offer(offers)
    slots = list(offer.slots.all()) if offer else []
    state, label = talk_status(appointment, now=now, offers=len(offers))
    return {
        "url": reverse("hub:appointment", args=[appointment.pk]),
        "reference": appointment.reference,
        "title": _("%(shipper)s to %(site)s")
        % {"shipper": appointment.shipper.name, "site": appointment.site.name},
        "state": state,
        "state_label": label,
        "slot": {"start": slots[0].during.lower, "end": slots[0].during.upper} if slots else None,
        "zone": appointment.site.time_zone,
        "facts": [*_held(slots), load_line(appointment)],
        "expires_at": appointment.must_act_by,
    }


def _held(slots: list[Any]) -> list[str]:
    if not slots:
        return []
    more = len(slots) - 1
    also = ngettext("%(n)s other slot held", "%(n)s other slots held", more) % {"n": more} if more else ""
    return [slots[0].dock.name, *([also] if also else [])]


def _next(appointment: Appointment) -> Context:
    return {
        "url": reverse("hub:appointment", args=[appointment.pk]),
        "time": clock(appointment.during.lower, appointment.site.time_zone),
        "who": appointment.shipper.name,
        "reference": appointment.reference,
    }
