"""What a recipient's people read of one appointment: the network's part, and the shipper's by the doorway."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.actors import Actor
from apps.accounts.permissions import allows
from apps.appointments.models import Appointment, AppointmentEvent, Offer
from apps.appointments.selectors import appointments_visible_to, timeline
from apps.consignments.models import HandlingUnit
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.models import Delivery, DeliveryEvent, Discrepancy, DropEmptied, Handover
from apps.deliveries.selectors import checklist_of, consignments_of, drawn_signatures
from apps.documents.models import Document
from apps.documents.selectors import ChecklistLine, documents_of
from apps.portal.presenters.parties import Parties


@dataclass(frozen=True)
class HubVisit:
    """One appointment with its negotiation, and of its delivery what the recipient may read."""

    appointment: Appointment
    offers: list[Offer]
    events: list[AppointmentEvent]
    delivery: Delivery
    moves: list[DeliveryEvent]
    documents: list[Document]
    checklist: list[ChecklistLine]
    handover: Handover | None
    may_receive: bool
    may_waive: bool
    discrepancies: list[Discrepancy] = field(default_factory=list)
    strokes: dict[str, str] = field(default_factory=dict)
    emptied: DropEmptied | None = None

    @property
    def parties(self) -> Parties:
        return parties_of(self.appointment)


def parties_of(appointment: Appointment) -> Parties:
    return Parties(shipper=appointment.shipper.name, recipient=appointment.site.name)


def hub_appointments(actor: Actor) -> QuerySet[Appointment]:
    """The appointments at the actor's sites with the names that pages show."""
    return appointments_visible_to(actor).select_related("shipper", "site__recipient", "dock", "expected")


def hub_appointment(actor: Actor, appointment_id: UUID) -> Appointment:
    """
    Raises:
        Http404: there is none at a site of the actor's recipients.
    """
    appointment = hub_appointments(actor).filter(pk=appointment_id).first()
    if appointment is None:
        raise Http404
    return appointment


def offers_of(appointment: Appointment) -> list[Offer]:
    """All offers in the order they were made, with their slots and docks; 2 queries."""
    return list(appointment.offers.prefetch_related("slots__dock").order_by("id"))


def read_visit(*, actor: Actor, appointment_id: UUID) -> HubVisit:
    """Everything that the page of one appointment shows.

    Raises:
        Http404: there is none at a site of the actor's recipients.
    """
    appointment = hub_appointment(actor, appointment_id)
    offers, events = offers_of(appointment), timeline(appointment)
    with enter_delivery(actor=actor, appointment_id=appointment_id) as delivery:
        delivery.site = appointment.site
        documents = list(documents_of(delivery.pk))
        handover = Handover.objects.filter(delivery=delivery).first()
        return HubVisit(
            appointment=appointment,
            offers=offers,
            events=events,
            delivery=delivery,
            moves=list(delivery.events.order_by("at", "id")),
            documents=documents,
            checklist=checklist_of(delivery, appointment, documents)[0],
            handover=handover,
            may_receive=allows(actor, "deliveries.receive", delivery),
            may_waive=allows(actor, "deliveries.waive", delivery),
            discrepancies=list(handover.discrepancies.select_related("handling_unit", "item"))
            if handover
            else [],
            strokes=drawn_signatures(delivery) if handover else {},
            emptied=DropEmptied.objects.filter(delivery=delivery).first() if handover else None,
        )


def read_goods(delivery: Delivery) -> list[HandlingUnit]:
    """The delivery's handling units with their consignment, in order; called in the shipper's schema."""
    return [
        unit
        for consignment in consignments_of(delivery)
        for unit in sorted(consignment.handling_units.all(), key=lambda unit: unit.sscc)
    ]
