"""The custody record of one delivery as its recipient's auditors and receiving managers read it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.custody.checking import verify_now
from apps.custody.selectors import latest_checkpoint, timeline
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, parties_of
from apps.portal.presenters.custody import checkpoint_sentence, custody_days, verdict_context


@require_http_methods(["GET", "POST"])
@hub_page
def custody(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Every event in the order of the log; POST verifies it by the newest checkpoint and changes nothing."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "custody.view")
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        verdict = verify_now(delivery.pk) if request.method == "POST" else None
        days = custody_days(timeline(delivery.pk), verdict, zone=appointment.site.time_zone)
        checkpoint = latest_checkpoint()
    context = hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "parties": parties_of(appointment),
        "zone": appointment.site.time_zone,
        "days": days,
        "verdict": verdict_context(verdict, action_url=reverse("hub:custody", args=[appointment_id])),
        "checkpoint": checkpoint_sentence(checkpoint),
    }
    return render(request, "portal/hub/custody.html", context)
