"""The demo's first act: orders come in, both shippers ask for slots, six hospitals answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain, zip_longest
from uuid import UUID

from apps.accounts.actors import Actor, actor_at_shipper, actor_in_network
from apps.accounts.models import Person
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment
from apps.appointments.search import SlotSearch
from apps.appointments.selectors import find_slots
from apps.appointments.services import SlotTaken
from apps.appointments.states import ReasonCode
from apps.appointments.states import State as Agreed
from apps.consignments.models import Consignment
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.errors import NothingToGroup
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries_on, load_of, visit_of, visits
from apps.portal.demo.calendar import DemoCalendar
from apps.portal.demo.network import SHIPPERS, ShipperFacts, manager_email
from apps.portal.demo.orders import order_file
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

COUNTERED = 6  # the seventh request is answered with another slot
FIRST, SECOND = SHIPPERS


@dataclass
class Story:
    """What happened, for the table that the demo prints."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, what: str, how: str) -> None:
        self.lines.append((what, how))


@contextmanager
def desk(facts: ShipperFacts) -> Iterator[Actor]:
    """In a shipper's schema, as its planner."""
    shipper = Shipper.objects.get(slug=facts.slug)
    planner = actor_at_shipper(Person.objects.get(email=f"planner@{facts.slug}.example"), shipper.pk)
    assert planner is not None
    with doorway.enter_shipper(shipper):
        yield planner


def recipient_actor(email: str) -> Actor:
    """A person of a hospital, at the hub."""
    actor = actor_in_network(Person.objects.get(email=email))
    assert actor is not None
    return actor


def sent_load(delivery: Delivery) -> Load:
    """The delivery's load with the largest vehicle that the demo's shippers send to a hospital."""
    return replace(
        load_of(delivery),
        vehicle_length_m=Decimal("7.8"),
        vehicle_height_m=Decimal("3.5"),
        vehicle_weight_kg=Decimal(15000),
        tail_lift=True,
    )


def apart(found: SlotSearch, count: int, *, first: float = 0.0) -> list[Slot]:
    """Up to ``count`` slots of a search that don't overlap, the first one that far (0 to 1) through them."""
    chosen: list[Slot] = []
    pivot = int(len(found.slots) * first)
    for slot in (*found.slots[pivot:], *found.slots[:pivot]):
        if len(chosen) < count and all(
            slot.end <= other.start or other.end <= slot.start for other in chosen
        ):
            chosen.append(slot)
    return chosen


def bring_orders_in(calendar: DemoCalendar, story: Story) -> None:
    """Both shippers import their files and group the consignments into deliveries."""
    morning = calendar.at("08:00", days=-3)
    for facts in SHIPPERS:
        with desk(facts) as planner:
            content = order_file(facts.slug, played=calendar.played, ahead=calendar.ahead)
            report = services.import_orders(
                actor=planner, file_name=f"orders-{facts.slug}.csv", content=content, now=morning
            )
            story.tell(
                f"{facts.name} imports {report.rows} order lines",
                f"{report.created} consignments in, {report.unchanged} unchanged, {report.refused} refused",
            )
            try:
                made = services.group_consignments(actor=planner, now=morning)
            except NothingToGroup:
                continue
            story.tell(f"{facts.name} groups them", f"{len(made)} deliveries")


def days_in_use() -> tuple[date, date] | None:
    """The days that an earlier run of the demo played and asked ahead for; None on a first run."""
    with desk(FIRST):
        days = sorted(set(Consignment.objects.values_list("requested_date", flat=True)))
    return (days[0], days[-1]) if len(days) > 1 else None


def negotiate(calendar: DemoCalendar, story: Story) -> None:
    """The shippers take turns, so that they meet at the docks; each hospital answers within the half hour."""
    queues: list[list[tuple[ShipperFacts, UUID]]] = []
    for facts in SHIPPERS:
        with desk(facts):
            waiting = [visit for visit in visits(deliveries_on(calendar.played)) if visit.needs_slot]
            queues.append([(facts, visit.delivery.pk) for visit in waiting])
    turns = [turn for turn in chain.from_iterable(zip_longest(*queues)) if turn is not None]
    start = calendar.at("09:00", days=-3)
    refused = False
    for number, (facts, delivery_id) in enumerate(turns):
        at = start + timedelta(minutes=2 * number)
        refused = _request(facts, delivery_id, number, at, story, may_collide=not refused) or refused
    if turns:
        story.tell("Slots of the day", _count(calendar.played))


def _request(
    facts: ShipperFacts, delivery_id: UUID, turn: int, at: datetime, story: Story, *, may_collide: bool
) -> bool:
    """Ask, and have the hospital answer; True when the wanted time turned out to be another shipper's."""
    with doorway.network():
        contested = _slot_of_the_other(facts, delivery_id) if may_collide else None
    with desk(facts) as planner:
        delivery = Delivery.objects.select_related("site").get(pk=delivery_id)
        load = sent_load(delivery)
        found = find_slots(site=delivery.site, load=load, first_day=delivery.day, days=1, now=at)
        if not found.slots:
            story.tell(f"{delivery.number} to {delivery.site.name}", "no slot is free that day")
            return False
        slots = apart(found, 2, first=turn * 5 % 11 / 11)  # over the whole day, so that trucks get round
        if contested is not None:
            wanted = Slot(
                contested.dock_id, contested.start, contested.start + (slots[0].end - slots[0].start)
            )
            slots = _collide(planner, delivery, load, wanted, at, story)
        appointment = services.ask_for_slots(
            actor=planner,
            delivery=delivery,
            slots=slots,
            load=load,
            now=at,
            message="Any of these suits the truck.",
        )
        code = delivery.site.code
    manager = recipient_actor(manager_email(code))
    if turn == COUNTERED:
        _counter(facts, manager, appointment.pk, at, story)
    else:
        _accept(manager, appointment.pk, at + timedelta(minutes=20))
    return contested is not None


def _slot_of_the_other(facts: ShipperFacts, delivery_id: UUID) -> Slot | None:
    """A time at a one-lane dock of this delivery's site that the other shipper was promised already."""
    if facts is not SECOND:
        return None
    with desk(facts):
        site_id = Delivery.objects.get(pk=delivery_id).site_id
    promised = (
        Appointment.objects.filter(
            site_id=site_id, state=Agreed.CONFIRMED, dock__lanes=1, shipper__slug=FIRST.slug
        )
        .order_by("during")
        .first()
    )
    return (
        Slot(promised.dock_id, promised.during.lower, promised.during.upper)
        if promised and promised.dock_id
        else None
    )


def _collide(
    planner: Actor, delivery: Delivery, load: Load, wanted: Slot, at: datetime, story: Story
) -> list[Slot]:
    """Ask for what another shipper has; the refusal names other times, and those are asked for instead."""
    try:
        services.ask_for_slots(actor=planner, delivery=delivery, slots=[wanted], load=load, now=at)
    except SlotTaken as refusal:
        alternatives = [
            Slot(UUID(a["dock_id"]), datetime.fromisoformat(a["start"]), datetime.fromisoformat(a["end"]))
            for a in refusal.details["alternatives"]
        ]
        story.tell(
            f"{SECOND.name} wants a time at {delivery.site.name} that {FIRST.name} was promised",
            f"refused, {len(alternatives)} alternatives offered; the nearest is asked for",
        )
        return alternatives[:1]
    raise AssertionError("two shippers were promised one dock at one time")


def _accept(manager: Actor, appointment_id: UUID, at: datetime) -> None:
    with enter_delivery(actor=manager, appointment_id=appointment_id) as delivery:
        offer = Appointment.objects.get(pk=appointment_id).offers.get(state="open")
        services.accept_offer(actor=manager, delivery=delivery, offer_id=offer.pk, slot_index=0, now=at)


def _counter(facts: ShipperFacts, manager: Actor, appointment_id: UUID, at: datetime, story: Story) -> None:
    with enter_delivery(actor=manager, appointment_id=appointment_id) as delivery:
        appointment = Appointment.objects.get(pk=appointment_id)
        found = find_slots(
            site=delivery.site,
            load=appointment.load,
            first_day=delivery.day,
            days=1,
            now=at,
            appointment=appointment,
        )
        services.counter_offer(
            actor=manager,
            delivery=delivery,
            appointment_id=appointment_id,
            slots=apart(found, 1, first=0.5),
            message="The morning crew is stocktaking; this time suits the dock.",
            reason_code=ReasonCode.NO_STAFF,
            now=at + timedelta(minutes=15),
        )
    with desk(facts) as planner:
        delivery = Delivery.objects.select_related("site").get(pk=delivery.pk)
        visit = visit_of(delivery)
        assert visit.appointment is not None
        offer = visit.appointment.offers.get(state="open")
        confirmed = services.accept_offer(
            actor=planner, delivery=delivery, offer_id=offer.pk, slot_index=0, now=at + timedelta(minutes=25)
        )
        story.tell(
            f"{delivery.number}: {delivery.site.name} counters",
            f"{facts.name} accepts: {confirmed.confirmation_number}",
        )


def _count(day: date) -> str:
    confirmed = 0
    total = 0
    for facts in SHIPPERS:
        with desk(facts):
            rows = visits(deliveries_on(day))
            total += len(rows)
            confirmed += sum(visit.is_confirmed for visit in rows)
    return f"{confirmed} of {total} deliveries confirmed"


def ask_ahead(calendar: DemoCalendar, now: datetime, story: Story) -> None:
    """Ask for the slots of the day ahead by today's clock, and leave them for the hospitals to answer."""
    asked = 0
    for facts in SHIPPERS:
        with desk(facts) as planner:
            for visit in visits(deliveries_on(calendar.ahead)):
                delivery = visit.delivery
                if not visit.needs_slot:
                    continue
                load = sent_load(delivery)
                found = find_slots(site=delivery.site, load=load, first_day=delivery.day, days=3, now=now)
                if found.slots:
                    services.ask_for_slots(
                        actor=planner, delivery=delivery, slots=apart(found, 3), load=load, now=now,
                        message="First of these preferred.",
                    )  # fmt: skip
                    asked += 1
    if asked:
        story.tell(f"Requests for {calendar.ahead:%A}", f"{asked} wait in the hospitals' inboxes")
