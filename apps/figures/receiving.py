"""How vehicles came to a recipient's docks, over all shippers: asked at the hub, from the network alone.

Nothing of a shipper's schema is read, so no price and no goods can show; what only a shipper's record holds
(discrepancies, cost) is not counted here. The caller names sites that the reader may see.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    DateField,
    DateTimeField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Extract, Greatest, Least

from apps.appointments.models import Appointment, DockOccupancy, Offer
from apps.appointments.search import day_bounds
from apps.appointments.states import OfferState, State
from apps.facilities.models import ReceivingWindow, Site
from apps.figures.definitions import Figure, figure
from apps.figures.reading import Period, behind_figure
from apps.figures.summing import SUMS

#: Of all figures those that the network's own record tells.
FIGURES = (
    "on_time",
    "dwell",
    "queue",
    "check_in",
    "wait",
    "handling",
    "paperwork",
    "detained",
    "detention",
    "confirmation",
    "rounds",
    "answer",
)
_FACTS = (
    "site_name", "shipper_name", "slot_from", "window_from", "window_to", "free_minutes", "gate_at",
    "checking_at", "came_at", "unloading_at", "unloaded_at", "handed_at", "out_at", "asked_at", "agreed_at",
    "is_negotiating", "rounds", "answers", "answer_s", "unanswered",
)  # fmt: skip
_NEEDED = {
    "came", "came_window", "on_time", "stated", "dwelt", "dwell_s", "queued", "queue_s", "checked", "check_s",
    "waited", "wait_s", "handled", "handling_s", "papered", "paper_s", "stayed", "detained", "detention_s",
    "negotiated", "negotiating", "agreed", "rounds", "answers", "answer_s", "unanswered",
}  # fmt: skip


def received(sites: Sequence[Site], period: Period, *, by: str = "") -> dict[str, dict[str, Figure]]:
    """The figures of these sites by name; ``by`` is "site" or "shipper": one row for each of them by name."""
    key = {"": "''", "site": "site_name", "shipper": "shipper_name"}[by]
    told_of = visits(sites, period).order_by().values(*_FACTS)
    rows_of_visits, params = told_of.query.sql_with_params()
    sums = ", ".join(f"{SUMS[name]} AS {name}" for name in sorted(_NEEDED))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key} AS key, {sums} FROM ({rows_of_visits}) AS visit GROUP BY 1 ORDER BY 1",  # noqa: S608 our own text
            params,
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    told = {row["key"]: {name: figure(name, row) for name in FIGURES} for row in rows}
    return told if by or told else {"": {name: figure(name, dict.fromkeys(_NEEDED, 0)) for name in FIGURES}}


def behind_received(
    name: str, sites: Sequence[Site], period: Period, *, left_out: bool = False
) -> QuerySet[Appointment]:
    """The visits that one of `FIGURES` was counted from, those that were otherwise, or those left out."""
    return behind_figure(name, visits(sites, period), ("day", "reference"), left_out=left_out)


def visits(sites: Sequence[Site], period: Period) -> QuerySet[Appointment]:
    """The visits to these sites in a period with the facts of figures, named as in `VisitFacts`.

    A visit without a slot belongs to the day on which it was asked for.
    """
    begins = Func("during", function="lower", output_field=DateTimeField())
    there = Func(
        "site__time_zone", Coalesce(begins, "created_at"), function="timezone", output_field=DateTimeField()
    )
    of_period = Appointment.objects.filter(site__in=sites).annotate(
        slot_from=begins, day=Cast(there, DateField())
    )
    return of_period.filter(day__range=(period.first, period.last)).annotate(
        site_name=F("site__name"),
        shipper_name=F("shipper__name"),
        free_minutes=F("site__free_minutes"),
        window_from=Func("arrival_window", function="lower", output_field=DateTimeField()),
        window_to=Func("arrival_window", function="upper", output_field=DateTimeField()),
        gate_at=_first(step="at_gate"),
        checking_at=_first(step="checking_in"),
        came_at=_first(to_state="arrived"),
        unloading_at=Min("events__at", filter=Q(events__to_state="in_progress") | Q(events__step="at_door")),
        unloaded_at=_first(step="unloaded"),
        handed_at=_first(step="completed"),
        out_at=_first(step="checked_out"),
        agreed_at=_first(to_state="confirmed"),
        asked_at=Case(When(is_planned=True, then="created_at")),
        is_negotiating=ExpressionWrapper(Q(state=State.OFFERED), output_field=BooleanField()),
        rounds=_of_offers(Count("pk", filter=Q(moves=False))),
        answers=_of_offers(Count("pk", filter=_ANSWERED)),
        answer_s=_of_offers(Cast(Extract(Sum(_ANSWER_TIME, filter=_ANSWERED), "epoch"), BigIntegerField())),
        unanswered=_of_offers(Count("pk", filter=~_ANSWERED)),
    )


def _first(**of: str) -> Min:
    """When such an event of the visit came first."""
    return Min("events__at", filter=Q(**{f"events__{name}": value for name, value in of.items()}))


_ANSWERED = Q(answered_at__isnull=False) & ~Q(state=OfferState.EXPIRED)
_ANSWER_TIME = Greatest(
    ExpressionWrapper(F("answered_at") - F("created_at"), output_field=DurationField()), Value(timedelta(0))
)


def _of_offers(told: Expression) -> Coalesce:
    """A number of the visit's offers."""
    offers = Offer.objects.filter(appointment=OuterRef("pk")).order_by().values("appointment")
    return Coalesce(Subquery(offers.annotate(told=told).values("told")), 0)


def utilisation(sites: Sequence[Site], period: Period) -> dict[UUID, tuple[timedelta, timedelta]]:
    """By site: dock time that was booked, and dock time that was open by the weekly hours and seasons."""
    return {site.pk: (_booked(site, period), _open(site, period)) for site in sites}


def _booked(site: Site, period: Period) -> timedelta:
    zone = ZoneInfo(site.time_zone)
    start, end = day_bounds(period.first, zone)[0], day_bounds(period.last, zone)[1]
    taken = DockOccupancy.objects.filter(
        dock__site=site, kind=DockOccupancy.Kind.BOOKING, during__overlap=(start, end)
    )
    ends = Least(Func("during", function="upper"), Value(end))
    begins = Greatest(Func("during", function="lower"), Value(start))
    length = ExpressionWrapper(ends - begins, output_field=DurationField())
    return taken.aggregate(time=Sum(length))["time"] or timedelta(0)


def _open(site: Site, period: Period) -> timedelta:
    """The hours of every lane of every dock, day by day."""
    windows = list(ReceivingWindow.objects.filter(site=site, load_type="").select_related("season"))
    docks = list(site.docks.filter(active=True))
    whole = timedelta(0)
    for number in range(period.days):
        day = period.first + timedelta(days=number)
        season = next((w.season for w in windows if w.season and day in w.season.days), None)
        for dock in docks:
            held = [
                window
                for window in windows
                if window.weekday == day.isoweekday()
                and window.season == season
                and window.dock_id in (None, dock.pk)
            ]
            own = [window for window in held if window.dock_id == dock.pk] or held
            whole += sum((_length(window) for window in own), timedelta(0)) * dock.lanes
    return whole


def _length(window: ReceivingWindow) -> timedelta:
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute) for at in (window.opens, window.closes))
    return closes - opens if closes > opens else closes + timedelta(days=1) - opens
