"""The audit pages: finding a delivery's custody record, reading and verifying it, taking the signed head."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.custody import selectors
from apps.custody.checking import verify_now
from apps.custody.models import CustodyEvent
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, delivery_by_id
from apps.portal.access import shipper_page
from apps.portal.forms_desk import CustodyFilter
from apps.portal.frame import desk_frame
from apps.portal.presenters import custody as present
from apps.portal.presenters.deliveries import GROUND
from apps.tenancy.doorway import current_shipper

PAGE = 50


@shipper_page
@require_GET
def custody(request: ActingRequest) -> HttpResponse:
    """Find a record by consignment, delivery, recipient or day; and how far the log is."""
    require(request.actor, "custody.view")
    form = CustodyFilter(request.GET)
    asked = form.values()
    page = Paginator(_found(asked), PAGE).get_page(request.GET.get("page"))
    state = selectors.log_state()
    context = {
        **desk_frame(request, section="custody"),
        "form": form,
        "is_filtered": bool(asked),
        "page": page,
        "rows": [_row(each) for each in page.object_list],
        "log": state,
        "checkpoint": present.checkpoint_facts(state.checkpoint, state.vkey),
        "may_export": allows(request.actor, "custody.export"),
    }
    return render(request, "portal/audit/custody.html", context)


@shipper_page
@require_http_methods(["GET", "POST"])
@never_cache
def custody_delivery(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery's record. Posting asks for verification and leads to ``?verify``."""
    require(request.actor, "custody.view")
    address = reverse("desk:custody_delivery", args=[delivery_id])
    if request.method == "POST":
        return redirect(f"{address}?verify=1")
    shown = delivery_by_id(delivery_id)
    verdict = verify_now(shown.pk) if "verify" in request.GET else None
    zone = shown.site.time_zone
    entries = selectors.timeline(shown.pk)
    context = {
        **desk_frame(request, section="custody"),
        "delivery": shown,
        "zone": zone,
        "crumbs": [{"label": _("Custody"), "url": reverse("desk:custody")}],
        "count": len(entries),
        "days": present.custody_days(entries, verdict, zone=zone),
        "verdict": present.verdict_context(verdict, action_url=address),
        "checkpoint": present.checkpoint_facts(selectors.latest_checkpoint(), selectors.verifier_key()),
        "export_url": f"{reverse('desk:exports')}?scope=delivery&number={shown.number}"
        if allows(request.actor, "custody.export")
        else "",
    }
    return render(request, "portal/audit/delivery.html", context)


@shipper_page
@require_GET
def checkpoint_note(request: ActingRequest) -> HttpResponse:
    """The newest signed head as the note that verifiers read; kept, it proves that the log only grew."""
    require(request.actor, "custody.view")
    checkpoint = selectors.latest_checkpoint()
    if checkpoint is None:
        raise Http404
    return _text(checkpoint.note, f"{current_shipper().slug}-{checkpoint.size}.note")


@shipper_page
@require_GET
def verifier_key(request: ActingRequest) -> HttpResponse:
    """The public key that checkpoints and bundles are checked with."""
    require(request.actor, "custody.view")
    key = selectors.verifier_key()
    if key is None:
        raise Http404
    return _text(f"{key}\n", f"{current_shipper().slug}.vkey")


def _found(asked: dict[str, Any]) -> QuerySet[Delivery]:
    own = CustodyEvent.objects.filter(delivery_id=OuterRef("pk")).order_by().values("delivery_id")
    found = (
        deliveries()
        .select_related("site__recipient")
        .annotate(
            events_on_record=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0),
            last_recorded=Subquery(own.annotate(at=Max("recorded_at")).values("at")),
        )
        .order_by("-day", "number")
    )
    if "day" in asked:
        found = found.filter(day=asked["day"])
    if words := asked.get("q"):
        riding = Delivery.objects.filter(
            Q(rides__consignment__number__icontains=words) | Q(rides__consignment__handling_units__sscc=words)
        ).values("pk")
        found = found.filter(
            Q(number__icontains=words)
            | Q(site__name__icontains=words)
            | Q(site__recipient__name__icontains=words)
            | Q(pk__in=riding)
        )
    return found


def _row(shown: Any) -> dict[str, Any]:
    return {
        "url": reverse("desk:custody_delivery", args=[shown.pk]),
        "number": shown.number,
        "site": shown.site.name,
        "recipient": shown.site.recipient.name if shown.site.recipient else "",
        "day": shown.day,
        "state": GROUND.get(shown.state, "draft"),
        "state_label": shown.get_state_display(),
        "events": shown.events_on_record,
        "last": shown.last_recorded,
        "zone": shown.site.time_zone,
    }


def _text(content: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
