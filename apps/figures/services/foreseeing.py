"""Telling the risk of deliveries before their vehicles come, and training what it is told by."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.deliveries.states import State
from apps.facilities.models import TemperatureClass
from apps.figures.causes import is_late
from apps.figures.models import Risk, RiskModel, VisitFacts
from apps.figures.prediction.features import Case
from apps.figures.prediction.scoring import RULES, Weights, tell
from apps.figures.prediction.training import LEAST_CASES, train

#: What is learnt from: the newest cases of so long, at most so many.
LEARN_FROM, MOST_CASES = timedelta(days=365), 40_000
#: A model is trained anew after so long.
TRAINED_FOR = timedelta(hours=20)
#: Deliveries are told of whose slot begins within this time.
AHEAD = timedelta(days=7)
_OVER = (State.DELIVERED, State.REFUSED, State.FAILED)
_COMES = (State.OPEN, State.LOADED, State.IN_TRANSIT)


def learn(*, now: datetime) -> RiskModel | None:
    """Train the current shipper's model where there is history enough and the last one is old; else None.

    One that does no better on the days held back than the usual share is kept, and not used.
    """
    if RiskModel.objects.filter(trained_at__gt=now - TRAINED_FOR).exists():
        return None
    over = VisitFacts.objects.filter(
        state__in=_OVER, window_to__isnull=False, day__gte=(now - LEARN_FROM).date(), window_to__lt=now
    )
    if over.order_by().values("pk")[:LEAST_CASES].count() < LEAST_CASES:
        return None
    rows = list(over.select_related("site").order_by("-day", "-pk")[:MOST_CASES])
    trained = train(_cases_of_past(rows))
    if trained is None:
        return None
    with transaction.atomic():
        RiskModel.objects.filter(in_use=True).update(in_use=False)
        return RiskModel.objects.create(
            trained_at=now,
            cases=len(rows),
            weights=trained.weights.value(),
            test=trained.test.value(),
            in_use=trained.is_good,
            note=trained.why,
        )


def foresee(*, now: datetime) -> int:
    """Tell the risk of every delivery that comes within a week, by the model in use or by the rules."""
    model = RiskModel.objects.filter(in_use=True).first()
    weights = _weights_of(model)
    coming = VisitFacts.objects.filter(
        state__in=_COMES, slot_from__isnull=False, slot_from__lt=now + AHEAD, window_to__gt=now, came_at=None
    )
    facts = list(coming.select_related("site"))
    rows = []
    for one, case in zip(facts, _cases(facts), strict=True):
        told = tell(case, weights or RULES)
        rows.append(
            Risk(
                delivery_id=one.pk,
                model=model if weights else None,
                probability=told.probability,
                reasons=[vars(reason) for reason in told.reasons],
                told_at=now,
            )
        )
    Risk.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["delivery"],
        update_fields=["model", "probability", "reasons", "told_at"],
    )
    return len(rows)


def _weights_of(model: RiskModel | None) -> Weights | None:
    """A model's weights; None where rules tell: there is no model, or it was trained for other features."""
    if model is None:
        return None
    try:
        return Weights.from_value(model.weights)
    except ValueError:
        return None


def _cases_of_past(newest_first: list[VisitFacts]) -> list[Case]:
    return list(_cases(reversed(newest_first)))


def _cases(rows: Iterable[VisitFacts]) -> Iterator[Case]:
    for facts in rows:
        assert facts.window_to is not None
        slot = facts.slot_from or facts.window_to
        yield Case(
            day=facts.day,
            site=str(facts.site_id),
            dock=str(facts.dock_id),
            carrier=str(facts.carrier_id),
            hour=f"{slot.astimezone(ZoneInfo(facts.site.time_zone)):%H}",
            pallets=facts.pallets,
            is_chilled=facts.temperature_class != TemperatureClass.AMBIENT,
            papers_lack=facts.papers_lacked,
            no_carrier=facts.no_carrier,
            rounds=facts.rounds,
            agreed_at=facts.agreed_at,
            slot_from=slot,
            window_to=facts.window_to,
            planned_arrival=facts.planned_arrival,
            went_wrong=is_late(facts) or facts.has_failed or facts.state == State.REFUSED,
        )
