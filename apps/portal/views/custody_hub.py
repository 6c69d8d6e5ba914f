"""The custody record of one delivery as its recipient's auditors and receiving managers read it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.models import Appointment
from apps.custody.checking import verify_now
from apps.custody.selectors import latest_checkpoint, timeline
from apps.custody.services import note_access
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.models import Delivery
from apps.portal.access import hub_page
from apps.portal.forms_audit import MomentsForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, parties_of
from apps.portal.presenters.custody import checkpoint_sentence, record_context, verdict_context
from apps.portal.presenters.moments import moments_context


@require_http_methods(["GET", "POST"])
@hub_page
@never_cache
def custody(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Every event in the order of the log; POST verifies it by the newest checkpoint and changes nothing."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "custody.view")
    zone = appointment.site.time_zone
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        verdict = verify_now(delivery.pk) if request.method == "POST" else None
        record = record_context(timeline(delivery.pk), verdict, zone=zone)
        checkpoint = latest_checkpoint()
        _note(request, appointment, delivery)
    context = hub_frame(request, site=appointment.site) | {
        **record,
        "appointment": appointment,
        "parties": parties_of(appointment),
        "verdict": verdict_context(verdict, action_url=reverse("hub:custody", args=[appointment_id])),
        "checkpoint": checkpoint_sentence(checkpoint),
        "moments_url": reverse("hub:custody_moments", args=[appointment_id]),
        "moments_form": MomentsForm(zone=zone),
    }
    return render(request, "portal/hub/custody.html", context)


@require_GET
@hub_page
@never_cache
def custody_moments(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Where the delivery stood at a moment, and what another moment says differently."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "custody.view")
    zone = appointment.site.time_zone
    form = MomentsForm(request.GET, zone=zone)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        entries = timeline(delivery.pk)
        _note(request, appointment, delivery)
    context = hub_frame(request, site=appointment.site) | {
        **moments_context(entries, form.values(), zone=zone, now=timezone.now()),
        "form": form,
        "base": "hub_base.html",
        "title": _("%(number)s at a moment") % {"number": appointment.reference},
        "crumbs": [
            {"label": _("Custody"), "url": reverse("hub:records")},
            {"label": appointment.reference, "url": reverse("hub:custody", args=[appointment_id])},
        ],
    }
    return render(request, "portal/audit/moments.html", context)


def _note(request: ActingRequest, appointment: Appointment, delivery: Delivery) -> None:
    """Put on the shipper's record that the recipient's person read it."""
    note_access(
        actor=request.actor,
        what=f"delivery {delivery.number}",
        now=timezone.now(),
        delivery_id=delivery.pk,
        delivery=delivery.number,
        site=appointment.site,
    )
