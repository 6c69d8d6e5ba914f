"""Proposing slots, whichever side does: judged by the site's rules, taken as holds, written as an offer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, DockOccupancy, Offer, OfferedSlot
from apps.appointments.reasons import Obstacle, obstacles, used_up
from apps.appointments.search import SlotSearch, local_day
from apps.appointments.selectors import slots_around
from apps.appointments.services.errors import SlotRefused, SlotTaken, TooManySlots, described
from apps.appointments.services.limits import require_few_holds
from apps.appointments.services.occupancy import Claim, Conflict, lock_site_days, take
from apps.appointments.states import State
from apps.core.ids import new_id
from apps.facilities.models import Site
from apps.facilities.selectors import keeps_apart

MOST_SLOTS = 5


def judge(
    *,
    site: Site,
    load: Load,
    slots: Sequence[Slot],
    now: datetime,
    appointment: Appointment | None = None,
    shipper_id: UUID | None = None,
) -> SlotSearch:
    """Search around ``slots`` and refuse unless every one of them can be booked and all of them together.

    Raises:
        TooManySlots: none, more than five, or two that want the same place at the same time.
        SlotRefused: a rule excludes one; with its reasons and the nearest slots that work.
        SlotTaken: one is held or booked by somebody; with the nearest free slots.
    """
    if not 1 <= len(slots) <= MOST_SLOTS:
        raise TooManySlots(f"An offer has one to {MOST_SLOTS} slots; this one has {len(slots)}.")
    search = slots_around(
        site=site, load=load, slots=slots, now=now, appointment=appointment, shipper_id=shipper_id
    )
    for index, slot in enumerate(slots):
        found = obstacles(search, site, slot)
        if found:
            raise refusal(search, slot, found, index)
    _require_apart(search, slots)
    return search


def refusal(
    search: SlotSearch, slot: Slot, obstacles: Sequence[Obstacle], index: int
) -> SlotTaken | SlotRefused:
    """The error for a slot that can't be had: taken when only other vehicles are in the way, else refused."""
    reasons = [obstacle.sentence for obstacle in obstacles]
    kind = SlotTaken if all(obstacle.others for obstacle in obstacles) else SlotRefused
    return kind(
        " ".join(reasons), slot=index, reasons=reasons, alternatives=described(search, search.nearest(slot))
    )


def propose(
    *,
    appointment: Appointment,
    actor: Actor,
    slots: Sequence[Slot],
    search: SlotSearch,
    message: str,
    reason_code: str,
    now: datetime,
    answer_within: timedelta | None = None,
) -> Offer:
    """Hold every slot for the other side and write the offer; all or nothing.

    Without ``answer_within`` the site's time to answer holds. Where a slot is agreed already, the offer ends
    when that begins.

    Raises:
        SlotTaken: somebody was faster; with the nearest free slots.
        TooManyHolds: the shipper holds as many slots at the site as one may.
        DockBusy: others hold these docks' locks for too long.
    """
    agreed = appointment.state == State.CONFIRMED
    offer = Offer(
        appointment=appointment,
        side=str(actor.side),
        message=message,
        reason_code=reason_code,
        offered_by=actor.name,
        moves=agreed,
        expires_at=expiry(appointment.site, slots, now, answer_within),
    )
    if agreed:
        offer.expires_at = min(offer.expires_at, appointment.during.lower)
    offered = [
        OfferedSlot(
            offer=offer, index=index, dock_id=slot.dock_id, during=DateTimeTZRange(slot.start, slot.end)
        )
        for index, slot in enumerate(slots)
    ]
    claims = {
        row.pk: hold(appointment, row, slot, search, offer.expires_at)
        for row, slot in zip(offered, slots, strict=True)
    }
    try:
        lanes = take(list(claims.values()), now=now)
    except Conflict as conflict:
        lost = next(i for i, row in enumerate(offered) if row.pk == conflict.claim.offered_slot_id)
        raise lost_race(appointment, slots, lost, now) from conflict
    for row in offered:
        claim = claims[row.pk]
        row.lane, row.occupies = lanes[claim], claim.during
    offer.save(force_insert=True)
    OfferedSlot.objects.bulk_create(offered)
    require_few_holds(appointment, actor, now)
    require_room(appointment, slots, now)
    return offer


def expiry(
    site: Site, slots: Sequence[Slot], now: datetime, answer_within: timedelta | None = None
) -> datetime:
    """When an offer ends: after the time to answer (the site's, unless said) or when its last slot begins."""
    return min(now + (answer_within or site.answer_within), max(slot.start for slot in slots))


def hold(
    appointment: Appointment,
    row: OfferedSlot,
    slot: Slot,
    search: SlotSearch,
    expires_at: datetime,
) -> Claim:
    """The claim by which an offered slot is kept; what the appointment has agreed already needs no hold."""
    during, lanes = spread(slot, search)
    return Claim(
        occupancy_id=new_id(),
        dock_id=slot.dock_id,
        during=during,
        lanes=lanes,
        kind=DockOccupancy.Kind.HOLD,
        appointment_id=appointment.pk,
        offered_slot_id=row.pk,
        hold_expires_at=min(expires_at, slot.start),
        own=booked_by(appointment, slot.dock_id),
    )


def spread(slot: Slot, search: SlotSearch) -> tuple[DateTimeTZRange, tuple[int, ...]]:
    """What a slot takes of its dock, with the time before and after a vehicle; its lanes, free ones first."""
    need = search.docks[slot.dock_id]
    free = search.lanes_free(slot)
    during = DateTimeTZRange(
        slot.start - timedelta(minutes=need.setup_minutes), slot.end + timedelta(minutes=need.clear_minutes)
    )
    return during, (*free, *(lane for lane in range(1, need.lanes + 1) if lane not in free))


def booked_by(appointment: Appointment, dock_id: UUID) -> tuple[tuple[int, DateTimeTZRange], ...]:
    """What the appointment has agreed at the dock, by lane: it is its own and needs no hold."""
    if appointment.state != State.CONFIRMED:
        return ()
    booked = DockOccupancy.objects.filter(
        appointment=appointment, dock_id=dock_id, kind=DockOccupancy.Kind.BOOKING
    )
    return tuple(booked.values_list("lane", "during"))


def lost_race(appointment: Appointment, slots: Sequence[Slot], lost: int, now: datetime) -> SlotTaken:
    """The refusal for a slot that was free a moment ago, with what is free now."""
    search = slots_around(
        site=appointment.site, load=appointment.load, slots=slots, now=now, appointment=appointment
    )
    name = search.dock_names.get(slots[lost].dock_id, "")
    return SlotTaken(
        f"{name} was just taken at that time.",
        slot=lost,
        reasons=[f"{name} was just taken at that time."],
        alternatives=described(search, search.nearest(slots[lost])),
    )


def require_room(appointment: Appointment, slots: Sequence[Slot], now: datetime) -> None:
    """Count a site's limits once more, one counter at a time: two of its docks may be taken at once.

    Raises:
        SlotTaken: another vehicle used up the site's room meanwhile.
        DockBusy: others are counting for too long.
    """
    site = appointment.site
    if not site.counts and not keeps_apart(site, appointment.adr_classes):
        return
    zone = ZoneInfo(site.time_zone)
    lock_site_days(site.pk, {local_day(moment, zone) for slot in slots for moment in (slot.start, slot.end)})
    search = slots_around(site=site, load=appointment.load, slots=slots, now=now, appointment=appointment)
    for index, slot in enumerate(slots):
        if used_up(search, site, slot):
            raise lost_race(appointment, slots, index, now)


def _require_apart(search: SlotSearch, slots: Sequence[Slot]) -> None:
    for index, slot in enumerate(slots):
        beside = [
            other
            for other in slots[:index]
            if other.dock_id == slot.dock_id and other.start < slot.end and slot.start < other.end
        ]
        if len(beside) >= search.docks[slot.dock_id].lanes:
            name = search.dock_names[slot.dock_id]
            raise TooManySlots(f"Slot {index + 1} overlaps another slot of this offer at {name}.", slot=index)
