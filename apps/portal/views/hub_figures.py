"""A recipient's figures: how vehicles of all shippers came to its docks, without anybody's prices."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.figures.reading import Period
from apps.figures.receiving import received, utilisation
from apps.figures.tables import Table
from apps.portal.access import hub_page
from apps.portal.files import table_file
from apps.portal.forms_receiving import ReceivingForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import receiving as present


@hub_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """The docks' figures of a period beside the one before, by site, by shipper, and how full docks were."""
    form, period, sites = _asked(request)
    tables = _tables(sites, period)
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
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook."""
    form, period, sites = _asked(request)
    made = {each.name: each for each in _tables(sites, period)}
    if name not in made or not form.is_valid():
        raise Http404
    return table_file(made[name], ending)


def _asked(request: ActingRequest) -> tuple[ReceivingForm, Period, list[Site]]:
    """The period, and which of the reader's sites; all of them where none is chosen."""
    visible = receiving_sites_visible_to(request.actor).order_by("name")
    form = ReceivingForm(request.GET, today=timezone.localdate(), sites=visible)
    chosen = form.chosen
    return form, form.period, [chosen] if chosen else list(visible)


def _tables(sites: list[Site], period: Period) -> list[Table]:
    now, before = received(sites, period)[""], received(sites, period.before)[""]
    return [
        present.figures(now, before),
        present.compared(
            received(sites, period, by="shipper"), name="shippers", title=_("By shipper"), head=_("Shipper")
        ),
        present.compared(
            received(sites, period, by="site"), name="sites", title=_("By site"), head=_("Site")
        ),
        present.docks(sites, utilisation(sites, period)),
    ]
