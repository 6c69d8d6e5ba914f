"""What is wrong with deliveries right now, found by looking at what is on record: one query or two per kind.

Reads in the shipper's schema and changes nothing. Whatever stopped looking for hours finds the same as one
that never stopped, with the time since when each could be seen.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, Subquery

from apps.accounts.actors import Side
from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.states import State as AppointmentState
from apps.deliveries.models import Delivery, DeliveryEvent, Handover
from apps.deliveries.selectors import checklists_of, deliveries, visits
from apps.deliveries.standing import NOT_OVER
from apps.deliveries.states import FailureReason, State
from apps.documents.selectors import SATISFIED, Standing
from apps.facilities.models import DocumentType
from apps.insights.detecting_data import OF_THE_DATA
from apps.insights.detecting_road import GRACE, ON_THE_ROAD, tenders
from apps.insights.finding import LOOKS_FROM_ABOVE, Finding
from apps.insights.kinds import GROWING, Kind, Severity
from apps.routing.models import RoutePlan
from apps.tendering.models import Tendering
from apps.tendering.states import SearchState

#: An unanswered offer is worth somebody's time from here to its end.
ANSWER_DUE_IN = timedelta(hours=4)
#: Papers are looked at for visits that begin within this time.
PAPERS_AHEAD = timedelta(days=2)
#: Discrepancies older than this are history and not on anybody's list.
FRESH = timedelta(days=14)
#: Whoever has to collect something is worth a call from here on.
UNCOLLECTED_IN = timedelta(hours=12)
_WAITS = (State.OPEN, State.LOADED)
_COMES = (*_WAITS, State.IN_TRANSIT)


def findings(now: datetime) -> Iterator[Finding]:
    """Everything that is wrong at ``now``; of one trouble as it grows the last alone."""
    if not _anything_to_look_at(now):
        return
    found = [finding for look in (*_LOOKS, *LOOKS_FROM_ABOVE) for finding in look(now)]
    grown: dict[UUID, int] = {}
    for finding in found:
        if finding.kind in GROWING:
            place = GROWING.index(finding.kind)
            grown[finding.delivery_id] = max(place, grown.get(finding.delivery_id, place))
    for finding in found:
        if finding.kind not in GROWING or GROWING.index(finding.kind) == grown[finding.delivery_id]:
            yield finding


def _anything_to_look_at(now: datetime) -> bool:
    """Whether a delivery is still to come, an answer is due, or goods were handed over lately.

    Each look is about one of these. A network has many shippers that are at rest: three short statements each
    instead of two dozen.
    """
    failed = Q(state=State.FAILED, day__gte=_long_ago(now))
    return (
        Delivery.objects.filter(Q(state__in=NOT_OVER) | failed).exists()
        or Appointment.objects.filter(must_act_by__gt=now).exists()
        or Handover.objects.filter(recorded_at__gt=now - FRESH).exists()
    )


def _offers(now: datetime) -> Iterator[Finding]:
    """Somebody has to answer soon, or the slots are free again."""
    waiting = Appointment.objects.filter(
        must_act__in=(Side.SHIPPER, Side.RECIPIENT), must_act_by__gt=now, must_act_by__lte=now + ANSWER_DUE_IN
    )
    for one in waiting:
        assert one.must_act_by is not None
        ours = one.must_act == Side.SHIPPER
        yield Finding(
            one.delivery_id,
            Kind.OFFER_UNANSWERED,
            Severity.URGENT if ours else Severity.WARNING,
            cause_at=one.must_act_by - ANSWER_DUE_IN,
            harm_at=one.must_act_by,
            facts={"turn": one.must_act},
        )
    yield from _lapsed(now)


def _lapsed(now: datetime) -> Iterator[Finding]:
    """An offer ran out, whether or not anybody looked, and no slot is asked for or agreed since."""
    waiting = deliveries().filter(state=State.OPEN, leg="", day__gte=(now - timedelta(days=1)).date())
    lapsed = {
        visit.appointment.pk: visit.delivery
        for visit in visits(waiting.exclude(format=Delivery.Format.PICKUP))
        if visit.appointment is not None and visit.appointment.state == AppointmentState.EXPIRED
    }
    ended = AppointmentEvent.objects.filter(appointment__in=lapsed, step="expired")
    for key, at in ended.order_by().values_list("appointment_id").annotate(Max("at")):
        yield Finding(
            lapsed[key].pk,
            Kind.OFFER_UNANSWERED,
            Severity.URGENT,
            cause_at=at - ANSWER_DUE_IN,
            harm_at=at,
            facts={"turn": "nobody"},
        )


def _papers(now: datetime) -> Iterator[Finding]:
    """A visit that begins soon lacks a paper that bars the vehicle."""
    soon = _confirmed().filter(during__startswith__gt=now, during__startswith__lte=now + PAPERS_AHEAD)
    coming = list(_with_deliveries(soon, _COMES))
    lists = checklists_of(coming)
    for delivery, appointment in coming:
        lines = lists.get(delivery.pk, [])
        lacking = [
            line.document_type
            for line in lines
            if line.standing not in SATISFIED and line.document_type != DocumentType.DELIVERY_NOTE
        ]
        expired = [str(line.document_type) for line in lines if line.standing == Standing.EXPIRED]
        if lacking:
            yield Finding(
                delivery.pk,
                Kind.PAPER_MISSING,
                Severity.WARNING,
                cause_at=appointment.during.lower - PAPERS_AHEAD,
                harm_at=appointment.during.lower,
                facts={"papers": [str(kind) for kind in lacking], "expired": expired},
            )


def _carriers(now: datetime) -> Iterator[Finding]:
    """A route of a plan in force that nobody drives."""
    uncovered = Tendering.objects.filter(
        state=SearchState.UNCOVERED, route__plan__state=RoutePlan.State.PUBLISHED, route__departs_at__gt=now
    )
    newest = Tendering.objects.filter(route=OuterRef("route")).order_by("-number").values("number")[:1]
    for search in uncovered.filter(number=Subquery(newest)).prefetch_related("route__stops__delivery"):
        since = search.events.aggregate(at=Max("at"))["at"] or search.started_at
        for stop in search.route.stops.all():
            if stop.delivery.state in _WAITS:
                yield Finding(
                    stop.delivery_id,
                    Kind.NO_CARRIER,
                    Severity.URGENT,
                    cause_at=since,
                    harm_at=search.route.departs_at,
                    facts={"route": search.route.number},
                    group=f"no carrier {search.route_id}",
                )


def _missed(now: datetime) -> Iterator[Finding]:
    """Its arrival window is over and nobody checked it in."""
    missed = _confirmed().filter(arrival_window__endswith__lt=now - GRACE, during__endswith__gt=now - FRESH)
    for delivery, appointment in _with_deliveries(missed, _COMES):
        yield Finding(
            delivery.pk,
            Kind.NOT_ARRIVED,
            Severity.URGENT,
            cause_at=appointment.arrival_window.upper + GRACE,
            harm_at=appointment.arrival_window.upper,
        )


def dwell_due(arrived_at: datetime, free_minutes: int) -> tuple[datetime, datetime]:
    """From when on a stay is an exception, and when its free time is over."""
    free = timedelta(minutes=free_minutes)
    return arrived_at + free * 0.75, arrived_at + free


def _dwells(now: datetime) -> Iterator[Finding]:
    """At the site for most of its free time: detention begins at the harm."""
    arrived = DeliveryEvent.objects.filter(delivery=OuterRef("pk"), to_state=State.ARRIVED).order_by("-at")
    there = deliveries().filter(state__in=(State.ARRIVED, State.UNLOADING))
    for delivery in there.annotate(arrived_at=Subquery(arrived.values("at")[:1])):
        if delivery.arrived_at is None:
            continue
        due, free_until = dwell_due(delivery.arrived_at, delivery.site.free_minutes)
        if now < due:
            continue
        yield Finding(
            delivery.pk,
            Kind.DWELL,
            Severity.URGENT if now >= free_until else Severity.WARNING,
            cause_at=due,
            harm_at=free_until,
            facts={"arrived": delivery.arrived_at.isoformat(), "free_minutes": delivery.site.free_minutes},
        )


def _discrepancies(now: datetime) -> Iterator[Finding]:
    """Goods were not handed over as expected; the harm is done, somebody has to deal with it."""
    stated = Handover.objects.filter(recorded_at__gt=now - FRESH, discrepancies__isnull=False).distinct()
    for handover in stated.prefetch_related("discrepancies"):
        kinds = sorted({each.kind for each in handover.discrepancies.all()})
        yield Finding(
            handover.delivery_id,
            Kind.DISCREPANCY,
            Severity.URGENT if "refused" in kinds else Severity.WARNING,
            cause_at=handover.recorded_at,
            harm_at=handover.recorded_at,
            facts={"kinds": kinds, "units": len(handover.discrepancies.all())},
        )


def _failures(now: datetime) -> Iterator[Finding]:
    """An attempt failed and no other one is agreed on or asked for."""
    failed = DeliveryEvent.objects.filter(delivery=OuterRef("pk"), to_state=State.FAILED).order_by("-at")
    live = Appointment.objects.filter(
        delivery_id=OuterRef("pk"), state__in=(AppointmentState.OFFERED, AppointmentState.CONFIRMED)
    )
    for delivery in (
        deliveries()
        .filter(state=State.FAILED, day__gte=_long_ago(now))
        .annotate(failed_at=Subquery(failed.values("at")[:1]), next_state=Subquery(live.values("state")[:1]))
    ):
        if delivery.failed_at is None or delivery.next_state or delivery.failed_at < now - FRESH:
            continue
        reason = FailureReason(delivery.failure_reason).label if delivery.failure_reason else ""
        yield Finding(
            delivery.pk,
            Kind.FAILED,
            Severity.URGENT,
            cause_at=delivery.failed_at,
            harm_at=delivery.failed_at,
            facts={"reason": str(reason)},
        )


def _uncollected(now: datetime) -> Iterator[Finding]:
    """What its recipient was to collect is kept no longer, or shortly no longer."""
    waiting = deliveries().filter(format=Delivery.Format.PICKUP, state=State.OPEN)
    kept = waiting.filter(kept_until__lte=now + UNCOLLECTED_IN)
    for delivery in kept:
        assert delivery.kept_until is not None
        assert delivery.last_day is not None
        yield Finding(
            delivery.pk,
            Kind.UNCOLLECTED,
            Severity.URGENT if delivery.kept_until <= now else Severity.WARNING,
            cause_at=delivery.kept_until - UNCOLLECTED_IN,
            harm_at=delivery.kept_until,
            facts={"last_day": delivery.last_day.isoformat()},
        )


def _long_ago(now: datetime) -> date:
    """Failed attempts of deliveries for an earlier day are history."""
    return (now - FRESH - timedelta(days=7)).date()


def _confirmed() -> Any:
    return Appointment.objects.filter(state=AppointmentState.CONFIRMED).select_related("site")


def _with_deliveries(appointments: Any, states: tuple[State, ...]) -> Iterator[tuple[Delivery, Any]]:
    """Each appointment with its delivery, where that is in one of the states."""
    by_delivery = {appointment.delivery_id: appointment for appointment in appointments}
    for delivery in deliveries().filter(pk__in=by_delivery, state__in=states):
        yield delivery, by_delivery[delivery.pk]


_LOOKS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _offers,
    _papers,
    _carriers,
    tenders,
    _missed,
    _dwells,
    _discrepancies,
    _failures,
    _uncollected,
    *ON_THE_ROAD,
    *OF_THE_DATA,
)
