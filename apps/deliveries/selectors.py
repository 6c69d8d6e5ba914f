"""Shared reads of a shipper's deliveries. Called in the shipper's schema."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from apps.appointments.load import Load
from apps.appointments.models import Appointment
from apps.appointments.search import local_day
from apps.appointments.states import State as AppointmentState
from apps.consignments.models import Consignment, ConsignmentItem, HandlingUnit
from apps.consignments.ranges import Range, narrowed
from apps.custody.models import Disclosure
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.temperatures import limits
from apps.documents.models import Document, Waiver
from apps.documents.selectors import ChecklistLine, checklist, documents_of, waivers_of
from apps.facilities.facts import GoodsKind
from apps.facilities.models import DocumentRequirement


@dataclass(frozen=True)
class Visit:
    """A delivery beside its latest appointment; None while no slot was ever asked for."""

    delivery: Delivery
    appointment: Appointment | None

    @property
    def is_confirmed(self) -> bool:
        """A slot stands: agreed on, or given to a walk-in by the site."""
        return (
            self.appointment is not None
            and self.appointment.during is not None
            and self.appointment.state
            in {
                AppointmentState.CONFIRMED,
                AppointmentState.ARRIVED,
                AppointmentState.IN_PROGRESS,
                AppointmentState.COMPLETED,
            }
        )

    @property
    def needs_slot(self) -> bool:
        """No live negotiation and no agreed slot: a planner has to ask for one."""
        return self.appointment is None or self.appointment.state in {
            AppointmentState.DECLINED,
            AppointmentState.EXPIRED,
            AppointmentState.CANCELLED,
            AppointmentState.NO_SHOW,
        }


def deliveries() -> QuerySet[Delivery]:
    """All deliveries with the sites they go between."""
    return Delivery.objects.select_related("site", "origin")


def deliveries_on(day: date) -> QuerySet[Delivery]:
    return deliveries().filter(day=day)


def delivery_by_id(delivery_id: UUID) -> Delivery:
    """
    Raises:
        UnknownDelivery: there is none with that id in this schema.
    """
    delivery = deliveries().filter(pk=delivery_id).first()
    if delivery is None:
        raise UnknownDelivery("There is no such delivery.")
    return delivery


def visits(rows: Iterable[Delivery]) -> list[Visit]:
    """Each delivery with its latest appointment, in one query for all appointments."""
    rows = list(rows)
    latest: dict[UUID, Appointment] = {}
    for appointment in (
        Appointment.objects.filter(delivery_id__in=[row.pk for row in rows])
        .select_related("dock", "site")
        .order_by("created_at")
    ):
        latest[appointment.delivery_id] = appointment
    return [Visit(row, latest.get(row.pk)) for row in rows]


def visit_of(delivery: Delivery) -> Visit:
    return visits([delivery])[0]


def day_of_visit(delivery: Delivery, appointment: Appointment | None) -> date:
    """The local day on which papers have to be valid: the slot's, before there is one the requested."""
    if appointment is None or appointment.during is None:
        return delivery.day
    return local_day(appointment.during.lower, ZoneInfo(delivery.site.time_zone))


def drawn_signatures(delivery: Delivery) -> dict[str, str]:
    """The strokes that were drawn under the handover, by ``released_by`` and ``received_by``.

    They are personal values of the custody record: whoever has them erased there finds them nowhere else.
    """
    sides = {f"/details/{side}/stroke": side for side in ("released_by", "received_by")}
    drawn = Disclosure.objects.filter(
        event__delivery_id=delivery.pk, event__type__startswith="handover_", path__in=sides
    ).order_by("event__ordinal")
    return {sides[each.path]: each.value for each in drawn}


def consignments_of(delivery: Delivery) -> list[Consignment]:
    """The delivery's consignments with the lines and handling units of them that ride in it.

    Where some units ride alone, no lines are told: which line stands on which unit is not known.
    """
    rides = list(delivery.rides.select_related("consignment").order_by("consignment__number"))
    whole = [ride.consignment for ride in rides if ride.ssccs is None]
    prefetch_related_objects(whole, "items", "handling_units")
    for ride in rides:
        if ride.ssccs is not None:
            units = HandlingUnit.objects.filter(sscc__in=ride.ssccs)
            nothing = ConsignmentItem.objects.none()
            parts = (Prefetch("handling_units", units), Prefetch("items", nothing))
            prefetch_related_objects([ride.consignment], *parts)
    return [ride.consignment for ride in rides]


def goods_of(delivery: Delivery) -> GoodsKind:
    """The kind of goods that decides which papers are demanded; 1 query."""
    dangerous = delivery.rides.exclude(consignment__adr_classes=[])
    return GoodsKind(delivery.load_type, delivery.temperature_class, is_dangerous=dangerous.exists())


def temperature_limits(delivery: Delivery) -> Range:
    """What the temperature on the way has to keep to: narrow enough for each of its consignments; 1 query."""
    consignments = [ride.consignment for ride in delivery.rides.select_related("consignment")]
    return narrowed([limits(delivery.temperature_class, each.temperature_range) for each in consignments])


def ssccs_of(delivery: Delivery) -> list[str]:
    """The numbers of a delivery's handling units."""
    return [unit.sscc for each in consignments_of(delivery) for unit in each.handling_units.all()]


def checklist_of(
    delivery: Delivery, appointment: Appointment | None, documents: list[Document] | None = None
) -> tuple[list[ChecklistLine], date]:
    """What the site demands of the delivery and what is there, and the day on which it has to be valid.

    ``documents`` are those of ``documents_of``, where the caller has them already.
    """
    on = day_of_visit(delivery, appointment)
    lines = checklist(
        requirements=delivery.site.document_requirements.all(),
        documents=documents_of(delivery.pk) if documents is None else documents,
        goods=goods_of(delivery),
        on=on,
        waivers=waivers_of(delivery.pk),
    )
    return lines, on


def checklists_of(
    visits: Iterable[tuple[Delivery, Appointment | None]],
) -> dict[UUID, list[ChecklistLine]]:
    """As ``checklist_of`` for many at once, by the delivery's id; 4 queries, however many they are.

    Deliveries to sites that demand nothing are left out.
    """
    demanded: dict[UUID, list[DocumentRequirement]] = defaultdict(list)
    pairs = list(visits)
    for requirement in DocumentRequirement.objects.filter(site__in={one.site_id for one, _ in pairs}):
        demanded[requirement.site_id].append(requirement)
    pairs = [(delivery, appointment) for delivery, appointment in pairs if delivery.site_id in demanded]
    ids = [delivery.pk for delivery, _appointment in pairs]
    documents: dict[UUID | None, list[Document]] = defaultdict(list)
    for document in Document.objects.filter(delivery_id__in=ids).select_related("scan"):
        documents[document.delivery_id].append(document)
    waivers: dict[UUID, list[Waiver]] = defaultdict(list)
    for waiver in Waiver.objects.filter(delivery_id__in=ids):
        waivers[waiver.delivery_id].append(waiver)
    rides = DeliveryConsignment.objects.filter(delivery__in=ids).exclude(consignment__adr_classes=[])
    dangerous = set(rides.values_list("delivery_id", flat=True))
    return {
        delivery.pk: checklist(
            requirements=demanded[delivery.site_id],
            documents=documents[delivery.pk],
            goods=GoodsKind(delivery.load_type, delivery.temperature_class, delivery.pk in dangerous),
            on=day_of_visit(delivery, appointment),
            waivers=waivers[delivery.pk],
        )
        for delivery, appointment in pairs
    }


def load_of(delivery: Delivery) -> Load:
    """What the dock has to know before a vehicle is chosen."""
    return Load(
        load_type=delivery.load_type,
        pallets=delivery.pallets,
        weight_kg=delivery.weight_kg,
        volume_m3=delivery.volume_m3,
        lines=delivery.lines,
        temperature_class=delivery.temperature_class,
    )
