"""A recipient's figures: how vehicles of all shippers came to its docks, without anybody's prices."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.appointments.models import Appointment
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.figures.definitions import DEFINITIONS
from apps.figures.reading import Period
from apps.figures.receiving import FIGURES, behind_received, received, utilisation
from apps.figures.tables import Table
from apps.portal.access import hub_page
from apps.portal.files import table_file
from apps.portal.forms_receiving import ReceivingForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import receiving as present

PAGE = 50
MOST_LINES = 50_000


@hub_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """The docks' figures of a period beside the one before, by site, by shipper, and how full docks were."""
    form, period, sites = _asked(request)
    tables = _tables(sites, period, urlencode(form.kept))
    context = {
        **hub_frame(request, section="figures"),
        "form": form,
        "period": period,
        "tables": tables,
        "query": urlencode(form.kept),
    }
    return render(request, "portal/hub/figures.html", context, status=200 if form.is_valid() else 422)


@hub_page
@require_GET
def drill(request: ActingRequest, name: str) -> HttpResponse:
    """The visits that a figure was counted from, those that were otherwise, or those left out of it."""
    if name not in FIGURES:
        raise Http404
    form, period, sites = _asked(request)
    left_out = "left" in request.GET
    rows = _behind(name, sites, period, left_out=left_out)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    told = DEFINITIONS[name]
    context = {
        **hub_frame(request, section="figures"),
        "definition": told,
        "left_out": left_out,
        "period": period,
        "page": page,
        "table": present.behind(name, page.object_list),
        "query": urlencode(form.kept | ({"left": "1"} if left_out else {})),
        "crumbs": [{"label": _("Figures"), "url": f"{reverse('hub:figures')}?{urlencode(form.kept)}"}],
    }
    return render(request, "portal/hub/figure.html", context, status=200 if form.is_valid() else 422)


@hub_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook."""
    form, period, sites = _asked(request)
    figure = name.removeprefix("behind-")
    if name != figure and figure in FIGURES:
        rows = _behind(figure, sites, period, left_out="left" in request.GET)[:MOST_LINES]
        made = {name: present.behind(figure, rows)}
    else:
        made = {each.name: each for each in _tables(sites, period, "")}
    if name not in made or not form.is_valid():
        raise Http404
    return table_file(made[name], ending)


def _asked(request: ActingRequest) -> tuple[ReceivingForm, Period, list[Site]]:
    """The period, and which of the reader's sites; all of them where none is chosen."""
    visible = receiving_sites_visible_to(request.actor).order_by("name")
    form = ReceivingForm(request.GET, today=timezone.localdate(), sites=visible)
    chosen = form.chosen
    return form, form.period, [chosen] if chosen else list(visible)


def _behind(name: str, sites: list[Site], period: Period, *, left_out: bool) -> QuerySet[Appointment]:
    return behind_received(name, sites, period, left_out=left_out).select_related("site", "shipper")


def _tables(sites: list[Site], period: Period, query: str) -> list[Table]:
    now, before = received(sites, period)[""], received(sites, period.before)[""]
    return [
        present.figures(now, before, query),
        present.compared(
            received(sites, period, by="shipper"), name="shippers", title=_("By shipper"), head=_("Shipper")
        ),
        present.compared(
            received(sites, period, by="site"), name="sites", title=_("By site"), head=_("Site")
        ),
        present.docks(sites, utilisation(sites, period)),
    ]
