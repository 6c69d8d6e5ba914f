"""The day board of a site: docks × time to scale, refreshed as it changes, and the gate's list to print."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.appointments.board import day_board
from apps.appointments.search import local_day
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.choosing import read_day
from apps.portal.frame import hub_frame
from apps.portal.presenters import board as presenter


@require_GET
@hub_page
def board(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The board of ``?day=``, by default today; ``?part=board`` is a refresh, 304 while nothing changed."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    now = timezone.now()
    day = read_day(request.GET.get("day", "")) or local_day(now, ZoneInfo(site.time_zone))
    density = "compact" if request.GET.get("density") == "compact" else ""
    poll_url = f"{reverse('hub:board', args=[site.pk])}?day={day.isoformat()}&density={density}&part=board"
    of_day = day_board(site=site, day=day, now=now)
    drawn = presenter.board(of_day, density=density, poll_url=poll_url)
    context = {"board": drawn, "gate_list": presenter.gate_list(of_day), "zone": site.time_zone}
    if request.GET.get("part") == "board":
        return _refresh(request, context, drawn["etag"])
    context |= hub_frame(request, site=site) | {
        "site": site,
        "density": density,
        "needs": presenter.needs(of_day),
        "around": presenter.days_around(site.pk, day, now=now, zone=site.time_zone),
        "now": now,
    }
    return render(request, "portal/hub/board.html", context)


def _refresh(request: ActingRequest, context: Mapping[str, object], etag: str) -> HttpResponse:
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "portal/hub/_board_refresh.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
