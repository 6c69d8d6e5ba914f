"""What began and was over again between two looks: found by what is on record of it, told once, and closed.

Only what leaves a trace by itself: a departure and an arrival that were late, a stay that was too long, an
answer that came late. Whoever looked all the time has had an exception of each.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Max, Min, Q, QuerySet

from apps.appointments.models import Appointment, Offer
from apps.appointments.states import OfferState
from apps.deliveries.models import DeliveryEvent
from apps.deliveries.states import State
from apps.insights.detecting import ANSWER_DUE_IN, dwell_due
from apps.insights.detecting_road import GRACE, planned, tender_due
from apps.insights.finding import Finding
from apps.insights.kinds import Kind, Severity
from apps.insights.models import DeliveryException
from apps.tendering.models import Tender

#: What was over longer ago is history, and in the figures.
AT_MOST = timedelta(days=2)
_LEFT_SITE = (State.DELIVERED, State.REFUSED, State.FAILED)


def missed(since: datetime, now: datetime) -> Iterator[Finding]:
    """What looks since then would have found and one at ``now`` does not; `AT_MOST` back."""
    since = max(since, now - AT_MOST)
    found = [finding for look in _LOOKS for finding in look(since, now) if finding.cause_at > since]
    told = DeliveryException.objects.filter(delivery_id__in={each.delivery_id for each in found})
    open_until = {
        (row.delivery_id, row.kind, row.subject): row.ended_at or now for row in told.order_by("detected_at")
    }
    for finding in found:
        if open_until.get(finding.key, since) <= finding.cause_at:
            yield finding


def _departures(since: datetime, now: datetime) -> Iterator[Finding]:
    """Its vehicle left late."""
    left = dict(_reached(since, now, State.IN_TRANSIT))
    for stop in planned().filter(delivery__in=left):
        due = stop.route.departs_at + GRACE
        if left[stop.delivery_id] > due:
            yield Finding(
                stop.delivery_id,
                Kind.LATE_DEPARTURE,
                Severity.URGENT,
                cause_at=due,
                harm_at=max(due, stop.slot.lower - (stop.arrives_at - stop.route.departs_at)),
                facts={"planned": stop.route.departs_at.isoformat(), "route": stop.route.number},
                group=f"departure {stop.route_id}",
            )


def _arrivals(since: datetime, now: datetime) -> Iterator[Finding]:
    """It came after its arrival window."""
    came = dict(_reached(since, now, State.ARRIVED))
    for appointment in Appointment.objects.filter(delivery_id__in=came, arrival_window__isnull=False):
        assert appointment.arrival_window is not None
        end = appointment.arrival_window.upper
        if came[appointment.delivery_id] > end + GRACE:
            yield Finding(
                appointment.delivery_id,
                Kind.NOT_ARRIVED,
                Severity.URGENT,
                cause_at=end + GRACE,
                harm_at=end,
            )


def _dwells(since: datetime, now: datetime) -> Iterator[Finding]:
    """It stayed for most of its free time, or longer, and has left."""
    over = _events(since, now).filter(to_state__in=_LEFT_SITE)
    arrived = Max("delivery__events__at", filter=Q(delivery__events__to_state=State.ARRIVED))
    stays = over.select_related("delivery__site").annotate(arrived_at=arrived)
    for event in stays.filter(arrived_at__isnull=False):
        delivery = event.delivery
        due, free_until = dwell_due(event.arrived_at, delivery.site.free_minutes)
        if event.at >= due:
            yield Finding(
                delivery.pk,
                Kind.DWELL,
                Severity.URGENT if event.at >= free_until else Severity.WARNING,
                cause_at=due,
                harm_at=free_until,
                facts={"arrived": event.arrived_at.isoformat(), "free_minutes": delivery.site.free_minutes},
            )


def _answers(since: datetime, now: datetime) -> Iterator[Finding]:
    """An offer was answered when it had little time left."""
    answered = Offer.objects.filter(answered_at__gt=since, answered_at__lte=now).exclude(
        state=OfferState.EXPIRED
    )
    for offer in answered.filter(answered_at__gt=F("expires_at") - ANSWER_DUE_IN).select_related(
        "appointment"
    ):
        begun = max(offer.expires_at - ANSWER_DUE_IN, offer.created_at)
        yield Finding(
            offer.appointment.delivery_id,
            Kind.OFFER_UNANSWERED,
            Severity.WARNING,
            cause_at=begun,
            harm_at=offer.expires_at,
            facts={"turn": "recipient" if offer.side == "shipper" else "shipper"},
        )


def _tenders(since: datetime, now: datetime) -> Iterator[Finding]:
    """A carrier answered when half of its time was over."""
    answered = Tender.objects.filter(answered_at__gt=since, answered_at__lte=now, expires_at__isnull=False)
    for tender in answered.select_related("carrier", "tendering__route").prefetch_related(
        "tendering__route__stops"
    ):
        assert tender.answered_at is not None
        due = tender_due(tender)
        if due is None or tender.answered_at < due:
            continue
        for stop in tender.tendering.route.stops.all():
            yield Finding(
                stop.delivery_id,
                Kind.TENDER_UNANSWERED,
                Severity.WARNING,
                cause_at=due,
                harm_at=tender.expires_at or due,
                facts={"carrier": tender.carrier.name, "route": tender.tendering.route.number},
                group=f"tender {tender.tendering.route_id}",
            )


def _reached(since: datetime, now: datetime, state: State) -> Iterator[tuple[UUID, datetime]]:
    """Deliveries that came to be in a state between two moments, and when."""
    events = _events(since, now).filter(to_state=state)
    yield from events.order_by().values_list("delivery_id").annotate(Min("at"))


def _events(since: datetime, now: datetime) -> QuerySet[DeliveryEvent]:
    """What happened to deliveries of these days and the next to them: an index finds them among all."""
    days = (since.date() - timedelta(days=1), now.date() + timedelta(days=1))
    return DeliveryEvent.objects.filter(at__gt=since, at__lte=now, delivery__day__range=days)


_LOOKS: tuple[Callable[[datetime, datetime], Iterator[Finding]], ...] = (
    _departures,
    _arrivals,
    _dwells,
    _answers,
    _tenders,
)
