"""Blocks on the day board: keeping a dock free for something that is no delivery, moving that, ending it."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments import services
from apps.appointments.landing import Landing, landings_of_block
from apps.appointments.models import DockOccupancy
from apps.appointments.search import local_day
from apps.appointments.services import SlotTaken
from apps.core.errors import DomainError
from apps.facilities.models import Dock, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.choosing import MINUTE
from apps.portal.forms_board import BlockForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import moving as presenter
from apps.portal.presenters.times import clock, span_label
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.board import Shown, fresh_board, read_shown


@require_http_methods(["GET", "POST"])
@hub_page
def block(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Keep a dock free for a while."""
    site = _site(request, site_id)
    now = timezone.now()
    shown = read_shown(request.GET, site, now)
    docks = list(Dock.objects.filter(site=site, active=True).order_by("rank", "name"))
    form = BlockForm(request.POST or None, site=site, docks=docks, day=shown.day)
    if request.method == "POST" and form.is_valid():
        dock, lane, during = form.wanted()
        try:
            services.block_dock(
                actor=request.actor,
                dock=dock,
                lane=lane,
                during=during,
                note=form.cleaned_data["note"],
                now=now,
            )
        except DomainError as refusal:
            if refusal.status not in SHOWN_IN_PLACE:
                raise
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("%(dock)s is blocked.") % {"dock": dock.name})
            day = local_day(during.lower, ZoneInfo(site.time_zone))
            return redirect(_board(site, Shown(day)))
    context = hub_frame(request, site=site) | {"site": site, "form": form, "back_url": _board(site, shown)}
    return render(request, "portal/hub/block.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@hub_page
def block_edit(request: ActingRequest, site_id: UUID, block_id: UUID) -> HttpResponse:
    """A block and where else it could be (GET); moving it, or ending it with ``action=remove`` (POST)."""
    site = _site(request, site_id)
    row = _block(site, block_id)
    now = timezone.now()
    typed = request.GET if "place" in request.GET or request.method == "GET" else request.POST
    day = local_day(row.during.lower, ZoneInfo(site.time_zone))
    shown = read_shown(typed, site, now) if typed.get("day") else Shown(day)
    if request.method == "POST" and typed.get("action") == "remove":
        services.unblock_dock(actor=request.actor, occupancy_id=row.pk)
        messages.success(request, _("%(dock)s is free again.") % {"dock": row.dock.name})
        return redirect(_board(site, shown))
    start = _moment(typed.get("start", ""), row)
    if request.method == "POST":
        return _move(request, site, row, presenter.read_place(typed.get("place", "")), start, shown, now)
    context = _question(site, row, start, shown, now)
    if typed.get("part") == "dialog":
        return render(request, "portal/hub/_block_form.html", context | {"in_dialog": True})
    return render(request, "portal/hub/block_edit.html", hub_frame(request, site=site) | context)


@require_GET
@hub_page
def block_check(request: ActingRequest, site_id: UUID, block_id: UUID) -> HttpResponse:
    """Whether one lane is free for the block, before it is dropped there."""
    site = _site(request, site_id)
    row = _block(site, block_id)
    place = presenter.read_place(request.GET.get("place", ""))
    found = _landings(site, row, _moment(request.GET.get("start", ""), row), timezone.now())
    wanted = next((landing for landing in found if (landing.dock.pk, landing.lane) == place), None)
    return JsonResponse(presenter.judged(wanted, site.time_zone))


def _move(
    request: ActingRequest,
    site: Site,
    row: DockOccupancy,
    place: tuple[UUID, int] | None,
    start: datetime,
    shown: Shown,
    now: datetime,
) -> HttpResponse:
    on_board = bool(request.htmx)
    try:
        wanted = next(
            (p for p in _landings(site, row, start, now) if (p.dock.pk, p.lane) == place and p.is_free), None
        )
        if wanted is None:
            raise SlotTaken(_("Something is there then; choose another dock or time."))
        services.move_block(
            actor=request.actor,
            occupancy_id=row.pk,
            dock=wanted.dock,
            lane=wanted.lane,
            start=start,
            now=now,
        )
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        if on_board:
            return fresh_board(request, site, shown, {"text": refusal.message}, status=refusal.status)
        context = _question(site, row, start, shown, now) | {"refusal": refusal.message}
        page = hub_frame(request, site=site) | context
        return render(request, "portal/hub/block_edit.html", page, status=refusal.status)
    words = _("The block is at %(dock)s from %(time)s.") % {
        "dock": wanted.dock.name,
        "time": clock(start, site.time_zone),
    }
    if not on_board:
        messages.success(request, words)
        return redirect(_board(site, shown))
    before = presenter.Standing((row.dock_id, row.lane), row.during.lower)
    address = reverse("hub:block_edit", args=[site.pk, row.pk])
    back = presenter.undo_url(address, before, version=0, board=shown.query()[1:])
    undo = {} if "undo" in request.GET else {"undo_url": back, "undo_label": _("Undo"), "undo_into": "#board"}
    return fresh_board(request, site, shown, {"text": words, **undo})


def _question(
    site: Site, row: DockOccupancy, start: datetime, shown: Shown, now: datetime
) -> dict[str, object]:
    zone = site.time_zone
    return {
        "site": site,
        "zone": zone,
        "blocked": row,
        "when": span_label(row.during.lower, row.during.upper, zone),
        "at": start.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M"),
        "lanes": presenter.choices(_landings(site, row, start, now), zone, here=(row.dock_id, row.lane)),
        "hidden": [("day", shown.day.isoformat()), ("density", shown.density)],
        "action": reverse("hub:block_edit", args=[site.pk, row.pk]),
        "back_url": _board(site, shown),
    }


def _landings(site: Site, row: DockOccupancy, start: datetime, now: datetime) -> list[Landing]:
    end = start + (row.during.upper - row.during.lower)
    return landings_of_block(site=site, start=start, end=end, now=now, besides=row.pk)


def _moment(typed: str, row: DockOccupancy) -> datetime:
    """The start that was named, as a script's moment or by the site's clock; else where the block begins."""
    try:
        if typed.endswith("Z"):
            return datetime.strptime(typed, MINUTE).replace(tzinfo=UTC)
        if typed:
            zone = ZoneInfo(row.dock.site.time_zone)
            return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        pass
    begins: datetime = row.during.lower
    return begins


def _site(request: ActingRequest, site_id: UUID) -> Site:
    """
    Raises:
        Http404, PermissionRefused: the site is not of the actor's recipients, or they don't work at it.
    """
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.block", site)
    return site


def _block(site: Site, block_id: UUID) -> DockOccupancy:
    rows = DockOccupancy.objects.select_related("dock__site").filter(kind=DockOccupancy.Kind.BLOCK)
    row = rows.filter(pk=block_id, dock__site=site).first()
    if row is None:
        raise Http404
    return row


def _board(site: Site, shown: Shown) -> str:
    return reverse("hub:board", args=[site.pk]) + shown.query()
