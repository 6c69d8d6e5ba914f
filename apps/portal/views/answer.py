"""The recipient's answers to an offer: accept a slot, propose others, decline, cancel."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.search import SlotSearch, local_day
from apps.appointments.selectors import find_slots
from apps.appointments.states import OfferState
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.choosing import Choice, read_choice
from apps.portal.forms_hub import CounterForm, ReasonForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, offers_of, parties_of
from apps.portal.presenters.offers import is_counterable, turn
from apps.portal.presenters.slots import chosen_slots, described_slots, slot_picker, taken
from apps.portal.presenters.times import span_label
from apps.portal.views.appointment import appointment_page

#: How many days the picker counts free starts for; more is asked for by looking at a later day.
DAYS_AHEAD = 42
#: Refusals that the page itself can answer; others are pages of their own.
SHOWN_IN_PLACE = {409, 422}


@require_POST
@hub_page
def accept(request: ActingRequest, appointment_id: UUID, offer_id: UUID) -> HttpResponse:
    """Accept one slot of the open offer by its place in it (``slot``)."""
    hub_appointment(request.actor, appointment_id)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            agreed = services.accept_offer(
                actor=request.actor,
                delivery=delivery,
                offer_id=offer_id,
                slot_index=_index(request.POST.get("slot", "")),
                now=timezone.now(),
            )
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    confirmed = hub_appointment(request.actor, agreed.pk)
    words = {
        "number": confirmed.confirmation_number,
        "when": span_label(confirmed.during.lower, confirmed.during.upper, confirmed.site.time_zone),
        "dock": confirmed.dock.name if confirmed.dock else "",
    }
    messages.success(request, _("Confirmed %(number)s: %(when)s, %(dock)s.") % words)
    if request.GET.get("then") == "inbox":
        return redirect("hub:inbox")
    return redirect("hub:appointment", appointment_id)


@require_http_methods(["GET", "POST"])
@hub_page
def decline(request: ActingRequest, appointment_id: UUID, offer_id: UUID) -> HttpResponse:
    """Decline the open offer with a reason; as a page of its own where the dialog can't open."""
    if not hub_appointment(request.actor, appointment_id).offers.filter(pk=offer_id).exists():
        raise Http404

    def step(form: ReasonForm) -> str:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.decline_offer(
                actor=request.actor,
                delivery=delivery,
                offer_id=offer_id,
                now=timezone.now(),
                **form.cleaned_data,
            )
        return _("The offer is declined; its slots are free again.")

    words = {
        "title": _("Decline the offer"),
        "text": _("Every slot of the offer is free again. The shipper reads the reason."),
        "confirm_label": _("Decline the offer"),
    }
    return _ask_reason(request, appointment_id, step, words)


@require_http_methods(["GET", "POST"])
@hub_page
def cancel(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel the negotiation or the agreed appointment with a reason."""

    def step(form: ReasonForm) -> str:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.cancel_appointment(
                actor=request.actor,
                delivery=delivery,
                appointment_id=appointment_id,
                now=timezone.now(),
                **form.cleaned_data,
            )
        return _("The appointment is cancelled; its dock time is free again.")

    words = {
        "title": _("Cancel the appointment"),
        "text": _("The dock time is free again. The shipper is told at once and reads the reason."),
        "confirm_label": _("Cancel the appointment"),
    }
    return _ask_reason(request, appointment_id, step, words)


@require_GET
@hub_page
def counter(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The slot picker of a counter-offer; what is chosen lies in the address."""
    appointment = _to_counter(request, appointment_id)
    if not is_counterable(appointment, request.actor.side):
        return _not_now(request, appointment)
    return _picker_page(request, appointment, read_choice(request.GET), timezone.now())


@require_http_methods(["GET", "POST"])
@hub_page
def counter_review(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The counter-offer before it is sent (GET), the sending (POST); a lost race leads back to the picker."""
    appointment = _to_counter(request, appointment_id)
    if request.method == "GET" and not is_counterable(appointment, request.actor.side):
        return _not_now(request, appointment)
    now = timezone.now()
    choice = read_choice(request.POST if request.method == "POST" else request.GET)
    if not choice.slots:
        return redirect(reverse("hub:counter", args=[appointment_id]) + choice.query())
    form = CounterForm(request.POST if request.method == "POST" else None, initial=vars(choice))
    if request.method == "POST" and form.is_valid():
        try:
            _send(request, appointment, choice, form, now)
        except DomainError as refusal:
            if refusal.status not in SHOWN_IN_PLACE:
                raise
            return _refused(request, appointment, choice, refusal, now)
        messages.success(request, _("The counter-offer is sent; its slots are held."))
        return redirect("hub:appointment", appointment_id)
    context = hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "parties": parties_of(appointment),
        "zone": appointment.site.time_zone,
        "chosen": chosen_slots(choice, _search(appointment, now)),
        "hidden": Choice(choice.slots, choice.day).fields(),
        "form": form,
    }
    return render(request, "portal/hub/counter_review.html", context, status=422 if form.errors else 200)


def _ask_reason(
    request: ActingRequest, appointment_id: UUID, step: Callable[[ReasonForm], str], words: dict[str, str]
) -> HttpResponse:
    """Ask for a reason, take the step, say what came of it; a refusal is said on the appointment's page."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.offer", appointment)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = step(form)
        except DomainError as refusal:
            if refusal.status not in SHOWN_IN_PLACE:
                raise
            return appointment_page(request, appointment_id, refusal=refusal)
        messages.success(request, done)
        return redirect("hub:appointment", appointment_id)
    context = hub_frame(request, site=appointment.site) | words | {"appointment": appointment, "form": form}
    return render(request, "portal/hub/reason.html", context, status=422 if form.errors else 200)


def _to_counter(request: ActingRequest, appointment_id: UUID) -> Appointment:
    """The appointment, for somebody who negotiates for its recipient.

    Raises:
        Http404, PermissionRefused
    """
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.offer", appointment)
    return appointment


def _not_now(request: ActingRequest, appointment: Appointment) -> HttpResponse:
    messages.info(request, _("No slots can be proposed now; this is where the appointment stands."))
    return redirect("hub:appointment", appointment.pk)


def _send(
    request: ActingRequest, appointment: Appointment, choice: Choice, form: CounterForm, now: datetime
) -> None:
    with enter_delivery(actor=request.actor, appointment_id=appointment.pk) as delivery:
        services.counter_offer(
            actor=request.actor,
            delivery=delivery,
            appointment_id=appointment.pk,
            slots=choice.slots,
            now=now,
            **form.cleaned_data,
        )


def _refused(
    request: ActingRequest, appointment: Appointment, choice: Choice, refusal: DomainError, now: datetime
) -> HttpResponse:
    """The picker again, with what was typed and the slots that were not refused; alternatives on top."""
    if "slot" not in refusal.details:
        return appointment_page(request, appointment.pk, refusal=refusal)
    kept = tuple(slot for index, slot in enumerate(choice.slots) if index != refusal.details["slot"])
    kept_choice = Choice(kept, choice.day, choice.message, choice.reason_code)
    alternatives = described_slots(refusal.details.get("alternatives", []))
    return _picker_page(
        request,
        appointment,
        kept_choice,
        now,
        lost=taken(refusal.message, alternatives),
        status=refusal.status,
    )


def _picker_page(
    request: ActingRequest,
    appointment: Appointment,
    choice: Choice,
    now: datetime,
    *,
    lost: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    search = _search(appointment, now, choice.day)
    wanted = _wanted(offers_of(appointment))
    address = reverse("hub:counter", args=[appointment.pk])
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
    )
    context = hub_frame(request, site=appointment.site) | {
        "appointment": appointment,
        "parties": parties_of(appointment),
        "zone": appointment.site.time_zone,
        "now": now,
        "turn": turn(appointment, parties_of(appointment), reader=request.actor.side, now=now),
        "picker": picker,
        "taken": lost,
        "chosen": chosen_slots(choice, search),
        "is_full": choice.is_full,
        "hidden": choice.fields(),
        "review_url": reverse("hub:counter_review", args=[appointment.pk]) + choice.query(),
    }
    return render(request, "portal/hub/counter.html", context, status=status)


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


def _wanted(offers: list[Offer]) -> Slot | None:
    """The first slot that the shipper asked for last."""
    for offer in reversed(offers):
        if offer.side == "shipper" and offer.state != OfferState.WITHDRAWN:
            first = next(iter(offer.slots.all()), None)
            return Slot(first.dock_id, first.during.lower, first.during.upper) if first else None
    return None


def _index(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise Http404 from None
