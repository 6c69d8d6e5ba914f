"""Standing appointments at hub and desk: listed, proposed, answered, changed, ended, a day left out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.models import StandingAppointment
from apps.appointments.search import local_day
from apps.appointments.services.standing import (
    SeriesRefused,
    accept_standing,
    counter_standing,
    decline_standing,
    end_standing,
    propose_standing,
    skip_visit,
)
from apps.appointments.states import StandingState
from apps.core.errors import DomainError, PermissionRefused
from apps.facilities.models import Dock, Partnership, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import desk_page, hub_page
from apps.portal.forms_standing import NewSeriesForm, SeriesForm
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.presenters import standing as present
from apps.tenancy.doorway import current_shipper

MOST_DAYS = 60
#: How long a day that is over stays on the page of its series.
SHOWN_BACK = timedelta(days=14)


@require_GET
@hub_page
def hub_list(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The series at one site, the newest first."""
    site = _managed(request, site_id)
    return _list(
        request, _all().filter(site=site), new_url=reverse("hub:series_new", args=[site.pk]), site=site
    )


@require_GET
@desk_page
def desk_list(request: ActingRequest) -> HttpResponse:
    """The shipper's series at all sites, the newest first; each site proposes by its own link."""
    sites = receiving_sites_visible_to(request.actor).order_by("name")
    return _list(
        request,
        _all().filter(shipper_id=current_shipper().pk),
        links=[{"name": s.name, "url": reverse("desk:series_new", args=[s.pk])} for s in sites],
    )


@require_http_methods(["GET", "POST"])
@hub_page
def hub_new(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Propose a series to one of the partners."""
    site = _managed(request, site_id)
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
def hub_series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """One series (GET), and each step of it by ``action`` (POST)."""
    return _series(request, standing_id)


@require_http_methods(["GET", "POST"])
@desk_page
def desk_series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    """One series (GET), and each step of it by ``action`` (POST)."""
    return _series(request, standing_id)


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


def _list(
    request: ActingRequest,
    rows: Any,
    *,
    new_url: str = "",
    links: list[dict[str, str]] | None = None,
    site: Site | None = None,
) -> HttpResponse:
    context = _frame(request, site) | {
        "lines": [present.series_line(series, reader=request.actor.side) for series in rows[:200]],
        "new_url": new_url,
        "links": links or [],
    }
    return render(request, "portal/standing/list.html", context)


def _new(request: ActingRequest, site: Site, partners: list[tuple[str, str]]) -> HttpResponse:
    today = local_day(timezone.now(), ZoneInfo(site.time_zone))
    form = NewSeriesForm(
        request.POST if request.method == "POST" else None,
        docks=_docks(site),
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
            return _go(request, made)
    title = _("Propose a standing appointment")
    return _form_page(request, site, form, title=title, back=_list_url(request, site))


def _series(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    series = _found(request, standing_id)
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
    context = _frame(request, series.site) | {
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
        "terms_url": reverse(f"{_space(request)}:series_terms", args=[series.pk])
        if is_mine or (series.state == StandingState.AGREED and change is None)
        else "",
        "change_url": reverse(f"{_space(request)}:series", args=[change.pk]) if change else "",
        "back": _list_url(request, series.site),
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
        return _page(request, _found(request, series.pk), refusal=refusal)
    messages.success(request, done)
    return _go(request, series)


def _terms(request: ActingRequest, standing_id: UUID) -> HttpResponse:
    series = _found(request, standing_id)
    form = SeriesForm(
        request.POST if request.method == "POST" else None, docks=_docks(series.site), series=series
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
            return _go(request, made)
    title = _("Propose other terms")
    back = reverse(f"{_space(request)}:series", args=[series.pk])
    return _form_page(request, series.site, form, title=title, back=back)


def _form_page(
    request: ActingRequest, site: Site, form: SeriesForm, *, title: str, back: str
) -> HttpResponse:
    context = _frame(request, site) | {"site": site, "form": form, "title": title, "back": back}
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


def _found(request: ActingRequest, standing_id: UUID) -> StandingAppointment:
    """A series of the actor's organisation, for who negotiates there.

    Raises:
        Http404, PermissionRefused
    """
    actor = request.actor
    mine = _all().filter(pk=standing_id)
    if actor.side == Side.SHIPPER:
        mine = mine.filter(shipper_id=current_shipper().pk)
    else:
        mine = mine.filter(site__recipient_id__in=actor.recipient_ids)
    series = mine.first()
    if series is None:
        raise Http404
    require(actor, "appointments.standing", series)
    return series


def _all() -> Any:
    return StandingAppointment.objects.select_related("shipper", "site__recipient", "dock").order_by("-id")


def _visit(series: StandingAppointment, value: str) -> UUID:
    """One of the series' own days.

    Raises:
        Http404: there is none like that.
    """
    try:
        return get_object_or_404(series.visits, pk=UUID(value)).pk
    except ValueError:
        raise Http404 from None


def _managed(request: ActingRequest, site_id: UUID) -> Site:
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.standing", StandingAppointment(site=site))
    return site


def _docks(site: Site) -> list[Dock]:
    return list(Dock.objects.filter(site=site, active=True).order_by("rank", "name"))


def _space(request: ActingRequest) -> str:
    return "desk" if request.actor.side == Side.SHIPPER else "hub"


def _frame(request: ActingRequest, site: Site | None) -> dict[str, Any]:
    if request.actor.side == Side.SHIPPER:
        return desk_frame(request, section="offers") | {"base": "desk_base.html"}
    return hub_frame(request, site=site) | {"base": "hub_base.html"}


def _list_url(request: ActingRequest, site: Site) -> str:
    return (
        reverse("desk:series_list")
        if _space(request) == "desk"
        else reverse("hub:series_list", args=[site.pk])
    )


def _go(request: ActingRequest, series: StandingAppointment) -> HttpResponse:
    return redirect(f"{_space(request)}:series", series.pk)
