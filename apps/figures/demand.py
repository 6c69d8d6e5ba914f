"""What the weeks ahead ask for by site, what there is to do it with by carrier, and what is missing.

Expected is the median of what came in the last weeks, and never less than what is on order. Fleet is what the
carriers' active vehicles take, a route each per working day; commitments are what carriers were promised or
take at most.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from apps.carriers.models import Carrier, Commitment, Vehicle
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.figures.models import VisitFacts

WEEKS_AHEAD, WEEKS_BACK = 4, 8
#: Below so many past weeks nothing is expected, and the table says so.
LEAST_WEEKS = 3


@dataclass(frozen=True)
class SiteWeek:
    """Pallets and deliveries of one site in one week: on order, with an agreed slot, expected in all.

    ``expected`` is None where the past says too little; ``low`` and ``high`` are the least and the most of
    the past weeks.
    """

    site: str
    week: date
    deliveries: int
    pallets: int
    agreed: int
    agreed_pallets: int
    expected: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class CarrierWeek:
    """One carrier and week: what its vehicles take, what it was promised, takes at most, has already."""

    carrier: str
    week: date
    fleet_routes: int
    fleet_pallets: int
    at_least: str
    at_most: str
    planned_routes: int
    planned_pallets: int


@dataclass(frozen=True)
class Gap:
    """One week in all: pallets on order or expected, whichever is more, and what the fleet takes."""

    week: date
    asked: int
    fleet: int
    promised: int

    @property
    def missing(self) -> int:
        """Pallets that no vehicle takes."""
        return max(0, self.asked - self.fleet)

    @property
    def short_of_promise(self) -> int:
        """Pallets that carriers were promised and nobody asks for."""
        return max(0, self.promised - self.asked)


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_ahead(today: date) -> list[date]:
    """This week's Monday and the next ones'."""
    return [monday(today) + timedelta(weeks=number) for number in range(WEEKS_AHEAD)]


def demand(today: date) -> list[SiteWeek]:
    """Every site and week ahead with something on order or expected; three queries."""
    weeks = weeks_ahead(today)
    past = _past(weeks[0])
    ordered = _ordered(weeks)
    names = dict(
        Site.objects.filter(pk__in={*past, *(site for site, _week in ordered)}).values_list("pk", "name")
    )
    told = []
    for site_id, name in sorted(names.items(), key=lambda each: each[1].casefold()):
        before = past.get(site_id, [])
        enough = len(before) >= LEAST_WEEKS
        for week in weeks:
            row = ordered.get((site_id, week), {})
            pallets = row.get("pallets") or 0
            told.append(
                SiteWeek(
                    name,
                    week,
                    row.get("deliveries") or 0,
                    pallets,
                    row.get("agreed") or 0,
                    row.get("agreed_pallets") or 0,
                    max(pallets, round(median(before))) if enough else None,
                    min(before) if enough else None,
                    max(before) if enough else None,
                )
            )
    return told


def capacity(today: date) -> list[CarrierWeek]:
    """Every active carrier and week ahead; four queries."""
    weeks = weeks_ahead(today)
    fleet = _fleet()
    planned = _planned(weeks)
    commitments = list(Commitment.objects.select_related("carrier"))
    told = []
    for carrier in Carrier.objects.filter(active=True).order_by("name"):
        vehicles, pallets = fleet.get(carrier.pk, (0, 0))
        cap = carrier.routes_per_day
        per_day = min(vehicles, cap) if cap is not None else vehicles
        share = per_day / vehicles if vehicles else 0
        for week in weeks:
            mine = [each for each in commitments if each.carrier_id == carrier.pk and week in each.valid]
            routes, carried = planned.get((carrier.pk, week), (0, 0))
            told.append(
                CarrierWeek(
                    carrier.name,
                    week,
                    5 * per_day,
                    round(5 * pallets * share),
                    "; ".join(_promise(each, each.at_least) for each in mine if each.at_least is not None),
                    "; ".join(_promise(each, each.at_most) for each in mine if each.at_most is not None),
                    routes,
                    carried,
                )
            )
    return told


def gaps(demanded: Sequence[SiteWeek], carried: Sequence[CarrierWeek], today: date) -> list[Gap]:
    """Each week ahead in all, with what was promised in pallets a week; one query."""
    promised = _promised_pallets(today)
    return [
        Gap(
            week,
            sum(each.expected or each.pallets for each in demanded if each.week == week),
            sum(each.fleet_pallets for each in carried if each.week == week),
            promised,
        )
        for week in weeks_ahead(today)
    ]


def _past(first: date) -> dict[UUID, list[int]]:
    """Pallets by site of each of the last weeks, weeks without any included since its first one."""
    start = first - timedelta(weeks=WEEKS_BACK)
    rows = VisitFacts.objects.filter(day__gte=start, day__lt=first).values("site_id", "day")
    found: dict[UUID, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.order_by().annotate(pallets=Sum("pallets")):
        found[row["site_id"]][monday(row["day"])] += row["pallets"]
    told: dict[UUID, list[int]] = {}
    for site_id, weeks in found.items():
        begun = min(weeks)
        count = (first - begun).days // 7
        told[site_id] = [weeks.get(begun + timedelta(weeks=number), 0) for number in range(count)]
    return told


def _ordered(weeks: Sequence[date]) -> dict[tuple[UUID, date], dict[str, Any]]:
    rows = (
        Delivery.objects.filter(day__gte=weeks[0], day__lt=weeks[-1] + timedelta(weeks=1))
        .exclude(state=State.CANCELLED)
        .values("site_id", "day")
        .order_by()
        .annotate(
            deliveries=Count("pk"),
            pallets_sum=Sum("pallets"),
            agreed=Count("pk", filter=Q(facts__slot_from__isnull=False)),
            agreed_pallets=Sum("pallets", filter=Q(facts__slot_from__isnull=False)),
        )
    )
    found: dict[tuple[UUID, date], dict[str, Any]] = {}
    for row in rows:
        told = found.setdefault((row["site_id"], monday(row["day"])), defaultdict(int))
        told["deliveries"] += row["deliveries"]
        told["pallets"] += row["pallets_sum"] or 0
        told["agreed"] += row["agreed"]
        told["agreed_pallets"] += row["agreed_pallets"] or 0
    return found


def _fleet() -> dict[UUID, tuple[int, int]]:
    rows = Vehicle.objects.filter(active=True).values("carrier_id").order_by()
    counted = rows.annotate(n=Count("pk"), pallets=Sum("capacity_pallets"))
    return {row["carrier_id"]: (row["n"], row["pallets"] or 0) for row in counted}


def _planned(weeks: Sequence[date]) -> dict[tuple[UUID, date], tuple[int, int]]:
    """Routes of plans in force and the pallets on them, from the facts' shares of routes."""
    rows = VisitFacts.objects.filter(
        day__gte=weeks[0], day__lt=weeks[-1] + timedelta(weeks=1), capacity__gt=0, carrier__isnull=False
    ).values_list("carrier_id", "day", "pallets", "planned_departure")
    routes: dict[tuple[UUID, date], set[Any]] = defaultdict(set)
    pallets: dict[tuple[UUID, date], int] = defaultdict(int)
    for carrier_id, day, count, departs in rows:
        key = (carrier_id, monday(day))
        routes[key].add(departs)
        pallets[key] += count
    return {key: (len(routes[key]), pallets[key]) for key in pallets}


def _promise(each: Commitment, amount: int) -> str:
    return f"{amount} {each.get_measure_display()} / {each.get_period_display()}".lower()


def _promised_pallets(today: date) -> int:
    """What carriers were promised in pallets, brought to a week of five days."""
    per = {Commitment.Period.DAY: 5.0, Commitment.Period.WEEK: 1.0, Commitment.Period.MONTH: 12 / 52}
    rows: Iterable[Commitment] = Commitment.objects.filter(
        measure=Commitment.Measure.PALLETS, at_least__isnull=False, valid__contains=today
    )
    return ceil(sum((each.at_least or 0) * per[Commitment.Period(each.period)] for each in rows))
