"""The day board of a site: docks × time to scale, refreshed as it changes, and the gate's list for today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.appointments.board import DayBoard, day_board
from apps.appointments.models import Appointment
from apps.appointments.search import local_day
from apps.appointments.services.self_reports import open_reports
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.choosing import read_day
from apps.portal.forms_gate import FindForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import board as presenter
from apps.portal.presenters.gate import on_site, unknown_vehicles


@dataclass(frozen=True)
class Shown:
    """Which board somebody looks at: the day, and how dense it is drawn."""

    day: date
    density: str = ""

    def query(self, **more: str) -> str:
        """As a query with its question mark."""
        return "?" + urlencode({"day": self.day.isoformat(), "density": self.density, **more})


def read_shown(asked: QueryDict, site: Site, now: datetime) -> Shown:
    """What an address or a form names, by default today."""
    day = read_day(asked.get("day", "")) or local_day(now, ZoneInfo(site.time_zone))
    return Shown(day, "compact" if asked.get("density") == "compact" else "")


@require_GET
@hub_page
def board(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The board of ``?day=``, by default today; ``?part=board`` is a refresh, 304 while nothing changed."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    now = timezone.now()
    shown = read_shown(request.GET, site, now)
    of_day = day_board(site=site, day=shown.day, now=now)
    context = _drawn(request, of_day, shown)
    if request.GET.get("part") == "board":
        return _refresh(request, context)
    context |= hub_frame(request, site=site) | {
        "site": site,
        "density": shown.density,
        "needs": presenter.needs(of_day),
        "around": presenter.days_around(site.pk, shown.day, now=now, zone=site.time_zone),
        "now": now,
    }
    return render(request, "portal/hub/board.html", context)


@require_GET
@hub_page
def gate_list(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Who comes when, for the guard: today's vehicles in words, to keep open or to print."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    now = timezone.now()
    shown = read_shown(request.GET, site, now)
    of_day = day_board(site=site, day=shown.day, now=now)
    context = hub_frame(request, site=site) | {
        "site": site,
        "zone": site.time_zone,
        "now": now,
        "board_url": reverse("hub:board", args=[site.pk]),
        **_on_site(of_day, presenter.gate_list(of_day, may_move=_may_move(request, site)), now),
        "form": FindForm(),
        "pdf_url": reverse("hub:gate_list_pdf", args=[site.pk]) + f"?day={shown.day.isoformat()}",
        "unknown": unknown_vehicles(site, open_reports(site, now=now)),
        "poster_url": reverse("hub:gate_poster", args=[site.pk])
        if allows(request.actor, "appointments.set_terms", site)
        else "",
        "title": presenter.title(of_day),
        "needs": presenter.needs(of_day),
        "may_move": _may_move(request, site),
    }
    return render(request, "portal/hub/gate_list.html", context)


def _on_site(of_day: DayBoard, lines: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """The list's lines with what the gate does next, and how many vehicles are where."""
    keys = [line["key"] for line in lines]
    found = (
        Appointment.objects.filter(pk__in=keys)
        .select_related("site", "dock", "expected")
        .prefetch_related("events")
    )
    listed, tiles = on_site(lines, {one.pk: one for one in found}, now=now)
    return {"gate_list": listed, "tiles": tiles}


def fresh_board(
    request: ActingRequest, site: Site, shown: Shown, toast: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The board as it is after a step that was taken on it, with the word about the step."""
    of_day = day_board(site=site, day=shown.day, now=timezone.now())
    context = {**_drawn(request, of_day, shown), **toast, "has_toast": True}
    response = render(request, "portal/hub/_board_refresh.html", context, status=status)
    response["ETag"] = context["board"]["etag"]
    return response


def _drawn(request: ActingRequest, of_day: DayBoard, shown: Shown) -> dict[str, Any]:
    site = of_day.site
    may_move = _may_move(request, site)
    poll_url = reverse("hub:board", args=[site.pk]) + shown.query(part="board")
    return {
        "board": presenter.board(of_day, density=shown.density, poll_url=poll_url, may_move=may_move),
        "gate_list": presenter.gate_list(of_day, may_move=may_move),
        "zone": site.time_zone,
        "may_move": may_move,
        "is_today": shown.day == local_day(of_day.now, ZoneInfo(site.time_zone)),
    }


def _may_move(request: ActingRequest, site: Site) -> bool:
    return allows(request.actor, "appointments.block", site)


def _refresh(request: ActingRequest, context: Mapping[str, Any]) -> HttpResponse:
    etag = context["board"]["etag"]
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "portal/hub/_board_refresh.html", context)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
