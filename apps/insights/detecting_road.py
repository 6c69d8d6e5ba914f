"""What is wrong between the tender and the dock: not released, late, silent, likely not to come."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.appointments.models import Appointment, Basis
from apps.appointments.states import State as AppointmentState
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.insights.finding import Finding
from apps.insights.kinds import Kind, Severity
from apps.routing.models import RoutePlan, Stop
from apps.tendering.models import Tender
from apps.tendering.states import State as TenderState
from apps.tracking.selectors import newest_expected

#: Neither a departure nor an arrival is late by less.
GRACE = timedelta(minutes=10)
#: A vehicle that is due and was last seen longer ago is silent.
SILENT_FOR = timedelta(minutes=45)
#: Goods that wait so shortly before their vehicle leaves are released late.
RELEASED_BEFORE = timedelta(minutes=15)
#: A slot that begins so soon and has no vehicle is likely to be missed.
RISK_AHEAD = timedelta(hours=3)
#: An unanswered tender is worth somebody's time for the last part of its time to answer.
LAST_PART = 0.5
_WAITS = (State.OPEN, State.LOADED)


def tenders(now: datetime) -> Iterator[Finding]:
    """A carrier was asked and half of its time to answer is over."""
    asked = Tender.objects.filter(state=TenderState.OPEN, expires_at__gt=now)
    for tender in asked.select_related("carrier", "tendering__route").prefetch_related(
        "tendering__route__stops__delivery"
    ):
        route, due = tender.tendering.route, tender_due(tender)
        if due is None or tender.expires_at is None or now < due:
            continue
        for stop in route.stops.all():
            if stop.delivery.state in _WAITS:
                yield Finding(
                    stop.delivery_id,
                    Kind.TENDER_UNANSWERED,
                    Severity.WARNING,
                    cause_at=due,
                    harm_at=tender.expires_at,
                    facts={"carrier": tender.carrier.name, "route": route.number},
                    group=f"tender {route.pk}",
                )


def tender_due(tender: Tender) -> datetime | None:
    """From when on an unanswered tender is an exception; None where it has no time to answer."""
    if tender.expires_at is None:
        return None
    return tender.expires_at - timedelta(minutes=tender.carrier.answer_minutes) * LAST_PART


def _releases(now: datetime) -> Iterator[Finding]:
    """Its vehicle leaves in minutes and the goods are not loaded."""
    for stop in planned().filter(
        route__departs_at__gt=now - GRACE,
        route__departs_at__lte=now + RELEASED_BEFORE,
        delivery__state=State.OPEN,
    ):
        yield Finding(
            stop.delivery_id,
            Kind.LATE_RELEASE,
            Severity.WARNING,
            cause_at=stop.route.departs_at - RELEASED_BEFORE,
            harm_at=stop.route.departs_at,
            facts={"planned": stop.route.departs_at.isoformat(), "route": stop.route.number},
            group=f"release {stop.route_id}",
        )


def _departures(now: datetime) -> Iterator[Finding]:
    """Its vehicle should have left; from when it would be late at the dock is the harm."""
    for stop in planned().filter(
        route__departs_at__lt=now - GRACE, slot__endswith__gt=now, delivery__state__in=_WAITS
    ):
        yield Finding(
            stop.delivery_id,
            Kind.LATE_DEPARTURE,
            Severity.URGENT,
            cause_at=stop.route.departs_at + GRACE,
            harm_at=max(now, stop.slot.lower - (stop.arrives_at - stop.route.departs_at)),
            facts={"planned": stop.route.departs_at.isoformat(), "route": stop.route.number},
            group=f"departure {stop.route_id}",
        )


def _arrivals(now: datetime) -> Iterator[Finding]:
    """On the way, and expected after its arrival window ends."""
    stops = list(planned().filter(delivery__state=State.IN_TRANSIT, slot__endswith__gt=now))
    told = newest_expected(stop.delivery_id for stop in stops)
    windows = _windows(stops)
    for stop in stops:
        expected, window = told.get(stop.delivery_id), windows.get(stop.appointment_id)
        if expected is None or window is None or expected.expected_at <= window.upper:
            continue
        yield Finding(
            stop.delivery_id,
            Kind.LATE_ARRIVAL,
            Severity.URGENT,
            cause_at=expected.made_at,
            harm_at=window.upper,
            facts={
                "expected": expected.expected_at.replace(second=0, microsecond=0).isoformat(),
                "basis": expected.basis,
            },
            group=f"arrival {stop.route_id}",
        )


def _silences(now: datetime) -> Iterator[Finding]:
    """On the way, due or on a vehicle that did report, and nothing was seen of it for long."""
    stops = list(planned().filter(delivery__state=State.IN_TRANSIT))
    told = newest_expected(stop.delivery_id for stop in stops)
    for stop in stops:
        expected = told.get(stop.delivery_id)
        reported = expected is not None and expected.basis == Basis.POSITION
        seen = expected.seen_at if expected is not None and expected.seen_at else stop.route.departs_at
        due = seen if reported else max(seen, stop.arrives_at)
        if now > due + SILENT_FOR:
            yield Finding(
                stop.delivery_id,
                Kind.SILENCE,
                Severity.WARNING,
                cause_at=due + SILENT_FOR,
                harm_at=stop.slot.upper,
                facts={"planned": stop.arrives_at.isoformat(), "seen": seen.isoformat()},
                group=f"silence {stop.route_id}",
            )


def _risks(now: datetime) -> Iterator[Finding]:
    """Its slot begins soon and no plan in force brings it: likely not to come."""
    soon = Appointment.objects.filter(
        state=AppointmentState.CONFIRMED, during__startswith__gt=now, during__startswith__lte=now + RISK_AHEAD
    )
    begins = {one.delivery_id: one.during.lower for one in soon if one.during is not None}
    planned_ids = set(planned().filter(delivery__in=begins).values_list("delivery_id", flat=True))
    for delivery in Delivery.objects.filter(pk__in=begins, state=State.OPEN):
        if delivery.pk not in planned_ids:
            yield Finding(
                delivery.pk,
                Kind.NO_SHOW_RISK,
                Severity.URGENT,
                cause_at=begins[delivery.pk] - RISK_AHEAD,
                harm_at=begins[delivery.pk],
            )


def planned() -> Any:
    """Stops of plans in force."""
    return Stop.objects.filter(Q(route__plan__state=RoutePlan.State.PUBLISHED)).select_related(
        "route", "delivery"
    )


def _windows(stops: list[Stop]) -> dict[UUID, Any]:
    """The arrival windows of the agreed slots of these stops."""
    agreed = Appointment.objects.filter(
        pk__in={stop.appointment_id for stop in stops}, state=AppointmentState.CONFIRMED
    )
    return dict(agreed.values_list("pk", "arrival_window"))


ON_THE_ROAD: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _releases,
    _departures,
    _arrivals,
    _silences,
    _risks,
)
