"""What the recipient's people do on the day board: another dock, a walk-in, a vehicle that never came."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor, Side
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.announcing import announce
from apps.appointments.models import Appointment
from apps.appointments.states import State as AppointmentState
from apps.custody.canonical import format_time
from apps.deliveries.errors import DocumentsMissing, NotAWalkIn, UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import goods_of, load_of, visit_of
from apps.deliveries.services.freed import slot_freed
from apps.deliveries.services.recording import record
from apps.deliveries.services.steps import require_not_collected
from apps.deliveries.services.transitions import lock, transition
from apps.deliveries.states import FailureReason, State
from apps.documents.selectors import missing_documents
from apps.facilities.models import DocumentType, Step
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

#: A move may be undone for ten seconds; nobody is told of it before.
TOLD_AFTER = timedelta(seconds=20)


@transaction.atomic
def move_vehicle(
    *,
    actor: Actor,
    delivery: Delivery,
    appointment_id: UUID,
    dock_id: UUID,
    lane: int,
    start: datetime | None = None,
    version: int | None = None,
    now: datetime,
) -> Appointment:
    """Give the delivery's vehicle another dock; while it has yet to come, the shipper is told.

    The custody record keeps the agreement as it now stands.

    Raises:
        UnknownDelivery: the appointment is not this delivery's.
        PermissionRefused, ChangedMeanwhile, IllegalTransition, TimeIsAgreed, SlotRefused, SlotTaken,
        DockBusy: as ``appointments.services.move_vehicle``; nothing has changed.
    """
    before = (
        Appointment.objects.filter(pk=appointment_id, delivery_id=delivery.pk).select_related("dock").first()
    )
    if before is None:
        raise UnknownDelivery("That appointment belongs to another delivery.")
    appointment = appointments.move_vehicle(
        actor=actor,
        appointment_id=appointment_id,
        dock_id=dock_id,
        lane=lane,
        start=start,
        version=version,
        now=now,
    )
    if appointment.state == AppointmentState.CONFIRMED:
        record(
            "appointment_rescheduled",
            delivery=delivery,
            actor=actor,
            now=now,
            details={
                "appointment": str(appointment.pk),
                "instead_of": _slot(before),
                "slot": _slot(appointment),
                "confirmation_number": appointment.confirmation_number,
            },
        )
        enqueue(
            "deliveries.announce_move",
            due_at=now + TOLD_AFTER,
            appointment_id=str(appointment.pk),
            version=appointment.version,
        )
    elif not appointment.is_planned and before.dock is None:
        enqueue("deliveries.issue_delivery_note", delivery_id=str(delivery.pk))
    return appointment


@transaction.atomic
def take_from_dock(
    *, actor: Actor, delivery: Delivery, appointment_id: UUID, version: int | None = None, now: datetime
) -> Appointment:
    """Have a vehicle that is here wait for a dock again.

    Raises:
        UnknownDelivery: the appointment is not this delivery's.
        PermissionRefused, ChangedMeanwhile, IllegalTransition: as ``appointments.services.take_from_dock``.
    """
    if not Appointment.objects.filter(pk=appointment_id, delivery_id=delivery.pk).exists():
        raise UnknownDelivery("That appointment belongs to another delivery.")
    return appointments.take_from_dock(actor=actor, appointment_id=appointment_id, version=version, now=now)


@transaction.atomic
def record_walk_in(
    *, actor: Actor, delivery: Delivery, now: datetime, vehicle: str = "", device_time: datetime | None = None
) -> Appointment:
    """A vehicle with this delivery stands at the gate without an appointment.

    It waits for a dock; the delivery note, which else comes with the confirmation, is issued with the dock.

    Raises:
        NotAWalkIn: it has an appointment, or was expected and missed; says which.
        IllegalTransition: its goods are here or were here already.
        DocumentsMissing: the site demands documents before arrival.
        PermissionRefused: ``actor`` does not work this site.
    """
    delivery = lock(delivery.pk)
    require(actor, "deliveries.receive", delivery)
    known = visit_of(delivery)
    if not known.needs_slot or _was_missed(known.appointment):
        assert known.appointment is not None
        raise NotAWalkIn(
            f"{delivery.number} is known as {known.appointment}; go on from its page.",
            appointment=str(known.appointment.pk),
        )
    require_not_collected(delivery)
    _require_papers(delivery, now)
    transition(delivery, State.ARRIVED, actor=actor, at=now)
    appointment = appointments.register_walk_in(
        actor=actor,
        site=delivery.site,
        shipper_id=current_shipper().pk,
        delivery_id=delivery.pk,
        reference=delivery.number,
        load=load_of(delivery),
        now=now,
    )
    details = {"vehicle": vehicle} if vehicle else {}
    record("arrived", delivery=delivery, actor=actor, now=now, event_time=device_time, details=details)
    enqueue("deliveries.issue_delivery_note", delivery_id=str(delivery.pk), vehicle=vehicle)
    announce(appointment, "walked_in", actor.side)
    return appointment


@transaction.atomic
def record_no_show(
    *, actor: Actor, delivery_id: UUID, now: datetime, device_time: datetime | None = None
) -> Delivery:
    """The vehicle did not come: the attempt failed, the dock is free again, both sides are told.

    The shipper may ask for other slots; a vehicle that comes later after all is checked in as usual.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        TooEarly: the arrival window is still open.
        IllegalTransition: nothing is agreed, or the vehicle is here.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    appointment = visit_of(delivery).appointment
    if appointment is None:
        raise UnknownDelivery(f"{delivery.number} has no appointment at {delivery.site.name}.")
    appointments.advance(actor=actor, appointment_id=appointment.pk, to=AppointmentState.NO_SHOW, now=now)
    delivery.failure_reason = FailureReason.OTHER  # Open Trip Model has none for a vehicle that never came
    transition(delivery, State.FAILED, actor=actor, at=now)
    record(
        "delivery_failed",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        details={"reason": "no_show"},
    )
    announce(appointment, "no_show", Side.NETWORK)
    slot_freed(appointment.site_id)
    return delivery


def _slot(appointment: Appointment) -> dict[str, str]:
    """An agreed slot as the event schema writes it."""
    assert appointment.dock is not None
    return {
        "dock": appointment.dock.name,
        "start": format_time(appointment.during.lower),
        "end": format_time(appointment.during.upper),
    }


def _was_missed(appointment: Appointment | None) -> bool:
    return appointment is not None and appointment.state == AppointmentState.NO_SHOW


def _require_papers(delivery: Delivery, now: datetime) -> None:
    """Like every arrival, but without the delivery note: Dockside itself issues it, with the dock.

    Raises:
        DocumentsMissing: other papers are missing; names them.
    """
    missing = missing_documents(
        requirements=[
            requirement
            for requirement in delivery.site.document_requirements.all()
            if requirement.document_type != DocumentType.DELIVERY_NOTE
        ],
        delivery_id=delivery.pk,
        goods=goods_of(delivery),
        step=Step.ARRIVAL,
        on=now.date(),
    )
    if missing:
        names = ", ".join(str(kind.label) for kind in missing)
        raise DocumentsMissing(
            f"{delivery.site.name} needs {names} first. Its shipper adds it to {delivery.number}.",
            missing=[kind.value for kind in missing],
        )
