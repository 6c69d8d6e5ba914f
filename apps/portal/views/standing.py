"""Standing appointments at hub and desk: listed, and one of them answered, ended, a day of it left out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.appointments.models import StandingAppointment
from apps.appointments.search import local_day
from apps.appointments.services.standing import accept_standing, decline_standing, end_standing, skip_visit
from apps.appointments.states import StandingState
from apps.core.errors import DomainError, PermissionRefused
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import desk_page, hub_page
from apps.portal.presenters import standing as present
from apps.portal.views.standing_common import (
    every_series,
    frame_at,
    go_to,
    list_url,
    managed_site,
    series_for,
    space_of,
)
from apps.tenancy.doorway import current_shipper

MOST_DAYS = 60
#: How long a day that is over stays on the page of its series.
SHOWN_BACK = timedelta(days=14)


@require_GET
@hub_page
def hub_list(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The series at one site, the newest first."""
    site = managed_site(request, site_id)
    return _list(
        request,
        every_series().filter(site=site),
        new_url=reverse("hub:series_new", args=[site.pk]),
        site=site,
    )


@require_GET
@desk_page
def desk_list(request: ActingRequest) -> HttpResponse:
    """The shipper's series at all sites, the newest first; each site proposes by its own link."""
    sites = receiving_sites_visible_to(request.actor).order_by("name")
    return _list(
        request,
        every_series().filter(shipper_id=current_shipper().pk),
        links=[{"name": s.name, "url": reverse("desk:series_new", args=[s.pk])} for s in sites],
    )


@require_http_methods(["GET", "POST"])
@hub_page
def hub_series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """One series (GET), and each step of it by ``action`` (POST)."""
    return _series(request, standing_id)


@require_http_methods(["GET", "POST"])
@desk_page
def desk_series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """One series (GET), and each step of it by ``action`` (POST)."""
    return _series(request, standing_id)


def _list(
    request: ActingRequest,
    rows: Any,
    *,
    new_url: str = "",
    links: list[dict[str, str]] | None = None,
    site: Site | None = None,
) -> HttpResponse:
    context = frame_at(request, site) | {
        "lines": [present.series_line(series, reader=request.actor.side) for series in rows[:200]],
        "new_url": new_url,
        "links": links or [],
    }
    return render(request, "portal/standing/list.html", context)


def _series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    series = series_for(request, standing_id)
    if request.method == "POST":
        return _step(request, series)
    return _page(request, series)


def _page(
    request: ActingRequest, series: StandingAppointment, *, refusal: DomainError | None = None
) -> HttpResponse:
    side = request.actor.side
    parties = present.parties_of(series)
    is_mine = series.state == StandingState.OFFERED and series.must_act == side
    change = series.replaced_by.filter(state=StandingState.OFFERED).first()
    now = timezone.now()
    lately = local_day(now, ZoneInfo(series.site.time_zone)) - SHOWN_BACK
    visits = series.visits.select_related("dock", "appointment").filter(day__gte=lately)[:MOST_DAYS]
    context = frame_at(request, series.site) | {
        "series": series,
        "zone": series.site.time_zone,
        "now": now,
        "title": _("%(shipper)s to %(site)s") % {"shipper": parties.shipper, "site": parties.recipient},
        "sentence": present.rule_sentence(series),
        "line": present.series_line(series, reader=side),
        "turn": present.series_turn(series, reader=side),
        "days": [present.day_line(visit, reader=side) for visit in visits],
        "entries": [present.history_entry(event, parties) for event in series.events.all()],
        "refusal": refusal,
        "may_answer": is_mine,
        "may_end": series.state == StandingState.AGREED
        or (series.state == StandingState.OFFERED and not is_mine),
        "is_agreed": series.state == StandingState.AGREED,
        "terms_url": reverse(f"{space_of(request)}:series_terms", args=[series.pk])
        if is_mine or (series.state == StandingState.AGREED and change is None)
        else "",
        "change_url": reverse(f"{space_of(request)}:series", args=[change.pk]) if change else "",
        "back": list_url(request, series.site),
    }
    status = refusal.status if refusal else 200
    return render(request, "portal/standing/series.html", context, status=status)


def _step(request: ActingRequest, series: StandingAppointment) -> HttpResponse:
    common: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    message = request.POST.get("message", "")[:1000]
    steps: dict[str, tuple[Callable[[], object], str]] = {
        "accept": (
            lambda: accept_standing(**common, standing_id=series.pk),
            _("Agreed; dock time is kept ahead."),
        ),
        "decline": (
            lambda: decline_standing(**common, standing_id=series.pk, message=message),
            _("The standing appointment is declined."),
        ),
        "end": (
            lambda: end_standing(**common, standing_id=series.pk, message=message),
            _("The standing appointment has ended; days that no delivery has are free again."),
        ),
        "skip": (
            lambda: skip_visit(
                **common, visit_id=_visit(series, request.POST.get("visit", "")), message=message
            ),
            _("The day is left out; its dock time is free again."),
        ),
    }
    if request.POST.get("action") not in steps:
        return _page(request, series)
    act, done = steps[request.POST["action"]]
    try:
        act()
    except PermissionRefused:
        raise
    except DomainError as refusal:
        return _page(request, series_for(request, series.pk), refusal=refusal)
    messages.success(request, done)
    return go_to(request, series)


def _visit(series: StandingAppointment, value: str) -> UUID:
    """One of the series' own days.

    Raises:
        Http404: there is none like that.
    """
    try:
        return get_object_or_404(series.visits, pk=UUID(value)).pk
    except ValueError:
        raise Http404 from None
