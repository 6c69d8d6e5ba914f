"""The recipient's answers that end a round: accept a slot, decline, take a proposal back, cancel."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.forms_hub import ReasonForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment
from apps.portal.presenters.times import span_label
from apps.portal.views.appointment import appointment_page

#: Refusals that the page itself can answer; others are pages of their own.
SHOWN_IN_PLACE = {409, 422}


@require_POST
@hub_page
def accept(request: ActingRequest, appointment_id: UUID, offer_id: UUID) -> HttpResponse:
    """Accept one slot of the open offer by its place in it (``slot``)."""
    hub_appointment(request.actor, appointment_id)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            agreed = services.accept_offer(
                actor=request.actor,
                delivery=delivery,
                offer_id=offer_id,
                slot_index=_index(request.POST.get("slot", "")),
                now=timezone.now(),
            )
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    confirmed = hub_appointment(request.actor, agreed.pk)
    words = {
        "number": confirmed.confirmation_number,
        "when": span_label(confirmed.during.lower, confirmed.during.upper, confirmed.site.time_zone),
        "dock": confirmed.dock.name if confirmed.dock else "",
    }
    messages.success(request, _("Confirmed %(number)s: %(when)s, %(dock)s.") % words)
    if request.GET.get("then") == "inbox":
        return redirect("hub:inbox")
    return redirect("hub:appointment", appointment_id)


@require_http_methods(["GET", "POST"])
@hub_page
def decline(request: ActingRequest, appointment_id: UUID, offer_id: UUID) -> HttpResponse:
    """Decline the open offer with a reason; as a page of its own where the dialog can't open."""
    if not hub_appointment(request.actor, appointment_id).offers.filter(pk=offer_id).exists():
        raise Http404

    def step(form: ReasonForm) -> str:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.decline_offer(
                actor=request.actor,
                delivery=delivery,
                offer_id=offer_id,
                now=timezone.now(),
                **form.cleaned_data,
            )
        return _("The offer is declined; its slots are free again.")

    words = {
        "title": _("Decline the offer"),
        "text": _("Every slot of the offer is free again. The shipper reads the reason."),
        "confirm_label": _("Decline the offer"),
    }
    return _ask_reason(request, appointment_id, step, words)


@require_http_methods(["GET", "POST"])
@hub_page
def cancel(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel the negotiation or the agreed appointment with a reason."""

    def step(form: ReasonForm) -> str:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.cancel_appointment(
                actor=request.actor,
                delivery=delivery,
                appointment_id=appointment_id,
                now=timezone.now(),
                **form.cleaned_data,
            )
        return _("The appointment is cancelled; its dock time is free again.")

    words = {
        "title": _("Cancel the appointment"),
        "text": _("The dock time is free again. The shipper is told at once and reads the reason."),
        "confirm_label": _("Cancel the appointment"),
    }
    return _ask_reason(request, appointment_id, step, words)


@require_POST
@hub_page
def withdraw(request: ActingRequest, appointment_id: UUID, offer_id: UUID) -> HttpResponse:
    """Take the recipient's own proposal of another time back; the agreed slot stands."""
    if not hub_appointment(request.actor, appointment_id).offers.filter(pk=offer_id).exists():
        raise Http404
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.withdraw_move(
                actor=request.actor, delivery=delivery, offer_id=offer_id, now=timezone.now()
            )
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    messages.success(request, _("The proposal is withdrawn; the agreed slot stands."))
    return redirect("hub:appointment", appointment_id)


def _ask_reason(
    request: ActingRequest, appointment_id: UUID, step: Callable[[ReasonForm], str], words: dict[str, str]
) -> HttpResponse:
    """Ask for a reason, take the step, say what came of it; a refusal is said on the appointment's page."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.offer", appointment)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = step(form)
        except DomainError as refusal:
            if refusal.status not in SHOWN_IN_PLACE:
                raise
            return appointment_page(request, appointment_id, refusal=refusal)
        messages.success(request, done)
        return redirect("hub:appointment", appointment_id)
    context = hub_frame(request, site=appointment.site) | words | {"appointment": appointment, "form": form}
    return render(request, "portal/hub/reason.html", context, status=422 if form.errors else 200)


def _index(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise Http404 from None
