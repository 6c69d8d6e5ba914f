"""How much of what was agreed with carriers the published plans use: commitments and caps of a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Sum

from apps.carriers.models import Carrier, Commitment
from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan

Measure, Period = Commitment.Measure, Commitment.Period
FRIDAY = 5


@dataclass(frozen=True)
class Spent:
    """Cents spent in a period on contracted carriers, and of that with one of them on so many routes."""

    total: int = 0
    own: int = 0
    routes: int = 0


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
        """How much has to be spent with the carrier on ``day`` for a promised share: what is missing by what
        the period has seen so far, itself counted in, spread as ``due`` does."""
        terms = self.commitment
        if terms.measure != Measure.SHARE or terms.at_least is None:
            return 0
        missing = terms.at_least * self.spent.total - 100 * self.spent.own
        return max(0, -(-missing // (max(100 - terms.at_least, 1) * self._weekdays_left(day))))

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
    neither are those of the day at the site ``replanning``.
    """
    rows = list(carriers)
    routes = _routes_around(day, without, replanning)
    return {
        carrier.pk: [
            _standing(one, carrier.pk, routes, day)
            for one in carrier.commitments.all()
            if (one.valid.lower is None or one.valid.lower <= day)
            and (one.valid.upper is None or day < one.valid.upper)
        ]
        for carrier in rows
    }


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


def _routes_around(day: date, without: UUID | None, replanning: Site | None = None) -> list[_Routed]:
    first, last = _period_of(Period.MONTH, day)
    week = _period_of(Period.WEEK, day)
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


def _standing(commitment: Commitment, carrier_id: UUID, routes: Sequence[_Routed], day: date) -> Standing:
    first, last = _period_of(Period(commitment.period), day)
    within = [routed for routed in routes if first <= routed.day <= last]
    mine = [routed for routed in within if routed.carrier_id == carrier_id]
    if commitment.measure == Measure.ROUTES:
        return Standing(commitment, len(mine))
    if commitment.measure == Measure.PALLETS:
        return Standing(commitment, sum(routed.pallets for routed in mine))
    spent = sum(routed.cents for routed in within if not routed.is_own)
    own = sum(routed.cents for routed in mine)
    return Standing(commitment, 100 * own / spent if spent else 0.0, Spent(spent, own, len(mine)))


def _period_of(period: Commitment.Period, day: date) -> tuple[date, date]:
    """First and last day of the day, week (from Monday) or month around ``day``."""
    if period == Period.DAY:
        return day, day
    if period == Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
