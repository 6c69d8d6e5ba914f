"""Keep facts and sums true: what changed since the last time, then further back until all is counted.

Counting is repeatable: the same record gives the same rows, however often and in whatever pieces.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Q

from apps.core.turns import one_at_a_time
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.figures.causes import cause_of
from apps.figures.changes import changed_since
from apps.figures.gathering import gather
from apps.figures.models import Counting, VisitFacts
from apps.figures.summing import sum_days

#: A transaction may commit so long after its rows were numbered; what is looked at twice changes nothing.
OVERLAP = timedelta(minutes=5)
#: Deliveries that one statement gathers.
CHUNK = 2_000
#: Days that are counted together on the way back.
DAYS = 7
_COUNTING = "figures count"


@dataclass(frozen=True)
class Counted:
    """How many deliveries were counted anew, and whether everything is counted now."""

    deliveries: int
    is_complete: bool


def count(*, now: datetime, seconds: float = 20.0, clock: Callable[[], float] = monotonic) -> Counted:
    """Count in the current shipper's schema for about ``seconds``; the next call goes on where this ended.

    What changed is always counted whole. Two countings at once wait for each other, piece by piece.
    """
    until = clock() + seconds
    done = _count_changes(now)
    while clock() < until:
        counted = _count_back(now)
        if counted is None:
            return Counted(done, True)
        done += counted
    return Counted(done, Counting.objects.get().is_complete)


def _count_changes(now: datetime) -> int:
    """What changed since the last time; the first time nothing is counted yet that could have."""
    with transaction.atomic():
        one_at_a_time(_COUNTING)
        counting = Counting.objects.first()
        if counting is None:
            Counting.objects.create(seen_until=now)
            return 0
        changed = changed_since(counting.seen_until - OVERLAP)
        if counting.back_to is not None:  # days before are counted when it is their turn
            later = Delivery.objects.filter(pk__in=changed, day__gte=counting.back_to)
            changed = set(later.values_list("pk", flat=True))
        elif not counting.is_complete:
            changed = set()
        _count_anew(sorted(changed), now)
        counting.seen_until = max(now, counting.seen_until)
        counting.save(update_fields=["seen_until"])
    return len(changed)


def _count_back(now: datetime) -> int | None:
    """The next days on the way back; None when there are none left."""
    with transaction.atomic():
        one_at_a_time(_COUNTING)
        counting = Counting.objects.get()
        if counting.is_complete:
            return None
        left = Delivery.objects.filter(day__lt=counting.back_to) if counting.back_to else Delivery.objects
        last = left.aggregate(day=Max("day"))["day"]
        if last is None:
            counting.is_complete, counting.back_to = True, None
            counting.save(update_fields=["is_complete", "back_to"])
            return None
        first: date = last - timedelta(days=DAYS - 1)
        ids = list(Delivery.objects.filter(day__range=(first, last)).values_list("pk", flat=True))
        _count_anew(ids, now)
        counting.back_to = first
        counting.save(update_fields=["back_to"])
    return len(ids)


def _count_anew(ids: Sequence[UUID], now: datetime) -> None:
    """Facts of these deliveries, their causes, and the sums of every day they are or were on."""
    if not ids:
        return
    days: set[date] = set()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        days.update(VisitFacts.objects.filter(pk__in=chunk).values_list("day", flat=True).distinct())
        gather(chunk, now=now)
        days.update(VisitFacts.objects.filter(pk__in=chunk).values_list("day", flat=True).distinct())
        _explain(chunk)
    sum_days(sorted(days))


def _explain(ids: Sequence[UUID]) -> None:
    """Read the cause of what went wrong from its facts."""
    explained = list(_explained(ids))
    VisitFacts.objects.bulk_update(explained, ["cause", "step", "evidence"], batch_size=500)


def _explained(ids: Sequence[UUID]) -> Iterator[VisitFacts]:
    suspect = Q(came_at__gte=F("window_to")) | Q(has_failed=True) | Q(state=State.REFUSED) | Q(found__gt=0)
    for facts in VisitFacts.objects.filter(suspect, pk__in=ids):
        found = cause_of(facts)
        if found is not None:
            facts.cause, facts.step, facts.evidence = found.cause, found.step, found.evidence
            yield facts
