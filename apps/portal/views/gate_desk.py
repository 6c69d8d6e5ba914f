"""The gate's own desk: find the vehicle, see how it stands, check it in, call it, let it leave."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.appointments.at_gate import found_at_gate, judge
from apps.appointments.models import Appointment
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.errors import DocumentsMissing
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import checklist_of
from apps.deliveries.states import State
from apps.documents.selectors import documents_of
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.forms_gate import CheckInForm, FindForm, begun
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment
from apps.portal.presenters import gate as present
from apps.portal.presenters.papers import missing, papers
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page

NOT_DEPARTED = {State.OPEN, State.LOADED}


@require_GET
@hub_page
@never_cache
def find(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Whoever a scanned or typed code means: one leads on, several are listed, none says what to do."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.block", site)
    form = FindForm(request.GET)
    found = []
    if form.is_valid():
        found = found_at_gate(
            actor=request.actor, site=site, text=form.cleaned_data["code"], now=timezone.now()
        )
    if len(found) == 1:
        return redirect(f"{reverse('hub:check_in', args=[found[0].pk])}?at={site.pk}")
    context = hub_frame(request, site=site) | {
        "site": site,
        "form": form,
        "found": [
            {
                "appointment": one,
                "url": f"{reverse('hub:check_in', args=[one.pk])}?at={site.pk}",
                "zone": one.site.time_zone,
            }
            for one in found
        ],
        "gate_url": reverse("hub:gate_list", args=[site.pk]),
    }
    return render(request, "portal/hub/gate_find.html", context, status=200 if form.is_valid() else 422)


@require_GET
@hub_page
def by_code(request: ActingRequest, code: str) -> HttpResponse:
    """Where the QR code of a paper or of a driver's page leads: the visit's check-in."""
    appointment = hub_appointments_by(request, code)
    return redirect("hub:check_in", appointment.pk)


def hub_appointments_by(request: ActingRequest, code: str) -> Appointment:
    """
    Raises:
        Http404: no appointment of that number at a site of the actor's recipients.
    """
    found = Appointment.objects.filter(
        confirmation_number=code.upper(), site__recipient_id__in=request.actor.recipient_ids
    ).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@hub_page
@never_cache
def check_in(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """How the vehicle stands at the gate (GET); check it in (POST)."""
    appointment = hub_appointment(request.actor, appointment_id)
    site = _gate_of(request, appointment)
    require(request.actor, "appointments.block", site)
    now = timezone.now()
    judged = judge(appointment, site=site, now=now)
    refusal: DomainError | None = None
    form = CheckInForm(request.POST or None, initial={"vehicle": appointment.plate, "begun": begun(now)})
    if request.method == "POST" and judged.may_check_in and form.is_valid():
        try:
            with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
                services.check_in(
                    actor=request.actor,
                    delivery_id=delivery.pk,
                    vehicle=form.cleaned_data["vehicle"],
                    begun_at=form.begun_at(),
                    now=now,
                )
        except DomainError as error:
            if error.status not in SHOWN_IN_PLACE:
                raise
            refusal = error
        else:
            messages.success(request, _("%(number)s is checked in.") % {"number": appointment})
            return redirect("hub:gate_list", site.pk)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        is_undeclared = State(delivery.state) in NOT_DEPARTED
        entries = _papers(request, appointment, delivery)
    status = refusal.status if refusal else 409 if request.method == "POST" else 200
    context = hub_frame(request, site=site) | {
        "appointment": appointment,
        "site": site,
        "zone": appointment.site.time_zone,
        "verdict": present.verdict(appointment, judged),
        "may_check_in": judged.may_check_in,
        "is_undeclared": is_undeclared and judged.may_check_in,
        "form": form,
        "refusal": refusal,
        "papers_url": reverse("hub:appointment", args=[appointment.pk]) + "#papers"
        if isinstance(refusal, DocumentsMissing)
        else "",
        "gate_url": reverse("hub:gate_list", args=[site.pk]),
        **entries,
    }
    return render(request, "portal/hub/check_in.html", context, status=status)


def _papers(request: ActingRequest, appointment: Appointment, delivery: Delivery) -> dict[str, Any]:
    """The delivery's papers for whoever scanned its code at the gate; called in the shipper's schema."""
    delivery.site = appointment.site
    documents = list(documents_of(delivery.pk))
    entries = papers(
        checklist_of(delivery, appointment, documents)[0],
        documents,
        url=lambda pk: reverse("hub:document", args=[appointment.pk, pk]),
        preview=lambda pk: reverse("hub:preview", args=[appointment.pk, pk]),
    )
    return {
        "papers": entries,
        "missing": missing(entries),
        "may_bring": allows(request.actor, "deliveries.bring", delivery),
        "may_waive": allows(request.actor, "deliveries.waive", delivery),
    }


@require_POST
@hub_page
def call(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Call a waiting vehicle to its dock."""
    return _step(request, appointment_id, services.call_to_dock, _("%(number)s is called to %(dock)s."))


@require_POST
@hub_page
def unloaded(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The goods are off the vehicle."""
    return _step(
        request, appointment_id, services.end_unloading, _("%(number)s is unloaded; the papers follow.")
    )


@require_POST
@hub_page
def check_out(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The vehicle leaves."""
    return _step(request, appointment_id, services.check_out, _("%(number)s has left."))


def _step(
    request: ActingRequest, appointment_id: UUID, service: Callable[..., Appointment], done: str
) -> HttpResponse:
    appointment = hub_appointment(request.actor, appointment_id)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            service(actor=request.actor, delivery_id=delivery.pk, now=timezone.now())
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    words: dict[str, Any] = {"number": appointment, "dock": appointment.dock}
    messages.success(request, done % words)
    return back_to_gate(request, appointment)


def back_to_gate(request: ActingRequest, appointment: Appointment) -> HttpResponse:
    """To the gate's list when the step was taken there, else to the appointment's page."""
    if request.POST.get("back") == "gate":
        return redirect("hub:gate_list", appointment.site_id)
    return redirect("hub:appointment", appointment.pk)


def _gate_of(request: ActingRequest, appointment: Appointment) -> Site:
    """The site whose gate asks (``?at=``), by default the appointment's own."""
    try:
        asked = UUID(request.GET.get("at", ""))
    except ValueError:
        return appointment.site
    return receiving_sites_visible_to(request.actor).filter(pk=asked).first() or appointment.site
