"""One delivery at the desk: whose turn it is, the negotiation, the goods, the papers, the plan, the road."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.appointments import selectors as appointments
from apps.appointments.models import Appointment, Offer
from apps.appointments.states import State as AppointmentState
from apps.consignments.selectors import taken_from_stock
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery, DropEmptied, Handover
from apps.deliveries.returned import returned_of
from apps.deliveries.selectors import (
    Visit,
    checklist_of,
    consignments_of,
    delivery_by_id,
    drawn_signatures,
    temperature_limits,
    visit_of,
)
from apps.deliveries.standing import Standing, with_standing
from apps.deliveries.states import State
from apps.deliveries.temperatures import of_its_own
from apps.documents.models import Document
from apps.documents.permissions import Parties as PaperParties
from apps.documents.selectors import documents_of
from apps.documents.views import serve_document
from apps.figures.floats import floats
from apps.portal.access import desk_page, shipper_page
from apps.portal.forms_desk import DepartureForm, LoadingForm, ReasonForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import deliveries as present
from apps.portal.presenters import milestones as present_milestones
from apps.portal.presenters import offers as present_offers
from apps.portal.presenters.dwell import dwell_card
from apps.portal.presenters.expected import expected_of
from apps.portal.presenters.handover import drop_facts, handover_facts, photo_facts
from apps.portal.presenters.papers import missing, papers
from apps.portal.presenters.parties import Parties
from apps.portal.presenters.policies import left_to_person
from apps.portal.presenters.timeline import timeline
from apps.portal.views.desk_formats import format_of
from apps.portal.views.desk_legs import legs_of
from apps.portal.views.desk_returned import returned_facts
from apps.portal.views.waiting import waiting_facts
from apps.routing.models import RoutePlan, Stop
from apps.tenancy.doorway import current_shipper


@shipper_page
@require_GET
def delivery(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Everything about one delivery; an auditor reads it without being offered a step."""
    return page(request, delivery_by_id(delivery_id))


@desk_page
@require_POST
def accept(request: ActingRequest, delivery_id: UUID, offer_id: UUID) -> HttpResponse:
    """Accept one slot of the recipient's offer; a refusal is said on the delivery's page."""
    shown = delivery_by_id(delivery_id)
    index = request.POST.get("slot", "")
    try:
        appointment = services.accept_offer(
            actor=request.actor,
            delivery=shown,
            offer_id=offer_id,
            slot_index=int(index) if index.isdecimal() else -1,
            now=timezone.now(),
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        return page(request, delivery_by_id(delivery_id), refused=error)
    number = appointment.confirmation_number
    messages.success(
        request, _("Confirmed, number %(number)s. The delivery note is on its way.") % {"number": number}
    )
    return redirect("desk:delivery", delivery_id)


@desk_page
@require_http_methods(["GET", "POST"])
def decline(request: ActingRequest, delivery_id: UUID, offer_id: UUID) -> HttpResponse:
    """Ask why, then decline the recipient's offer."""
    get_object_or_404(Offer, pk=offer_id, appointment__delivery_id=delivery_id)
    return _question_why(
        request,
        delivery_id,
        verb=_("Decline the offer"),
        text=_("All its slots are free again. The recipient is told the reason."),
        act=partial(services.decline_offer, offer_id=offer_id),
        done=_("The offer is declined."),
    )


@desk_page
@require_POST
def withdraw(request: ActingRequest, delivery_id: UUID, offer_id: UUID) -> HttpResponse:
    """Take the shipper's own proposal of another time back; the agreed slot stands."""
    get_object_or_404(Offer, pk=offer_id, appointment__delivery_id=delivery_id)
    shown = delivery_by_id(delivery_id)
    try:
        services.withdraw_move(actor=request.actor, delivery=shown, offer_id=offer_id, now=timezone.now())
    except PermissionRefused:
        raise
    except DomainError as error:
        return page(request, delivery_by_id(delivery_id), refused=error)
    messages.success(request, _("The proposal is withdrawn; the agreed slot stands."))
    return redirect("desk:delivery", delivery_id)


@desk_page
@require_http_methods(["GET", "POST"])
def cancel(request: ActingRequest, delivery_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Ask why, then cancel the negotiation or the agreed appointment."""
    get_object_or_404(Appointment, pk=appointment_id, delivery_id=delivery_id)
    return _question_why(
        request,
        delivery_id,
        verb=_("Cancel the appointment"),
        text=_("Its time at the dock is free again. The recipient is told the reason."),
        act=partial(services.cancel_appointment, appointment_id=appointment_id),
        done=_("The appointment is cancelled."),
    )


def _question_why(
    request: ActingRequest,
    delivery_id: UUID,
    *,
    verb: str,
    text: str,
    act: Callable[..., object],
    done: str,
) -> HttpResponse:
    """Ask for a reason before ``act``, a step that ends something and takes it with a message."""
    return _question(
        request,
        delivery_by_id(delivery_id),
        form=ReasonForm(request.POST or None),
        title=verb,
        text=text,
        verb=verb,
        is_danger=True,
        act=lambda shown, asked: act(
            actor=request.actor,
            delivery=shown,
            reason_code=asked["reason_code"],
            message=asked["message"],
            now=timezone.now(),
        ),
        done=done,
    )


@desk_page
@require_http_methods(["GET", "POST"])
def load(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Ask for vehicle and seals, then record that the goods are loaded."""
    shown = delivery_by_id(delivery_id)
    stop = planned_stop(shown)
    planned = {"vehicle": stop.route.vehicle.plate if stop else ""}
    return _question(
        request,
        shown,
        form=LoadingForm(request.POST or None, initial=planned),
        title=_("Record loading"),
        text=_("It goes on the custody record with the time of now and can't be taken back."),
        verb=_("Record loading"),
        act=lambda shown, asked: services.record_loading(
            actor=request.actor,
            delivery_id=shown.pk,
            vehicle=asked["vehicle"],
            seals=asked["seals"],
            now=timezone.now(),
        ),
        done=_("Loading is on record."),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def depart(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Ask for the vehicle, then record that it has left."""
    shown = delivery_by_id(delivery_id)
    stop = planned_stop(shown)
    planned = {"vehicle": stop.route.vehicle.plate if stop else ""}
    return _question(
        request,
        shown,
        form=DepartureForm(request.POST or None, initial=planned),
        title=_("Record departure"),
        text=_("It goes on the custody record with the time of now and can't be taken back."),
        verb=_("Record departure"),
        act=lambda shown, asked: services.record_departure(
            actor=request.actor, delivery_id=shown.pk, vehicle=asked["vehicle"], now=timezone.now()
        ),
        done=_("Departure is on record."),
    )


@desk_page
@require_POST
def bring_again(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Make another delivery of what the recipient did not take, and open it."""
    try:
        again = services.bring_again(actor=request.actor, delivery_id=delivery_id, now=timezone.now())
    except PermissionRefused:
        raise
    except DomainError as error:
        return page(request, delivery_by_id(delivery_id), refused=error)
    messages.success(request, _("%(number)s brings it again; ask for a slot.") % {"number": again.number})
    return redirect("desk:delivery", again.pk)


@shipper_page
@require_GET
def document(request: ActingRequest, document_id: UUID) -> HttpResponseBase:
    """One paper of this shipper's as a file; ``?inline`` shows our own PDFs in the browser."""
    found = Document.objects.filter(pk=document_id).first()
    parties = PaperParties(shipper_id=current_shipper().pk, recipient_id=None)
    if found is None or not allows(request.actor, "documents.view", parties):
        raise PaperNotFound(_("There is no such paper."))
    return serve_document(found, inline="inline" in request.GET)


class PaperNotFound(DomainError):
    """There is no such paper for whoever asks."""

    code = "paper-not-found"
    status = 404


def page(request: ActingRequest, shown: Delivery, *, refused: DomainError | None = None) -> HttpResponse:
    """The delivery's page, with a refusal in place where a step was refused."""
    now = timezone.now()
    visit = visit_of(shown)
    appointment = visit.appointment
    frame = desk_frame(request, section="deliveries")
    parties = Parties(shipper=frame["shipper_name"], recipient=shown.site.name)
    offers = offers_of(appointment)
    standing = Standing(
        with_standing(Delivery.objects.filter(pk=shown.pk)).values_list("standing", flat=True)[0]
    )
    state, state_label = present.badge(shown, appointment, standing)
    entries = _papers(shown, visit)
    context = {
        **frame,
        "delivery": shown,
        "crumbs": _crumbs(shown)[:1],
        "zone": shown.site.time_zone,
        "now": now,
        "refused": refused,
        "state": state,
        "state_label": state_label,
        "negotiation": present_offers.turn(appointment, parties, reader=Side.SHIPPER, now=now)
        if appointment
        else None,
        "turn": present.turn(shown, appointment, standing, shipper=frame["shipper_name"]),
        "compare": _compare(request, shown, appointment, offers, parties),
        "dwell": dwell_card(appointment, appointment.events.all(), now=now) if appointment else None,
        "agreed": present_offers.agreed(appointment) if appointment and visit.is_confirmed else None,
        "waiting": waiting_facts(shown),
        "policy_says": left_to_person(appointment, present_offers.open_offer(offers), Side.SHIPPER, now)
        if appointment and allows(request.actor, "deliveries.plan")
        else "",
        "vehicle_facts": present_offers.load_facts(appointment) if appointment else [],
        "consignments": consignments_of(shown),
        "from_stock": taken_from_stock(shown.pk),
        "temperature_range": of_its_own(shown.temperature_class, temperature_limits(shown)),
        "papers": entries,
        "missing": missing(entries),
        "may_bring": allows(request.actor, "deliveries.bring", shown),
        "stop": planned_stop(shown),
        "expected": expected_of(appointment),
        "milestones": present_milestones.of_delivery(floats(delivery_id=shown.pk)),
        **_handover(shown),
        **returned_facts(shown),
        **legs_of(shown, allows(request.actor, "deliveries.plan")),
        **format_of(shown, allows(request.actor, "deliveries.plan")),
        "may_plan": allows(request.actor, "deliveries.plan"),
        "timeline": timeline(
            [event for each in _appointments(shown) for event in appointments.timeline(each)],
            parties,
            zone=shown.site.time_zone,
            moves=shown.events.all(),
            priorities=shown.priority_changes.all(),
            returns=returned_of(shown).filter(decided_at__isnull=False),
        ),
        "may_audit": allows(request.actor, "deliveries.view", shown),
        **_steps(request, visit, standing, offers, now),
    }
    return render(request, "portal/desk/delivery.html", context, status=refused.status if refused else 200)


def _handover(shown: Delivery) -> dict[str, Any]:
    """What was stated when custody passed, and the photos that were taken, handed over or not."""
    handover = Handover.objects.filter(delivery=shown).first()
    found = list(handover.discrepancies.select_related("handling_unit", "item")) if handover else []
    return {
        "handover": handover_facts(handover, found, drawn_signatures(shown)) if handover else None,
        "drop": drop_facts(shown, handover, DropEmptied.objects.filter(delivery=shown).first()),
        "not_taken": len(services.not_taken(shown)) if handover else 0,
        "still_to_come": len(services.still_to_come(shown)) if handover else 0,
        "again": Delivery.objects.filter(follows=shown).first(),
        "follows": Delivery.objects.filter(pk=shown.follows_id).first() if shown.follows_id else None,
        "photos": photo_facts(
            services.photos_of(shown),
            url=lambda pk: reverse("desk:document", args=[pk]),
            preview=lambda pk: reverse("desk:preview", args=[pk]),
        ),
    }


def planned_stop(shown: Delivery) -> Stop | None:
    """Where the published plan has put the delivery."""
    return (
        Stop.objects.filter(delivery=shown, route__plan__state=RoutePlan.State.PUBLISHED)
        .select_related("route__plan", "route__carrier", "route__vehicle", "route__driver")
        .order_by("-route__plan__day", "-route__plan__version")
        .first()
    )


def offers_of(appointment: Appointment | None) -> list[Offer]:
    """The appointment's offers in order, with their slots and docks."""
    return list(appointment.offers.order_by("id").prefetch_related("slots__dock")) if appointment else []


def _appointments(shown: Delivery) -> QuerySet[Appointment]:
    return Appointment.objects.filter(delivery_id=shown.pk).order_by("id")


def _compare(
    request: ActingRequest,
    shown: Delivery,
    appointment: Appointment | None,
    offers: list[Offer],
    parties: Parties,
) -> dict[str, Any] | None:
    offer = present_offers.open_offer(offers)
    if offer is None or appointment is None or not appointment.must_act:
        return None
    may_answer = allows(request.actor, "appointments.answer", appointment)
    action = reverse("desk:accept", args=[shown.pk, offer.pk]) if may_answer else None
    answered = present_offers.answered_by(offer, offers)
    return present_offers.compare(offer, answered, parties, action=action, appointment=appointment)


def _steps(
    request: ActingRequest, visit: Visit, standing: Standing, offers: list[Offer], now: datetime
) -> dict[str, Any]:
    """The steps that this person may take now, each as the address of its page."""
    shown, appointment = visit.delivery, visit.appointment
    offer = present_offers.open_offer(offers)
    steps: dict[str, str] = {}
    if allows(request.actor, "deliveries.plan") and standing == Standing.TO_BOOK:
        steps["ask"] = reverse("desk:ask", args=[shown.pk])
    if appointment and offer and allows(request.actor, "appointments.answer", appointment):
        steps["counter"] = reverse("desk:counter", args=[shown.pk, appointment.pk])
        steps["decline"] = reverse("desk:decline", args=[shown.pk, offer.pk])
    if appointment and allows(request.actor, "appointments.offer", appointment):
        if present_offers.is_reschedulable(appointment, now=now):
            steps["reschedule"] = reverse("desk:reschedule", args=[shown.pk, appointment.pk])
        if offer and offer.moves and offer.side == Side.SHIPPER:
            steps["withdraw"] = reverse("desk:withdraw", args=[shown.pk, offer.pk])
    if allows(request.actor, "deliveries.move", shown):
        if shown.state == State.OPEN and (shown.leg or visit.is_confirmed):
            steps["load"] = reverse("desk:load", args=[shown.pk])
        if shown.state == State.LOADED:
            steps["depart"] = reverse("desk:depart", args=[shown.pk])
    if (
        appointment
        and appointment.state in (AppointmentState.OFFERED, AppointmentState.CONFIRMED)
        and shown.state in (State.OPEN, State.LOADED)
        and allows(request.actor, "appointments.cancel", appointment)
    ):
        steps["cancel"] = reverse("desk:cancel", args=[shown.pk, appointment.pk])
    return {"steps": steps}


def _papers(shown: Delivery, visit: Visit) -> list[dict[str, Any]]:
    documents = list(documents_of(shown.pk))
    lines, _day = checklist_of(shown, visit.appointment, documents)
    return papers(
        lines,
        documents,
        url=lambda pk: reverse("desk:document", args=[pk]),
        preview=lambda pk: reverse("desk:preview", args=[pk]),
    )


def _question(
    request: ActingRequest,
    shown: Delivery,
    *,
    form: forms.Form,
    title: str,
    text: str,
    verb: str,
    act: Callable[[Delivery, dict[str, Any]], Any],
    done: str,
    is_danger: bool = False,
) -> HttpResponse:
    """One question before one step; a refusal is said beside the form, and what was typed stays."""
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            act(shown, form.cleaned_data)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, done)
            return redirect("desk:delivery", shown.pk)
    context = {
        **desk_frame(request, section="deliveries"),
        "delivery": shown,
        "crumbs": _crumbs(shown),
        "back": present.link_to(shown.pk),
        "form": form,
        "title": title,
        "text": text,
        "verb": verb,
        "is_danger": is_danger,
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/question.html", context, status=status)


def _crumbs(shown: Delivery) -> list[dict[str, str]]:
    return [
        {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
        {"label": shown.number, "url": present.link_to(shown.pk)},
    ]
