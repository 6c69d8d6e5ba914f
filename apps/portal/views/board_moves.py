"""Moving a vehicle on the day board: what is in the way, the dialog, the move and its undoing."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.landing import HERE, Landing, begins, landings
from apps.appointments.models import Appointment
from apps.appointments.search import local_day
from apps.appointments.services import SlotRefused, SlotTaken
from apps.appointments.services.moving import is_movable, may_choose_time
from apps.appointments.states import State
from apps.core.errors import DomainError, IllegalTransition
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.choosing import MINUTE
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment
from apps.portal.presenters import moving as presenter
from apps.portal.presenters.offers import status
from apps.portal.presenters.times import clock, span_label
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.board import Shown, fresh_board, read_shown

WAITING = "waiting"


@dataclass(frozen=True)
class Asked:
    """A move as a form, a script or the way back names it; ``place`` None: the vehicle is to wait."""

    place: tuple[UUID, int] | None
    start: datetime | None
    version: int | None


@require_http_methods(["GET", "POST"])
@hub_page
def move(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Every dock with what is in the way (GET; ``?part=dialog`` without the page around), the move (POST)."""
    appointment = _movable(request, appointment_id)
    now = timezone.now()
    typed = _typed(request)
    shown = read_shown(typed, appointment.site, now)
    if request.method == "POST":
        return _move(request, appointment, typed, shown, now)
    if not is_movable(appointment):
        messages.info(request, _not_movable(appointment).message)
        return redirect("hub:appointment", appointment.pk)
    context = _question(appointment, _moment(typed, appointment, now), shown, now)
    if typed.get("part") == "dialog":
        return render(request, "portal/hub/_move_form.html", context | {"in_dialog": True})
    return _page(request, appointment, context)


@require_GET
@hub_page
def check(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Whether one lane is free for the vehicle, before it is dropped there: ``free``, and a sentence."""
    appointment = _movable(request, appointment_id)
    now = timezone.now()
    place = presenter.read_place(request.GET.get("place", ""))
    if not is_movable(appointment) or place is None:
        return JsonResponse({"free": False, "says": _("It can’t be moved any more.")})
    found = _landings(appointment, _moment(request.GET, appointment, now), now)
    return JsonResponse(presenter.judged(_at(found, place), appointment.site.time_zone))


def _move(
    request: ActingRequest, appointment: Appointment, typed: QueryDict, shown: Shown, now: datetime
) -> HttpResponse:
    version = typed.get("version", "")
    asked = Asked(
        place=presenter.read_place(typed.get("place", "")),
        start=_moment(typed, appointment, now),
        version=int(version) if version.isdecimal() else None,
    )
    on_board = typed.get("part") == "board" or bool(request.htmx)
    before = _standing(appointment)
    try:
        if not is_movable(appointment):
            raise _not_movable(appointment)
        if typed.get("place") == WAITING:
            moved = _wait(request, appointment, asked, now)
        else:
            moved = _give_dock(request, appointment, asked, now)
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return _refused(request, appointment, asked, shown, refusal, now, on_board=on_board)
    words = _moved_words(hub_appointment(request.actor, moved.pk))
    if not on_board:
        messages.success(request, words)
        return redirect(reverse("hub:board", args=[appointment.site_id]) + shown.query())
    toast: dict[str, Any] = {"text": words}
    if not typed.get("undo"):
        address = reverse("hub:move", args=[appointment.pk])
        toast |= {
            "undo_url": presenter.undo_url(address, before, version=moved.version, board=shown.query()[1:]),
            "undo_label": _("Undo"),
            "undo_into": "#board",
        }
    return fresh_board(request, appointment.site, shown, toast)


def _give_dock(request: ActingRequest, appointment: Appointment, asked: Asked, now: datetime) -> Appointment:
    """The move, after a look at whose vehicle is there: the hub may know it, the shipper's role may not.

    Raises:
        SlotRefused, SlotTaken: no dock was chosen, or something is in the way; says what, and what is free.
    """
    if asked.place is None:
        raise SlotRefused(_("Choose a dock."))
    found = _landings(appointment, asked.start, now)
    wanted = _at(found, asked.place)
    if wanted is not None and not wanted.is_free:
        raise SlotTaken(" ".join(wanted.reasons), free=[presenter.lane_name(p) for p in found if p.is_free])
    with enter_delivery(actor=request.actor, appointment_id=appointment.pk) as delivery:
        return services.move_vehicle(
            actor=request.actor,
            delivery=delivery,
            appointment_id=appointment.pk,
            dock_id=asked.place[0],
            lane=asked.place[1],
            start=asked.start,
            version=asked.version,
            now=now,
        )


def _wait(request: ActingRequest, appointment: Appointment, asked: Asked, now: datetime) -> Appointment:
    with enter_delivery(actor=request.actor, appointment_id=appointment.pk) as delivery:
        return services.take_from_dock(
            actor=request.actor,
            delivery=delivery,
            appointment_id=appointment.pk,
            version=asked.version,
            now=now,
        )


def _refused(
    request: ActingRequest,
    appointment: Appointment,
    asked: Asked,
    shown: Shown,
    refusal: DomainError,
    now: datetime,
    *,
    on_board: bool,
) -> HttpResponse:
    free = refusal.details.get("free")
    text = refusal.message
    if free:
        text = _("%(reason)s Free then: %(docks)s.") % {"reason": text, "docks": ", ".join(free)}
    if on_board:
        return fresh_board(
            request, appointment.site, shown, {"text": text, "seconds": 20}, status=refusal.status
        )
    if not is_movable(appointment):
        messages.error(request, text)
        return redirect("hub:appointment", appointment.pk)
    context = _question(appointment, asked.start, shown, now) | {"refusal": text}
    return _page(request, appointment, context, status=refusal.status)


def _page(
    request: ActingRequest, appointment: Appointment, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    frame = hub_frame(request, site=appointment.site)
    return render(request, "portal/hub/move.html", frame | context, status=status)


def _question(
    appointment: Appointment, start: datetime | None, shown: Shown, now: datetime
) -> dict[str, Any]:
    """Context of the form: each lane at that time, and what is said about the time itself."""
    site = appointment.site
    begin = begins(appointment, start, now)
    state, label = status(appointment, now=now)
    here = _standing(appointment)
    during = appointment.during
    return {
        "appointment": appointment,
        "site": site,
        "zone": site.time_zone,
        "state": state,
        "state_label": label,
        "when": span_label(during.lower, during.upper, site.time_zone) if during else "",
        "chooses_time": may_choose_time(appointment),
        "may_wait": appointment.state == State.ARRIVED,
        "at": begin.astimezone(ZoneInfo(site.time_zone)).strftime("%H:%M"),
        "start": begin.strftime(MINUTE),
        "lanes": presenter.choices(
            landings(appointment=appointment, start=begin, now=now), site.time_zone, here=here.place
        ),
        "hidden": [
            ("version", appointment.version),
            ("day", shown.day.isoformat()),
            ("density", shown.density),
        ],
        "action": reverse("hub:move", args=[appointment.pk]),
    }


def _standing(appointment: Appointment) -> presenter.Standing:
    """Where the vehicle stands or is to stand, for the way back."""
    if appointment.dock_id is None or appointment.during is None:
        return presenter.Standing((None, None), None)
    return presenter.Standing((appointment.dock_id, appointment.lane or 1), appointment.during.lower)


def _movable(request: ActingRequest, appointment_id: UUID) -> Appointment:
    """The appointment, for somebody who works at its site.

    Raises:
        Http404, PermissionRefused
    """
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.move", appointment)
    return appointment


def _not_movable(appointment: Appointment) -> IllegalTransition:
    if appointment.state == State.OFFERED:
        return IllegalTransition(
            _("%(reference)s is offered and not agreed; another dock is proposed as a counter-offer.")
            % {"reference": appointment.reference}
        )
    words = {"number": str(appointment), "state": appointment.get_state_display().lower()}
    return IllegalTransition(_("%(number)s is %(state)s; it has no dock to leave.") % words)


def _landings(appointment: Appointment, start: datetime | None, now: datetime) -> list[Landing]:
    return landings(appointment=appointment, start=begins(appointment, start, now), now=now)


def _at(found: list[Landing], place: tuple[UUID, int]) -> Landing | None:
    return next((landing for landing in found if (landing.dock.pk, landing.lane) == place), None)


def _typed(request: ActingRequest) -> QueryDict:
    """The form's fields; the way back carries them in its address."""
    return request.GET if "place" in request.GET or request.method == "GET" else request.POST


def _moment(typed: QueryDict, appointment: Appointment, now: datetime) -> datetime | None:
    """The start that was named: a script's moment, or the site's clock on today's date; None for neither.

    Only a vehicle that is here has a start to choose.
    """
    if appointment.state not in HERE:
        return None
    start, at = typed.get("start", ""), typed.get("at", "")
    try:
        if start:
            return datetime.strptime(start, MINUTE).replace(tzinfo=UTC)
        if at:
            zone = ZoneInfo(appointment.site.time_zone)
            today = local_day(now, zone)
            return datetime.combine(today, time.fromisoformat(at), tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
    return None


def _moved_words(appointment: Appointment) -> str:
    if appointment.dock is None or appointment.during is None:
        return _("%(number)s waits for a dock.") % {"number": str(appointment)}
    words = {
        "number": str(appointment),
        "dock": appointment.dock.name,
        "time": clock(appointment.during.lower, appointment.site.time_zone),
    }
    return _("%(number)s goes to %(dock)s at %(time)s.") % words
