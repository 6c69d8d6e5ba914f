"""Figures of the desk: a period beside the one before, and the deliveries behind a figure."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.insights.figures import DEFINITIONS, Name, Period, behind, figures
from apps.portal.access import desk_page
from apps.portal.forms_figures import PeriodForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import figures as present

USUAL = timedelta(days=27)
PAGE = 50


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """Every figure of the period, defined, with what could not be counted and the period before."""
    form, period, site = _asked(request)
    site_id = site.pk if site else None
    context = {
        **desk_frame(request, section="figures"),
        "form": form,
        "period": period,
        "tiles": present.tiles(figures(period, site_id=site_id), figures(period.before, site_id=site_id)),
        "query": urlencode(_kept(period, site_id)),
    }
    return render(request, "portal/desk/figures.html", context)


@desk_page
@require_GET
def drill(request: ActingRequest, name: str) -> HttpResponse:
    """The deliveries that a figure holds against us."""
    if name not in present.DRILLED:
        raise Http404
    _form, period, site = _asked(request)
    site_id = site.pk if site else None
    figure = Name(name)
    page = Paginator(behind(figure, period, site_id=site_id), PAGE).get_page(request.GET.get("page"))
    back = f"{reverse('desk:figures')}?{urlencode(_kept(period, site_id))}"
    context = {
        **desk_frame(request, section="figures"),
        "definition": DEFINITIONS[figure],
        "period": period,
        "page": page,
        "crumbs": [{"label": _("Figures"), "url": back}],
    }
    return render(request, "portal/desk/figure.html", context)


def _asked(request: ActingRequest) -> tuple[PeriodForm, Period, Any]:
    """What the address asks for; without a period, or with a wrong one, the last four weeks."""
    today = timezone.localdate()
    usual = {"first": today - USUAL, "last": today}
    form = PeriodForm(request.GET if {"first", "last"} & request.GET.keys() else usual)
    if form.is_valid():
        return form, Period(form.cleaned_data["first"], form.cleaned_data["last"]), form.cleaned_data["site"]
    return form, Period(**usual), None


def _kept(period: Period, site_id: Any) -> dict[str, str]:
    kept = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    return kept | ({"site": str(site_id)} if site_id else {})
