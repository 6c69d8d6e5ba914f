"""The demo's second act: routes are planned and published, trucks drive, goods are handed over."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import deliveries_on, ssccs_of, visit_of
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.insights.services import watch
from apps.insights.services.watching import GONE_AFTER
from apps.portal.demo.booking import Story, desk, recipient_actor
from apps.portal.demo.calendar import DemoCalendar
from apps.portal.demo.network import SHIPPERS, ShipperFacts, operator_email
from apps.routing.models import RoutePlan, Stop
from apps.routing.services import publish_plan, request_plan

SHORT_ONE = 9  # at the tenth handover one handling unit is missing
DAMAGED_ONE = 17  # at the eighteenth one is damaged


def plan(calendar: DemoCalendar, story: Story, wait_for_work: Callable[[], None]) -> None:
    """Each shipper has its day planned in the background and publishes what comes back."""
    for facts in SHIPPERS:
        with desk(facts) as planner:
            if not RoutePlan.objects.filter(day=calendar.played).exists():
                request_plan(
                    actor=planner,
                    site=_warehouse(facts),
                    day=calendar.played,
                    now=calendar.at("15:00", days=-1),
                )
    wait_for_work()
    for facts in SHIPPERS:
        with desk(facts) as planner:
            latest = RoutePlan.objects.filter(day=calendar.played).order_by("-version").first()
            assert latest is not None, f"{facts.name} has no plan"
            if latest.state == RoutePlan.State.DRAFT:
                publish_plan(actor=planner, plan_id=latest.pk, now=calendar.at("15:30", days=-1))
            _tell_plan(facts, latest, story)
    wait_for_work()


def _warehouse(facts: ShipperFacts) -> Site:
    return Site.objects.get(shipper__slug=facts.slug)


def _tell_plan(facts: ShipperFacts, latest: RoutePlan, story: Story) -> None:
    routes = list(latest.routes.select_related("carrier").prefetch_related("stops"))
    carriers = sorted({route.carrier.name for route in routes})
    stops = sum(len(route.stops.all()) for route in routes)
    story.tell(
        f"{facts.name} plans the day",
        f"{len(routes)} routes, {stops} stops, {latest.distance_m / 1000:.0f} km, "
        f"R {latest.cost_cents / 100:,.2f} with {' and '.join(carriers)}",
    )
    for left_out in latest.unassigned.select_related("delivery__site"):
        story.tell(
            f"{facts.name}, {left_out.delivery.number} to {left_out.delivery.site.name}: on no route",
            "; ".join(str(reason) for reason in left_out.reasons[:2]),
        )


@dataclass(frozen=True)
class Leg:
    """One stop of the published plans, as the day lives through it."""

    facts: ShipperFacts
    delivery_id: UUID
    appointment_id: UUID
    site_code: str
    vehicle: str
    driver: str
    leaves: datetime
    arrives: datetime
    starts: datetime
    ends: datetime


def drive(calendar: DemoCalendar, story: Story) -> None:
    """Live through the published plans in the order in which the trucks arrive."""
    legs = sorted((leg for facts in SHIPPERS for leg in _legs(facts, calendar)), key=lambda leg: leg.arrives)
    for number, leg in enumerate(legs):
        _send_off(leg)
        _receive(leg, number, story)
    story.tell("On the road", _count(calendar))


def look_again(now: datetime) -> None:
    """Take off the lists of exceptions what was missed only because the day was still being played.

    The worker goes by the real time, by which vehicles of that day were late until they were played in. It
    would close these exceptions itself, but not before they have stayed away for a while.
    """
    for facts in SHIPPERS:
        with desk(facts):
            watch(now=now)
            watch(now=now + GONE_AFTER)


def _legs(facts: ShipperFacts, calendar: DemoCalendar) -> Iterator[Leg]:
    with desk(facts):
        stops = list(
            Stop.objects.filter(
                route__plan__day=calendar.played, route__plan__state=RoutePlan.State.PUBLISHED
            )
            .filter(
                delivery__state__in=[
                    State.OPEN,
                    State.LOADED,
                    State.IN_TRANSIT,
                    State.ARRIVED,
                    State.UNLOADING,
                ]
            )
            .select_related("route__vehicle", "route__driver", "delivery__site")
        )
        for stop in stops:
            appointment = visit_of(stop.delivery).appointment
            assert appointment is not None
            yield Leg(
                facts=facts,
                delivery_id=stop.delivery.pk,
                appointment_id=appointment.pk,
                site_code=stop.delivery.site.code,
                vehicle=stop.route.vehicle.plate,
                driver=stop.route.driver.name if stop.route.driver else "The driver",
                leaves=stop.route.departs_at,
                arrives=stop.arrives_at,
                starts=stop.starts_at,
                ends=stop.departs_at,
            )


def _send_off(leg: Leg) -> None:
    with desk(leg.facts) as planner:
        state = Delivery.objects.get(pk=leg.delivery_id).state
        if state == State.OPEN:
            loaded = leg.leaves - timedelta(minutes=25)
            services.record_loading(
                actor=planner, delivery_id=leg.delivery_id, vehicle=leg.vehicle, now=loaded
            )
            state = State.LOADED
        if state == State.LOADED:
            services.record_departure(
                actor=planner, delivery_id=leg.delivery_id, vehicle=leg.vehicle, now=leg.leaves
            )


def _receive(leg: Leg, number: int, story: Story) -> None:
    gate = recipient_actor(operator_email(leg.site_code))
    with enter_delivery(actor=gate, appointment_id=leg.appointment_id) as delivery:
        if delivery.state == State.IN_TRANSIT:
            services.record_arrival(actor=gate, delivery_id=delivery.pk, vehicle=leg.vehicle, now=leg.arrives)
            delivery.state = State.ARRIVED
        if delivery.state == State.ARRIVED:
            services.start_unloading(actor=gate, delivery_id=delivery.pk, now=leg.starts)
        statement = services.Statement(
            released_by=leg.driver,
            received_by=gate.name,
            received_by_role="Stores clerk",
            findings=_findings(delivery, number),
        )
        handover = services.hand_over(actor=gate, delivery_id=delivery.pk, statement=statement, now=leg.ends)
        if handover.outcome != Handover.Outcome.ACCEPTED:
            story.tell(
                f"{leg.facts.name}, {delivery.number}: accepted with reservation", handover.reservation
            )


def _findings(delivery: Delivery, number: int) -> list[services.UnitFinding]:
    kinds = {SHORT_ONE: Discrepancy.Kind.SHORT, DAMAGED_ONE: Discrepancy.Kind.DAMAGED}
    if number not in kinds:
        return []
    last = ssccs_of(delivery)[-1]
    note = "Wrapping torn, two cartons wet." if kinds[number] == Discrepancy.Kind.DAMAGED else ""
    return [services.UnitFinding(kind=kinds[number], sscc=last, note=note)]


def _count(calendar: DemoCalendar) -> str:
    delivered = 0
    for facts in SHIPPERS:
        with desk(facts):
            delivered += deliveries_on(calendar.played).filter(state=State.DELIVERED).count()
    return f"{delivered} deliveries handed over"
