"""One delivery's custody record at the desk: read and verified, and as it stood at past moments."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.custody import selectors
from apps.custody.checking import verify_now
from apps.custody.network.selectors import network_state
from apps.custody.services import note_access
from apps.deliveries.selectors import delivery_by_id
from apps.portal.access import shipper_page
from apps.portal.forms_audit import MomentsForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import custody as present
from apps.portal.presenters.moments import moments_context


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
    record = present.record_context(selectors.timeline(shown.pk), verdict, zone=zone)
    context = {
        **desk_frame(request, section="custody"),
        **record,
        "delivery": shown,
        "crumbs": [{"label": _("Custody"), "url": reverse("desk:custody")}],
        "verdict": present.verdict_context(verdict, action_url=address),
        "checkpoint": present.checkpoint_facts(
            selectors.latest_checkpoint(), selectors.verifier_key(), network_state()
        ),
        "moments_url": reverse("desk:custody_moments", args=[delivery_id]),
        "moments_form": MomentsForm(zone=zone),
        "export_url": f"{reverse('desk:exports')}?scope=delivery&number={shown.number}"
        if allows(request.actor, "custody.export")
        else "",
    }
    note_access(
        actor=request.actor,
        what=f"delivery {shown.number}",
        now=timezone.now(),
        delivery_id=shown.pk,
        delivery=shown.number,
    )
    return render(request, "portal/audit/delivery.html", context)


@shipper_page
@require_GET
@never_cache
def custody_moments(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Where the delivery stood at a moment, and what another moment says differently."""
    require(request.actor, "custody.view")
    shown = delivery_by_id(delivery_id)
    form = MomentsForm(request.GET, zone=shown.site.time_zone)
    context = {
        **desk_frame(request, section="custody"),
        **moments_context(
            selectors.timeline(shown.pk), form.values(), zone=shown.site.time_zone, now=timezone.now()
        ),
        "form": form,
        "base": "desk_base.html",
        "title": _("%(number)s at a moment") % {"number": shown.number},
        "crumbs": [
            {"label": _("Custody"), "url": reverse("desk:custody")},
            {"label": shown.number, "url": reverse("desk:custody_delivery", args=[delivery_id])},
        ],
    }
    note_access(
        actor=request.actor,
        what=f"delivery {shown.number}",
        now=timezone.now(),
        delivery_id=shown.pk,
        delivery=shown.number,
    )
    return render(request, "portal/audit/moments.html", context)
