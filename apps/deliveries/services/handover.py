"""The handover: one statement, made once, with which custody passes; findings by handling unit or item."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.states import State as AppointmentState
from apps.consignments.models import HandlingUnit
from apps.core.errors import IllegalTransition
from apps.custody import selectors as custody
from apps.custody.services import Device, Personal
from apps.deliveries.errors import StatementInvalid
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, visit_of
from apps.deliveries.services.codes import use_code
from apps.deliveries.services.conditions import note_typed, readings_of
from apps.deliveries.services.recording import record
from apps.deliveries.services.required import require_documents
from apps.deliveries.services.returning import note_returned
from apps.deliveries.services.transitions import lock, transition
from apps.deliveries.statement import (
    Circumstances,
    Goods,
    Judged,
    Statement,
    UnitFinding,
    digest,
    goods_of,
    judge,
)
from apps.deliveries.states import State
from apps.documents.models import Document
from apps.documents.selectors import documents_of
from apps.facilities.models import DocumentType, Step
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue


def judged(*, delivery: Delivery, statement: Statement, actor: Actor) -> Judged:
    """What the statement amounts to as things stand, for both people to read before they sign it.

    Raises:
        StatementInvalid: it contradicts itself or the goods.
    """
    consignments = consignments_of(delivery)
    goods = goods_of(consignments)
    return judge(statement, delivery, goods, _circumstances(statement, delivery, goods, actor))


@transaction.atomic
def hand_over(
    *,
    actor: Actor,
    delivery_id: UUID,
    statement: Statement,
    now: datetime,
    device_time: datetime | None = None,
    device: Device | None = None,
    released_for: str = "",
) -> Handover:
    """Record the statement and end the visit: delivered, in part or whole, or refused whole.

    ``released_for`` is the company that gives the goods away, where that is not the shipper itself. Sound,
    short, damaged and refused units equal expected + over units; damaged ones count as received.

    Raises:
        PermissionRefused: ``actor`` does not work this site and does not drive.
        DocumentsMissing: the site demands documents at handover.
        StatementInvalid: as ``statement.judge`` says.
        CodeRefused: the site asks for a one-time code, and whoever receives confirmed none.
        IllegalTransition: unloading has not begun, or the handover was made already.
    """
    delivery = lock(delivery_id)
    is_pickup = delivery.format == Delivery.Format.PICKUP
    require(actor, "deliveries.check_in", delivery)
    if delivery.state == State.OPEN and not is_pickup:
        raise IllegalTransition(f"{delivery.number} has not come; its handover follows the unloading.")
    require_documents(delivery, Step.HANDOVER)
    at = device_time or now
    goods = goods_of(consignments_of(delivery))
    result = judge(statement, delivery, goods, _circumstances(statement, delivery, goods, actor))
    refused = result.outcome == Handover.Outcome.REFUSED
    if is_pickup and refused:
        raise StatementInvalid("Nothing was taken, so nothing is handed over; the goods stay ready here.")
    confirmed = is_pickup or (delivery.site.asks_code and not statement.unattended)
    if confirmed and not is_pickup:  # whoever collects said the code of the pickup
        use_code(delivery, statement, now=now)
    transition(delivery, State.REFUSED if refused else State.DELIVERED, actor=actor, at=now)
    if statement.temperatures_mc:
        note_typed(delivery, statement.temperatures_mc, actor=actor, at=at, now=now)
    handover = Handover.objects.create(
        delivery=delivery,
        outcome=result.outcome,
        units_expected=result.counts["expected"],
        units_received=result.units_received,
        released_by=statement.released_by,
        received_by=statement.received_by,
        received_by_role=statement.received_by_role,
        released_drawn=bool(statement.released_strokes),
        received_drawn=bool(statement.received_strokes),
        statement_sha256=digest(result, delivery, goods, at),
        reservation=result.reservation,
        condition=statement.condition,
        seals_out=delivery.seals,
        seals=list(statement.seals or ()),
        seals_after=list(statement.seals_after),
        doubts=list(result.doubts),
        attempt=attempt_of(delivery),
        position=statement.position.fact() if statement.position else None,
        confirmed_by_code=confirmed,
        place=statement.place.strip(),
        device_time=at,
        recorded_at=now,
    )
    Discrepancy.objects.bulk_create(
        Discrepancy(
            handover=handover,
            handling_unit=goods.units.get(each.sscc),
            item=goods.items.get(each.item),
            sscc=each.sscc,
            quantity=each.quantity if each.item else None,
            kind=each.kind,
            reason=each.reason,
            note=each.note,
        )
        for each in result.findings
    )
    note_returned(delivery, result.findings, goods, now=now)
    if not is_pickup:  # which has no slot and no vehicle to unload
        _close_appointment(delivery, actor, now)
        # the gate may have said so already
        if not (refused or custody.has_event(delivery.pk, "unloaded")):
            record("unloaded", delivery=delivery, actor=actor, now=now, event_time=device_time, details={})
    details = _details(delivery, handover, result, goods)
    if released_for:
        details["released_by"]["organisation"] = released_for
    # What a leg brings is the shipper's still: its own people have it again, nothing is delivered by that.
    event = "handover_own_site" if delivery.leg else f"handover_{result.outcome}"
    record(
        event,
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        device=device,
        details=_of_a_leg(details) if delivery.leg else details,
        place=delivery.place,
    )
    if not delivery.leg:
        enqueue("deliveries.issue_proof_of_delivery", delivery_id=str(delivery.pk))
        enqueue("deliveries.announce_handover", delivery_id=str(delivery.pk))
    if delivery.format == Delivery.Format.DROP and statement.unattended:
        enqueue("deliveries.announce_drop", delivery_id=str(delivery.pk))
    return handover


def photos_of(delivery: Delivery) -> list[Document]:
    """The photos that were brought of the delivery, oldest first; what the scanner found bad is left out."""
    photos = [each for each in documents_of(delivery.pk) if each.document_type == DocumentType.PHOTO]
    return [each for each in reversed(photos) if each.is_in_quarantine or each.is_released]


def photo_fact(photo: Document) -> dict[str, Any]:
    """A photo as custody events name it."""
    return {"sha256": photo.sha256, "size": photo.size, "media_type": photo.media_type}


def attempt_of(delivery: Delivery) -> int:
    """The which-th attempt this is: 1 where none failed before, and nothing of it was turned away."""
    before = Handover.objects.filter(delivery=delivery.follows_id).first() if delivery.follows_id else None
    return 1 + (before.attempt if before else 0) + delivery.events.filter(to_state=State.FAILED).count()


def _circumstances(statement: Statement, delivery: Delivery, goods: Goods, actor: Actor) -> Circumstances:
    said = {each.sscc for each in statement.findings} | set(statement.scanned or ())
    unknown = [sscc for sscc in said if sscc and sscc not in goods.units]
    foreign = HandlingUnit.objects.filter(sscc__in=unknown).values_list("sscc", flat=True) if unknown else ()
    return Circumstances(
        photos=photos_of(delivery),
        readings=readings_of(delivery, statement.temperatures_mc),
        foreign_ssccs=frozenset(foreign),
        may_be_unattended=actor.is_driver and delivery.site.allows_unattended,
    )


def _close_appointment(delivery: Delivery, actor: Actor, now: datetime) -> None:
    appointment = visit_of(delivery).appointment
    if appointment is not None:
        appointments.advance(
            actor=actor, appointment_id=appointment.pk, to=AppointmentState.COMPLETED, now=now
        )


def _details(delivery: Delivery, handover: Handover, result: Judged, goods: Goods) -> dict[str, Any]:
    """The statement as its custody event writes it; what is empty is left out there."""
    statement, outcome = result.statement, result.outcome
    subjects = {each.item or each.sscc for each in result.findings}
    whole = [photo for photo in result.photos if photo.number not in subjects]
    details: dict[str, Any] = {
        "statement": handover.statement_sha256,
        "released_by": _signatory(current_shipper().name, statement.released_by, statement.released_strokes),
        "received_by": _receiver(delivery, statement, handover.confirmed_by_code),
        "counts": result.counts,
        "seals": list(statement.seals) if statement.seals is not None else None,
        "seals_out": delivery.seals or None,
        "seals_after": list(statement.seals_after) or None,
        "temperature_mc": statement.temperatures_mc[-1] if statement.temperatures_mc else None,
        "condition": statement.condition or None,
        "attempt": handover.attempt,
        "doubts": list(result.doubts) or None,
        "position": handover.position,
        "place": handover.place or None,
        "photos": [photo_fact(photo) for photo in whole] or None,
    }
    found = [_discrepancy(each, goods, result.photos) for each in result.findings]
    if outcome == Handover.Outcome.REFUSED:
        details |= {"reason": "rejectedByReceiver", "discrepancies": found}
        details["note"] = Personal(statement.reservation) if statement.reservation else None
    elif outcome == Handover.Outcome.UNATTENDED:
        details |= {"discrepancies": found or None}
        details["note"] = Personal(statement.reservation) if statement.reservation else None
    elif outcome != Handover.Outcome.ACCEPTED:
        details |= {"discrepancies": found, "reservation": Personal(handover.reservation)}
    return details


def _of_a_leg(details: dict[str, Any]) -> dict[str, Any]:
    """As the event of a leg's end has it: the shipper keeps its goods, so a refusal is a reservation."""
    kept = {name: value for name, value in details.items() if name not in ("reason", "note")}
    return kept | {"reservation": details.get("reservation") or details.get("note")}


def _receiver(delivery: Delivery, statement: Statement, confirmed: bool) -> dict[str, Any]:
    recipient = delivery.site.recipient
    organisation = recipient.name if recipient else f"{current_shipper().name}, {delivery.site.name}"
    if statement.unattended:
        return {"organisation": organisation, "assurance": "absent"}
    signed = _signatory(organisation, statement.received_by, statement.received_strokes)
    if confirmed:
        signed["assurance"] = "captured_with_code"
    return signed | {"role": Personal(statement.received_by_role) if statement.received_by_role else None}


def _signatory(organisation: str, name: str, strokes: str) -> dict[str, Any]:
    """A name typed or drawn on somebody else's device: captured, not signed with a key of their own."""
    return {
        "organisation": organisation,
        "name": Personal(name),
        "stroke": Personal(strokes) if strokes else None,
        "assurance": "captured",
    }


def _discrepancy(finding: UnitFinding, goods: Goods, photos: Sequence[Document]) -> dict[str, Any]:
    item = goods.items.get(finding.item)
    subject = finding.item or finding.sscc
    return {
        "kind": str(finding.kind),
        "sscc": finding.sscc or None,
        "article": item.article if item else None,
        "quantity": f"{finding.quantity.normalize():f}" if finding.quantity and item else None,
        "unit": item.unit if item else None,
        "reason": finding.reason or None,
        "note": Personal(finding.note) if finding.note else None,
        "photos": [photo_fact(photo) for photo in photos if subject and photo.number == subject] or None,
    }
