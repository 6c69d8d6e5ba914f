"""How deliveries of a period went: each figure with what it was counted from and what could not be counted.

Asked in the shipper's schema, in one statement for deliveries and one each for offers, tenders and plans; the
period is that of the requested days. Nothing is left out silently: ``uncounted`` says how many and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Avg, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models import DurationField as Duration
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.appointments.models import Appointment, Offer
from apps.appointments.states import OfferState
from apps.appointments.states import State as AppointmentState
from apps.deliveries.models import Delivery, DeliveryEvent, Discrepancy, Handover
from apps.deliveries.states import State
from apps.routing.models import Route, RoutePlan
from apps.tendering.models import Tender
from apps.tendering.states import State as TenderState

OVER = (State.DELIVERED, State.REFUSED, State.FAILED)


class Name(StrEnum):
    """The figures, in the order in which they are shown."""

    ON_TIME = "on_time"
    OTIF = "otif"
    FIRST_ATTEMPT = "first_attempt"
    DISCREPANCY = "discrepancy"
    DWELL = "dwell"
    CONFIRMATION = "confirmation"
    ROUNDS = "rounds"
    ANSWER = "answer"
    TENDER = "tender"
    COST = "cost"


class Unit(StrEnum):
    """What a figure's value is in."""

    SHARE = "share"
    MINUTES = "minutes"
    COUNT = "count"
    CENTS = "cents"


@dataclass(frozen=True)
class Definition:
    """What a figure says, in words for its reader; ``more_is_better`` judges a change of it."""

    label: str | Promise
    meaning: str | Promise
    unit: Unit
    more_is_better: bool
    not_counted: str | Promise


@dataclass(frozen=True)
class Figure:
    """A value, None where nothing could be counted: ``part`` of ``of``, or the mean over ``of``."""

    name: Name
    value: float | None
    part: int
    of: int
    uncounted: int

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.name]


DEFINITIONS: dict[Name, Definition] = {
    Name.ON_TIME: Definition(
        _("On time"),
        _("Checked in inside the arrival window, of those that were checked in and had one."),
        Unit.SHARE,
        True,
        _("checked in without an agreed window"),
    ),
    Name.OTIF: Definition(
        _("On time and in full"),
        _("On time, accepted, every unit there and nothing found, of those that are over and had a window."),
        Unit.SHARE,
        True,
        _("over without an agreed window"),
    ),
    Name.FIRST_ATTEMPT: Definition(
        _("First attempt"),
        _("Delivered at the first attempt, of those that are over."),
        Unit.SHARE,
        True,
        _("not over yet"),
    ),
    Name.DISCREPANCY: Definition(
        _("Discrepancies"),
        _("Handed over with something over, short, damaged, wrong or refused, of all handed over."),
        Unit.SHARE,
        False,
        _("without a handover"),
    ),
    Name.DWELL: Definition(
        _("Dwell"),
        _("Mean time from check-in to the signed handover."),
        Unit.MINUTES,
        False,
        _("handed over without a check-in"),
    ),
    Name.CONFIRMATION: Definition(
        _("Slots agreed"),
        _("Negotiations that ended with a slot, of those that ended."),
        Unit.SHARE,
        True,
        _("still being negotiated"),
    ),
    Name.ROUNDS: Definition(
        _("Rounds"),
        _("Offers until a slot was agreed, on the average."),
        Unit.COUNT,
        False,
        _("ended without a slot, or not yet"),
    ),
    Name.ANSWER: Definition(
        _("Answer time"),
        _("Mean time from an offer to its answer, by either side."),
        Unit.MINUTES,
        False,
        _("offers without an answer"),
    ),
    Name.TENDER: Definition(
        _("Tenders accepted"),
        _("Accepted by the carrier, of those that it answered or let expire."),
        Unit.SHARE,
        True,
        _("still open or called off"),
    ),
    Name.COST: Definition(
        _("Cost per delivery"),
        _("What carriers charge for the routes of plans in force, by the deliveries on them."),
        Unit.CENTS,
        False,
        _("deliveries on no route in force"),
    ),
}


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """The period of equal length right before this one."""
        length = self.last - self.first + timedelta(days=1)
        return Period(self.first - length, self.first - timedelta(days=1))


def figures(period: Period, *, site_id: Any = None) -> list[Figure]:
    """Every figure of the period, of one site or of all."""
    chosen = _deliveries(period, site_id)
    return [*_of_visits(chosen), *_of_offers(chosen), *_of_tenders(chosen), *_of_costs(chosen)]


def behind(name: Name, period: Period, *, site_id: Any = None) -> QuerySet[Delivery]:
    """The deliveries that a figure of visits holds against us, by day; none for figures of something else."""
    rows = _told(_deliveries(period, site_id))
    conditions = {
        Name.ON_TIME: HAS_WINDOW & Q(came_at__isnull=False) & ~IN_WINDOW,
        Name.OTIF: HAS_WINDOW & Q(state__in=OVER) & ~(IN_WINDOW & IN_FULL),
        Name.FIRST_ATTEMPT: Q(state__in=OVER) & ~FIRST,
        Name.DISCREPANCY: Q(found=True),
    }
    if name not in conditions:
        return rows.none()
    return rows.filter(conditions[name]).select_related("site").order_by("day", "number")


HAS_WINDOW = Q(window_from__isnull=False)
IN_WINDOW = Q(came_at__gte=F("window_from"), came_at__lt=F("window_to"))
IN_FULL = Q(
    handover__outcome=Handover.Outcome.ACCEPTED,
    handover__units_received=F("handover__units_expected"),
    found=False,
)
FIRST = Q(state=State.DELIVERED, handover__attempt=1)


def _deliveries(period: Period, site_id: Any) -> QuerySet[Delivery]:
    chosen = Delivery.objects.filter(day__gte=period.first, day__lte=period.last).exclude(
        state=State.CANCELLED
    )
    return chosen.filter(site_id=site_id) if site_id else chosen


def _told(chosen: QuerySet[Delivery]) -> QuerySet[Any]:
    """Each with when it was checked in, its agreed window and how much was found at the handover."""
    came = DeliveryEvent.objects.filter(delivery=OuterRef("pk"), to_state=State.ARRIVED).order_by("at")
    agreed = Appointment.objects.filter(delivery_id=OuterRef("pk"), arrival_window__isnull=False)
    newest = agreed.order_by("-created_at")
    return chosen.annotate(
        came_at=Subquery(came.values("at")[:1]),
        window_from=Subquery(newest.values("arrival_window__startswith")[:1]),
        window_to=Subquery(newest.values("arrival_window__endswith")[:1]),
        found=Exists(Discrepancy.objects.filter(handover__delivery=OuterRef("pk"))),
    )


def _of_visits(chosen: QuerySet[Delivery]) -> Iterable[Figure]:
    came, over = Q(came_at__isnull=False), Q(state__in=OVER)
    stated = Q(handover__isnull=False)
    counted = _told(chosen).aggregate(
        all=Count("pk"),
        came=Count("pk", filter=came & HAS_WINDOW),
        on_time=Count("pk", filter=came & HAS_WINDOW & IN_WINDOW),
        came_without=Count("pk", filter=came & ~HAS_WINDOW),
        over=Count("pk", filter=over),
        over_window=Count("pk", filter=over & HAS_WINDOW),
        otif=Count("pk", filter=over & HAS_WINDOW & IN_WINDOW & IN_FULL),
        first=Count("pk", filter=FIRST),
        stated=Count("pk", filter=stated),
        otherwise=Count("pk", filter=stated & Q(found=True)),
        dwelt=Count("pk", filter=stated & came),
        dwell=Avg(
            ExpressionWrapper(F("handover__recorded_at") - F("came_at"), output_field=Duration()),
            filter=stated & came,
        ),
    )
    yield _share(Name.ON_TIME, counted["on_time"], counted["came"], counted["came_without"])
    yield _share(Name.OTIF, counted["otif"], counted["over_window"], counted["over"] - counted["over_window"])
    yield _share(Name.FIRST_ATTEMPT, counted["first"], counted["over"], counted["all"] - counted["over"])
    yield _share(
        Name.DISCREPANCY, counted["otherwise"], counted["stated"], counted["all"] - counted["stated"]
    )
    yield _mean(
        Name.DWELL, _minutes(counted["dwell"]), counted["dwelt"], counted["stated"] - counted["dwelt"]
    )


def _of_offers(chosen: QuerySet[Delivery]) -> Iterable[Figure]:
    talks = Appointment.objects.filter(delivery_id__in=chosen.values("pk"), is_planned=True)
    counted = talks.aggregate(
        all=Count("pk"),
        agreed=Count("pk", filter=Q(confirmation_number__isnull=False)),
        open=Count("pk", filter=Q(state=AppointmentState.OFFERED)),
    )
    made = Offer.objects.filter(appointment__in=talks.filter(confirmation_number__isnull=False), moves=False)
    answered = Offer.objects.filter(appointment__in=talks).aggregate(
        all=Count("pk"),
        answered=Count("pk", filter=Q(answered_at__isnull=False) & ~Q(state=OfferState.EXPIRED)),
        time=Avg(
            ExpressionWrapper(F("answered_at") - F("created_at"), output_field=Duration()),
            filter=Q(answered_at__isnull=False) & ~Q(state=OfferState.EXPIRED),
        ),
    )
    agreed, ended = counted["agreed"], counted["all"] - counted["open"]
    yield _share(Name.CONFIRMATION, agreed, ended, counted["open"])
    rounds = made.count() / agreed if agreed else None
    yield _mean(Name.ROUNDS, rounds, agreed, counted["all"] - agreed)
    yield _mean(
        Name.ANSWER, _minutes(answered["time"]), answered["answered"], answered["all"] - answered["answered"]
    )


def _of_tenders(chosen: QuerySet[Delivery]) -> Iterable[Figure]:
    routes = Route.objects.filter(stops__delivery__in=chosen.values("pk"))
    asked = Tender.objects.filter(tendering__route__in=routes.values("pk")).exclude(state=TenderState.QUEUED)
    accepted = (TenderState.ACCEPTED, TenderState.RETURNED)
    counted = asked.aggregate(
        all=Count("pk"),
        accepted=Count("pk", filter=Q(state__in=accepted)),
        answered=Count("pk", filter=Q(state__in=(*accepted, TenderState.DECLINED, TenderState.EXPIRED))),
    )
    yield _share(Name.TENDER, counted["accepted"], counted["answered"], counted["all"] - counted["answered"])


def _of_costs(chosen: QuerySet[Delivery]) -> Iterable[Figure]:
    in_force = Route.objects.filter(plan__state=RoutePlan.State.PUBLISHED)
    ridden = chosen.filter(stops__route__in=in_force.values("pk")).values("pk").distinct()
    routes = in_force.filter(stops__delivery__in=ridden).values("pk").distinct()
    cost = Route.objects.filter(pk__in=routes).aggregate(cents=Sum("cost_cents"))["cents"]
    carried = Delivery.objects.filter(stops__route__in=routes).distinct().count()
    on_none = chosen.count() - ridden.count()
    yield _mean(Name.COST, cost / carried if carried and cost is not None else None, carried, on_none)


def _share(name: Name, part: int, of: int, uncounted: int) -> Figure:
    return Figure(name, part / of if of else None, part, of, uncounted)


def _mean(name: Name, value: float | None, of: int, uncounted: int) -> Figure:
    return Figure(name, value, of, of, uncounted)


def _minutes(span: timedelta | None) -> float | None:
    return span.total_seconds() / 60 if span is not None else None
