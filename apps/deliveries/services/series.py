"""A delivery takes the dock time that a series keeps for its day: both sides have agreed already."""

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Organisation, Side, actor_by_policy
from apps.appointments.load import Load, Slot
from apps.appointments.models import DockOccupancy, StandingAppointment, StandingVisit
from apps.appointments.selectors import slots_around
from apps.appointments.services import keeping
from apps.appointments.services.errors import SlotRefused
from apps.appointments.states import VisitState
from apps.core.errors import DomainError
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, load_of
from apps.deliveries.services.booking import accept_offer, ask_for_slots
from apps.deliveries.services.freed import slot_freed
from apps.deliveries.standing import to_book
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)


def run_series(*, now: datetime) -> int:
    """Keep the days ahead, book what deliveries take, give up what none took; returns how many were booked.

    Called in the network; each step is a transaction of its own, done twice it does nothing twice, and one
    series that fails holds up no other.
    """
    keeping.keep_ahead(now=now)
    booked = 0
    kept = StandingVisit.objects.filter(state=VisitState.KEPT).select_related("standing__shipper")
    for visit in list(kept.order_by("day", "id")):
        if visit.standing.shipper.state != Shipper.State.ACTIVE:
            continue
        try:
            with doorway.enter_shipper(visit.standing.shipper):
                booked += _book(visit.pk, now)
        except Exception:
            log.exception("could not book the standing visit %s", visit.pk)
    with transaction.atomic():
        for site_id in {visit.standing.site_id for visit in keeping.lapse(now=now)}:
            slot_freed(site_id)
    return booked


def _book(visit_id: UUID, now: datetime) -> bool:
    """Book the day for the first delivery of its shipper that has no slot yet; a refusal is noted."""
    visit = StandingVisit.objects.select_related("standing__site__recipient", "standing__shipper").get(
        pk=visit_id
    )
    delivery_id = _delivery_for(visit)
    if delivery_id is None:
        return False
    try:
        with transaction.atomic():
            _exchange(visit, delivery_by_id(delivery_id), now)
    except DomainError as refusal:
        StandingVisit.objects.filter(pk=visit.pk, state=VisitState.KEPT).update(reason=refusal.message)
        return False
    return True


def _delivery_for(visit: StandingVisit) -> UUID | None:
    waiting = to_book(Delivery.objects.filter(site_id=visit.standing.site_id, day=visit.day))
    found: UUID | None = waiting.order_by("number").values_list("pk", flat=True).first()
    return found


def _exchange(visit: StandingVisit, delivery: Delivery, now: datetime) -> None:
    """The block makes room and the delivery is booked there, in one transaction.

    Raises:
        SlotRefused: the load doesn't fit the time that is kept; everything stays.
    """
    locked = StandingVisit.objects.select_for_update().get(pk=visit.pk)
    if locked.state != VisitState.KEPT:
        return
    with doorway.network():
        DockOccupancy.objects.filter(Q(pk=locked.occupancy_id), kind=DockOccupancy.Kind.BLOCK).delete()
    series = visit.standing
    load = _with_vehicle(load_of(delivery), series)
    slot = _slot(locked, delivery, load, now)
    shipper, recipient = series.shipper, series.site.recipient
    assert recipient is not None
    appointment = ask_for_slots(
        actor=actor_by_policy(Organisation(Side.SHIPPER, shipper.name, shipper.pk)),
        delivery=delivery,
        slots=[slot],
        load=load,
        now=now,
    )
    agreed = accept_offer(
        actor=actor_by_policy(Organisation(Side.RECIPIENT, recipient.name, recipient.pk)),
        delivery=delivery,
        offer_id=appointment.offers.get().pk,
        slot_index=0,
        now=now,
    )
    locked.state, locked.appointment, locked.occupancy, locked.reason = VisitState.BOOKED, agreed, None, ""
    locked.save(update_fields=["state", "appointment", "occupancy", "reason"])


def _slot(visit: StandingVisit, delivery: Delivery, load: Load, now: datetime) -> Slot:
    assert visit.starts_at is not None
    assert visit.dock_id is not None
    wanted = Slot(visit.dock_id, visit.starts_at, visit.starts_at)
    search = slots_around(
        site=delivery.site, load=load, slots=[wanted], now=now, shipper_id=visit.standing.shipper_id
    )
    slot = next((s for s in search.at(visit.starts_at) if s.dock_id == visit.dock_id), None)
    if slot is None:
        raise SlotRefused(f"{delivery.number} doesn’t fit the time that is kept; offer slots for it.")
    return slot


def _with_vehicle(load: Load, series: StandingAppointment) -> Load:
    """The delivery's goods with the vehicle that the series is planned for."""
    planned = series.load
    return replace(
        load,
        vehicle_length_m=planned.vehicle_length_m,
        vehicle_height_m=planned.vehicle_height_m,
        vehicle_weight_kg=planned.vehicle_weight_kg,
        tail_lift=planned.tail_lift,
        vehicle_type=planned.vehicle_type,
    )
