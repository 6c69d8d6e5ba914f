"""The waiting list: a delivery joins and leaves it at the desk; the hub sees who waits and sets the terms."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.models import WaitingEntry
from apps.appointments.models.waiting import LIVE
from apps.appointments.search import local_day
from apps.appointments.services import ChangedMeanwhile
from apps.appointments.services.terms import set_terms, terms_of
from apps.appointments.services.waiting import StillFree, ahead_of, leave_waiting_list
from apps.appointments.states import WaitingState
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, load_of
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import desk_page, hub_page
from apps.portal.choosing import read_day
from apps.portal.forms_desk import VehicleForm
from apps.portal.forms_waiting import TERMS, TermsForm, WaitForm
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.presenters import deliveries as present
from apps.portal.presenters.offers import load_line
from apps.portal.presenters.stale import stale
from apps.portal.presenters.times import day_label
from apps.portal.views.desk_vehicle import vehicle_default, with_vehicle
from apps.tenancy import doorway


@desk_page
@require_http_methods(["GET", "POST"])
def wait(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Choose the days to wait for (GET), join the list (POST); what is free instead is shown."""
    delivery = delivery_by_id(delivery_id)
    typed = request.POST or request.GET
    now = timezone.now()
    day = read_day(typed.get("day", "")) or max(
        delivery.day, local_day(now, ZoneInfo(delivery.site.time_zone))
    )
    vehicle = VehicleForm(typed if "length" in typed else vehicle_default(delivery))
    form = WaitForm(
        request.POST if request.method == "POST" else None, initial={"first_day": day, "last_day": day}
    )
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            services.wait_for_slot(
                actor=request.actor,
                delivery=delivery,
                load=with_vehicle(load_of(delivery), vehicle),
                now=now,
                **form.cleaned_data,
            )
        except PermissionRefused:
            raise
        except StillFree as free:
            messages.info(request, free.message)
            shown = {"day": form.cleaned_data["first_day"].isoformat()}
            return redirect(f"{reverse('desk:ask', args=[delivery.pk])}?{urlencode(shown)}")
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The delivery waits; what becomes free is offered in turn."))
            return redirect("desk:delivery", delivery.pk)
    names = VehicleForm.base_fields if "length" in typed else ()
    context = desk_frame(request, section="deliveries") | {
        "delivery": delivery,
        "recipient": present.recipient_of(delivery),
        "crumbs": [
            {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
            {"label": delivery.number, "url": present.link_to(delivery.pk)},
        ],
        "form": form,
        "hidden": [(name, typed[name]) for name in names if name in typed],
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/wait.html", context, status=status)


@desk_page
@require_POST
def leave(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Take a delivery off the list."""
    delivery = delivery_by_id(delivery_id)
    entry = live_entry(delivery)
    if entry is not None:
        leave_waiting_list(actor=request.actor, entry=entry, now=timezone.now())
        messages.success(request, _("The delivery no longer waits."))
    return redirect("desk:delivery", delivery.pk)


@hub_page
@require_http_methods(["GET", "POST"])
def waiting_list(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Who waits at a site, in turn, and the terms of waiting and holding (POST sets them)."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.set_terms", site)
    form = TermsForm(request.POST if request.method == "POST" else None, instance=terms_of(site.pk))
    conflict: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        typed = {name: form.cleaned_data[name] for name in TERMS}
        try:
            set_terms(
                actor=request.actor,
                site=site,
                terms=typed,
                version=form.cleaned_data["read_at"],
                now=timezone.now(),
            )
        except ChangedMeanwhile as refusal:
            stands = terms_of(site.pk)
            conflict = stale(refusal.message, stands, typed, by=stands.set_by)
            form = TermsForm({**request.POST.dict(), "read_at": stands.version}, instance=stands)
        else:
            messages.success(request, _("The terms are set."))
            return redirect("hub:waiting", site.pk)
    entries = WaitingEntry.objects.filter(site=site, state__in=LIVE).select_related("shipper", "appointment")
    context = hub_frame(request, site=site) | {
        "site": site,
        "zone": site.time_zone,
        "form": form,
        "stale": conflict,
        "lines": [_line(entry) for entry in entries],
    }
    status = 409 if conflict else 422 if form.errors else 200
    return render(request, "portal/hub/waiting.html", context, status=status)


def live_entry(delivery: Delivery) -> WaitingEntry | None:
    """The entry by which the delivery waits, or by which a slot is offered; None when it does neither."""
    return WaitingEntry.objects.filter(delivery_id=delivery.pk, state__in=LIVE).first()


def waiting_facts(delivery: Delivery) -> dict[str, Any] | None:
    """How a delivery waits, for its page: since when, for which days, how many are before it."""
    entry = live_entry(delivery)
    if entry is None or entry.state != WaitingState.WAITING:
        return None
    with doorway.network():
        ahead = ahead_of(entry)
    before = ngettext("%(n)d delivery asked before.", "%(n)d deliveries asked before.", ahead) % {"n": ahead}
    return {
        "days": _days(entry),
        "since": entry.asked_at,
        "by": entry.asked_by,
        "before": before if ahead else _("It is the next."),
    }


def _line(entry: WaitingEntry) -> dict[str, Any]:
    is_offered = entry.state == WaitingState.OFFERED and entry.appointment is not None
    return {
        "shipper": entry.shipper.name,
        "reference": entry.reference,
        "url": reverse("hub:appointment", args=[entry.appointment_id]) if is_offered else "",
        "load": load_line(entry),
        "days": _days(entry),
        "since": entry.asked_at,
        "state": "offered" if is_offered else "waiting",
        "state_label": str(entry.get_state_display()),
    }


def _days(entry: WaitingEntry) -> str:
    first, last = entry.days.lower, entry.days.upper - timedelta(days=1)
    return day_label(first) if first == last else f"{day_label(first)} – {day_label(last)}"
