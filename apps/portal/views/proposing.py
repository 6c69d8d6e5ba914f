"""The hub proposes slots: a counter-offer, or another time for what is agreed; picker, review, sending."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.ranking import Wish
from apps.appointments.search import SlotSearch, local_day
from apps.appointments.selectors import find_slots
from apps.appointments.states import OfferState, State
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.choosing import Choice, read_choice
from apps.portal.forms_hub import CounterForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, offers_of, parties_of
from apps.portal.presenters.offers import is_counterable, is_reschedulable, move_terms, turn
from apps.portal.presenters.slots import chosen_slots, described_slots, hold, slot_picker, taken
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page
from apps.portal.views.holding import Subject, read_click

#: How many days the picker counts free starts for; more is asked for by looking at a later day.
DAYS_AHEAD = 42
#: What the button says that exchanges an agreed slot without asking.
NOW = "now"


@dataclass(frozen=True)
class Proposal:
    """Why slots are proposed: the addresses of its two pages, their titles, and when it is possible."""

    picker: str
    review: str
    title: str | Promise
    review_title: str | Promise
    is_possible: Callable[[Appointment, datetime], bool]


COUNTER = Proposal(
    picker="hub:counter",
    review="hub:counter_review",
    title=gettext_lazy("Propose other times"),
    review_title=gettext_lazy("Review the counter-offer"),
    is_possible=lambda appointment, now: is_counterable(appointment, Side.RECIPIENT),
)
MOVE = Proposal(
    picker="hub:reschedule",
    review="hub:reschedule_review",
    title=gettext_lazy("Reschedule"),
    review_title=gettext_lazy("Review the other time"),
    is_possible=lambda appointment, now: is_reschedulable(appointment, now=now),
)


@require_http_methods(["GET", "POST"])
@hub_page
def counter(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The slot picker of a counter-offer; what is chosen lies in the address, a click (POST) keeps it."""
    return _choose(request, appointment_id, COUNTER)


@require_http_methods(["GET", "POST"])
@hub_page
def counter_review(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The counter-offer before it is sent (GET), the sending (POST); a lost race leads back to the picker."""
    return _review(request, appointment_id, COUNTER)


@require_http_methods(["GET", "POST"])
@hub_page
def reschedule(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The slot picker of another time for what is agreed; an open proposal is answered instead."""
    return _choose(request, appointment_id, MOVE)


@require_http_methods(["GET", "POST"])
@hub_page
def reschedule_review(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The other times before they are proposed (GET); proposing, or moving at once (POST, ``how=now``)."""
    return _review(request, appointment_id, MOVE)


def _choose(request: ActingRequest, appointment_id: UUID, proposal: Proposal) -> HttpResponse:
    appointment = _negotiable(request, appointment_id)
    now = timezone.now()
    if not proposal.is_possible(appointment, now):
        return _instead(request, appointment)
    click = read_click(request.POST)
    if click is None:
        return _picker_page(request, appointment, proposal, read_choice(request.POST or request.GET), now)
    try:
        choice = click(Subject.of(appointment), request.actor, now)
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        alternatives = described_slots(refusal.details.get("alternatives", []))
        return _picker_page(
            request,
            appointment,
            proposal,
            read_choice(request.POST),
            now,
            lost=taken(refusal.message, alternatives),
            status=refusal.status,
        )
    return redirect(reverse(proposal.picker, args=[appointment_id]) + choice.query())


def _review(request: ActingRequest, appointment_id: UUID, proposal: Proposal) -> HttpResponse:
    appointment = _negotiable(request, appointment_id)
    now = timezone.now()
    if request.method == "GET" and not proposal.is_possible(appointment, now):
        return _instead(request, appointment)
    choice = read_choice(request.POST if request.method == "POST" else request.GET)
    if not choice.slots:
        return redirect(reverse(proposal.picker, args=[appointment_id]) + choice.query())
    form = CounterForm(request.POST if request.method == "POST" else None, initial=vars(choice))
    if request.method == "GET" or not form.is_valid():
        return _review_page(request, appointment, proposal, choice, form, now)
    try:
        said = _send(request, appointment, proposal, choice, form, now)
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return _refused(request, appointment, proposal, choice, form, refusal, now)
    messages.success(request, said)
    return redirect("hub:appointment", appointment_id)


def _negotiable(request: ActingRequest, appointment_id: UUID) -> Appointment:
    """The appointment, for somebody who negotiates for its recipient.

    Raises:
        Http404, PermissionRefused
    """
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.offer", appointment)
    return appointment


def _instead(request: ActingRequest, appointment: Appointment) -> HttpResponse:
    """Where to go when nothing can be proposed this way: the open proposal is answered, or looked at."""
    if is_counterable(appointment, Side.RECIPIENT):
        return redirect("hub:counter", appointment.pk)
    messages.info(request, _("No slots can be proposed now; this is where the appointment stands."))
    return redirect("hub:appointment", appointment.pk)


def _send(
    request: ActingRequest,
    appointment: Appointment,
    proposal: Proposal,
    choice: Choice,
    form: CounterForm,
    now: datetime,
) -> str:
    """Send what was chosen; returns what to say of it."""
    with enter_delivery(actor=request.actor, appointment_id=appointment.pk) as delivery:
        common: dict[str, Any] = {
            "actor": request.actor,
            "delivery": delivery,
            "appointment_id": appointment.pk,
            "now": now,
            **form.cleaned_data,
        }
        if proposal is COUNTER:
            services.counter_offer(**common, slots=choice.slots)
            return _("The counter-offer is sent; its slots are held.")
        if request.POST.get("how") == NOW:
            services.move_now(**common, slot=choice.slots[0])
            return _("The appointment is moved; the shipper is told.")
        services.propose_move(**common, slots=choice.slots)
        return _("The other time is proposed and held; the agreed slot stands until it is accepted.")


def _refused(
    request: ActingRequest,
    appointment: Appointment,
    proposal: Proposal,
    choice: Choice,
    form: CounterForm,
    refusal: DomainError,
    now: datetime,
) -> HttpResponse:
    """Where the question was, with what was typed: the picker for a lost slot, else the review.

    What is no longer possible at all is said on the appointment's page.
    """
    fresh = hub_appointment(request.actor, appointment.pk)
    if not proposal.is_possible(fresh, now):
        return appointment_page(request, appointment.pk, refusal=refusal)
    if "slot" not in refusal.details:
        return _review_page(request, fresh, proposal, choice, form, now, refusal=refusal)
    kept = tuple(slot for index, slot in enumerate(choice.slots) if index != refusal.details["slot"])
    kept_choice = Choice(kept, choice.day, choice.message, choice.reason_code)
    alternatives = described_slots(refusal.details.get("alternatives", []))
    lost = taken(refusal.message, alternatives)
    return _picker_page(request, fresh, proposal, kept_choice, now, lost=lost, status=refusal.status)


def _review_page(
    request: ActingRequest,
    appointment: Appointment,
    proposal: Proposal,
    choice: Choice,
    form: CounterForm,
    now: datetime,
    *,
    refusal: DomainError | None = None,
) -> HttpResponse:
    context = _talk(request, appointment, proposal, now) | {
        "title": proposal.review_title,
        "chosen": chosen_slots(choice, _search(appointment, now)),
        "hidden": Choice(choice.slots, choice.day).fields(),
        "form": form,
        "refusal": refusal,
        "review_url": reverse(proposal.review, args=[appointment.pk]),
        "picker_url": reverse(proposal.picker, args=[appointment.pk]),
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "portal/hub/propose_review.html", context, status=status)


def _picker_page(
    request: ActingRequest,
    appointment: Appointment,
    proposal: Proposal,
    choice: Choice,
    now: datetime,
    *,
    lost: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    search = _search(appointment, now, choice.day)
    kept = Subject.of(appointment).kept(request.actor, now)
    wanted = _wanted(appointment, offers_of(appointment))
    address = reverse(proposal.picker, args=[appointment.pk])
    zone = ZoneInfo(appointment.site.time_zone)

    def day_url(day: date) -> str:
        return address + Choice(choice.slots, day, choice.message, choice.reason_code).query()

    picker = slot_picker(
        search=search,
        site=appointment.site,
        day=_shown_day(choice, wanted, search, zone),
        choice=choice,
        action=address,
        day_url=day_url,
        today=local_day(now, zone),
        wanted=wanted,
        wish=Wish(earliest=wanted.start, latest=wanted.start) if wanted else None,
    )
    context = _talk(request, appointment, proposal, now) | {
        "title": proposal.title,
        "turn": turn(appointment, parties_of(appointment), reader=request.actor.side, now=now),
        "picker": picker,
        "taken": lost,
        "chosen": chosen_slots(choice, search, kept),
        "hold": hold(choice, kept),
        "is_full": choice.is_full,
        "message": choice.message,
        "review_url": reverse(proposal.review, args=[appointment.pk]) + choice.query(),
    }
    return render(request, "portal/hub/propose.html", context, status=status)


def _talk(
    request: ActingRequest, appointment: Appointment, proposal: Proposal, now: datetime
) -> dict[str, Any]:
    """What both pages show: the frame, the parties, and the agreed slot that another is to replace."""
    return hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "parties": parties_of(appointment),
        "zone": appointment.site.time_zone,
        "now": now,
        "move": move_terms(appointment, parties_of(appointment), side=Side.RECIPIENT, now=now),
    }


def _search(appointment: Appointment, now: datetime, day: date | None = None) -> SlotSearch:
    """Free slots for the appointment's load from today on, as far as its site may be booked."""
    site = appointment.site
    today = local_day(now, ZoneInfo(site.time_zone))
    days = min(site.max_lead_time.days + 1, DAYS_AHEAD)
    if day is not None and today <= day:
        days = max(days, min((day - today).days + 1, site.max_lead_time.days + 1))
    return find_slots(
        site=site,
        load=appointment.load,
        first_day=today,
        days=days,
        now=now,
        appointment=appointment,
        limit=0,
    )


def _shown_day(choice: Choice, wanted: Slot | None, search: SlotSearch, zone: ZoneInfo) -> date:
    """The day asked for; else that of the wanted slot if it has times; else the first that has any."""
    free = {count.day for count in search.per_day if count.starts}
    listed = [count.day for count in search.per_day]
    if choice.day is not None and choice.day in listed:
        return choice.day
    if wanted is not None and (day := local_day(wanted.start, zone)) in free:
        return day
    return min(free, default=listed[0])


def _wanted(appointment: Appointment, offers: list[Offer]) -> Slot | None:
    """What times are compared with: the first slot that the shipper asked for last, else the agreed one."""
    agreed = appointment.state == State.CONFIRMED
    for offer in reversed(offers):
        if offer.side == "shipper" and offer.moves == agreed and offer.state != OfferState.WITHDRAWN:
            first = next(iter(offer.slots.all()), None)
            return Slot(first.dock_id, first.during.lower, first.during.upper) if first else None
    if agreed and appointment.dock_id is not None:
        return Slot(appointment.dock_id, appointment.during.lower, appointment.during.upper)
    return None
