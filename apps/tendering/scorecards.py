"""What a carrier's past says: tenders, punctuality and damage as recorded, and what could not be counted."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Count, Min, Q

from apps.deliveries.models import DeliveryEvent, Discrepancy, Handover
from apps.deliveries.states import State as Ground
from apps.routing.models import Route, RoutePlan, Stop
from apps.tendering.models import Tender
from apps.tendering.states import State

LOOK_BACK = timedelta(days=90)
PUNCTUAL_MINUTES = 15
"""A departure within so many minutes of the plan is on time."""
LEAST_CASES = 5
"""Below so many cases a rate says nothing and is not scored."""
WEIGHTS = {"acceptance": 0.3, "departures": 0.15, "arrivals": 0.4, "undamaged": 0.15}


@dataclass
class Rate:
    """``good`` of ``counted`` cases; ``uncounted`` more happened without anything recorded that tells."""

    good: int = 0
    counted: int = 0
    uncounted: int = 0

    def add(self, good: bool | None) -> None:
        """Count one case; None: it happened and can't be judged."""
        if good is None:
            self.uncounted += 1
        else:
            self.counted += 1
            self.good += good

    @property
    def share(self) -> float | None:
        """From 0 to 1; None when nothing was counted."""
        return self.good / self.counted if self.counted else None


@dataclass
class Scorecard:
    """One carrier over a period.

    ``acceptance``: tenders accepted of those answered or run out. ``departures``: routes that left within
    15 minutes of the plan. ``arrivals``: stops reached inside the arrival window. ``undamaged``: handling
    units received without damage. ``answer_minutes``: how long answers took.
    """

    acceptance: Rate = field(default_factory=Rate)
    departures: Rate = field(default_factory=Rate)
    arrivals: Rate = field(default_factory=Rate)
    undamaged: Rate = field(default_factory=Rate)
    answer_minutes: list[float] = field(default_factory=list)

    @property
    def usual_answer(self) -> float | None:
        """The median time to answer, in minutes."""
        return median(self.answer_minutes) if self.answer_minutes else None

    @property
    def score(self) -> float | None:
        """Mean of the rates with enough cases, weighted by ``WEIGHTS``, 0 to 1; None while there is none."""
        told = [
            (WEIGHTS[name], rate.share)
            for name in WEIGHTS
            if (rate := getattr(self, name)).counted >= LEAST_CASES and rate.share is not None
        ]
        whole = sum(weight for weight, _ in told)
        return sum(weight * share for weight, share in told) / whole if whole else None


def scorecards(carrier_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, Scorecard]:
    """The scorecards of these carriers over the last 90 days; seven queries, however many carriers."""
    cards = {carrier_id: Scorecard() for carrier_id in carrier_ids}
    since = now - LOOK_BACK
    _count_tenders(cards, since)
    _count_road(cards, since, now)
    return cards


def _count_tenders(cards: dict[UUID, Scorecard], since: datetime) -> None:
    rows = Tender.objects.filter(carrier__in=cards, sent_at__gte=since).exclude(state=State.OPEN)
    for carrier_id, state, sent_at, answered_at in rows.values_list(
        "carrier_id", "state", "sent_at", "answered_at"
    ):
        card = cards[carrier_id]
        judged = {
            State.ACCEPTED: True,
            State.RETURNED: False,
            State.DECLINED: False,
            State.EXPIRED: False,
        }
        card.acceptance.add(judged.get(State(state)))
        if answered_at is not None and sent_at is not None:
            card.answer_minutes.append((answered_at - sent_at) / timedelta(minutes=1))


def _count_road(cards: dict[UUID, Scorecard], since: datetime, now: datetime) -> None:
    routes = Route.objects.filter(
        carrier__in=cards, plan__state=RoutePlan.State.PUBLISHED, departs_at__gte=since, departs_at__lt=now
    )
    planned = {
        route_id: (carrier, at)
        for route_id, carrier, at in routes.values_list("id", "carrier_id", "departs_at")
    }
    stops = list(
        Stop.objects.filter(route__in=planned)
        .select_related("dock__site")
        .only("route_id", "delivery_id", "slot", "dock__site__early_minutes", "dock__site__grace_minutes")
    )
    deliveries = {stop.delivery_id for stop in stops}
    left, arrived = _moments(deliveries, Ground.IN_TRANSIT), _moments(deliveries, Ground.ARRIVED)
    first_left: dict[UUID, datetime] = {}
    for stop in stops:
        if stop.delivery_id in left:
            moment = left[stop.delivery_id]
            first_left[stop.route_id] = min(first_left.get(stop.route_id, moment), moment)
    for route_id, (carrier_id, departs_at) in planned.items():
        seen = first_left.get(route_id)
        late = timedelta(minutes=PUNCTUAL_MINUTES)
        cards[carrier_id].departures.add(None if seen is None else seen <= departs_at + late)
    units, damaged = _units(deliveries)
    for stop in stops:
        card = cards[planned[stop.route_id][0]]
        card.arrivals.add(_inside_window(stop, arrived.get(stop.delivery_id)))
        if stop.delivery_id not in units:
            card.undamaged.uncounted += 1
        else:
            card.undamaged.counted += units[stop.delivery_id]
            card.undamaged.good += units[stop.delivery_id] - min(
                damaged[stop.delivery_id], units[stop.delivery_id]
            )


def _moments(deliveries: Iterable[UUID], state: Ground) -> dict[UUID, datetime]:
    """When each delivery first came into ``state``."""
    found = DeliveryEvent.objects.filter(delivery__in=deliveries, to_state=state).values("delivery_id")
    return {row["delivery_id"]: row["first"] for row in found.annotate(first=Min("at"))}


def _inside_window(stop: Stop, at: datetime | None) -> bool | None:
    if at is None:
        return None
    site = stop.dock.site
    opens = stop.slot.lower - timedelta(minutes=site.early_minutes)
    closes = stop.slot.lower + timedelta(minutes=site.grace_minutes)
    return bool(opens <= at <= closes)


def _units(deliveries: Iterable[UUID]) -> tuple[dict[UUID, int], defaultdict[UUID, int]]:
    """Handling units that were handed over, by delivery, and how many of them damaged."""
    handed = Handover.objects.filter(delivery__in=deliveries)
    damaged: defaultdict[UUID, int] = defaultdict(int)
    found = handed.annotate(
        hurt=Count("discrepancies", filter=Q(discrepancies__kind=Discrepancy.Kind.DAMAGED))
    )
    units = {}
    for delivery_id, expected, hurt in found.values_list("delivery_id", "units_expected", "hurt"):
        units[delivery_id], damaged[delivery_id] = expected, hurt
    return units, damaged
