"""Accepting one slot of an open offer: the hold becomes the booking, the rest is released."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, DockOccupancy, Offer, OfferedSlot
from apps.appointments.reasons import obstacles_to_held
from apps.appointments.selectors import slots_around
from apps.appointments.services.counter import require_turn
from apps.appointments.services.errors import AppointmentNotFound, OfferClosed
from apps.appointments.services.occupancy import Claim, Conflict, lock_docks, take
from apps.appointments.services.proposals import lost_race, refusal
from apps.appointments.services.transitions import lock_offer, transition
from apps.appointments.states import OfferState, State
from apps.core.ids import new_id
from apps.facilities.models import Site

#: No vowel, and nothing that is heard or read as something else (0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V).
ALPHABET = "34679CDFGHJKMNPQRTVWXY"
LENGTH = 6  # 113 million numbers


@transaction.atomic
def accept_offer(*, actor: Actor, offer_id: UUID, slot_index: int, now: datetime) -> Appointment:
    """Agree to one slot of an open offer; the appointment is confirmed and gets its number.

    Where a slot was agreed already the new one takes its place, in the same moment and under the same number.

    Raises:
        AppointmentNotFound: no such offer or slot here.
        PermissionRefused: ``actor`` negotiates for neither side.
        OfferClosed: the offer was answered, withdrawn or has expired.
        NotYourTurn: ``actor``'s side made the offer.
        SlotRefused: the site has closed, or its rules changed, since the slot was offered.
        SlotTaken: the hold is gone and somebody else has the dock.
    """
    appointment, offer = lock_offer(offer_id)
    require(actor, "appointments.offer", appointment)
    require_open(offer, now)
    require_turn(appointment, actor)
    slots = list(OfferedSlot.objects.filter(offer=offer).order_by("index"))
    accepted = next((slot for slot in slots if slot.index == slot_index), None)
    if accepted is None:
        raise AppointmentNotFound("The offer has no such slot.")
    _require_standing(appointment, accepted, now)
    if appointment.state == State.CONFIRMED:
        book_instead(appointment, accepted, now)
        settle(appointment, offer, accepted, step="rescheduled", actor=actor, now=now)
    else:
        _book(appointment, accepted, now)
        settle(appointment, offer, accepted, step="confirmed", actor=actor, now=now)
    return appointment


def settle(
    appointment: Appointment,
    offer: Offer,
    accepted: OfferedSlot,
    *,
    step: str,
    actor: Actor,
    now: datetime,
    message: str = "",
) -> None:
    """Write down what was agreed: its dock is booked already. A number that was given stays."""
    Offer.objects.filter(pk=offer.pk).update(state=OfferState.ACCEPTED, answered_at=now)
    OfferedSlot.objects.filter(pk=accepted.pk).update(accepted=True)
    transition(
        appointment,
        State.CONFIRMED,
        step=step,
        actor=actor,
        at=now,
        offer=offer,
        message=message,
        confirmation_number=appointment.confirmation_number or unused_number(),
        dock_id=accepted.dock_id,
        lane=accepted.lane,
        during=accepted.during,
        arrival_window=arrival_window(appointment.site, accepted.during.lower),
        site_version=appointment.site.version,
    )


def book_instead(appointment: Appointment, accepted: OfferedSlot, now: datetime) -> None:
    """Exchange the agreed slot's booking for one of the accepted slot; everything else is given up.

    Raises:
        SlotTaken: a part of the new slot is no longer held, and somebody else has it.
        DockBusy: others hold these docks' locks for too long.
    """
    lock_docks([accepted.dock_id], appointment_ids=[appointment.pk])
    DockOccupancy.objects.filter(appointment=appointment).delete()
    claim = Claim(
        occupancy_id=new_id(),
        dock_id=accepted.dock_id,
        during=accepted.occupies,
        lanes=(accepted.lane,),
        kind=DockOccupancy.Kind.BOOKING,
        appointment_id=appointment.pk,
        offered_slot_id=accepted.pk,
    )
    try:
        take([claim], now=now)
    except Conflict as conflict:
        slot = Slot(accepted.dock_id, accepted.during.lower, accepted.during.upper)
        raise lost_race(appointment, [slot], 0, now) from conflict


def require_open(offer: Offer, now: datetime) -> None:
    """Refuse what can no longer be answered.

    Raises:
        OfferClosed: the offer was answered or withdrawn, or its time is over though nobody swept it yet.
    """
    if offer.state != OfferState.OPEN:
        raise OfferClosed(
            f"This offer is {OfferState(offer.state).label.lower()} already.", state=offer.state
        )
    if offer.expires_at <= now:
        raise OfferClosed("This offer has expired.", state=OfferState.EXPIRED)


def arrival_window(site: Site, start: datetime) -> DateTimeTZRange:
    """When the vehicle may arrive for a slot that starts at ``start``, by the site's policy."""
    return DateTimeTZRange(
        start - timedelta(minutes=site.early_minutes), start + timedelta(minutes=site.grace_minutes)
    )


def unused_number() -> str:
    """A confirmation number that can be read out: two groups of three, “K7M-4QX”.

    Unique by constraint; a shipper's role can't see others' numbers, and a clash of one in a hundred
    million ends in an error that asking again heals.
    """
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{drawn[:3]}-{drawn[3:]}"


def _require_standing(appointment: Appointment, accepted: OfferedSlot, now: datetime) -> None:
    slot = Slot(accepted.dock_id, accepted.during.lower, accepted.during.upper)
    search = slots_around(
        site=appointment.site, load=appointment.load, slots=[slot], now=now, appointment=appointment
    )
    found = obstacles_to_held(search, appointment.site, slot)
    if found:
        raise refusal(search, slot, found, accepted.index)


def _book(appointment: Appointment, accepted: OfferedSlot, now: datetime) -> None:
    """Turn the hold into a booking and give the others up."""
    lock_docks(appointment_ids=[appointment.pk])
    occupancies = DockOccupancy.objects.filter(appointment=appointment)
    occupancies.exclude(offered_slot=accepted).delete()
    booked = occupancies.filter(offered_slot=accepted).update(
        kind=DockOccupancy.Kind.BOOKING, hold_expires_at=None
    )
    if not booked:  # its own expiry (at the slot's start) was reached by another clock
        slot = Slot(accepted.dock_id, accepted.during.lower, accepted.during.upper)
        raise lost_race(appointment, [slot], 0, now)
