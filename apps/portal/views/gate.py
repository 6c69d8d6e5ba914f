"""The day at the gate: check a vehicle in, start unloading, and make the one statement of the handover."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.consignments.ranges import worded_range
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.errors import CodeRefused
from apps.deliveries.selectors import consignments_of, temperature_limits
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.portal.access import hub_page
from apps.portal.forms_handover import FilesForm, HandoverForms, line_choices
from apps.portal.forms_hub import ArrivalForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, read_goods
from apps.portal.presenters.handover import photo_facts, review, unit_facts
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page
from apps.portal.views.gate_desk import back_to_gate


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
    """State what was received (``step=edit``), read the numbers (``step=review``), sign (``step=sign``).

    Photos and a logger's table go on record as they come, whichever step brings them.
    """
    appointment = hub_appointment(request.actor, appointment_id)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        delivery.site = appointment.site
        require(request.actor, "deliveries.receive", delivery)
        goods, lines = read_goods(delivery), line_choices(consignments_of(delivery))
        within = worded_range(temperature_limits(delivery))
    if delivery.state != State.UNLOADING:
        messages.info(request, _("A handover follows the unloading; this delivery is not there."))
        return redirect("hub:appointment", appointment_id)
    forms = HandoverForms(
        [unit.sscc for unit in goods],
        request.POST or None,
        request.FILES or None,
        received_by=request.actor.name,
        lines=lines,
    )
    step = request.POST.get("step", "edit")
    if request.method == "POST":
        _bring(request, appointment_id, forms.files)
    context = hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "zone": appointment.site.time_zone,
        "forms": forms,
        "unit_rows": list(zip(forms.units, unit_facts(goods), strict=True)),
        "photos": _photos(request, appointment_id),
        "seals_out": delivery.seals,
        "temperature_range": within,
    }
    if step in {"edit", "add"}:
        forms.keep_quiet()
    if step in {"edit", "add"} or not forms.is_valid() or forms.files.errors:
        refused = forms.files.errors or step not in {"edit", "add"}
        return render(request, "portal/hub/handover.html", context, status=422 if refused else 200)
    statement = forms.statement()
    try:
        if step == "sign":
            _confirm_code(request, appointment_id, appointment.site)
            with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
                services.hand_over(
                    actor=request.actor, delivery_id=delivery.pk, statement=statement, now=timezone.now()
                )
            messages.success(request, _("The handover is recorded; custody has passed."))
            return redirect("hub:appointment", appointment_id)
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            delivery.site = appointment.site
            result = services.judged(delivery=delivery, statement=statement, actor=request.actor)
            if step == "code":
                code = services.request_code(
                    actor=request.actor,
                    delivery_id=delivery.pk,
                    receiver=statement.received_by,
                    now=timezone.now(),
                )
                context["code_to"] = code.person_name
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        context |= {"refusal": refusal}
        return render(request, "portal/hub/handover.html", context, status=refusal.status)
    context |= {"review": review(result, dict(lines)), "typed": _typed(request)}
    return render(request, "portal/hub/handover_review.html", context)


def _confirm_code(request: ActingRequest, appointment_id: UUID, site: Site) -> None:
    """Check the one-time code in a transaction of its own, so that a wrong try counts.

    Raises:
        CodeRefused: it is wrong, ran out, or was tried too often.
    """
    typed = request.POST.get("code", "")
    if not (site.asks_code and typed):
        return
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        wrong = services.confirm_code(
            actor=request.actor, delivery_id=delivery.pk, code=typed[:12], now=timezone.now()
        )
    if wrong:
        raise CodeRefused(wrong)


def _bring(request: ActingRequest, appointment_id: UUID, files: FilesForm) -> None:
    """Put the files that came with the statement on record; what is refused is said beside its field."""
    if not files.is_valid():
        return
    photo, logger = files.cleaned_data["photo"], files.cleaned_data["logger"]
    now = timezone.now()
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        this: dict[str, Any] = {"actor": request.actor, "delivery_id": delivery.pk, "now": now}
        for name, file in (("photo", photo), ("logger", logger)):
            if not file:
                continue
            this |= {"content": file.read(), "file_name": file.name}
            try:
                if name == "photo":
                    services.bring_photo(**this, subject=files.cleaned_data["subject"])
                else:
                    services.bring_logger(**this)
            except DomainError as refusal:
                if refusal.status not in {*SHOWN_IN_PLACE, 413}:
                    raise
                files.add_error(name, refusal.message)


def _photos(request: ActingRequest, appointment_id: UUID) -> list[dict[str, Any]]:
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        photos = services.photos_of(delivery)
    return photo_facts(
        photos,
        url=lambda pk: reverse("hub:document", args=[appointment_id, pk]),
        preview=lambda pk: reverse("hub:preview", args=[appointment_id, pk]),
    )


def _take(
    request: ActingRequest, appointment_id: UUID, step: Callable[[UUID, datetime], None], done: str
) -> HttpResponse:
    """Take one step at the gate; a refusal is answered by the appointment's page, at its status."""
    appointment = hub_appointment(request.actor, appointment_id)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            step(delivery.pk, timezone.now())
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    messages.success(request, done)
    return back_to_gate(request, appointment)


def _typed(request: ActingRequest) -> list[tuple[str, str]]:
    """Everything typed, to be carried through the review unchanged."""
    left_out = {"csrfmiddlewaretoken", "step", "code", "released_strokes", "received_strokes"}
    return [
        (name, value) for name, values in request.POST.lists() if name not in left_out for value in values
    ]
