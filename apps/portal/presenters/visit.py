"""The page of one appointment at the hub, put together from what was read of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.actors import Side
from apps.appointments.landing import MOVABLE
from apps.appointments.models import Appointment
from apps.appointments.services.reschedule import needs_consent
from apps.appointments.states import State
from apps.core.errors import DomainError
from apps.deliveries.states import State as DeliveryState
from apps.facilities.models import DocumentType
from apps.portal.hub_visit import HubVisit
from apps.portal.presenters import offers as negotiation
from apps.portal.presenters.dwell import dwell_card
from apps.portal.presenters.handover import drop_facts, handover_facts, photo_facts
from apps.portal.presenters.papers import missing, papers
from apps.portal.presenters.sites import address
from apps.portal.presenters.slots import described_slots, taken
from apps.portal.presenters.timeline import timeline
from apps.portal.presenters.times import span_label

Context = dict[str, Any]
RENEWABLE = {State.DECLINED, State.EXPIRED}


def visit_page(
    visit: HubVisit, *, may_negotiate: bool, now: datetime, refusal: DomainError | None = None
) -> Context:
    """Context of ``portal/hub/appointment.html``."""
    appointment, parties = visit.appointment, visit.parties
    state, label = negotiation.status(appointment, now=now, offers=len(visit.offers))
    entries = papers(
        visit.checklist,
        visit.documents,
        url=lambda pk: reverse("hub:document", args=[appointment.pk, pk]),
        preview=lambda pk: reverse("hub:preview", args=[appointment.pk, pk]),
    )
    return {
        "appointment": appointment,
        "parties": parties,
        "zone": appointment.site.time_zone,
        "now": now,
        "state": state,
        "state_label": label,
        "needs": _needs(appointment),
        "turn": negotiation.turn(appointment, parties, reader=Side.RECIPIENT, now=now),
        "offer": _offer(visit, may_negotiate=may_negotiate, now=now),
        "agreed": negotiation.agreed(appointment),
        "is_agreed": appointment.state not in {State.CANCELLED, State.NO_SHOW},
        "address": address(appointment.site),
        "load": negotiation.load_facts(appointment),
        "papers": entries,
        "missing": missing(entries),
        "may_bring": visit.may_receive,
        "may_waive": visit.may_waive,
        "step": _step(visit, now),
        "dwell": dwell_card(appointment, visit.events, now=now),
        "handover": handover_facts(visit.handover, visit.discrepancies, visit.strokes)
        if visit.handover
        else None,
        "drop": drop_facts(visit.delivery, visit.handover, visit.emptied),
        "drop_url": reverse("hub:empty_drop", args=[appointment.pk])
        if visit.may_receive and visit.handover and not visit.emptied
        else "",
        "may_see_code": visit.may_receive,
        "photos": photo_facts(
            [each for each in reversed(visit.documents) if each.document_type == DocumentType.PHOTO],
            url=lambda pk: reverse("hub:document", args=[appointment.pk, pk]),
            preview=lambda pk: reverse("hub:preview", args=[appointment.pk, pk]),
        ),
        "entries": timeline(visit.events, parties, zone=appointment.site.time_zone, moves=visit.moves),
        "refusal": _refusal(refusal, appointment) if refusal else None,
        "may_renew": may_negotiate and appointment.state in RENEWABLE,
        "may_cancel": may_negotiate and _is_cancellable(appointment),
        "reschedule_url": reverse("hub:reschedule", args=[appointment.pk])
        if may_negotiate and negotiation.is_reschedulable(appointment, now=now)
        else "",
        "cancels_late": appointment.state == State.CONFIRMED and needs_consent(appointment, now),
        "board_url": _board_url(appointment),
    }


def _is_cancellable(appointment: Appointment) -> bool:
    """An agreement, or an offer of the recipient's own; the other side's offer is declined instead."""
    if appointment.state == State.OFFERED:
        return appointment.must_act == Side.SHIPPER
    return appointment.state in {State.CONFIRMED, State.ARRIVED}


def _needs(appointment: Appointment) -> str:
    """The sentence under the title: what was agreed, or where it comes from."""
    if not appointment.is_planned and appointment.during is None:
        return _("A walk-in at %(site)s; it waits for a dock.") % {"site": appointment.site.name}
    if appointment.during is None or appointment.dock is None:
        words = {"shipper": appointment.shipper.name, "site": appointment.site.name}
        return _("%(shipper)s asks %(site)s for a slot.") % words
    when = span_label(appointment.during.lower, appointment.during.upper, appointment.site.time_zone)
    return f"{when}, {appointment.dock.name}, {appointment.site.name}"


def _offer(visit: HubVisit, *, may_negotiate: bool, now: datetime) -> Context | None:
    """The open offer: its slots, what it answers, and where each answer goes."""
    appointment = visit.appointment
    offer = negotiation.open_offer(visit.offers)
    if offer is None or not appointment.must_act:
        return None
    answers = may_negotiate and appointment.must_act == Side.RECIPIENT and offer.expires_at > now
    is_own_move = may_negotiate and offer.moves and offer.side == Side.RECIPIENT
    action = reverse("hub:accept", args=[appointment.pk, offer.pk]) if answers else None
    answered = negotiation.answered_by(offer, visit.offers)
    return {
        "id": offer.pk,
        "by": f"{offer.offered_by} ({visit.parties.name(offer.side)})",
        "message": offer.message,
        "reason": negotiation.reason_label(offer.reason_code),
        "is_counter": answered is not None,
        "is_move": offer.moves,
        "compare": negotiation.compare(
            offer, answered, visit.parties, action=action, appointment=appointment
        ),
        "may_answer": answers,
        "decline_url": reverse("hub:decline", args=[appointment.pk, offer.pk]) if answers else "",
        "withdraw_url": reverse("hub:withdraw", args=[appointment.pk, offer.pk]) if is_own_move else "",
        "for_whom": visit.parties.other(offer.side),
        "expires_at": offer.expires_at,
    }


def _step(visit: HubVisit, now: datetime) -> Context | None:
    """The next step at the gate, or what it waits for; None when nothing is to be done there."""
    appointment = visit.appointment
    if appointment.state not in {State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.NO_SHOW}:
        return None
    kinds = {
        DeliveryState.IN_TRANSIT: ("arrive", "hub:arrive"),
        DeliveryState.ARRIVED: ("unload", "hub:unload"),
        DeliveryState.UNLOADING: ("handover", "hub:handover"),
    }
    if appointment.state == State.NO_SHOW:
        kinds[DeliveryState.FAILED] = ("arrive", "hub:arrive")  # it comes after all
    was_missed = visit.may_receive and negotiation.is_late(appointment, now=now)
    is_movable = visit.may_receive and appointment.state in MOVABLE
    kind, name = kinds.get(DeliveryState(visit.delivery.state), ("wait", ""))
    return {
        "kind": kind,
        "url": reverse(name, args=[appointment.pk]) if name else "",
        "no_show_url": reverse("hub:no_show", args=[appointment.pk]) if was_missed else "",
        "move_url": reverse("hub:move", args=[appointment.pk]) if is_movable else "",
        "needs_dock": appointment.dock is None,
        "may": visit.may_receive,
        "delivery_state": str(visit.delivery.get_state_display()),
        "stages": _stages(DeliveryState(visit.delivery.state)),
    }


def _stages(state: DeliveryState) -> list[Context]:
    """The steps of the day in order, each done, current or ahead."""
    order = [
        (DeliveryState.IN_TRANSIT, _("On the way")),
        (DeliveryState.ARRIVED, _("Checked in")),
        (DeliveryState.UNLOADING, _("Unloading")),
        (DeliveryState.DELIVERED, _("Handed over")),
    ]
    reached = next((n for n, (stage, _label) in enumerate(order) if stage == state), -1)
    return [
        {"label": label, "is_done": number <= reached, "is_current": number == reached}
        for number, (_stage, label) in enumerate(order)
    ]


def _refusal(refusal: DomainError, appointment: Appointment) -> Context:
    """What was refused and what works instead: free slots become a counter-offer by one click."""
    alternatives = described_slots(refusal.details.get("alternatives", []))
    return taken(refusal.message, alternatives) | {"action": reverse("hub:counter", args=[appointment.pk])}


def _board_url(appointment: Appointment) -> str:
    board = reverse("hub:board", args=[appointment.site_id])
    if appointment.during is None:
        return board
    day = appointment.during.lower.astimezone(ZoneInfo(appointment.site.time_zone)).date()
    return f"{board}?day={day.isoformat()}"
