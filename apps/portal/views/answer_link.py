"""Answering an offer from its e-mail without an account: GET shows, POST acts, and it is good once."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import Actor, Organisation, Side, actor_by_link
from apps.accounts.models import Link
from apps.accounts.services import LinkClosed, find_link, use_link
from apps.appointments.announcing import ANSWER
from apps.appointments.models import Appointment, Offer
from apps.appointments.states import OfferState
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.selectors import delivery_by_id
from apps.portal.forms_desk import ReasonForm as ShippersReason
from apps.portal.forms_hub import ReasonForm as RecipientsReason
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.tenancy.doorway import in_network


@never_cache
@require_http_methods(["GET", "POST"])
def answer_link(request: HttpRequest, token: str) -> HttpResponse:
    """The offer with a button per slot, and declining with a reason."""
    now = timezone.now()
    link = find_link(token, ANSWER, now=now)
    side = Side(link.facts["side"])
    if in_network() != (side == Side.RECIPIENT):
        raise LinkClosed("This link belongs to another address. Open it as it stands in the mail.")
    offer = _open_offer(link)
    form = (RecipientsReason if side == Side.RECIPIENT else ShippersReason)(
        request.POST if request.POST.get("step") == "decline" else None
    )
    refused: DomainError | None = None
    if request.method == "POST" and (request.POST.get("step") != "decline" or form.is_valid()):
        try:
            return _done(
                request, _act(request, token, side, offer, form.cleaned_data if form.is_bound else {}, now)
            )
        except DomainError as error:
            if error.status not in SHOWN_IN_PLACE:
                raise
            refused = error
    context = {
        "appointment": offer.appointment,
        "offer": offer,
        "slots": list(offer.slots.select_related("dock").order_by("index")),
        "zone": offer.appointment.site.time_zone,
        "form": form,
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/answer_link.html", context, status=status)


def _open_offer(link: Link) -> Offer:
    offer = (
        Offer.objects.select_related(
            "appointment__site__recipient", "appointment__shipper", "appointment__dock"
        )
        .filter(pk=link.subject_id, state=OfferState.OPEN)
        .first()
    )
    if offer is None:
        raise LinkClosed("This offer was answered already. Sign in to see how it stands.")
    return offer


def _act(
    request: HttpRequest, token: str, side: Side, offer: Offer, declined: dict[str, Any], now: datetime
) -> Appointment:
    """Answer and close the link in one transaction; refused, the link stays good."""
    with transaction.atomic():
        link = use_link(token, ANSWER, now=now)
        actor = _actor(side, offer.appointment, link.issued_to)
        if side == Side.SHIPPER:
            return _answer(
                request, actor, offer, delivery_by_id(offer.appointment.delivery_id), declined, now
            )
        with enter_delivery(actor=actor, appointment_id=offer.appointment_id) as delivery:
            return _answer(request, actor, offer, delivery, declined, now)


def _answer(
    request: HttpRequest, actor: Actor, offer: Offer, delivery: Any, declined: dict[str, Any], now: datetime
) -> Appointment:
    common = {"actor": actor, "delivery": delivery, "offer_id": offer.pk, "now": now}
    if declined:
        return services.decline_offer(
            **common, reason_code=declined["reason_code"], message=declined["message"]
        )
    index = request.POST.get("slot", "")
    return services.accept_offer(**common, slot_index=int(index) if index.isdecimal() else -1)


def _actor(side: Side, appointment: Appointment, address: str) -> Actor:
    if side == Side.SHIPPER:
        return actor_by_link(Organisation(side, appointment.shipper.name, appointment.shipper_id), address)
    recipient = appointment.site.recipient
    assert recipient is not None
    return actor_by_link(Organisation(side, recipient.name, recipient.pk), address)


def _done(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    fresh = Appointment.objects.select_related("site", "shipper", "dock").get(pk=appointment.pk)
    number = {"number": fresh.confirmation_number}
    if request.POST.get("step") != "decline":
        title = _("Agreed: %(number)s") % number
    elif fresh.confirmation_number:
        title = _("Declined: %(number)s stays as agreed") % number
    else:
        title = _("Declined")
    return render(request, "portal/answer_link_done.html", {"appointment": fresh, "title": title})
