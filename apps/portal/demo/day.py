"""The played day, step by step through the services, as the people of both sides would do it.

Every step looks first at what is there, so that the demo continues where an earlier run ended. The clock of
the day is passed to each step; work in the background (papers, plans, sequencing) is done by the real worker.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.accounts.actors import Actor, actor_at_shipper, actor_in_network
from apps.accounts.models import Person
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.appointments.services import SlotRefused, SlotTaken
from apps.appointments.states import ReasonCode
from apps.appointments.states import State as Agreed
from apps.carriers.models import Carrier
from apps.consignments.models import Consignment, Import
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.errors import NothingToGroup
from apps.deliveries.models import Delivery, Discrepancy
from apps.deliveries.selectors import consignments_of, deliveries_on, load_of, visit_of, visits
from apps.deliveries.states import State
from apps.portal.demo.calendar import DemoCalendar
from apps.portal.demo.network import SHIPPERS, ShipperFacts, manager_email, operator_email
from apps.portal.demo.orders import order_file
from apps.routing.models import RoutePlan, Stop
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

#: The largest vehicle that the shippers of the demo send to a hospital.
VEHICLE = {
    "vehicle_length_m": Decimal("7.8"),
    "vehicle_height_m": Decimal("3.5"),
    "vehicle_weight_kg": Decimal(15000),
    "tail_lift": True,
}


@dataclass
class Story:
    """What happened, for the table that the demo prints."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, what: str, how: str) -> None:
        self.lines.append((what, how))


def play(calendar: DemoCalendar, story: Story, *, wait_for_work: Callable[[], None], now: datetime) -> None:
    """Run the whole day: orders, slots, plans, roads, handovers; then ask for the slots of the day ahead."""
    for facts in SHIPPERS:
        _bring_orders_in(facts, calendar, story, now)
    _negotiate_day(calendar, story)
    wait_for_work()
    _plan_day(calendar, story, wait_for_work)
    _drive_day(calendar, story)
    _ask_for_the_day_ahead(calendar, story, now)
    wait_for_work()


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


def _bring_orders_in(facts: ShipperFacts, calendar: DemoCalendar, story: Story, now: datetime) -> None:
    morning = calendar.at("08:00", days=-3)
    with desk(facts) as planner:
        days = set(Consignment.objects.values_list("requested_date", flat=True))
        played, ahead = (min(days), max(days)) if days else (calendar.played, calendar.ahead)
        report: Import = services.import_orders(
            actor=planner,
            file_name=f"orders-{facts.slug}.csv",
            content=order_file(facts.slug, played=played, ahead=ahead),
            now=morning,
        )
        story.tell(
            f"{facts.name}: orders",
            f"{report.rows} rows: {report.created} consignments in, {report.unchanged} unchanged, "
            f"{report.refused} rows refused",
        )
        try:
            made = services.group_consignments(actor=planner, now=morning)
        except NothingToGroup:
            return
        story.tell(f"{facts.name}: deliveries", f"{len(made)} visits grouped")


def _negotiate_day(calendar: DemoCalendar, story: Story) -> None:
    """Both shippers take turns, so that they meet at the docks; each hospital answers at once."""
    day = played_day(calendar)
    queues = []
    for facts in SHIPPERS:
        with desk(facts):
            queues.append([(facts, v.delivery.pk) for v in visits(deliveries_on(day)) if v.needs_slot])
    turns = [turn for pair in zip_longest_flat(queues) for turn in pair]
    asked = calendar.at("09:00", days=-3)
    for number, (facts, delivery_id) in enumerate(turns):
        _agree(facts, delivery_id, number, asked + timedelta(minutes=2 * number), story)
    _collide(day, asked, story)


def _agree(facts: ShipperFacts, delivery_id: UUID, number: int, at: datetime, story: Story) -> None:
    with desk(facts) as planner:
        delivery = Delivery.objects.select_related("site").get(pk=delivery_id)
        load = sent_load(delivery)
        found = find_slots(site=delivery.site, load=load, first_day=delivery.day, days=1, now=at)
        if not found.slots:
            reason = next(iter(found.reasons()), "nothing is free")
            story.tell(f"{delivery.number} to {delivery.site.code}", f"no slot: {reason}")
            return
        appointment = services.ask_for_slots(
            actor=planner, delivery=delivery, slots=found.slots[:2], load=load, now=at, message="Any of these fits."
        )
    if number == COUNTERED:
        _counter(facts, appointment.pk, at, story)
    else:
        _accept(recipient_actor(manager_email(delivery.site.code)), appointment.pk, at + timedelta(minutes=20))


def _accept(manager: Actor, appointment_id: UUID, at: datetime) -> Appointment:
    with enter_delivery(actor=manager, appointment_id=appointment_id) as delivery:
        offer = visit_of(delivery).appointment.offers.get(state="open")  # type: ignore[union-attr] just offered
        return services.accept_offer(actor=manager, delivery=delivery, offer_id=offer.pk, slot_index=0, now=at)


def _counter(facts: ShipperFacts, appointment_id: UUID, at: datetime, story: Story) -> None:
    appointment = Appointment.objects.select_related("site").get(pk=appointment_id)
    manager = recipient_actor(manager_email(appointment.site.code))
    with enter_delivery(actor=manager, appointment_id=appointment_id) as delivery:
        found = find_slots(
            site=delivery.site, load=appointment.load, first_day=delivery.day, days=1, now=at, appointment=appointment
        )
        services.counter_offer(
            actor=manager,
            delivery=delivery,
            appointment_id=appointment_id,
            slots=[found.slots[len(found.slots) // 2]],
            message="The store is stocktaking early; this one suits the dock.",
            reason_code=ReasonCode.NO_STAFF,
            now=at + timedelta(minutes=15),
        )
    with desk(facts) as planner:
        delivery = Delivery.objects.select_related("site").get(pk=delivery.pk)
        offer = visit_of(delivery).appointment.offers.get(state="open")  # type: ignore[union-attr] just countered
        confirmed = services.accept_offer(
            actor=planner, delivery=delivery, offer_id=offer.pk, slot_index=0, now=at + timedelta(minutes=25)
        )
    story.tell(
        f"{delivery.number} to {appointment.site.code}",
        f"countered by the hospital, accepted by {facts.name}: {confirmed.confirmation_number}",
    )


def _collide(day: object, at: datetime, story: Story) -> None:
    """The second shipper asks for exactly the dock time that the first one holds, and is offered other times."""
    first, second = SHIPPERS
    with desk(first):
        taken = Appointment.objects.select_related("site", "dock").filter(state=Agreed.CONFIRMED).order_by("during").first()
        assert taken is not None
        assert taken.dock is not None
        wanted = Slot(taken.dock.pk, taken.during.lower, taken.during.upper)
        site = taken.site
    with desk(second) as planner:
        delivery = Delivery.objects.select_related("site").filter(site=site, day=day).first()
        if delivery is None:
            return
        appointment = visit_of(delivery).appointment
        if appointment is None or appointment.state != Agreed.CONFIRMED:
            return
        try:
            probe = replace(delivery_probe(delivery), **VEHICLE)
            services.ask_for_slots(
                actor=planner, delivery=_twin(delivery), slots=[wanted], load=probe, now=at
            )
        except (SlotTaken, SlotRefused) as refusal:
            alternatives = refusal.details.get("alternatives", [])
            story.tell(
                f"{second.name} wants {site.code} when {first.name} has it",
                f"{refusal.message} {len(alternatives)} alternatives offered",
            )
