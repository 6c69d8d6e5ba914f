"""The control tower: what does harm soonest on top, each with what helps; taking on, putting off, saying."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.insights import services
from apps.insights.models import DeliveryException
from apps.insights.selectors import open_exceptions, recently_ended
from apps.portal.access import desk_page
from apps.portal.forms_exceptions import ExceptionFilter, NoteForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import exceptions as present

PAGE = 50
PUT_OFF = timedelta(hours=1)


@desk_page
@require_GET
def exceptions(request: ActingRequest) -> HttpResponse:
    """The open exceptions by how soon harm comes, filtered by the address."""
    now = timezone.now()
    form = ExceptionFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = open_exceptions(now=now, with_snoozed=asked.get("snoozed", False))
    if asked.get("kind"):
        found = found.filter(kind=asked["kind"])
    if asked.get("whose") == "mine":
        found = found.filter(owner_id=request.actor.person_id)
    if asked.get("whose") == "nobody":
        found = found.filter(owner_id=None)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    soon = sum(each.harm_at <= now + timedelta(hours=1) for each in page.object_list)
    context = {
        **desk_frame(request, section="exceptions"),
        "form": form,
        "page": page,
        "rows": [present.row(each, now=now) for each in page.object_list],
        "is_filtered": any(asked.values()),
        "ended": []
        if any(asked.values())
        else [present.row(each, now=now) for each in recently_ended(limit=5)],
        "needs": ngettext(
            "%(n)d of them does harm within the hour or did.",
            "%(n)d of them do harm within the hour or did.",
            soon,
        )
        % {"n": soon}
        if soon
        else "",
        "now": now,
        "mine": request.actor.person_id,
    }
    return render(request, "portal/desk/exceptions.html", context)


@desk_page
@require_http_methods(["GET", "POST"])
def exception(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """One exception with everything said about it; a comment or its resolution is typed here."""
    shown = get_object_or_404(DeliveryException.objects.select_related("delivery__site"), pk=exception_id)
    form = NoteForm(request.POST or None)
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        act = services.resolve if request.POST.get("verb") == "resolve" else services.comment
        try:
            act(
                actor=request.actor, exception_id=shown.pk, note=form.cleaned_data["note"], now=timezone.now()
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            done = act is services.resolve
            messages.success(request, _("It is off the list.") if done else _("Your words are on record."))
            return redirect("desk:exceptions") if done else redirect("desk:exception", shown.pk)
    context: dict[str, Any] = {
        **desk_frame(request, section="exceptions"),
        "row": present.row(shown, now=timezone.now()),
        "exception": shown,
        "delivery": shown.delivery,
        "events": shown.events.all(),
        "crumbs": [{"label": _("Exceptions"), "url": reverse("desk:exceptions")}],
        "form": form,
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/exception.html", context, status=status)


@desk_page
@require_POST
def take(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """Make it one's own."""
    return _do(request, lambda now: services.take(actor=request.actor, exception_id=exception_id, now=now))


@desk_page
@require_POST
def snooze(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """Off the list for an hour."""
    return _do(
        request,
        lambda now: services.snooze(
            actor=request.actor, exception_id=exception_id, until=now + PUT_OFF, now=now
        ),
    )


def _do(request: ActingRequest, act: Any) -> HttpResponse:
    """Do it and go back to the list; what can't be done is said there."""
    now: datetime = timezone.now()
    try:
        act(now)
    except PermissionRefused:
        raise
    except DomainError as error:
        if error.status == 404:
            raise
        messages.error(request, error.message)
    return redirect("desk:exceptions")
