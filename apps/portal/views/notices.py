"""Everybody's inbox of notices at hub and desk, and how each person wants to be told."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.notices.kinds import Kind
from apps.notices.selectors import notices_for, unread, wishes_of
from apps.notices.services import choose, read_all, read_notice
from apps.portal.access import member_page
from apps.portal.frame import frame

PER_PAGE = 50


@require_GET
@member_page
def notices(request: ActingRequest) -> HttpResponse:
    """What the person was told here, the newest first; ``?unread`` leaves out what they have read."""
    waiting = unread(request.actor).count()
    rows = unread(request.actor) if "unread" in request.GET else notices_for(request.actor)
    page = Paginator(rows.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    words = ngettext("%(n)d notice is unread.", "%(n)d notices are unread.", waiting) % {"n": waiting}
    context = frame(request, section="notices") | {
        "page": page,
        "needs": words if waiting else _("Everything is read."),
        "has_unread": bool(waiting),
        "only_unread": "unread" in request.GET,
    }
    return render(request, "portal/notices/inbox.html", context)


@require_POST
@member_page
def open_notice(request: ActingRequest, notice_id: UUID) -> HttpResponse:
    """Mark one notice as read and go to the page that it is about."""
    notice = read_notice(actor=request.actor, notice_id=notice_id, now=timezone.now())
    if notice.path and url_has_allowed_host_and_scheme(notice.path, None):
        return redirect(notice.path)
    return redirect("notices")


@require_POST
@member_page
def read_every(request: ActingRequest) -> HttpResponse:
    """Mark all notices here as read."""
    read_all(actor=request.actor, now=timezone.now())
    return redirect("notices")


@require_http_methods(["GET", "POST"])
@member_page
def preferences(request: ActingRequest) -> HttpResponse:
    """Which kinds of notices the person wants in the portal and which by mail."""
    if request.method == "POST":
        in_portal, by_mail = (set(request.POST.getlist(name)) for name in ("in_portal", "by_mail"))
        choose(
            actor=request.actor,
            wishes={kind: (kind.value in in_portal, kind.value in by_mail) for kind in Kind},
        )
        messages.success(request, _("Kept. It holds for what happens from now on."))
        return redirect("notice_preferences")
    context = frame(request, section="notices") | {
        "wishes": wishes_of(request.actor),
        "email": request.actor.email,
    }
    return render(request, "portal/notices/preferences.html", context)
