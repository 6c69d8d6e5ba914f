"""The day at the gate: check a vehicle in, start unloading, and make the one statement of the handover."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.services import Statement
from apps.deliveries.states import State
from apps.portal.access import hub_page
from apps.portal.forms_hub import ArrivalForm, HandoverForms
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, read_goods
from apps.portal.presenters.handover import review, unit_facts
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page


@require_POST
@hub_page
def arrive(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Check the vehicle in at the gate."""
    form = ArrivalForm(request.POST)
    vehicle = form.cleaned_data["vehicle"] if form.is_valid() else ""

    def step(delivery_id: UUID, now: datetime) -> None:
        services.record_arrival(actor=request.actor, delivery_id=delivery_id, vehicle=vehicle, now=now)

    return _take(request, appointment_id, step, _("The vehicle is checked in."))


@require_POST
@hub_page
def unload(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Unloading begins at the dock."""

    def step(delivery_id: UUID, now: datetime) -> None:
        services.start_unloading(actor=request.actor, delivery_id=delivery_id, now=now)

    return _take(request, appointment_id, step, _("Unloading has started."))


@require_http_methods(["GET", "POST"])
@hub_page
def handover(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """State what was received (``step=edit``), read the numbers (``step=review``), sign (``step=sign``)."""
    appointment = hub_appointment(request.actor, appointment_id)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        delivery.site = appointment.site
        require(request.actor, "deliveries.receive", delivery)
        goods = read_goods(delivery)
    if delivery.state != State.UNLOADING:
        messages.info(request, _("A handover follows the unloading; this delivery is not there."))
        return redirect("hub:appointment", appointment_id)
    forms = HandoverForms([unit.sscc for unit in goods], request.POST or None, received_by=request.actor.name)
    context = hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "zone": appointment.site.time_zone,
        "forms": forms,
        "unit_rows": list(zip(forms.units, unit_facts(goods), strict=True)),
    }
    step = request.POST.get("step", "edit")
    if step == "edit" or not forms.is_valid():
        status = 422 if step != "edit" else 200
        return render(request, "portal/hub/handover.html", context, status=status)
    statement = forms.statement()
    if step == "sign":
        refusal = _hand_over(request, appointment_id, statement)
        if refusal is None:
            messages.success(request, _("The handover is recorded; custody has passed."))
            return redirect("hub:appointment", appointment_id)
        return render(
            request, "portal/hub/handover.html", context | {"refusal": refusal}, status=refusal.status
        )
    context |= {"review": review(statement, expected=len(goods)), "typed": _typed(request)}
    return render(request, "portal/hub/handover_review.html", context)


def _hand_over(request: ActingRequest, appointment_id: UUID, statement: Statement) -> DomainError | None:
    """Make the statement; what the service refuses beside the form is given back."""
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.hand_over(
                actor=request.actor, delivery_id=delivery.pk, statement=statement, now=timezone.now()
            )
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return refusal
    return None


def _take(
    request: ActingRequest, appointment_id: UUID, step: Callable[[UUID, datetime], None], done: str
) -> HttpResponse:
    """Take one step at the gate; a refusal is answered by the appointment's page, at its status."""
    hub_appointment(request.actor, appointment_id)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            step(delivery.pk, timezone.now())
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    messages.success(request, done)
    return redirect("hub:appointment", appointment_id)


def _typed(request: ActingRequest) -> list[tuple[str, str]]:
    """Everything typed, to be carried through the review unchanged."""
    left_out = {"csrfmiddlewaretoken", "step"}
    return [
        (name, value) for name, values in request.POST.lists() if name not in left_out for value in values
    ]
