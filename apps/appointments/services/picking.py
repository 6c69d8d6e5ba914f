"""Keeping a slot for whoever has clicked on it, for ten minutes and once ten more, until it is offered.

The same ledger and the same rules as for an offer: nobody else can have the slot meanwhile, and what a
shipper's people have picked counts among the slots that it may hold at a site.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Prefetch, QuerySet

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, DockOccupancy, PickedSlot, Picking
from apps.appointments.models.loads import facts
from apps.appointments.services.errors import AppointmentNotFound, HeldLongEnough, TooManySlots
from apps.appointments.services.limits import require_few_holds
from apps.appointments.services.occupancy import Claim, Conflict, lock_docks, take
from apps.appointments.services.partners import require_partnership
from apps.appointments.services.proposals import MOST_SLOTS, booked_by, judge, lost_race, require_room, spread
from apps.appointments.services.transitions import lock_appointment, require_step
from apps.appointments.states import State
from apps.core.errors import PermissionRefused
from apps.core.ids import new_id
from apps.facilities.models import Site

PICKED_FOR = timedelta(minutes=10)


@transaction.atomic
def pick_slot(
    *,
    actor: Actor,
    site: Site,
    shipper_id: UUID,
    delivery_id: UUID,
    reference: str,
    load: Load,
    slot: Slot,
    now: datetime,
    appointment_id: UUID | None = None,
) -> PickedSlot:
    """Keep ``slot`` for the person who acts; what they have picked already is kept as long as before.

    With ``appointment_id`` it is for another time of what is negotiated or agreed there. A slot that the
    person has picked already stays as it is.

    Raises:
        AppointmentNotFound, PermissionRefused, NoPartnership
        IllegalTransition: no slots can be proposed for the appointment now.
        TooManySlots: five are picked already, or another one stands in its way.
        SlotRefused, SlotTaken, TooManyHolds, DockBusy: as in ``offer_slots``; nothing else is lost.
    """
    appointment = lock_appointment(appointment_id) if appointment_id else None
    picking = Picking(
        shipper_id=shipper_id,
        site=site,
        person_id=_person(actor),
        side=str(actor.side),
        delivery_id=delivery_id,
        reference=reference,
        appointment=appointment,
        **facts(load),
    )
    require(actor, "appointments.offer", picking.subject)
    if appointment is None:
        require_partnership(shipper_id, site)
    else:
        require_step(appointment, State.CONFIRMED if appointment.state == State.CONFIRMED else State.OFFERED)
    picking = _begun(picking, now)
    during = DateTimeTZRange(slot.start, slot.end)
    live = list(_live(picking, now))
    PickedSlot.objects.filter(picking=picking, expires_at__lte=now).delete()
    for picked in live:
        if picked.dock_id == slot.dock_id and picked.during == during:
            return picked
    if len(live) >= MOST_SLOTS:
        raise TooManySlots(f"An offer has one to {MOST_SLOTS} slots; let one of them go first.")
    return _take(picking, slot, live, actor, now)


def let_go(*, actor: Actor, delivery_id: UUID, slot: Slot | None = None) -> None:
    """Give up one slot that the person has picked for a delivery, or all of them."""
    picked = _picked(actor, delivery_id)
    if slot is not None:
        picked = picked.filter(dock_id=slot.dock_id, during=DateTimeTZRange(slot.start, slot.end))
    with transaction.atomic():
        for one in picked.select_related("picking"):
            _of_ledger(one).delete()
            one.delete()


@transaction.atomic
def keep_longer(*, actor: Actor, delivery_id: UUID, now: datetime) -> datetime:
    """Keep what the person has picked for a delivery ten minutes longer, once; returns the new end.

    Raises:
        AppointmentNotFound: nothing is kept any more.
        HeldLongEnough: it was prolonged before.
    """
    pickings = Picking.objects.select_for_update().filter(person_id=_person(actor), delivery_id=delivery_id)
    picking = pickings.first()
    live = list(_live(picking, now)) if picking else []
    if picking is None or not live:
        raise AppointmentNotFound("These slots are not held any more; choose them again if they are free.")
    if picking.extended_at is not None:
        raise HeldLongEnough("Slots are held ten minutes longer once; offer them, or choose them again.")
    PickedSlot.objects.filter(pk__in=[one.pk for one in live]).update(expires_at=F("expires_at") + PICKED_FOR)
    held = DockOccupancy.objects.filter(picking=picking, hold_expires_at__gt=now)
    held.update(hold_expires_at=F("hold_expires_at") + PICKED_FOR)
    picking.extended_at = now
    picking.save(update_fields=["extended_at"])
    return min(one.expires_at for one in live) + PICKED_FOR


def kept_for(*, actor: Actor, delivery_id: UUID, now: datetime) -> Picking | None:
    """What the person is choosing for a delivery, its ``slots`` those still kept; None without any."""
    still = Prefetch("slots", PickedSlot.objects.filter(expires_at__gt=now))
    pickings = Picking.objects.filter(person_id=_person(actor), delivery_id=delivery_id)
    picking = pickings.select_related("site", "appointment__site").prefetch_related(still).first()
    return picking if picking is not None and picking.slots.all() else None


def lapse_picks(*, now: datetime) -> int:
    """Free what nobody offered in time; returns how many slots. Called in the network."""
    with transaction.atomic():
        DockOccupancy.objects.filter(picking__isnull=False, hold_expires_at__lte=now).delete()
        lapsed, _ = PickedSlot.objects.filter(expires_at__lte=now).delete()
        Picking.objects.filter(slots=None, created_at__lt=now - PICKED_FOR).delete()
    return lapsed


def give_up_picks(appointment: Appointment, slots: Sequence[Slot]) -> None:
    """Make room for an offer of ``slots``: whatever anybody had picked for its delivery is free again.

    Locks the docks of both, since the same slots are taken next.

    Raises:
        DockBusy: others hold these docks' locks for too long.
    """
    mine = DockOccupancy.objects.filter(
        picking__shipper_id=appointment.shipper_id, picking__delivery_id=appointment.delivery_id
    )
    docks = set(mine.values_list("dock_id", flat=True))
    if not docks:
        return
    lock_docks([*docks, *(slot.dock_id for slot in slots)])
    mine.delete()
    forget_picks(appointment)


def forget_picks(appointment: Appointment) -> None:
    """Nobody chooses for this delivery any more: its slots are offered."""
    Picking.objects.filter(shipper_id=appointment.shipper_id, delivery_id=appointment.delivery_id).delete()


def _begun(picking: Picking, now: datetime) -> Picking:
    """The person's picking for this delivery, locked: the one that is there, brought up to date, or this."""
    rows = Picking.objects.select_for_update(of=("self",)).select_related("site", "appointment__site")
    mine = rows.filter(
        person_id=picking.person_id, shipper_id=picking.shipper_id, delivery_id=picking.delivery_id
    )
    found: Picking | None = mine.first()
    if found is None:
        try:
            with transaction.atomic():
                picking.save(force_insert=True)
        except IntegrityError:  # two clicks at once
            found = mine.get()
        else:
            return picking
    changed: dict[str, object] = {**facts(picking.load), "appointment": picking.appointment}
    if not _live(found, now).exists():
        changed["extended_at"] = None
    for name, value in changed.items():
        setattr(found, name, value)
    found.save(update_fields=list(changed))
    return found


def _take(
    picking: Picking, slot: Slot, live: Sequence[PickedSlot], actor: Actor, now: datetime
) -> PickedSlot:
    subject = picking.subject
    search = judge(site=subject.site, load=subject.load, slots=[slot], now=now, appointment=subject)
    occupies, lanes = spread(slot, search)
    own = {one.lane for one in live if one.dock_id == slot.dock_id and _meet(one.occupies, occupies)}
    lanes = tuple(lane for lane in lanes if lane not in own)
    if not lanes:
        raise TooManySlots(f"It overlaps another slot that is chosen at {search.dock_names[slot.dock_id]}.")
    expires_at = min(now + PICKED_FOR, slot.start)
    claim = Claim(
        occupancy_id=new_id(),
        dock_id=slot.dock_id,
        during=occupies,
        lanes=lanes,
        kind=DockOccupancy.Kind.HOLD,
        appointment_id=picking.appointment_id,
        picking_id=picking.pk,
        hold_expires_at=expires_at,
        own=booked_by(subject, slot.dock_id),
    )
    try:
        lane = take([claim], now=now)[claim]
    except Conflict as conflict:
        raise lost_race(subject, [slot], 0, now) from conflict
    picked = PickedSlot.objects.create(
        picking=picking,
        dock_id=slot.dock_id,
        lane=lane,
        during=DateTimeTZRange(slot.start, slot.end),
        occupies=occupies,
        expires_at=expires_at,
    )
    require_few_holds(subject, actor, now)
    require_room(subject, [slot], now)
    return picked


def _meet(one: DateTimeTZRange, other: DateTimeTZRange) -> bool:
    return bool(one.lower < other.upper and other.lower < one.upper)


def _person(actor: Actor) -> UUID:
    """Whose choice it is; links, policies and keys choose nothing."""
    if actor.person_id is None:
        raise PermissionRefused("Only somebody who is signed in has slots kept while choosing.")
    return actor.person_id


def _picked(actor: Actor, delivery_id: UUID) -> QuerySet[PickedSlot]:
    return PickedSlot.objects.filter(picking__person_id=_person(actor), picking__delivery_id=delivery_id)


def _live(picking: Picking, now: datetime) -> QuerySet[PickedSlot]:
    return PickedSlot.objects.filter(picking=picking, expires_at__gt=now)


def _of_ledger(picked: PickedSlot) -> QuerySet[DockOccupancy]:
    """What a picked slot occupies: a person's slots never overlap at one lane."""
    return DockOccupancy.objects.filter(
        picking_id=picked.picking_id,
        dock_id=picked.dock_id,
        lane=picked.lane,
        during__overlap=picked.occupies,
    )
