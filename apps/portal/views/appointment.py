"""One appointment as both sides read it, its papers, and the record of who had the goods when."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.core.errors import DomainError
from apps.deliveries.doorway import enter_delivery
from apps.documents.models import Document
from apps.documents.views import serve_document
from apps.portal.access import hub_page
from apps.portal.forms_hub import ArrivalForm, ReasonForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, read_visit
from apps.portal.presenters.offers import open_offer
from apps.portal.presenters.policies import left_to_person
from apps.portal.presenters.visit import visit_page


@require_GET
@hub_page
def appointment(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Whose turn it is, the slots, the agreement, what comes, papers, the thread; where our e-mails lead."""
    return appointment_page(request, appointment_id)


def appointment_page(
    request: ActingRequest, appointment_id: UUID, *, refusal: DomainError | None = None
) -> HttpResponse:
    """The page as it stands; with a ``refusal`` it answers at that status and says so in place.

    Raises:
        Http404: no such appointment at a site of the actor's recipients.
    """
    now = timezone.now()
    visit = read_visit(actor=request.actor, appointment_id=appointment_id)
    may_negotiate = allows(request.actor, "appointments.offer", visit.appointment)
    context = hub_frame(request, site=visit.appointment.site)
    context |= visit_page(visit, may_negotiate=may_negotiate, now=now, refusal=refusal)
    open_now = open_offer(visit.offers) if may_negotiate else None
    context |= {
        "policy_says": left_to_person(visit.appointment, open_now, Side.RECIPIENT, now),
        "decline_form": ReasonForm(auto_id="decline_%s"),
        "cancel_form": ReasonForm(auto_id="cancel_%s"),
        "arrival_form": ArrivalForm(),
        "may_see_custody": allows(request.actor, "custody.view"),
    }
    return render(request, "portal/hub/appointment.html", context, status=refusal.status if refusal else 200)


@require_GET
@hub_page
def document(request: ActingRequest, appointment_id: UUID, document_id: UUID) -> HttpResponseBase:
    """Download one paper of the delivery; ``?look`` shows our own PDFs in the browser."""
    hub_appointment(request.actor, appointment_id)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        paper = get_object_or_404(Document, pk=document_id, delivery_id=delivery.pk)
        return serve_document(paper, inline="look" in request.GET)
