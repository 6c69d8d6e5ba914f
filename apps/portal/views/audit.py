"""The audit's first pages: finding a custody record, who looked at what, taking the signed head."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.custody import selectors
from apps.custody.models import CustodyEvent
from apps.custody.network.selectors import network_state
from apps.custody.services.scoping import deliveries_in
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries
from apps.portal.access import shipper_page
from apps.portal.forms_audit import CONDITIONS, RecordFilter
from apps.portal.frame import desk_frame
from apps.portal.presenters import custody as present
from apps.portal.presenters.deliveries import GROUND
from apps.tenancy.doorway import current_shipper

PAGE = 50


@shipper_page
@require_GET
def custody(request: ActingRequest) -> HttpResponse:
    """Find a record by words, hash, goods, carrier, recipient or period; and how far the log is."""
    require(request.actor, "custody.view")
    form = RecordFilter(request.GET)
    asked = form.values()
    if event := selectors.event_by_hash(asked.get("q", "")):
        return redirect(_address_of(event))
    page = Paginator(_found(form), PAGE).get_page(request.GET.get("page"))
    state = selectors.log_state()
    narrowed = form.kept(*CONDITIONS)
    context = {
        **desk_frame(request, section="custody"),
        "form": form,
        "is_filtered": bool(asked),
        "is_narrowed": bool(set(narrowed) - {"first_day", "last_day"}),
        "page": page,
        "rows": [_row(each) for each in page.object_list],
        "log": state,
        "checkpoint": present.checkpoint_facts(state.checkpoint, state.vkey, network_state()),
        "may_export": allows(request.actor, "custody.export"),
        "export_query": urlencode({"scope": "search", **narrowed}) if narrowed and "q" not in asked else "",
    }
    return render(request, "portal/audit/custody.html", context)


@shipper_page
@require_GET
def accesses(request: ActingRequest) -> HttpResponse:
    """Who looked and who took what away, keys, erasures: what is on record about the record, newest first."""
    require(request.actor, "custody.view")
    page = Paginator(selectors.log_events(), PAGE).get_page(request.GET.get("page"))
    shown = {event.pk: place for place, event in enumerate(page.object_list)}
    entries = selectors.entries(CustodyEvent.objects.filter(pk__in=shown))
    context = {
        **desk_frame(request, section="custody"),
        "crumbs": [{"label": _("Custody"), "url": reverse("desk:custody")}],
        "page": page,
        "zone": "UTC",
        "entries": present.custody_entries(sorted(entries, key=lambda entry: shown[entry.event_id])),
    }
    return render(request, "portal/audit/accesses.html", context)


@shipper_page
@require_GET
def checkpoint_note(request: ActingRequest) -> HttpResponse:
    """The newest signed head as the note that verifiers read; kept, it proves that the log only grew."""
    require(request.actor, "custody.view")
    checkpoint = selectors.latest_checkpoint()
    if checkpoint is None:
        raise Http404
    return _text(selectors.cosigned(checkpoint).decode(), f"{current_shipper().slug}-{checkpoint.size}.note")


@shipper_page
@require_GET
def verifier_key(request: ActingRequest) -> HttpResponse:
    """The public key that checkpoints and bundles are checked with."""
    require(request.actor, "custody.view")
    key = selectors.verifier_key()
    if key is None:
        raise Http404
    return _text(f"{key}\n", f"{current_shipper().slug}.vkey")


def _address_of(event: CustodyEvent) -> str:
    """Where an event is shown for ever."""
    page = (
        reverse("desk:custody_delivery", args=[event.delivery_id])
        if event.delivery_id
        else reverse("desk:accesses")
    )
    return f"{page}#{present.anchor(event.pk)}"


def _found(form: RecordFilter) -> QuerySet[Delivery]:
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
    if scope := form.scope():
        found = found.filter(pk__in=deliveries_in(scope))
    if words := form.values().get("q"):
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
