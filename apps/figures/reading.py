"""Figures of a choice of deliveries, read from the sums that the worker keeps, and the deliveries behind."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from apps.carriers.models import Carrier
from apps.facilities.models import Site
from apps.figures.definitions import DEFINITIONS, Figure, figure
from apps.figures.models import Counting, VisitFacts
from apps.figures.summing import LATENESS, add_up

#: Older than this, figures say that the worker has not counted lately.
STALE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of equal length right before this one."""
        length = timedelta(days=self.days)
        return Period(self.first - length, self.first - timedelta(days=1))

    @property
    def year_before(self) -> "Period":
        """The same weekdays 52 weeks earlier."""
        return Period(self.first - timedelta(weeks=52), self.last - timedelta(weeks=52))


@dataclass(frozen=True)
class Choice:
    """Which deliveries: of a period, and of one site, origin or carrier, or of all."""

    period: Period
    site_id: UUID | None = None
    origin_id: UUID | None = None
    carrier_id: UUID | None = None

    def over(self, period: Period) -> "Choice":
        """The same of another period."""
        return replace(self, period=period)

    @property
    def filters(self) -> dict[str, Any]:
        """For the rows of facts or of sums."""
        chosen = {"site_id": self.site_id, "origin_id": self.origin_id, "carrier_id": self.carrier_id}
        return {"day__range": (self.period.first, self.period.last)} | {
            name: value for name, value in chosen.items() if value is not None
        }


class By(StrEnum):
    """What figures are compared by; the value is what sums are grouped by."""

    SITE = "site_id"
    CARRIER = "carrier_id"
    LANE = "ARRAY[origin_id, site_id]"
    DAY = "day"
    WEEK = "date_trunc('week', day)::date"


def sums_of(choice: Choice, by: By | None = None) -> list[dict[str, Any]]:
    """The sums of a choice, by ``key`` or in one row."""
    conditions, params = ["day BETWEEN %s AND %s"], [choice.period.first, choice.period.last]
    for column in ("site_id", "origin_id", "carrier_id"):
        if (value := getattr(choice, column)) is not None:
            conditions.append(f"{column} = %s")
            params.append(value)
    return add_up(where=" AND ".join(conditions), params=params, by=by or "")


def figures(choice: Choice) -> dict[str, Figure]:
    """Every figure by name; one query."""
    (sums,) = sums_of(choice)
    return {name: figure(name, sums) for name in DEFINITIONS}


def compared(name: str, choice: Choice, by: By) -> list[tuple[str, Figure]]:
    """One figure for each site, carrier or lane by its name, or for each day or week; two queries."""
    rows = sums_of(choice, by)
    names = _names(by, [row["key"] for row in rows])
    told = [(names[_hashable(row["key"])], figure(name, row)) for row in rows]
    return told if by in (By.DAY, By.WEEK) else sorted(told, key=lambda each: each[0].casefold())


def lateness(choice: Choice) -> list[tuple[str, int]]:
    """How many arrivals lay how to their window, by the bins of ``summing.LATENESS``."""
    (sums,) = sums_of(choice)
    return list(zip(LATENESS, (int(n) for n in sums["lateness"]), strict=True))


def behind(name: str, choice: Choice, *, left_out: bool = False) -> QuerySet[VisitFacts]:
    """The deliveries that a figure holds against us or was counted from, or those left out of it."""
    rows = VisitFacts.objects.filter(**choice.filters).select_related("delivery", "site", "carrier")
    return behind_figure(name, rows, ("day", "delivery__number"), left_out=left_out)


def behind_figure(
    name: str, rows: QuerySet[Any], by_day: tuple[str, ...], *, left_out: bool
) -> QuerySet[Any]:
    """Of ``rows``, which have the facts that figures are made of, those behind one.

    Each has its ``worth`` to the figure, the worst first; those left out and those without one stand
    ``by_day``.
    """
    told = DEFINITIONS[name]
    if told.worth is not None:
        rows = rows.annotate(worth=told.worth)
    if left_out:
        return rows.filter(told.left_out).order_by(*by_day)
    rows = rows.filter(told.others or told.counted)
    if told.worth is None:
        return rows.order_by(*by_day)
    worst = F("worth").asc(nulls_last=True) if told.more_is_better else F("worth").desc(nulls_last=True)
    return rows.order_by(worst, *by_day)


@dataclass(frozen=True)
class Age:
    """How far figures are counted: ``until`` a moment, ``back_to`` a day while older ones still wait."""

    until: datetime | None
    back_to: date | None
    is_stale: bool


def age(*, now: datetime) -> Age:
    """How old the sums of the current shipper are; one query."""
    counting = Counting.objects.first()
    if counting is None:
        return Age(None, None, True)
    back_to = None if counting.is_complete else counting.back_to
    return Age(counting.seen_until, back_to, now - counting.seen_until > STALE_AFTER)


def _names(by: By, keys: list[Any]) -> dict[Any, str]:
    if by == By.CARRIER:
        known = dict(Carrier.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
        return {key: known.get(key, _("No carrier yet")) for key in keys}
    if by in (By.SITE, By.LANE):
        ids = {one for key in keys for one in (key if by == By.LANE else [key])}
        sites = dict(Site.objects.filter(pk__in=ids).values_list("pk", "name"))
        gone = _("A site of before")
        if by == By.SITE:
            return {key: sites.get(key, gone) for key in keys}
        return {tuple(key): " → ".join(sites.get(one, gone) for one in key) for key in keys}
    return {key: key.isoformat() for key in keys}


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key
