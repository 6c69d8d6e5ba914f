"""What happens to a delivery on the ground before the handover, each step recorded once with both clocks."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.models import Appointment
from apps.appointments.services.visiting import note_plate
from apps.appointments.states import State as AppointmentState
from apps.core.errors import IllegalTransition
from apps.custody.services import Device, Personal
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import visit_of
from apps.deliveries.services.handover import photo_fact, photos_of
from apps.deliveries.services.recording import record
from apps.deliveries.services.required import require_documents
from apps.deliveries.services.transitions import lock, transition
from apps.deliveries.statement import Position
from apps.deliveries.states import FailureReason, State
from apps.facilities.models import Step


@transaction.atomic
def record_loading(
    *,
    actor: Actor,
    delivery_id: UUID,
    now: datetime,
    vehicle: str = "",
    seals: tuple[str, ...] = (),
    device_time: datetime | None = None,
    position: Position | None = None,
) -> Delivery:
    """The goods are on the vehicle ``vehicle`` (its plate).

    Raises:
        IllegalTransition: no slot is agreed, the goods are not at the shipper, or the leg that brings them
            there has not ended.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.move", delivery)
    require_not_collected(delivery)
    if not (delivery.leg or visit_of(delivery).is_confirmed):
        raise IllegalTransition(
            f"{delivery.number} has no confirmed appointment; agree on a slot before loading."
        )
    require_goods(delivery)
    transition(delivery, State.LOADED, actor=actor, at=now)
    if seals:
        delivery.seals = list(seals)
        delivery.save(update_fields=["seals"])
    details: dict[str, object] = {"vehicle": vehicle} if vehicle else {}
    if seals:
        details["seals"] = list(seals)
    details["position"] = position.fact() if position else None
    record("loaded", delivery=delivery, actor=actor, now=now, event_time=device_time, details=details)
    return delivery


@transaction.atomic
def record_departure(
    *,
    actor: Actor,
    delivery_id: UUID,
    now: datetime,
    vehicle: str = "",
    device_time: datetime | None = None,
    device: Device | None = None,
    position: Position | None = None,
) -> Delivery:
    """The vehicle has left the shipper's site."""
    delivery = lock(delivery_id)
    require(actor, "deliveries.move", delivery)
    transition(delivery, State.IN_TRANSIT, actor=actor, at=now)
    appointment = visit_of(delivery).appointment
    if appointment is not None:
        note_plate(appointment.pk, vehicle)
    record(
        "departed",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        device=device,
        details={"vehicle": vehicle, "position": position.fact() if position else None},
    )
    return delivery


@transaction.atomic
def record_arrival(
    *,
    actor: Actor,
    delivery_id: UUID,
    now: datetime,
    vehicle: str = "",
    device_time: datetime | None = None,
    undeclared: bool = False,
    device: Device | None = None,
    position: Position | None = None,
) -> Delivery:
    """The gate checks the vehicle in; ``undeclared``: also one whose departure its shipper didn't record.

    Raises:
        DocumentsMissing: the site demands documents before arrival.
        IllegalTransition: it is not on the way, and no vehicle was missed either.
        PermissionRefused: ``actor`` does not work this site.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    require_documents(delivery, Step.ARRIVAL)
    on_the_way = {State.IN_TRANSIT, State.FAILED} | ({State.OPEN, State.LOADED} if undeclared else set())
    if delivery.state not in on_the_way:
        raise IllegalTransition(
            f"{delivery.number} is “{State(delivery.state).label}”; its shipper records the departure first.",
            state=delivery.state,
        )
    transition(delivery, State.ARRIVED, actor=actor, at=now)
    appointment = _advance(delivery, AppointmentState.ARRIVED, actor, now)
    details = {"vehicle": vehicle} if vehicle else {}
    if appointment is not None and appointment.dock is not None:
        details["dock"] = appointment.dock.name
    record(
        "arrived",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        device=device,
        details={**details, "position": position.fact() if position else None},
    )
    return delivery


@transaction.atomic
def start_unloading(
    *,
    actor: Actor,
    delivery_id: UUID,
    now: datetime,
    device_time: datetime | None = None,
    device: Device | None = None,
) -> Delivery:
    """Unloading begins at the dock."""
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    transition(delivery, State.UNLOADING, actor=actor, at=now)
    appointment = _advance(delivery, AppointmentState.IN_PROGRESS, actor, now)
    dock = appointment.dock if appointment is not None else None
    details = {"dock": dock.name} if dock is not None else {}
    record(
        "unloading_started",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        device=device,
        details=details,
    )
    return delivery


@transaction.atomic
def record_failure(
    *,
    actor: Actor,
    delivery_id: UUID,
    reason: FailureReason,
    now: datetime,
    note: str = "",
    device_time: datetime | None = None,
    device: Device | None = None,
    position: Position | None = None,
) -> Delivery:
    """The attempt failed; ``reason`` is one of Open Trip Model's ten. Photos that were brought go along."""
    delivery = lock(delivery_id)
    require(actor, "deliveries.move", delivery)
    require_not_collected(delivery)
    delivery.failure_reason = reason
    transition(delivery, State.FAILED, actor=actor, at=now)
    record(
        "delivery_failed",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        device=device,
        details={
            "reason": reason.value,
            "note": Personal(note) if note else None,
            "position": position.fact() if position else None,
            "photos": [photo_fact(photo) for photo in photos_of(delivery)] or None,
        },
    )
    return delivery


def require_not_collected(delivery: Delivery) -> None:
    """
    Raises:
        IllegalTransition: the recipient collects it, so no vehicle of the shipper's brings it.
    """
    if delivery.format == Delivery.Format.PICKUP:
        raise IllegalTransition(
            f"{delivery.site.name} collects {delivery.number} at {delivery.origin.name}; no vehicle comes."
        )


def require_goods(delivery: Delivery) -> None:
    """
    Raises:
        IllegalTransition: the goods are still on a leg that brings them to where the delivery leaves from.
    """
    legs = Delivery.objects.exclude(state__in=(State.DELIVERED, State.CANCELLED))
    underway = legs.filter(Q(leg_for=delivery, leg=Delivery.Leg.TO_TERMINAL)) | legs.filter(
        Q(leg_for=delivery.follows_id, leg=Delivery.Leg.BACK, leg_for__isnull=False)
    )
    leg = underway.select_related("site").first()
    if leg is not None:
        raise IllegalTransition(
            f"The goods of {delivery.number} come to {leg.site.name} by {leg.number}, which has not ended.",
            leg=str(leg.pk),
        )


def _advance(delivery: Delivery, to: AppointmentState, actor: Actor, now: datetime) -> Appointment | None:
    """The appointment's part of a step; a leg to a site of the shipper's own has none."""
    appointment = visit_of(delivery).appointment
    if appointment is None and delivery.leg:
        return None
    if appointment is None:
        raise IllegalTransition(f"{delivery.number} has no appointment at {delivery.site.name}.")
    return appointments.advance(actor=actor, appointment_id=appointment.pk, to=to, now=now)


@transaction.atomic
def reseal(*, actor: Actor, delivery_id: UUID, seals: tuple[str, ...]) -> None:
    """New seals closed the vehicle before this delivery's visit; with those it will be compared.

    They are on record with the handover that put them on.

    Raises:
        PermissionRefused: ``actor`` neither drives nor plans.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.move", delivery)
    delivery.seals = list(seals)
    delivery.save(update_fields=["seals"])
