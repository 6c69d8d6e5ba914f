"""Pilots: a site, a region, a carrier or a kind of goods beside all the rest, before and after a change.

The change's own share is what the pilot changed by more than the rest did over the same weeks (difference in
differences): what changed everywhere is not held for its doing. For shares it is said how much would come by
chance alone, nineteen times of twenty, if deliveries were independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any
from uuid import UUID

from django.db import connection

from apps.figures.definitions import Figure, Unit, figure
from apps.figures.reading import Period
from apps.figures.summing import SUMS, add_up

#: Fewer deliveries than this in any of the four say nothing.
LEAST = 30
_USUAL = 1.96


@dataclass(frozen=True)
class Pilot:
    """Who takes part (one condition at least, all have to hold), since when, over how many weeks."""

    since: date
    weeks: int
    site_ids: Sequence[UUID] | None = None
    carrier_id: UUID | None = None
    load_type: str = ""
    temperature_class: str = ""

    @property
    def before(self) -> Period:
        """So many weeks up to the day before the change."""
        return Period(self.since - timedelta(weeks=self.weeks), self.since - timedelta(days=1))

    @property
    def after(self) -> Period:
        """So many weeks from the day of the change on."""
        return Period(self.since, self.since + timedelta(weeks=self.weeks) - timedelta(days=1))


@dataclass(frozen=True)
class Compared:
    """One figure of the pilot and of the rest, before and after."""

    pilot_before: Figure
    pilot_after: Figure
    rest_before: Figure
    rest_after: Figure

    @property
    def _four(self) -> tuple[Figure, ...]:
        return (self.pilot_before, self.pilot_after, self.rest_before, self.rest_after)

    @property
    def says_something(self) -> bool:
        """Whether there are enough of each."""
        return all(each.value is not None and each.of >= LEAST for each in self._four)

    @property
    def effect(self) -> float | None:
        """What the pilot changed by more than the rest; None where one of the four could not be counted."""
        pilot, rest = self.change_of_pilot, self.change_of_rest
        return None if pilot is None or rest is None else pilot - rest

    @property
    def change_of_pilot(self) -> float | None:
        return _change(self.pilot_before, self.pilot_after)

    @property
    def change_of_rest(self) -> float | None:
        return _change(self.rest_before, self.rest_after)

    @property
    def by_chance(self) -> float | None:
        """How far from nothing the effect of no change would lie, up to, 19 times of 20; of shares alone."""
        if self.pilot_before.definition.unit != Unit.SHARE or not self.says_something:
            return None
        variance = 0.0
        for each in self._four:
            assert each.value is not None  # it says something
            variance += each.value * (1 - each.value) / each.of
        return _USUAL * sqrt(max(0.0, variance))


def compare(name: str, pilot: Pilot) -> Compared:
    """One figure before and after, of the pilot and of all others; four queries.

    Of sites and carriers from the sums that the worker keeps, of kinds of goods from the facts themselves.
    """
    told = [
        figure(name, _sums(pilot, period, within=within))
        for within in (True, False)
        for period in (pilot.before, pilot.after)
    ]
    return Compared(*told)


def _sums(pilot: Pilot, period: Period, *, within: bool) -> dict[str, Any]:
    conditions: list[str] = []
    params: list[Any] = [period.first, period.last]
    for condition, value in (
        ("site_id = ANY (%s)", None if pilot.site_ids is None else list(pilot.site_ids)),
        ("carrier_id IS NOT DISTINCT FROM %s", pilot.carrier_id),
        ("load_type = %s", pilot.load_type or None),
        ("temperature_class = %s", pilot.temperature_class or None),
    ):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    taking_part = " AND ".join(conditions)
    where = f"day BETWEEN %s AND %s AND {'' if within else 'NOT '}({taking_part})"
    if pilot.load_type or pilot.temperature_class:
        return _of_facts(where, params)
    (sums,) = add_up(where=where, params=params)
    return sums


def _of_facts(where: str, params: Sequence[Any]) -> dict[str, Any]:
    """The sums of single deliveries; ``where`` is our own text."""
    statement = (
        f"SELECT {', '.join(f'{told} AS {name}' for name, told in SUMS.items())}"  # noqa: S608 see above
        f" FROM figures_visitfacts WHERE {where}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone(), strict=True))


def _change(before: Figure, after: Figure) -> float | None:
    return None if before.value is None or after.value is None else after.value - before.value
