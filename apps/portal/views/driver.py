"""The driver's phone: a link opened once, one route, its next step; steps come by form or from a queue."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.services import find_link
from apps.core.errors import DomainError
from apps.deliveries.selectors import consignments_of
from apps.deliveries.services import judged, request_code
from apps.driving import services
from apps.driving.errors import ActionInvalid
from apps.driving.models import DriverAction, DriverSession
from apps.driving.saying import statement_said, text_said
from apps.driving.selectors import actor_of, round_of, session_by_secret
from apps.driving.services.access import PURPOSE
from apps.portal.forms_driving import read_position, read_step
from apps.portal.forms_handover import line_choices
from apps.portal.presenters.driving import halts_of, rows_of
from apps.portal.presenters.handover import review
from apps.tenancy.doorway import current_shipper

COOKIE = "dockside_drive"
#: With it the queue says that it sends a file and waits for JSON.
QUEUE = "X-Drive-Queue"
PATH = "/drive/"
LEFT_OUT = frozenset({"csrfmiddlewaretoken", "step", "code", "released_strokes", "received_strokes"})


def driver_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For the phone that opened a route; it reaches that one and nothing else."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        session = session_by_secret(request.COOKIES.get(COOKIE, ""), now=timezone.now())
        return view(request, session, *args, **kwargs)

    return page


@never_cache
@require_http_methods(["GET", "POST"])
def open_route(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link opens (GET), open it on this phone (POST); it works once."""
    now = timezone.now()
    link = find_link(token, PURPOSE, now=now)
    if request.method == "GET":
        return render(request, "portal/drive/open.html", {"link": link, "shipper": current_shipper().name})
    session, secret = services.open_route(token=token, now=now)
    answer = redirect("desk:drive")
    answer.set_cookie(
        COOKIE,
        secret,
        path=PATH,
        expires=session.expires_at,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return answer


@driver_page
@require_GET
def drive(request: HttpRequest, session: DriverSession) -> HttpResponse:
    """The round: the next stop with all one needs there, one large step to take, the other stops below."""
    return _page(request, session, timezone.now())


@driver_page
@require_POST
def step(request: HttpRequest, session: DriverSession) -> HttpResponse:
    """Take one step: from the queue it is answered as JSON, from a form by the page as it then stands."""
    now = timezone.now()
    from_queue = request.content_type == "application/json" or QUEUE in request.headers
    if request.POST.get("step") == "review":
        return _statement(request, session, now)
    if request.POST.get("step") == "code":
        return _send_code(request, session, now)
    try:
        action = services.perform(session=session, sent=read_step(request, now), now=now)
    except DomainError as error:
        if from_queue:
            return JsonResponse({"outcome": "refused", "answer": error.message}, status=error.status)
        return _page(request, session, now, refused=error.message, status=error.status)
    if from_queue:
        return JsonResponse({"outcome": action.outcome, "answer": action.answer})
    if action.outcome == DriverAction.Outcome.REFUSED:
        return _page(request, session, now, refused=action.answer, status=409)
    messages.success(request, _("%(step)s: on record.") % {"step": DriverAction.Kind(action.kind).label})
    return redirect("desk:drive")


@driver_page
@require_POST
def position(request: HttpRequest, session: DriverSession) -> HttpResponse:
    """Where the phone is between two steps, when its owner allows it."""
    try:
        key, at, facts = read_position(request)
        kept = services.follow(session=session, id=key, facts=facts, at=at, now=timezone.now())
    except DomainError as error:
        return JsonResponse({"answer": error.message}, status=error.status)
    return JsonResponse({"outcome": "accepted" if kept else "refused"})


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; it is served here because it may only look after pages below its own address."""
    path = finders.find("js/drive_worker.js")
    assert isinstance(path, str)
    with open(path, "rb") as file:
        answer = HttpResponse(file.read(), content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer


def _send_code(request: HttpRequest, session: DriverSession, now: datetime) -> HttpResponse:
    """Have the code for whoever receives sent; answered in place, as the statement is not signed yet."""
    try:
        sent = read_step(request, now)
        halt = round_of(session).halt(sent.stop_id)
        if halt is None:
            raise ActionInvalid(_("That stop is not on this route any more. Load the page again."))
        code = request_code(
            actor=actor_of(session),
            delivery_id=halt.delivery.pk,
            receiver=text_said(sent.facts, "received_by", 100),
            now=now,
        )
        told, status = _("A code is on its way to the e-mail of %(name)s.") % {"name": code.person_name}, 200
    except DomainError as error:
        told, status = error.message, error.status
    if QUEUE in request.headers:
        return JsonResponse({"answer": told}, status=status)
    (messages.success if status == 200 else messages.error)(request, told)
    return _statement(request, session, now)


def _statement(request: HttpRequest, session: DriverSession, now: datetime) -> HttpResponse:
    """Without script: the statement in full, for both to read before they sign it."""
    try:
        sent = read_step(request, now)
        halt = round_of(session).halt(sent.stop_id)
        if halt is None:
            raise ActionInvalid(_("That stop is not on this route any more. Load the page again."))
        statement = statement_said(session.driver_name, sent.facts)
        result = judged(delivery=halt.delivery, statement=statement, actor=actor_of(session))
    except DomainError as error:
        return _page(request, session, now, refused=error.message, status=error.status)
    lines = dict(line_choices(consignments_of(halt.delivery)))
    typed = [(name, value) for name, value in request.POST.items() if name not in LEFT_OUT]
    context = {
        "session": session,
        "site": halt.delivery.site,
        "review": review(result, lines),
        "typed": typed,
    }
    return render(request, "portal/drive/statement.html", context)


def _page(
    request: HttpRequest, session: DriverSession, now: datetime, *, refused: str = "", status: int = 200
) -> HttpResponse:
    whole = round_of(session)
    context = {
        "session": session,
        "round": whole,
        "halts": halts_of(whole, session.driver_name),
        "rows": rows_of(whole),
        "refused": refused,
        "now": now,
    }
    return render(request, "portal/drive/drive.html", context, status=status)
