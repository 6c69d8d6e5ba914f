"""Offering slots at the desk: asking for a delivery's first slots, and countering the recipient's offer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.appointments import selectors as appointments
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment
from apps.appointments.ranking import RouteCost, Wish
from apps.appointments.search import SlotSearch, day_bounds, local_day
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, load_of, visit_of
from apps.portal.access import desk_page
from apps.portal.choosing import Choice, read_choice
from apps.portal.forms_desk import VehicleForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import deliveries as present
from apps.portal.presenters import slots as present_slots
from apps.portal.presenters.offers import is_counterable, is_reschedulable, move_terms, open_offer
from apps.portal.presenters.parties import Parties
from apps.portal.views.desk_delivery import offers_of
from apps.portal.views.desk_vehicle import vehicle_default, with_vehicle
from apps.portal.views.holding import Subject, read_click
from apps.routing.services import route_costs
from apps.tenancy.doorway import current_shipper

MOST_DAYS = 62


@dataclass(frozen=True)
class Offering:
    """What a page with a slot picker is about: for which load, at whose address, how its offer is sent.

    ``stands`` is the appointment that gets other slots; None for a first offer. ``move`` is what stands while
    another time is proposed; ``send_now`` moves to one slot without asking.
    """

    delivery: Delivery
    load: Load
    action: str
    title: str
    send: Callable[[Sequence[Slot], str], Appointment]
    vehicle: VehicleForm | None = None
    stands: Appointment | None = None
    wanted: Slot | None = None
    move: dict[str, Any] | None = None
    send_now: Callable[[Slot, str], Appointment] | None = None

    @property
    def vehicle_query(self) -> list[tuple[str, str]]:
        """The vehicle as typed, for addresses and hidden fields."""
        if self.vehicle is None:
            return []
        return [(name, str(value)) for name in self.vehicle.fields if (value := self.vehicle[name].value())]

    @property
    def subject(self) -> Subject:
        """What is kept while it is chosen is kept for this."""
        if self.stands is not None:
            return Subject.of(self.stands)
        delivery = self.delivery
        return Subject(delivery.site, current_shipper().pk, delivery.pk, delivery.number, self.load)

    def address(self, choice: Choice) -> str:
        """The page with this choice."""
        return self.action + "?" + urlencode([*choice.fields(), *self.vehicle_query])


@desk_page
@require_http_methods(["GET", "POST"])
def ask(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Choose one to five slots for a delivery (GET), offer them (POST). The choice is in the address."""
    delivery = delivery_by_id(delivery_id)
    visit = visit_of(delivery)
    if request.method == "GET" and not visit.needs_slot:
        messages.info(request, _("Slots are offered already; this is where the negotiation stands."))
        return redirect("desk:delivery", delivery.pk)
    typed = request.POST or request.GET
    vehicle = VehicleForm(typed if "length" in typed else vehicle_default(delivery))
    load = with_vehicle(load_of(delivery), vehicle)
    return _pick(
        request,
        Offering(
            delivery=delivery,
            load=load,
            vehicle=vehicle,
            action=reverse("desk:ask", args=[delivery.pk]),
            title=_("Offer slots"),
            send=lambda slots, message: services.ask_for_slots(
                actor=request.actor,
                delivery=delivery,
                slots=slots,
                load=load,
                message=message,
                now=timezone.now(),
            ),
        ),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def counter(request: ActingRequest, delivery_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Answer the recipient's offer with other slots; times say how far they are from what it asked."""
    delivery = delivery_by_id(delivery_id)
    appointment = _appointment_of(delivery, appointment_id)
    offer = open_offer(offers_of(appointment))
    asked = next(iter(offer.slots.all()), None) if offer else None
    return _pick(
        request,
        Offering(
            delivery=delivery,
            load=appointment.load,
            action=reverse("desk:counter", args=[delivery.pk, appointment.pk]),
            title=_("Propose other slots"),
            stands=appointment,
            move=_move_terms(request, appointment),
            wanted=Slot(asked.dock_id, asked.during.lower, asked.during.upper) if asked else None,
            send=lambda slots, message: services.counter_offer(
                actor=request.actor,
                delivery=delivery,
                appointment_id=appointment.pk,
                slots=slots,
                message=message,
                now=timezone.now(),
            ),
        ),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def reschedule(request: ActingRequest, delivery_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Propose another time for what is agreed, which stands meanwhile; before the cut-off, move at once."""
    delivery = delivery_by_id(delivery_id)
    appointment = _appointment_of(delivery, appointment_id)
    if request.method == "GET" and not is_reschedulable(appointment, now=timezone.now()):
        if is_counterable(appointment, Side.SHIPPER):
            return redirect("desk:counter", delivery.pk, appointment.pk)
        messages.info(request, _("No slots can be proposed now; this is where the appointment stands."))
        return redirect("desk:delivery", delivery.pk)
    common: dict[str, Any] = {
        "actor": request.actor,
        "delivery": delivery,
        "appointment_id": appointment.pk,
        "now": timezone.now(),
    }
    wanted = None
    if appointment.during is not None and appointment.dock_id is not None:
        wanted = Slot(appointment.dock_id, appointment.during.lower, appointment.during.upper)
    return _pick(
        request,
        Offering(
            delivery=delivery,
            load=appointment.load,
            action=reverse("desk:reschedule", args=[delivery.pk, appointment.pk]),
            title=_("Reschedule"),
            stands=appointment,
            wanted=wanted,
            move=_move_terms(request, appointment),
            send=lambda slots, message: services.propose_move(**common, slots=slots, message=message),
            send_now=lambda slot, message: services.move_now(**common, slot=slot, message=message),
        ),
    )


def _appointment_of(delivery: Delivery, appointment_id: UUID) -> Appointment:
    """
    Raises:
        UnknownDelivery: the delivery has no such appointment.
    """
    found = Appointment.objects.select_related("site", "dock")
    appointment = found.filter(pk=appointment_id, delivery_id=delivery.pk).first()
    if appointment is None:
        raise UnknownDelivery(_("There is no such appointment."))
    return appointment


def _move_terms(request: ActingRequest, appointment: Appointment) -> dict[str, Any] | None:
    parties = Parties(shipper=current_shipper().name, recipient=appointment.site.name)
    return move_terms(appointment, parties, side=Side.SHIPPER, now=timezone.now())


def _pick(request: ActingRequest, offering: Offering) -> HttpResponse:
    choice = read_choice(request.POST or request.GET)
    is_now = request.POST.get("how") == "now"
    click = read_click(request.POST)
    refused: DomainError | None = None
    if request.method == "POST" and not (offering.vehicle and offering.vehicle.errors):
        try:
            if click:
                return redirect(offering.address(click(offering.subject, request.actor, timezone.now())))
            if is_now and offering.send_now and choice.slots:
                appointment = offering.send_now(choice.slots[0], choice.message)
            else:
                appointment = offering.send(choice.slots, choice.message)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _said(offering, choice, is_now=is_now))
            return redirect("desk:delivery", appointment.delivery_id)
    is_wrong = bool(offering.vehicle and offering.vehicle.is_bound and offering.vehicle.errors)
    status = refused.status if refused else 422 if is_wrong else 200
    left = choice if click else _without_lost(choice, refused)
    return render(
        request, "portal/desk/slots.html", _context(request, offering, left, refused), status=status
    )


def _said(offering: Offering, choice: Choice, *, is_now: bool) -> str:
    words = {"n": len(choice.slots), "recipient": present.recipient_of(offering.delivery)}
    if is_now:
        return _("The appointment is moved; %(recipient)s is told.") % words
    if offering.move:
        return _("The other time is proposed and held; the agreed slot stands until it is accepted.")
    return (
        ngettext(
            "%(n)d slot is offered to %(recipient)s and held until the answer.",
            "%(n)d slots are offered to %(recipient)s and held until the answer.",
            len(choice.slots),
        )
        % words
    )


def _context(
    request: ActingRequest, offering: Offering, choice: Choice, refused: DomainError | None
) -> dict[str, Any]:
    delivery, now = offering.delivery, timezone.now()
    site = delivery.site
    today = local_day(now, ZoneInfo(site.time_zone))
    kept = offering.subject.kept(request.actor, now)
    search = appointments.find_slots(
        site=site,
        load=offering.load,
        first_day=today,
        days=min((site.max_lead_time + timedelta(days=1)).days, MOST_DAYS),
        now=now,
        appointment=kept.subject if kept else offering.stands,
    )
    searched = {count.day for count in search.per_day}
    day = choice.day if choice.day in searched else _first_free(search, delivery.day, today)

    def day_url(other: date) -> str:
        return offering.address(replace(choice, day=other))

    picker = present_slots.slot_picker(
        search=search,
        site=site,
        day=day,
        choice=choice,
        action=offering.action,
        day_url=day_url,
        today=today,
        wanted=offering.wanted,
        wish=_wish(request, offering, search, now),
    )
    picker["hidden"] = [*picker["hidden"], *offering.vehicle_query]
    return {
        **desk_frame(request, section="deliveries"),
        "delivery": delivery,
        "zone": site.time_zone,
        "crumbs": [
            {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
            {"label": delivery.number, "url": present.link_to(delivery.pk)},
        ],
        "title": offering.title,
        "recipient": present.recipient_of(delivery),
        "picker": picker,
        "move": offering.move,
        "vehicle": offering.vehicle,
        "vehicle_query": offering.vehicle_query,
        "action": offering.action,
        "wait_url": _wait_url(offering, search, day),
        "choice": choice,
        "chosen": present_slots.chosen_slots(choice, search, kept),
        "hold": present_slots.hold(choice, kept),
        "now": now,
        "refused": refused,
        "taken": _taken(refused),
        "answer_until": _answer_until(delivery, choice, now),
    }


def _wish(request: ActingRequest, offering: Offering, search: SlotSearch, now: datetime) -> Wish:
    """What is wanted: the time that the other side named, else any time of the day that was ordered for.

    On a day that is planned it counts what the plan would pay for another stop.
    """

    def costs(slots: Sequence[Slot]) -> list[RouteCost]:
        return route_costs(
            actor=request.actor, delivery=offering.delivery, slots=slots, now=now, load=offering.load
        )

    start, end = day_bounds(offering.delivery.day, search.zone)
    if offering.wanted is not None:
        start = end = offering.wanted.start
    return Wish(earliest=start, latest=end, route_costs=costs)


def _wait_url(offering: Offering, search: SlotSearch, day: date) -> str:
    """Where a delivery without a slot asks to wait for the day that has nothing left; empty elsewhere.

    Waiting helps where other vehicles are in the way, not where no dock takes the load.
    """
    is_free = any(count.day == day and count.starts for count in search.per_day)
    if offering.vehicle is None or not search.docks or is_free:
        return ""
    query = urlencode([("day", day.isoformat()), *offering.vehicle_query])
    return f"{reverse('desk:wait', args=[offering.delivery.pk])}?{query}"


def _first_free(search: SlotSearch, wanted: date, today: date) -> date:
    """The wanted day or the first after it that has a start left; else the first that has one at all."""
    free = [count.day for count in search.per_day if count.starts]
    return next((day for day in free if day >= wanted), free[0] if free else today)


def _answer_until(delivery: Delivery, choice: Choice, now: datetime) -> datetime:
    """When the offer would expire: the site's time to answer, but never after its last slot begins."""
    return min(
        [
            now + delivery.site.answer_within,
            *([max(slot.start for slot in choice.slots)] if choice.slots else []),
        ]
    )


def _without_lost(choice: Choice, refused: DomainError | None) -> Choice:
    """The choice that goes on from here: what is chosen next takes the place of a slot that was refused."""
    lost = refused.details.get("slot") if refused else None
    return replace(choice, slots=tuple(slot for index, slot in enumerate(choice.slots) if index != lost))


def _taken(refused: DomainError | None) -> dict[str, Any] | None:
    """The inline answer to a refused slot, with what is free instead."""
    if refused is None or "alternatives" not in refused.details:
        return None
    return present_slots.taken(
        refused.message, present_slots.described_slots(refused.details["alternatives"])
    )
