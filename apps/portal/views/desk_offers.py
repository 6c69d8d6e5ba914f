"""Offers of the desk: what waits for the shipper, most urgent first, and what waits for recipients."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.appointments.models import Appointment, Offer
from apps.appointments.selectors import appointments_visible_to
from apps.portal.access import desk_page
from apps.portal.frame import desk_frame
from apps.portal.presenters import deliveries as present
from apps.portal.presenters.offers import load_line, open_offer, slot_facts, talk_status

MOST = 200


@desk_page
@require_GET
def offers(request: ActingRequest) -> HttpResponse:
    """Both sides of what is being negotiated, each ordered by when its offer expires."""
    live = list(
        appointments_visible_to(request.actor)
        .filter(must_act__in=[Side.SHIPPER, Side.RECIPIENT])  # those that the index of whose turn it is holds
        .select_related("site__recipient", "dock")
        .prefetch_related(Prefetch("offers", Offer.objects.order_by("id").prefetch_related("slots__dock")))
        .order_by("must_act_by", "id")[: MOST + 1]
    )
    now = timezone.now()
    ours = [entry(each, now) for each in live[:MOST] if each.must_act == Side.SHIPPER]
    theirs = [entry(each, now) for each in live[:MOST] if each.must_act != Side.SHIPPER]
    may_answer = allows(request.actor, "deliveries.plan")
    context = {
        **desk_frame(request, section="offers"),
        "ours": ours if may_answer else [],
        "theirs": theirs,
        "needs": _needs(len(ours)),
        "is_cut": len(live) > MOST,
        "now": now,
    }
    return render(request, "portal/desk/offers.html", context)


def entry(appointment: Appointment, now: datetime) -> dict[str, Any]:
    """One negotiation as ``inbox_row.html`` takes it: the first proposal is accepted by one click."""
    made = list(appointment.offers.all())
    offer = open_offer(made)
    slots = [slot_facts(slot) for slot in offer.slots.all()] if offer else []
    is_ours = appointment.must_act == Side.SHIPPER
    state, label = talk_status(appointment, now=now, offers=len(made))
    more = len(slots) - 1
    facts = [load_line(appointment)]
    if more > 0:
        facts.insert(0, ngettext("and %(n)d other slot", "and %(n)d other slots", more) % {"n": more})
    if offer and offer.message:
        facts.append(f"“{offer.message}”")
    return {
        "url": present.link_to(appointment.delivery_id),
        "reference": appointment.reference,
        "title": appointment.site.name,
        "state": state,
        "state_label": label,
        "facts": facts,
        "slot": slots[0] if slots else None,
        "zone": appointment.site.time_zone,
        "expires_at": appointment.must_act_by,
        "accept_url": reverse("desk:accept", args=[appointment.delivery_id, offer.pk])
        if is_ours and offer
        else "",
        "accept_label": _("Accept this slot"),
        "accept_value": slots[0]["value"] if slots else "",
        "answer_label": _("Compare and answer") if is_ours else _("Look at it"),
    }


def _needs(count: int) -> str:
    if not count:
        return _("No recipient waits for an answer.")
    return ngettext("%(n)d recipient waits for an answer.", "%(n)d recipients wait for an answer.", count) % {
        "n": count
    }
