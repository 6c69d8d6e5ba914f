"""The day at the gate: check a vehicle in, start unloading, and make the one statement of the handover."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.states import State
from apps.portal.access import hub_page
from apps.portal.forms_hub import ArrivalForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import goods_of, hub_appointment
from apps.portal.statement import StatementInput
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page


@require_POST
@hub_page
def arrive(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Check the vehicle in at the gate."""
    form = ArrivalForm(request.POST)
    vehicle = form.cleaned_data["vehicle"] if form.is_valid() else ""

    def step(delivery_id: UUID, now: datetime) -> None:
        services.record_arrival(actor=request.actor, delivery_id=delivery_id, vehicle=vehicle, now=now)

    return _take(request, appointment_id, step, _("The vehicle is checked in."))


@require_POST
@hub_page
def unload(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Unloading begins at the dock."""

    def step(delivery_id: UUID, now: datetime) -> None:
        services.start_unloading(actor=request.actor, delivery_id=delivery_id, now=now)

    return _take(request, appointment_id, step, _("Unloading has started."))
