"""Demand and capacity at the desk: the weeks ahead by site and carrier, what is promised, what is missing."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.figures.demand import LEAST_WEEKS, WEEKS_BACK, capacity, demand, gaps
from apps.figures.reading import age
from apps.figures.tables import Table
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.frame import desk_frame
from apps.portal.presenters import demand as present


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """The next four weeks: all together, by site, by carrier."""
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "demand",
        "age": age(now=timezone.now()),
        "tables": _tables(),
        "least_weeks": LEAST_WEEKS,
        "weeks_back": WEEKS_BACK,
    }
    return render(request, "portal/desk/demand.html", context)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook."""
    made = {each.name: each for each in _tables()}
    if name not in made:
        raise Http404
    return table_file(made[name], ending)


def _tables() -> list[Table]:
    today = timezone.localdate()
    demanded, carried = demand(today), capacity(today)
    return [
        present.gaps(gaps(demanded, carried, today)),
        present.sites(demanded),
        present.carriers(carried),
    ]
