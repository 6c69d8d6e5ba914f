"""Legs that end at a site of the shipper's own: to a terminal where goods change vehicles, and back again.

A leg is a delivery like others, with its own loading, departure, arrival, unloading and handover in the
custody record. Nobody has to agree to it, so it has no appointment; with its handover the shipper's own
people have the goods again, until the next vehicle takes them. A terminal that goods only pass through is a
cross-dock.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import HandlingUnit
from apps.consignments.services import take_numbers
from apps.core.errors import IllegalTransition
from apps.deliveries.errors import LegRefused, NothingToFollow
from apps.deliveries.models import Delivery, DeliveryConsignment, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of
from apps.deliveries.services.following import not_taken
from apps.deliveries.services.handover import hand_over
from apps.deliveries.services.recording import record
from apps.deliveries.services.steps import record_arrival, start_unloading
from apps.deliveries.services.transitions import lock, transition
from apps.deliveries.statement import Statement
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.tenancy.doorway import current_shipper


@transaction.atomic
def send_via(*, actor: Actor, delivery_id: UUID, terminal_id: UUID, now: datetime) -> Delivery:
    """Have a delivery's goods brought to a terminal first; from there the delivery itself goes on.

    Returns the leg to the terminal. The delivery leaves from the terminal and not before that leg has ended.

    Raises:
        PermissionRefused: only the shipper's planners may.
        LegRefused: the terminal is none of the shipper's, the goods are there, or it has such a leg already.
        IllegalTransition: the goods are no longer at the shipper.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    if delivery.state != State.OPEN or delivery.leg:
        raise IllegalTransition(
            f"{delivery.number} is “{State(delivery.state).label}”; its way is chosen before it is loaded.",
            state=delivery.state,
        )
    terminal = Site.objects.filter(pk=terminal_id, shipper_id=current_shipper().pk, active=True).first()
    if terminal is None or terminal.pk == delivery.origin_id:
        raise LegRefused(f"Choose another site of your own than {delivery.origin.name}.")
    if delivery.ready_at is not None:
        raise LegRefused(f"{delivery.number} stands ready at {delivery.origin.name} to be collected.")
    if Delivery.objects.filter(leg_for=delivery, leg=Delivery.Leg.TO_TERMINAL).exists():
        raise LegRefused(f"{delivery.number} goes via a terminal already.")
    units = [unit for each in consignments_of(delivery) for unit in each.handling_units.all()]
    leg = _make_leg(
        delivery, Delivery.Leg.TO_TERMINAL, units, origin=delivery.origin, site=terminal, actor=actor, now=now
    )
    delivery.origin = terminal
    delivery.version += 1
    delivery.save(update_fields=["origin", "version"])
    return leg


@transaction.atomic
def take_back(*, actor: Actor, delivery_id: UUID, now: datetime) -> Delivery:
    """What was refused or wrong stayed on the vehicle and goes back to where it came from; one leg for all.

    Raises:
        PermissionRefused: only the shipper's planners may.
        NothingToFollow: nothing stayed on the vehicle.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    known = Delivery.objects.filter(leg_for=delivery, leg=Delivery.Leg.BACK).first()
    if known is not None:
        return known
    units = [] if delivery.format == Delivery.Format.PICKUP else on_the_vehicle(delivery)
    if not units:
        raise NothingToFollow(f"Nothing of {delivery.number} stayed on the vehicle, so nothing comes back.")
    leg = _make_leg(
        delivery, Delivery.Leg.BACK, units, origin=delivery.site, site=delivery.origin, actor=actor, now=now
    )
    for state, event in ((State.LOADED, "loaded"), (State.IN_TRANSIT, "departed")):
        transition(leg, state, actor=actor, at=now)
        record(event, delivery=leg, actor=actor, now=now, details={})
    return leg


def on_the_vehicle(delivery: Delivery) -> list[HandlingUnit]:
    """The units that were refused or wrong at the handover: they were there and were not taken."""
    short = Discrepancy.objects.filter(handover__delivery=delivery, kind=Discrepancy.Kind.SHORT)
    missing = set(short.values_list("handling_unit_id", flat=True))
    return [unit for unit in not_taken(delivery) if unit.pk not in missing]


@transaction.atomic
def receive_leg(
    *,
    actor: Actor,
    delivery_id: UUID,
    came: Sequence[str],
    released_by: str,
    received_by: str,
    reservation: str = "",
    released_for: str = "",
    now: datetime,
) -> Handover:
    """The shipper's own people take in what a leg brought, with the steps before it that nobody recorded.

    ``came`` are the SSCCs that came; units that did not are short. ``released_for`` is the driver's company,
    where it is not the shipper itself.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper, or the site is not its own.
        IllegalTransition: the leg has not left, or has ended.
        StatementInvalid: a name is missing.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    if delivery.state in (State.IN_TRANSIT, State.FAILED):  # which came after all
        delivery = record_arrival(actor=actor, delivery_id=delivery_id, now=now)
    if delivery.state == State.ARRIVED:
        start_unloading(actor=actor, delivery_id=delivery_id, now=now)
    statement = Statement(
        released_by=released_by, received_by=received_by, reservation=reservation, scanned=tuple(came)
    )
    return hand_over(
        actor=actor, delivery_id=delivery_id, statement=statement, released_for=released_for, now=now
    )


def _make_leg(
    delivery: Delivery,
    leg: "Delivery.Leg",
    units: Sequence[HandlingUnit],
    *,
    origin: Site,
    site: Site,
    actor: Actor,
    now: datetime,
) -> Delivery:
    (number,) = take_numbers("delivery", 1)
    made = Delivery.objects.create(
        number=f"D{number:06d}",
        origin=origin,
        site=site,
        day=now.astimezone(ZoneInfo(site.time_zone)).date() if leg == Delivery.Leg.BACK else delivery.day,
        load_type=delivery.load_type,
        temperature_class=delivery.temperature_class,
        priority=delivery.priority,
        pallets=len(units),
        weight_kg=sum(unit.weight_kg for unit in units),
        volume_m3=sum(unit.volume_m3 for unit in units),
        seals=delivery.seals if leg == Delivery.Leg.BACK else [],
        leg=leg,
        leg_for=delivery,
    )
    by_consignment: dict[UUID, list[str]] = {}
    for unit in units:
        by_consignment.setdefault(unit.consignment_id, []).append(unit.sscc)
    DeliveryConsignment.objects.bulk_create(
        DeliveryConsignment(delivery=made, consignment_id=consignment_id, ssccs=ssccs)
        for consignment_id, ssccs in by_consignment.items()
    )
    load = {
        "pallets": made.pallets,
        "weight_g": int(made.weight_kg * 1000),
        "volume_cm3": int(made.volume_m3 * 1_000_000),
    }
    record("delivery_grouped", delivery=made, actor=actor, now=now, details={"load": load})
    return made
