"""A delivery's papers: gathers the facts, has the documents room lay them out, puts the issue on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import Appointment
from apps.consignments.models import Consignment
from apps.core.errors import IllegalTransition
from apps.custody import selectors as custody
from apps.deliveries.models import Delivery, Discrepancy, Doubt, Handover
from apps.deliveries.selectors import (
    Visit,
    consignments_of,
    delivery_by_id,
    drawn_signatures,
    goods_of,
    visit_of,
)
from apps.deliveries.services.attached import attachments
from apps.deliveries.services.handing_out import HAND_OUT
from apps.deliveries.services.recording import record
from apps.deliveries.strokes import read_strokes, svg_path
from apps.deliveries.temperatures import of_its_own
from apps.documents import papers
from apps.documents import services as documents
from apps.documents.logo import logo_uri
from apps.documents.models import Document
from apps.documents.selectors import documents_of
from apps.facilities.models import DocumentType, Site
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

_NAMES_TRANSPORT = ("planned", "loaded", "departed", "arrived")


@transaction.atomic
def issue_delivery_note(
    *, actor: Actor, delivery: Delivery, now: datetime, transport: papers.Transport | None = None
) -> Document:
    """Issue the delivery note as things stand; the same facts again give the issue that exists.

    Raises:
        IllegalTransition: no slot is agreed yet and it is not ready to be collected, so there is nothing to
            say about where it goes.
    """
    visit = visit_of(delivery) if delivery.ready_at is not None else _confirmed(delivery)
    return _recorded(
        lambda: documents.issue_delivery_note(
            note=delivery_note(visit, transport or papers.Transport()),
            delivery_id=delivery.pk,
            actor=actor,
            now=now,
            attachments=attachments(delivery, at=now),
        ),
        delivery,
        actor,
        now,
    )


@transaction.atomic
def issue_consignment_note(*, actor: Actor, delivery: Delivery, now: datetime) -> Document:
    """Issue the CMR consignment note as things stand, with carrier and vehicle as recorded last.

    Raises:
        IllegalTransition: no slot is agreed yet, so there is no place and time to carry the goods to.
    """
    note = delivery_note(_confirmed(delivery), _transport(delivery))
    others = tuple(paper for paper in note.papers if paper.document_type != DocumentType.CMR)
    note = replace(note, papers=others)
    return _recorded(
        lambda: documents.issue_consignment_note(note=note, delivery_id=delivery.pk, actor=actor, now=now),
        delivery,
        actor,
        now,
    )


@transaction.atomic
def request_consignment_note(*, actor: Actor, delivery_id: UUID) -> None:
    """A planner asks for the CMR consignment note; the worker lays it out.

    Raises:
        PermissionRefused: ``actor`` is no planner of the shipper.
        IllegalTransition: no slot is agreed yet.
    """
    delivery = delivery_by_id(delivery_id)
    require(actor, "deliveries.plan", delivery)
    _confirmed(delivery)
    enqueue("deliveries.issue_consignment_note", delivery_id=str(delivery.pk))


def _confirmed(delivery: Delivery) -> Visit:
    visit = visit_of(delivery)
    if not visit.is_confirmed:
        raise IllegalTransition(
            f"{delivery.number} has no agreed slot; its papers can be issued once one is confirmed."
        )
    return visit


def _transport(delivery: Delivery) -> papers.Transport:
    """Who brings it by the newest events that say so; empty where none does."""
    said: dict[str, str] = {}
    for entry in custody.entries(custody.events_of_delivery(delivery.pk).filter(type__in=_NAMES_TRANSPORT)):
        said |= {key: str(entry.details[key]) for key in ("carrier", "vehicle") if key in entry.details}
    return papers.Transport(**said)


@transaction.atomic
def issue_proof_of_delivery(*, actor: Actor, delivery: Delivery, now: datetime) -> Document:
    """Issue the proof of delivery of a handover, signed; once issued, it is returned as it is.

    A new one is handed out to both parties (``handing_out``). The advices, the goods' events and the log's
    newest checkpoint are inside (``attached``).

    Raises:
        IllegalTransition: there was no handover.
    """
    handover = Handover.objects.filter(delivery=delivery).first()
    if handover is None:
        raise IllegalTransition(f"{delivery.number} was not handed over; there is nothing to prove yet.")
    return _recorded(
        lambda: documents.issue_proof_of_delivery(
            proof=proof_of_delivery(delivery, handover),
            recipient=delivery.site.recipient,
            delivery_id=delivery.pk,
            actor=actor,
            now=now,
            attachments=attachments(delivery, at=now),
        ),
        delivery,
        actor,
        now,
        then=lambda new: enqueue(HAND_OUT, delivery_id=str(delivery.pk), document_id=str(new.pk)),
    )


def proof_of_delivery(delivery: Delivery, handover: Handover) -> papers.ProofOfDelivery:
    """The facts of a handover, and where they stand on record, in the language of the site's papers."""
    with translation.override(delivery.site.paper_language):
        return _proof_of_delivery(delivery, handover)


def _proof_of_delivery(delivery: Delivery, handover: Handover) -> papers.ProofOfDelivery:
    recipient = delivery.site.recipient
    shipper = current_shipper()
    drawn = {side: svg_path(read_strokes(text)) for side, text in drawn_signatures(delivery).items()}
    event = (
        custody.events_of_delivery(delivery.pk)
        .filter(type__startswith="handover_")
        .order_by("ordinal")
        .last()
    )
    return papers.ProofOfDelivery(
        number=delivery.number,
        shipper=_shipper(delivery),
        recipient=papers.Party(
            name=recipient.name if recipient else delivery.site.name, gln=recipient.gln if recipient else ""
        ),
        site=_place(delivery.place),
        outcome=handover.outcome,
        units_expected=handover.units_expected,
        units_received=handover.units_received,
        released_by=papers.Signatory(
            name=handover.released_by, organisation=shipper.name, path=drawn.get("released_by", "")
        ),
        received_by=papers.Signatory(
            name=handover.received_by,
            organisation=recipient.name if recipient else delivery.site.name,
            role=handover.received_by_role,
            path=drawn.get("received_by", ""),
            confirmed=handover.confirmed_by_code,
        ),
        stated_at=handover.device_time,
        recorded_at=handover.recorded_at,
        statement_sha256=handover.statement_sha256,
        goods=tuple(_goods(consignment) for consignment in consignments_of(delivery)),
        findings=tuple(
            papers.Finding(
                kind=found.kind,
                sscc=found.sscc or (found.handling_unit.sscc if found.handling_unit else ""),
                note=_why(found),
                what=_how_much(found),
            )
            for found in handover.discrepancies.select_related("handling_unit", "item").order_by("id")
        ),
        reservation=handover.reservation,
        stated=_stated(delivery, handover),
        record=papers.OnRecord(
            log=custody.log_origin(shipper), event_id=str(event.pk), leaf_hash=bytes(event.leaf_hash).hex()
        )
        if event
        else None,
        language=delivery.site.paper_language,
    )


def _how_much(found: Discrepancy) -> str:
    """``3 pack Zidovudine``, for what was found of an order line."""
    if found.item is None or found.quantity is None:
        return ""
    return f"{found.quantity.normalize():f} {found.item.unit} {found.item.article}"


def _why(found: Discrepancy) -> str:
    reason = str(found.get_reason_display()) if found.reason else ""
    return " · ".join(part for part in (reason, found.note) if part)


def _stated(delivery: Delivery, handover: Handover) -> tuple[tuple[str, str], ...]:
    """What was stated beside the goods, each a label and its value; what was not is left out."""
    measured = [
        f"{each.minimum_mc / 1000:.1f} – {each.maximum_mc / 1000:.1f} °C ({each.sensor})"
        for each in delivery.readings.filter(recorded_at__lte=handover.recorded_at)
    ]
    rows = (
        (_("Attempt"), str(handover.attempt) if handover.attempt > 1 else ""),
        (_("Where it was put"), handover.place),
        (_("Condition of the load"), str(handover.get_condition_display()) if handover.condition else ""),
        (_("Seals at departure"), ", ".join(handover.seals_out)),
        (_("Seals found"), ", ".join(handover.seals)),
        (_("Seals put on"), ", ".join(handover.seals_after)),
        (_("Temperatures"), "; ".join(measured)),
        (_("Doubts"), "; ".join(str(Doubt(each).label) for each in handover.doubts)),
    )
    return tuple((label, value) for label, value in rows if value)


def _recorded(
    issue: Callable[[], Document],
    delivery: Delivery,
    actor: Actor,
    now: datetime,
    *,
    then: Callable[[Document], object] = lambda new: None,
) -> Document:
    """Issue a paper and put it on record, once, whoever else issues papers of the delivery at the time.

    ``then`` is done with a paper that is new.
    """
    documents.one_at_a_time(delivery.pk)
    before = {document.pk for document in documents_of(delivery.pk)}
    document = issue()
    if document.pk not in before:
        details = {
            "document_type": document.document_type,
            "number": document.number,
            "media_type": document.media_type,
            "sha256": document.sha256,
            "size": document.size,
        }
        record("document_issued", delivery=delivery, actor=actor, now=now, details=details)
        then(document)
    return document


def labels(delivery: Delivery) -> papers.Labels:
    """The facts of a delivery's labels and packing list, with or without an agreed slot."""
    recipient = delivery.site.recipient
    return papers.Labels(
        number=delivery.number,
        shipper=_shipper(delivery),
        recipient=papers.Party(name=recipient.name if recipient else delivery.site.name),
        site=_place(delivery.site),
        goods=tuple(_goods(consignment) for consignment in consignments_of(delivery)),
        language=delivery.site.paper_language,
    )


def delivery_note(visit: Visit, transport: papers.Transport) -> papers.DeliveryNote:
    """The facts of the delivery note of a confirmed visit, or of what its recipient collects."""
    delivery, appointment = visit.delivery, visit.appointment
    is_pickup = delivery.format == Delivery.Format.PICKUP
    assert is_pickup or appointment is not None
    recipient = delivery.site.recipient
    return papers.DeliveryNote(
        number=delivery.number,
        shipper=_shipper(delivery),
        recipient=papers.Party(name=recipient.name if recipient else delivery.site.name),
        site=_place(delivery.place),
        visit=None if is_pickup or appointment is None else _agreed(appointment),
        goods=tuple(_goods(consignment) for consignment in consignments_of(delivery)),
        totals=papers.Totals(
            pallets=delivery.pallets, weight_kg=delivery.weight_kg, volume_m3=delivery.volume_m3
        ),
        transport=transport,
        papers=_papers(delivery),
        language=delivery.site.paper_language,
    )


def _agreed(appointment: Appointment) -> papers.Visit:
    assert appointment.dock is not None
    window = appointment.arrival_window
    return papers.Visit(
        dock=appointment.dock.name,
        slot=papers.Period(start=appointment.during.lower, end=appointment.during.upper),
        confirmation_number=appointment.confirmation_number or "",
        arrival_window=papers.Period(start=window.lower, end=window.upper) if window else None,
    )


def _place(site: Site) -> papers.Place:
    return papers.Place(
        name=site.name,
        time_zone=site.time_zone,
        address=_address(site),
        gln=site.gln,
        contact=" · ".join(part for part in (site.contact_name, site.contact_phone) if part),
        gate_instructions=site.gate_instructions,
        protective_equipment=site.protective_equipment,
    )


def _shipper(delivery: Delivery) -> papers.Party:
    """The current shipper at the site that the goods leave from, with its logo."""
    return papers.Party(
        name=current_shipper().name,
        address=_address(delivery.origin),
        gln=delivery.origin.gln,
        logo=logo_uri(),
    )


def _address(site: Site) -> tuple[str, ...]:
    town = " ".join(part for part in (site.postal_code, site.city) if part)
    return tuple(line for line in (site.street, town, site.region, site.country) if line)


def _goods(consignment: Consignment) -> papers.Goods:
    return papers.Goods(
        number=consignment.number,
        order_reference=consignment.order_reference,
        temperature_class=consignment.temperature_class,
        temperature_range=of_its_own(consignment.temperature_class, consignment.temperature_range),
        adr_classes=tuple(consignment.adr_classes),
        items=tuple(
            papers.Item(
                line=item.line,
                article=item.article,
                quantity=item.quantity,
                unit=item.unit,
                gtin=item.gtin,
                batch=item.batch,
                expires_on=item.expires_on,
                weight_kg=item.weight_kg,
            )
            for item in consignment.items.all()
        ),
        units=tuple(
            papers.Unit(sscc=unit.sscc, kind=unit.kind, weight_kg=unit.weight_kg)
            for unit in consignment.handling_units.all()
        ),
    )


def _papers(delivery: Delivery) -> tuple[papers.Paper, ...]:
    goods = goods_of(delivery)
    demanded = {
        requirement.document_type: requirement.step
        for requirement in delivery.site.document_requirements.all()
        if requirement.concerns(goods)
    }
    attached = {
        d.document_type: d for d in documents_of(delivery.pk) if d.document_type != DocumentType.DELIVERY_NOTE
    }
    kinds = sorted({*demanded, *attached} - {DocumentType.DELIVERY_NOTE, DocumentType.PHOTO})
    return tuple(
        papers.Paper(
            document_type=kind,
            step=demanded.get(kind, ""),
            attached=kind in attached,
            number=attached[kind].number if kind in attached else "",
            valid_until=attached[kind].valid_until if kind in attached else None,
        )
        for kind in kinds
    )
