"""Bringing papers to a delivery from either side, looking at them, and not insisting on one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.papers import labels
from apps.documents.models import Document
from apps.documents.permissions import Parties
from apps.documents.printing import print_labels, print_packing_list
from apps.documents.views import serve_preview
from apps.facilities.models import DocumentType
from apps.portal.access import desk_page, hub_page, shipper_page
from apps.portal.forms_papers import DayForm, PaperForm, WaiverForm
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.hub_visit import hub_appointment
from apps.portal.views.asking import Done, ask
from apps.tenancy.doorway import current_shipper


@desk_page
@require_http_methods(["GET", "POST"])
def desk_bring(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Add a paper to one of the shipper's deliveries."""
    delivery = delivery_by_id(delivery_id)
    back = reverse("desk:delivery", args=[delivery.pk])
    form = _paper_form(request)

    def act() -> Done:
        services.bring_document(
            actor=request.actor, delivery_id=delivery.pk, now=timezone.now(), **form.paper()
        )
        return Done(_("The paper is added."))

    context = {
        **desk_frame(request, section="deliveries"),
        "base": "desk_base.html",
        "crumbs": [
            {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
            {"label": delivery.number, "url": back},
        ],
    }
    return ask(request, form, act, back=back, **_bringing(context, delivery.number))


@hub_page
@require_http_methods(["GET", "POST"])
def hub_bring(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Add a paper to the delivery of an appointment at one of the recipient's sites."""
    appointment = hub_appointment(request.actor, appointment_id)
    form = _paper_form(request)

    def act() -> Done:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.bring_document(
                actor=request.actor, delivery_id=delivery.pk, now=timezone.now(), **form.paper()
            )
        return Done(_("The paper is added."))

    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        require(request.actor, "deliveries.bring", delivery)
    context = hub_frame(request, site=appointment.site) | {"base": "hub_base.html"}
    back = reverse("hub:appointment", args=[appointment.pk])
    return ask(request, form, act, back=back, **_bringing(context, appointment.reference))


@hub_page
@require_http_methods(["GET", "POST"])
def waive(request: ActingRequest, appointment_id: UUID, document_type: str) -> HttpResponse:
    """Ask why, then let the delivery pass without a paper that the site demands."""
    appointment = hub_appointment(request.actor, appointment_id)
    if document_type not in DocumentType.values:
        raise Http404
    kind = DocumentType(document_type)
    form = WaiverForm(request.POST or None)

    def act() -> Done:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.waive_document(
                actor=request.actor,
                delivery_id=delivery.pk,
                document_type=kind,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        return Done(_("Not insisted on: %(paper)s.") % {"paper": kind.label})

    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        require(request.actor, "deliveries.waive", delivery)
    return ask(
        request,
        form,
        act,
        **hub_frame(request, site=appointment.site),
        base="hub_base.html",
        back=reverse("hub:appointment", args=[appointment.pk]),
        title=_("Do without the paper"),
        needs=_("%(reference)s may pass every step without: %(paper)s.")
        % {"reference": appointment.reference, "paper": kind.label},
        verb=_("Do without it"),
    )


@shipper_page
@require_GET
def desk_labels(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """The labels of a delivery's handling units, A6, to print; ``?first=201`` goes on where a print ended."""
    facts = labels(delivery_by_id(delivery_id))
    first = request.GET.get("first", "1")
    pdf = print_labels(facts, first=max(1, int(first)) if first.isdecimal() else 1)
    return _pdf(pdf, f"labels-{facts.number}.pdf")


@shipper_page
@require_GET
def desk_packing_list(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """The packing list of a delivery, to print."""
    facts = labels(delivery_by_id(delivery_id))
    return _pdf(print_packing_list(facts), f"packing-list-{facts.number}.pdf")


@desk_page
@require_POST
def desk_consignment_note(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Ask for the CMR consignment note of a delivery."""
    try:
        services.request_consignment_note(actor=request.actor, delivery_id=delivery_id)
    except PermissionRefused:
        raise
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The consignment note is being laid out; it appears among the papers."))
    return redirect("desk:delivery", delivery_id)


@desk_page
@require_POST
def desk_day_papers(request: ActingRequest) -> HttpResponse:
    """Have a day's delivery notes joined to one file to print; then watch it being made."""
    form = DayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a day first; its delivery notes are joined to one file."))
        return redirect("desk:deliveries")
    try:
        job = services.request_day_papers(
            actor=request.actor, day=form.cleaned_data["day"], now=timezone.now()
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("desk:deliveries")
    return redirect("desk:job", job.pk)


@desk_page
@require_GET
def desk_day_papers_file(request: ActingRequest, job_id: UUID) -> HttpResponseBase:
    """The joined delivery notes of a finished job."""
    file = services.open_day_papers(actor=request.actor, job_id=job_id)
    answer = FileResponse(file, content_type="application/pdf", filename=f"delivery-notes-{job_id}.pdf")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@shipper_page
@require_GET
def desk_preview(request: ActingRequest, document_id: UUID) -> HttpResponseBase:
    """The small picture of a photographed paper of this shipper's."""
    paper = get_object_or_404(Document, pk=document_id)
    if not allows(request.actor, "documents.view", Parties(current_shipper().pk, None)):
        raise Http404
    return serve_preview(paper)


@hub_page
@require_GET
def hub_preview(request: ActingRequest, appointment_id: UUID, document_id: UUID) -> HttpResponseBase:
    """The small picture of a photographed paper of one appointment's delivery."""
    hub_appointment(request.actor, appointment_id)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        return serve_preview(get_object_or_404(Document, pk=document_id, delivery_id=delivery.pk))


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'  # numbers are plain ASCII
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _paper_form(request: ActingRequest) -> PaperForm:
    return PaperForm(
        request.POST or None,
        request.FILES or None,
        initial={"document_type": request.GET.get("document_type", "")},
    )


def _bringing(context: dict[str, Any], number: str) -> dict[str, Any]:
    return context | {
        "title": _("Add a paper"),
        "needs": _("To %(number)s. Both sides can open it, and it goes on the custody record.")
        % {"number": number},
        "verb": _("Add the paper"),
    }
