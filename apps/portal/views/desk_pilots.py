"""Pilots at the desk: who takes part beside all others, before and after a change; the address has it all."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.figures.pilots import compare
from apps.figures.reading import age
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.forms_pilots import PilotForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import pilots as present


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """The form, and what it asks for where it asks for something."""
    form = PilotForm(request.GET)
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "pilots",
        "form": form,
        "age": age(now=timezone.now()),
    }
    is_valid = form.is_valid()
    if is_valid:
        pilot = form.pilot
        compared = compare(form.cleaned_data["figure"], pilot)
        context |= {
            "pilot": pilot,
            "is_over": pilot.after.last < timezone.localdate(),
            "definition": compared.pilot_before.definition,
            "table": present.table(compared),
            "chart": present.chart(compared),
            "verdict": present.verdict(compared),
            "query": urlencode(form.kept),
        }
    status = 200 if is_valid or not form.is_asked else 422
    return render(request, "portal/desk/pilots.html", context, status=status)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """The four values as CSV or as a workbook."""
    form = PilotForm(request.GET)
    if name != "pilot" or not form.is_valid():
        raise Http404
    return table_file(present.table(compare(form.cleaned_data["figure"], form.pilot)), ending)
