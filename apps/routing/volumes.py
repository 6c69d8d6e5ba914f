"""How much of what was agreed with carriers the published plans use: commitments and caps of a day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Sum

from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.carriers.models import Carrier, Commitment
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.routing.days import LocalDay
from apps.routing.depots import depots_of
from apps.routing.models import Route, RoutePlan
from apps.routing.wording import counted

Measure, Period = Commitment.Measure, Commitment.Period
FRIDAY = 5


STANDS = (Agreed.CONFIRMED, Agreed.ARRIVED, Agreed.IN_PROGRESS, Agreed.COMPLETED)


@dataclass(frozen=True)
class Estimate:
    """What a day still to be planned will cost with contracted carriers: its ``pallets``, each at what
    ``carried`` pallets cost on average, ``paid`` cents in all.

    ``carried`` counts the own fleet's pallets too, so that their part of the day counts for nothing here as
    well. It is of the period around the day, or ``before`` it where that has seen no route yet.
    """

    pallets: int
    paid: int
    carried: int
    before: bool = False

    @property
    def cents(self) -> int:
        """Whole cents, rounded down."""
        return self.pallets * self.paid // self.carried


@dataclass(frozen=True)
class Spent:
    """Cents spent in a period on contracted carriers, and of that with one of them on so many routes.

    ``total`` includes what the day in question is expected to cost, where that can be estimated.
    """

    total: int = 0
    own: int = 0
    routes: int = 0
    expected: Estimate | None = None


@dataclass(frozen=True)
class Standing:
    """A commitment in the period around a day: ``used`` in its measure, of ``at_least`` and ``at_most``."""

    commitment: Commitment
    used: float
    spent: Spent = Spent()

    @property
    def is_behind(self) -> bool:
        """Less was given so far than was promised for the period."""
        return self.commitment.at_least is not None and self.used < self.commitment.at_least

    def due(self, day: date) -> int:
        """How much of what was promised is due on ``day``: what is missing, spread over the period's weekdays
        that are left, this one included; what does not come out even is due first."""
        if self.commitment.at_least is None:
            return 0
        missing = self.commitment.at_least - int(self.used)
        return max(0, -(-missing // self._weekdays_left(day)))

    def due_cents(self, day: date) -> int:
        """How much has to be spent with the carrier on ``day`` for a promised share of ``at_least`` per cent.

        Where it is expected what the day costs: of that the share itself, plus what is missing of it before
        the day, spread over the weekdays that are left; what was given beyond it comes off at once. So with a
        per cent promised, e cents expected, t spent before and o of them with the carrier, n weekdays left::

            due = a e / 100 + (a t / 100 - o) / n     (n = 1 where o is the greater), at most e

        Where it is not, what is missing by what the period has seen so far, what is due itself counted in, so
        that a day's plan is made up for from the day after::

            due = (a t - 100 o) / (100 - a) / n
        """
        terms, spent = self.commitment, self.spent
        if terms.measure != Measure.SHARE or terms.at_least is None:
            return 0
        today = spent.expected.cents if spent.expected else 0
        missing = terms.at_least * (spent.total - today) - 100 * spent.own
        left = self._weekdays_left(day)
        if not today:
            return max(0, -(-missing // (max(100 - terms.at_least, 1) * left)))
        over = left if missing > 0 else 1
        return min(today, max(0, -(-(terms.at_least * today * over + missing) // (100 * over))))

    def _weekdays_left(self, day: date) -> int:
        """Of the period from ``day`` on, at least 1."""
        _first, last = _period_of(Period(self.commitment.period), day)
        ahead = (day + timedelta(days=number) for number in range((last - day).days + 1))
        return max(1, sum(one.isoweekday() <= FRIDAY for one in ahead))

    def would_exceed(self, amount: float) -> bool:
        """Whether ``amount`` more, in its measure, is beyond what the carrier takes."""
        return self.commitment.at_most is not None and self.used + amount > self.commitment.at_most


def standings(
    carriers: Iterable[Carrier], day: date, *, without: UUID | None = None, replanning: Site | None = None
) -> dict[UUID, list[Standing]]:
    """Where each carrier's commitments stand in the periods around ``day``; one query.

    Routes of published plans count with the carrier that they name. ``carriers`` come with their
    ``commitments``; ``without`` is a route that is not counted, being the one in question;
    neither are those of the day at the site ``replanning``. What that day will cost there is estimated where
    a share of spend is promised: three queries more.
    """
    holding = {
        carrier.pk: [
            one
            for one in carrier.commitments.all()
            if (one.valid.lower is None or one.valid.lower <= day)
            and (one.valid.upper is None or day < one.valid.upper)
        ]
        for carrier in carriers
    }
    shares = [
        one for terms in holding.values() for one in terms if one.measure == Measure.SHARE and one.at_least
    ]
    pallets = _pallets_agreed(replanning, day) if replanning is not None and shares else 0
    routes = _routes_around(day, without, replanning, and_before=bool(pallets))
    expected = {
        period: estimate
        for period in {Period(one.period) for one in shares}
        if (estimate := _estimate(pallets, period, routes, day)) is not None
    }
    return {
        key: [_standing(one, key, routes, day, expected) for one in terms] for key, terms in holding.items()
    }


def assumed(site: Site, day: date, *, carriers: Collection[str], currency: str) -> list[str]:
    """What a plan of ``site``, which leads its plans, assumes about the day's cost to keep promised shares.

    A sentence for each of these carriers, by name, to whom some of it is due.
    """
    promised = Carrier.objects.filter(
        name__in=carriers, commitments__measure=Measure.SHARE, commitments__at_least__gt=0
    )
    rows = list(promised.distinct().order_by("name").prefetch_related("commitments"))
    stands = standings(rows, day, replanning=site) if rows else {}
    return [
        _in_words(carrier.name, one, one.spent.expected, one.due_cents(day), currency)
        for carrier in rows
        for one in stands[carrier.pk]
        if one.spent.expected
    ]


def _in_words(carrier: str, stands: Standing, expected: Estimate, due: int, currency: str) -> str:
    terms = stands.commitment
    period = terms.get_period_display().lower()
    since = f"the {period} before" if expected.before else f"this {period} so far"
    return (
        f"{carrier} was promised {terms.at_least} % of each {period}'s spend. This day is expected to cost "
        f"{_money(currency, expected.cents)}: {counted(expected.pallets, 'pallet')} at what one cost on "
        f"average in {since}. Of that {_money(currency, due)} is due to it."
    )


def _money(currency: str, cents: int) -> str:
    return f"{currency} {cents / 100:,.2f}"


def routes_on(day: date, *, without: UUID | None = None) -> dict[UUID, int]:
    """How many routes each carrier has on published plans of ``day``."""
    counted: dict[UUID, int] = {}
    for routed in _routes_around(day, without):
        if routed.day == day:
            counted[routed.carrier_id] = counted.get(routed.carrier_id, 0) + 1
    return counted


@dataclass(frozen=True)
class _Routed:
    day: date
    carrier_id: UUID
    cents: int
    pallets: int
    is_own: bool


def _pallets_agreed(lead: Site, day: date) -> int:
    """Pallets of the deliveries with an agreed slot on ``day``, from ``lead`` and what is planned with it."""
    local, sites = LocalDay(day, lead.time_zone), depots_of(lead).sites
    agreed = Appointment.objects.filter(
        state__in=STANDS, during__startswith__gte=local.start, during__startswith__lt=local.end
    ).values_list("delivery_id", flat=True)
    driven = (
        Delivery.objects.filter(pk__in=list(agreed), origin__in=[one.pk for one in sites], leg="")
        .exclude(format=Delivery.Format.PICKUP)
        .exclude(state=State.CANCELLED)
    )
    return driven.aggregate(pallets=Sum("pallets"))["pallets"] or 0


def _estimate(
    pallets: int, period: Commitment.Period, routes: Sequence[_Routed], day: date
) -> Estimate | None:
    """What so many pallets will cost by the routes of the period or of the one before; None without any."""
    around = _period_of(period, day)
    for (first, last), before in ((around, False), (_period_before(period, around[0]), True)):
        within = [routed for routed in routes if first <= routed.day <= last]
        carried = sum(routed.pallets for routed in within)
        if pallets and carried:
            return Estimate(pallets, sum(one.cents for one in within if not one.is_own), carried, before)
    return None


def _routes_around(
    day: date, without: UUID | None, replanning: Site | None = None, *, and_before: bool = False
) -> list[_Routed]:
    """Routes of published plans of the week and month around ``day``; with ``and_before`` since the month
    before."""
    first, last = _period_of(Period.MONTH, day)
    week = _period_of(Period.WEEK, day)
    if and_before:
        first, _ = _period_before(Period.MONTH, first)
    routes = (
        Route.objects.filter(
            plan__state=RoutePlan.State.PUBLISHED,
            plan__day__gte=min(first, week[0]),
            plan__day__lte=max(last, week[1]),
        )
        .annotate(pallets=Sum("stops__delivery__pallets"))
        .values_list("plan__day", "carrier_id", "cost_cents", "pallets", "carrier__own_fleet")
    )
    rows = routes.exclude(pk=without) if without else routes
    rows = rows.exclude(plan__site=replanning, plan__day=day) if replanning else rows
    return [_Routed(on, carrier, cents, pallets or 0, own) for on, carrier, cents, pallets, own in rows]


def _standing(
    commitment: Commitment,
    carrier_id: UUID,
    routes: Sequence[_Routed],
    day: date,
    expected: Mapping[Commitment.Period, Estimate],
) -> Standing:
    period = Period(commitment.period)
    first, last = _period_of(period, day)
    within = [routed for routed in routes if first <= routed.day <= last]
    mine = [routed for routed in within if routed.carrier_id == carrier_id]
    if commitment.measure == Measure.ROUTES:
        return Standing(commitment, len(mine))
    if commitment.measure == Measure.PALLETS:
        return Standing(commitment, sum(routed.pallets for routed in mine))
    spent = sum(routed.cents for routed in within if not routed.is_own)
    own = sum(routed.cents for routed in mine)
    today = expected.get(period)
    return Standing(
        commitment,
        100 * own / spent if spent else 0.0,
        Spent(spent + (today.cents if today else 0), own, len(mine), today),
    )


def _period_before(period: Commitment.Period, first: date) -> tuple[date, date]:
    """The period before the one that begins with ``first``; before a day the last weekday."""
    last = first - timedelta(days=1)
    while period == Period.DAY and last.isoweekday() > FRIDAY:
        last -= timedelta(days=1)
    return _period_of(period, last)


def _period_of(period: Commitment.Period, day: date) -> tuple[date, date]:
    """First and last day of the day, week (from Monday) or month around ``day``."""
    if period == Period.DAY:
        return day, day
    if period == Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
