"""Slots for many deliveries at once: choose and ask, watch the search, review, send what was chosen."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.core.models import Job
from apps.deliveries.models import BulkLine, BulkRequest
from apps.deliveries.selectors import deliveries
from apps.deliveries.services import bulk as services
from apps.deliveries.standing import to_book
from apps.portal.access import desk_page
from apps.portal.forms_bulk import BulkForm, chosen_deliveries
from apps.portal.frame import desk_frame
from apps.portal.presenters import bulk as present
from apps.portal.views.choosing import choosing
from apps.portal.views.desk_jobs import facts

EARLIER = 5


@desk_page
@require_http_methods(["GET", "POST"])
def bulk(request: ActingRequest) -> HttpResponse:
    """The deliveries to book of one day, all chosen (GET); slots are asked for those chosen (POST)."""
    form = BulkForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _choose(request, form)
    chosen = chosen_deliveries(request.POST)
    if not form.is_valid():
        return _choose(request, form, chosen=chosen, status=422)
    try:
        asked = services.request_bulk(actor=request.actor, delivery_ids=chosen, **form.cleaned_data)
    except PermissionRefused:
        raise
    except DomainError as error:
        return _choose(request, form, chosen=chosen, status=error.status, refused=error.message)
    return redirect("desk:bulk_request", asked.pk)


@desk_page
@require_GET
@never_cache
def bulk_request(request: ActingRequest, request_id: UUID) -> HttpResponse:
    """How far the search or the sending is; what is proposed, and what came of it."""
    return _review(request, _asked(request_id))


@desk_page
@require_POST
def send(request: ActingRequest, request_id: UUID) -> HttpResponse:
    """Send the offers of the chosen deliveries in the background."""
    asked = _asked(request_id)
    try:
        services.send_bulk(
            actor=request.actor, request_id=asked.pk, delivery_ids=chosen_deliveries(request.POST)
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("desk:bulk_request", asked.pk)


def _asked(request_id: UUID) -> BulkRequest:
    asked = BulkRequest.objects.filter(pk=request_id).first()
    if asked is None:
        raise Http404
    return asked


def _choose(
    request: ActingRequest,
    form: BulkForm,
    *,
    chosen: set[UUID] | None = None,
    status: int = 200,
    refused: str = "",
) -> HttpResponse:
    picks_none = request.GET.get("pick") == "none"
    picks_all = chosen is None and not picks_none
    rows = to_book(deliveries().select_related("site__recipient", "origin"))
    context = choosing(request, form, rows, chosen=chosen or (), picks_all=picks_all, refused=refused)
    context |= {"picks_none": picks_none, "earlier": present.earlier(_earlier())}
    return render(request, "portal/desk/bulk.html", context, status=status)


def _earlier() -> list[BulkRequest]:
    sent = Q(lines__outcome=BulkLine.Outcome.SENT)
    return list(
        BulkRequest.objects.annotate(asked=Count("lines"), sent=Count("lines", filter=sent)).order_by("-id")[
            :EARLIER
        ]
    )


def _review(request: ActingRequest, asked: BulkRequest) -> HttpResponse:
    jobs = Job.objects.in_bulk([pk for pk in (asked.job_id, asked.send_job_id) if pk])
    finding = jobs.get(asked.job_id) if asked.job_id else None
    sending = jobs.get(asked.send_job_id) if asked.send_job_id else None
    lines = (
        list(
            asked.lines.select_related("delivery__site__recipient").order_by(
                "delivery__site__name", "delivery__number"
            )
        )
        if asked.figures
        else []
    )
    rows = [present.line(one) for one in lines]
    address = reverse("desk:bulk_request", args=[asked.pk])
    running = next((job for job in (sending, finding) if job is not None and not job.is_over), None)
    ended = next((job for job in (sending, finding) if job is not None and job.is_over), None)
    sendable = sum(row["may_send"] for row in rows)
    return render(
        request,
        "portal/desk/bulk_request.html",
        {
            **desk_frame(request, section="deliveries"),
            "crumbs": [
                {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
                {"label": _("Slots for many"), "url": reverse("desk:bulk")},
            ],
            "asked": asked,
            "address": address,
            "job": facts(running, back=address) if running else None,
            "ended": ended if ended and not running else None,
            "tiles": present.tiles(asked, lines) if asked.figures else [],
            "with_slots": [row for row in rows if row["slots"]],
            "without": [row for row in rows if not row["slots"]],
            "sendable": sendable if not running else 0,
            "send_label": ngettext("Send %(n)d offer", "Send %(n)d offers", sendable) % {"n": sendable},
            "needs": _needs(asked, sendable, bool(running)),
        },
    )


def _needs(asked: BulkRequest, sendable: int, is_running: bool) -> str:
    if is_running:
        return _("This page may be left; the work goes on.")
    if not asked.figures:
        return _("Nothing was found; ask again.")
    if sendable:
        return _("Nothing is held before it is sent. Leave out what is to wait, then send the rest.")
    return _("Every proposed slot was sent or answered.")
