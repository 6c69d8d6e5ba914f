"""A simulated week under the control tower's eyes: what was put in is found and rightly named, or not.

Two shippers, thirty sites, 1,500 deliveries in five days after six weeks of history. The worker's work is
done at every quarter of the days: looking, and each morning telling risks. At the end causes are read from
the record, and what was told of the held-back week is held against what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
from django.db import transaction
from django.utils import timezone

from apps.figures.likely import LIKELY, SAID_ALREADY
from apps.figures.models import Risk, VisitFacts
from apps.figures.services import count, foresee, learn
from apps.insights.kinds import Kind
from apps.insights.models import DeliveryException
from apps.insights.services import watch
from apps.tenancy import doorway
from benchmarks._shippers import provisioned
from benchmarks._week import CAUSES, make_day, remember
from benchmarks._week_ground import World, places, world
from benchmarks._week_rows import Made, apply
from benchmarks.harness import Promise

MONDAY = date(2026, 3, 9)
EVERY = timedelta(minutes=15)
#: Of one day, in quarters since midnight: every two hours from the day before, by day every quarter.
MORNING = 12
LOOKS = (*range(-72, MORNING, 8), *range(MORNING, 68))


@dataclass
class Seen:
    """What came of one shipper's week; ``named`` counts what was found and named as it was put in."""

    injected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    missed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    minutes: list[float] = field(default_factory=list)
    told: list[tuple[float, bool]] = field(default_factory=list)
    by_model: int = 0
    likely: int = 0
    likely_wrong: int = 0
    said_already: int = 0
    highest_else: float = 0.0

    @property
    def share(self) -> float:
        """Of what was put in, the part that was found and rightly named."""
        return sum(self.named.values()) / max(1, sum(self.injected.values()))


def run(deliveries: int = 1_500, weeks: int = 6, seed: int = 7) -> Iterable[Promise]:
    """The week as the issue asks for it; prints what was put in, found, named and told."""
    shippers = [provisioned("week-one", "Week One"), provisioned("week-two", "Week Two")]
    sites = places(shippers, 30)
    seen = []
    for number, shipper in enumerate(shippers):
        with doorway.enter_shipper(shipper), transaction.atomic():
            ground = world(shipper, sites, vehicles=60)
            seen.append(play(ground, deliveries // 2, weeks=weeks, random=Random(seed + number)))  # noqa: S311 repeatable
            transaction.set_rollback(True)  # the next run begins on an empty ground
    report(seen)
    whole = sum(sum(each.injected.values()) for each in seen)
    named = sum(sum(each.named.values()) for each in seen)
    yield Promise("week-named", round(100 * named / whole, 1), 95, " %", bound="at least")
    told = [pair for each in seen for pair in each.told]
    yield Promise("week-lift", round(lift(told), 2), 2, bound="at least")
    yield Promise("week-calibration", round(100 * error(told), 1), 10, " %")


def play(
    ground: World,
    deliveries: int,
    *,
    weeks: int,
    random: Random,
    days: int = 5,
    looks: Sequence[int] = LOOKS,
    watched: Callable[[datetime], object] | None = None,
) -> Seen:
    """History, then the week day by day; to be called in the shipper's schema."""
    watched = watched or (lambda now: watch(now=now))
    per_day = deliveries // days
    for day in _working_days(MONDAY - timedelta(weeks=weeks), weeks * 7):
        made = make_day(ground, day, per_day, random, asked=False)
        remember(made)
        apply(made, datetime.max.replace(tzinfo=UTC))
    _count()
    learn(now=datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=UTC))
    seen, made = Seen(), []
    for day in _working_days(MONDAY, days):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        today = make_day(ground, day, per_day, random)
        made += today
        for look in looks:
            now = midnight + look * EVERY
            apply(made, now)
            watched(now)
            if look == MORNING:
                _count()
                foresee(now=now)
        apply(today, midnight + timedelta(hours=20))
        watched(midnight + timedelta(hours=20))
    _count()
    _judge(seen, made)
    return seen


def _judge(seen: Seen, made: Sequence[Made]) -> None:
    found: dict[object, dict[str, DeliveryException]] = {}
    for row in DeliveryException.objects.filter(delivery__in=[one.delivery for one in made]):
        found.setdefault(row.delivery_id, {})[row.kind] = row
    facts = {each.pk: each for each in VisitFacts.objects.filter(pk__in=[one.delivery.pk for one in made])}
    risks = {each.delivery_id: each for each in Risk.objects.filter(delivery__in=[o.delivery for o in made])}
    for one in made:
        rows, told = found.get(one.delivery.pk, {}), facts[one.delivery.pk]
        if one.injected:
            kinds, cause = CAUSES[one.injected]
            seen.injected[one.injected] += 1
            hit = next((rows[kind] for kind in rows if kind in kinds), None)
            if hit is not None:
                seen.found[one.injected] += 1
                seen.minutes.append((hit.detected_at - hit.cause_at) / timedelta(minutes=1))
            is_named = hit is not None and (cause is None or told.cause == cause)
            seen.named[one.injected] += is_named
            if not is_named:
                opened = ", ".join(sorted(rows)) or "nothing"
                seen.missed[one.injected, opened, told.cause or "no cause"] += 1
        else:
            seen.alarms.update(kind for kind in rows if kind != Kind.AT_RISK)
        if Kind.AT_RISK in rows:
            seen.likely += 1
            seen.likely_wrong += bool(one.injected)
        if (risk := risks.get(one.delivery.pk)) is not None:
            late = told.came_at is not None and told.window_to is not None and told.came_at >= told.window_to
            seen.told.append((risk.probability, late or told.has_failed))
            if risk.reasons and risk.reasons[0]["feature"] in SAID_ALREADY:
                seen.said_already += risk.probability >= LIKELY
            else:
                seen.highest_else = max(seen.highest_else, risk.probability)
            seen.by_model += risk.model_id is not None


def report(seen: Sequence[Seen]) -> None:
    """What was put in and found by name, alarms where nothing was put in, and how risks came out."""
    for name in CAUSES:
        put, found, named = (
            sum(getattr(each, of)[name] for each in seen) for of in ("injected", "found", "named")
        )
        print(f"  {name:<15} put in {put:>4}, found {found:>4}, rightly named {named:>4}")
    missed = sum((each.missed for each in seen), Counter())
    for (name, opened, cause), times in sorted(missed.items()):
        print(f"  not rightly named: {name}, {times} times; opened were {opened}; the record says {cause}")
    alarms = sum((each.alarms for each in seen), Counter())
    print(f"  alarms where nothing was put in: {dict(alarms) or 'none'}")
    likely, wrong = (sum(getattr(each, of) for each in seen) for of in ("likely", "likely_wrong"))
    print(f"  {likely} listed as likely late or failed beforehand, {wrong} of them with something put in")
    said, highest = sum(each.said_already for each in seen), max(each.highest_else for each in seen)
    print(f"  {said} told of with {LIKELY:.0%} and more are listed for their papers or carrier already;")
    print(f"  of the others the likeliest was told of with {highest:.0%}")
    minutes = [one for each in seen for one in each.minutes]
    print(f"  found {np.median(minutes):.0f} min (median) after it could be seen; a look every 15 min")
    told = _ranked([pair for each in seen for pair in each.told])
    by_model = sum(each.by_model for each in seen)
    print(f"  risks told of {len(told)} deliveries, {by_model} of them by the model; tenths of them:")
    for part in np.array_split(np.array(told, dtype=float), 10):
        told_of, happened = (100 * part[:, column].mean() for column in (0, 1))
        print(f"    told {told_of:5.1f} %, happened {happened:5.1f} % of {len(part)}")
    print(f"  lift of the riskiest tenth {lift(told):.2f}, mean distance {100 * error(told):.1f} %")


def lift(told: Sequence[tuple[float, bool]]) -> float:
    """How many times the usual share went wrong in the riskiest tenth."""
    ranked = _ranked(told)[::-1]
    usual = np.mean([wrong for _p, wrong in ranked])
    return float(np.mean([wrong for _p, wrong in ranked[: max(1, len(ranked) // 10)]]) / usual)


def error(told: Sequence[tuple[float, bool]]) -> float:
    """The mean distance of told and happened over tenths of risk."""
    parts = np.array_split(np.array(_ranked(told), dtype=float), 10)
    return float(sum(len(p) * abs(p[:, 0].mean() - p[:, 1].mean()) for p in parts if len(p)) / len(told))


def _ranked(told: Sequence[tuple[float, bool]]) -> list[tuple[float, bool]]:
    """By what was told alone: what happened must not order those that were told the same."""
    return sorted(told, key=lambda pair: pair[0])


def _count() -> None:
    while not count(now=timezone.now(), seconds=30).is_complete:
        pass


def _working_days(first: date, days: int) -> list[date]:
    every = (first + timedelta(days=number) for number in range(days))
    return [day for day in every if day.isoweekday() <= 5]
