"""The terms of a standing appointment: proposing a series, and other terms for one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.appointments.models import StandingAppointment
from apps.appointments.search import local_day
from apps.appointments.services.standing import SeriesRefused, counter_standing, propose_standing
from apps.appointments.states import StandingState
from apps.core.errors import DomainError, PermissionRefused
from apps.facilities.models import Partnership, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import desk_page, hub_page
from apps.portal.forms_standing import NewSeriesForm, SeriesForm
from apps.portal.views.standing_common import (
    docks_of,
    frame_at,
    go_to,
    list_url,
    managed_site,
    series_for,
    space_of,
)
from apps.tenancy.doorway import current_shipper


@require_http_methods(["GET", "POST"])
@hub_page
def hub_new(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Propose a series to one of the partners."""
    site = managed_site(request, site_id)
    partnerships = Partnership.objects.filter(recipient=site.recipient, active=True)
    partners = [(str(p.shipper_id), p.shipper.name) for p in partnerships.select_related("shipper")]
    return _new(request, site, partners)


@require_http_methods(["GET", "POST"])
@desk_page
def desk_new(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Propose a series to a partner's site."""
    return _new(request, get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id), [])


@require_http_methods(["GET", "POST"])
@hub_page
def hub_terms(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """Other terms: an answer to what is proposed, or a change of what is agreed."""
    return _terms(request, standing_id)


@require_http_methods(["GET", "POST"])
@desk_page
def desk_terms(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """Other terms: an answer to what is proposed, or a change of what is agreed."""
    return _terms(request, standing_id)


def _new(request: ActingRequest, site: Site, partners: list[tuple[str, str]]) -> HttpResponse:
    today = local_day(timezone.now(), ZoneInfo(site.time_zone))
    form = NewSeriesForm(
        request.POST if request.method == "POST" else None,
        docks=docks_of(site),
        partners=partners,
        initial={"first_day": today + timedelta(days=1), "every": 1},
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data.get("partner")
        made = _try(
            form,
            lambda: propose_standing(
                actor=request.actor,
                site=site,
                shipper_id=UUID(chosen) if chosen else current_shipper().pk,
                terms=form.terms(),
                load=form.load(),
                message=form.cleaned_data["message"],
                now=timezone.now(),
            ),
        )
        if made is not None:
            messages.success(request, _("The standing appointment is proposed."))
            return go_to(request, made)
    title = _("Propose a standing appointment")
    return _form_page(request, site, form, title=title, back=list_url(request, site))


def _terms(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    series = series_for(request, standing_id)
    form = SeriesForm(
        request.POST if request.method == "POST" else None, docks=docks_of(series.site), series=series
    )
    if request.method == "POST" and form.is_valid():
        common: dict[str, Any] = {
            "actor": request.actor,
            "terms": form.terms(),
            "message": form.cleaned_data["message"],
            "now": timezone.now(),
        }
        if series.state == StandingState.AGREED:
            made = _try(
                form,
                lambda: propose_standing(
                    **common,
                    site=series.site,
                    shipper_id=series.shipper_id,
                    load=series.load,
                    replaces=series,
                ),
            )
        else:
            made = _try(form, lambda: counter_standing(**common, standing_id=series.pk))
        if made is not None:
            messages.success(request, _("The other terms are proposed."))
            return go_to(request, made)
    title = _("Propose other terms")
    back = reverse(f"{space_of(request)}:series", args=[series.pk])
    return _form_page(request, series.site, form, title=title, back=back)


def _form_page(
    request: ActingRequest, site: Site, form: SeriesForm, *, title: str, back: str
) -> HttpResponse:
    context = frame_at(request, site) | {"site": site, "form": form, "title": title, "back": back}
    return render(request, "portal/standing/form.html", context, status=422 if form.errors else 200)


def _try(form: SeriesForm, act: Callable[[], StandingAppointment]) -> StandingAppointment | None:
    """The step, or its refusal beside the field that it is about."""
    try:
        return act()
    except PermissionRefused:
        raise
    except SeriesRefused as refusal:
        field = refusal.details.get("field")
        form.add_error(field if field in form.fields else None, refusal.message)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
    return None
