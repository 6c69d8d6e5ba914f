"""Risks at the desk: what comes in a week, how likely it comes late or fails, how well that is told."""

from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.figures.models import Risk, RiskModel
from apps.figures.prediction.training import LEAST_CASES, LEAST_WRONG
from apps.figures.reading import age
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.frame import desk_frame
from apps.portal.presenters import risks as present

PAGE = 50


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """What comes, the riskiest first, with reasons; how the model in use did on the days held back."""
    now = timezone.now()
    newest = RiskModel.objects.first()
    in_use = RiskModel.objects.filter(in_use=True).first()
    page = Paginator(_coming(now), PAGE).get_page(request.GET.get("page"))
    table, chart = present.calibration(newest.test["bins"] if newest else [])
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "risks",
        "age": age(now=now),
        "page": page,
        "table": present.coming(page.object_list),
        "model": in_use,
        "newest": newest,
        "told_by": present.model(newest),
        "calibration": table,
        "calibration_chart": chart,
        "least": {"cases": LEAST_CASES, "wrong": LEAST_WRONG},
    }
    return render(request, "portal/desk/risks.html", context)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """What comes, or the calibration, as CSV or as a workbook."""
    if name == "risks":
        return table_file(present.coming(_coming(timezone.now())), ending)
    newest = RiskModel.objects.first()
    if name != "calibration" or newest is None:
        raise Http404
    return table_file(present.calibration(newest.test["bins"])[0], ending)


def _coming(now: datetime) -> QuerySet[Risk]:
    rows = Risk.objects.filter(delivery__facts__came_at=None, delivery__facts__window_to__gt=now)
    return rows.select_related("delivery__facts__site", "delivery__facts__carrier").order_by(
        "-probability", "delivery__number"
    )
