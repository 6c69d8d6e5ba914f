"""Figures of the desk: a choice beside another period, what is behind them, every table as a file."""

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
from apps.figures.definitions import DEFINITIONS, Figure
from apps.figures.reading import Age, By, Choice, age, behind, compared, figures, lateness
from apps.figures.tables import Table
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.forms_figures import FiguresForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import figures as present
from apps.tracking.models import ArrivalError

PAGE = 50
MOST_LINES = 50_000
#: Longer periods are drawn by the week.
DAILY = 35


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """Every figure of a choice, defined, with what could not be counted and the other period beside it."""
    form = _form(request)
    query = urlencode(form.kept)
    tables = present.overview(figures(form.choice), figures(form.beside), query)
    name = form.compared
    points = _trend(name, form.choice)
    rows = compared(name, form.choice, form.grouped_by)
    spread, histogram = present.lateness(lateness(form.choice))
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "figures",
        "form": form,
        "period": form.choice.period,
        "beside": form.beside.period,
        "age": _age_facts(age(now=timezone.now())),
        "tables": tables,
        "trend": present.trend(points, name=name),
        "trend_chart": present.chart_of_points(points, name=name),
        "compared": _compared(form, rows),
        "compared_chart": present.chart_of_comparison(rows, name=name),
        "lateness": spread,
        "lateness_chart": histogram,
        "arrivals": present.arrivals(ArrivalError.objects.all()),
        "not_counted": present.not_counted(),
        "query": query,
    }
    return render(request, "portal/desk/figures.html", context, status=200 if form.is_valid() else 422)


@desk_page
@require_GET
def drill(request: ActingRequest, name: str) -> HttpResponse:
    """The deliveries that a figure holds against us or was counted from, or those left out of it."""
    if name not in DEFINITIONS:
        raise Http404
    form, left_out = _form(request), "left" in request.GET
    page = Paginator(behind(name, form.choice, left_out=left_out), PAGE).get_page(request.GET.get("page"))
    query = urlencode(form.kept | ({"left": "1"} if left_out else {}))
    told = DEFINITIONS[name]
    context = {
        **desk_frame(request, section="figures"),
        "definition": told,
        "left_out": left_out,
        "period": form.choice.period,
        "page": page,
        "table": present.visits(f"behind-{name}", str(told.label), page.object_list, of=told),
        "query": query,
        "crumbs": [
            {"label": _("Figures"), "url": f"{reverse('desk:figures')}?{urlencode(form.kept)}"},
        ],
    }
    return render(request, "portal/desk/figure.html", context)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook."""
    form = _form(request)
    made = _table(name, form, left_out="left" in request.GET)
    if made is None or not form.is_valid():
        raise Http404
    return table_file(made, ending)


def _table(name: str, form: FiguresForm, *, left_out: bool) -> Table | None:
    if name.startswith("behind-"):
        figure = name.removeprefix("behind-")
        if figure not in DEFINITIONS:
            return None
        rows = behind(figure, form.choice, left_out=left_out)[:MOST_LINES]
        return present.visits(name, str(DEFINITIONS[figure].label), rows, of=DEFINITIONS[figure])
    if name == "arrivals":
        return present.arrivals(ArrivalError.objects.all())
    if name == "lateness":
        return present.lateness(lateness(form.choice))[0]
    if name == "trend":
        return present.trend(_trend(form.compared, form.choice), name=form.compared)
    if name == "compared":
        return _compared(form, compared(form.compared, form.choice, form.grouped_by))
    tables = present.overview(figures(form.choice), figures(form.beside), "")
    if name == "figures":
        return present.whole(tables)
    return next((each for each in tables if each.name == name), None)


def _form(request: ActingRequest) -> FiguresForm:
    return FiguresForm(request.GET, today=timezone.localdate())


def _trend(name: str, choice: Choice) -> list[tuple[str, Figure]]:
    by = By.DAY if choice.period.days <= DAILY else By.WEEK
    return compared(name, choice, by)


def _compared(form: FiguresForm, rows: list[tuple[str, Figure]]) -> Table:
    words = {By.SITE: _("Site"), By.CARRIER: _("Carrier"), By.LANE: _("Lane")}
    before = compared(form.compared, form.beside, form.grouped_by)
    return present.compared(form.compared, rows, before, by=words[form.grouped_by])


def _age_facts(told: Age) -> dict[str, Any]:
    return {"until": told.until, "back_to": told.back_to, "is_stale": told.is_stale}
