"""Risks: learnt from a history in time, tested on days held back, told with reasons; rules until then."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.utils import timezone

from apps.figures import services
from apps.figures.models import Risk, RiskModel, VisitFacts
from apps.figures.prediction.features import FEATURES, Case, in_time
from apps.figures.prediction.scoring import RULES, Weights, tell
from apps.figures.prediction.training import LEAST_CASES, train
from apps.insights.models import DeliveryException
from apps.insights.services import watch

START = date(2025, 9, 1)


def made_up(cases: int, *, seed: int = 1, informative: bool = True) -> list[Case]:
    """A history in which one carrier of five and missing papers go wrong far more often than the rest."""
    random = Random(seed)
    told = []
    for number in range(cases):
        day = START + timedelta(days=number // 12)
        slot = datetime(day.year, day.month, day.day, 6 + number % 9, tzinfo=UTC)
        carrier, lack = random.randrange(5), random.random() < 0.1
        chance = (0.05 + 0.4 * (carrier == 0) + 0.4 * lack) if informative else 0.15
        told.append(
            Case(
                day=day,
                site=f"S{random.randrange(20)}",
                dock=f"D{number % 3}",
                carrier=f"C{carrier}",
                hour=f"{slot:%H}",
                pallets=random.randrange(1, 12),
                is_chilled=False,
                papers_lack=lack,
                no_carrier=False,
                rounds=1,
                agreed_at=slot - timedelta(days=1),
                slot_from=slot,
                window_to=slot + timedelta(minutes=30),
                planned_arrival=slot,
                went_wrong=random.random() < chance,
            )
        )
    return told


def test_it_learns_what_matters_and_is_calibrated_on_the_days_held_back():
    trained = train(made_up(3000))

    assert trained is not None
    assert trained.is_good
    assert trained.test.area > 0.7
    assert trained.test.lift > 2
    assert trained.test.error < 0.06
    assert trained.test.cases == 600
    kept = Weights.from_value(trained.weights.value())
    risky = made_up(3000)[-1]
    told = tell(Case(**{**vars(risky), "carrier": "C0", "papers_lack": True, "went_wrong": None}), kept)
    assert told.probability > 0.6
    assert {reason.feature for reason in told.reasons} >= {"carrier", "papers"}
    assert len(told.reasons) <= 3


def test_a_history_that_tells_nothing_is_not_used():
    trained = train(made_up(2000, informative=False))

    assert trained is not None
    assert not trained.is_good


def test_too_short_a_history_trains_nothing():
    assert train(made_up(LEAST_CASES - 1)) is None
    assert train(made_up(3)) is None
    assert train([]) is None


def test_no_case_sees_its_own_day_or_a_later_one():
    cases = made_up(600)
    rows, _results, _past = in_time(cases)
    changed = [*cases[:-12], *(Case(**{**vars(case), "went_wrong": True}) for case in cases[-12:])]

    assert in_time(changed)[0] == rows


def test_weights_of_other_features_are_refused():
    with pytest.raises(ValueError):
        Weights.from_value(RULES.value() | {"features": [*FEATURES[:-1], "moon"]})


def test_before_there_is_history_rules_tell_and_say_why(confirmed):
    services.count(now=timezone.now())

    now = confirmed.during.lower - timedelta(hours=2)
    assert services.learn(now=now) is None
    assert services.foresee(now=now) == 1
    assert services.foresee(now=now) == 1

    risk = Risk.objects.get()
    assert risk.model is None
    assert 0.05 < risk.probability < 0.1
    assert [reason["feature"] for reason in risk.reasons] == ["no_plan"]


def test_a_trained_model_is_stored_as_numbers_and_told_by(confirmed, monkeypatch):
    services.count(now=timezone.now())
    now = confirmed.during.lower - timedelta(hours=2)
    monkeypatch.setattr("apps.figures.services.foreseeing.LEAST_CASES", 0)
    monkeypatch.setattr("apps.figures.services.foreseeing._cases_of_past", lambda rows: made_up(1000))

    model = services.learn(now=now)
    services.foresee(now=now)

    assert model is not None
    assert RiskModel.objects.get().in_use
    assert Risk.objects.get().model == model
    assert services.learn(now=now + timedelta(hours=1)) is None
    assert VisitFacts.objects.count() == 1


def test_a_high_risk_is_an_exception_until_it_is_clearly_lower(confirmed, northern_site):
    services.count(now=timezone.now())
    now = confirmed.during.lower - timedelta(hours=20)
    services.foresee(now=now)

    def seen(probability, feature="site", later=timedelta(0)):
        reasons = [{"feature": feature, "value": 1.0, "weight": 1.0}]
        Risk.objects.update(probability=probability, reasons=reasons, told_at=now + later)
        watch(now=now + later)
        return list(DeliveryException.objects.filter(ended_at=None).values_list("kind", "facts__percent"))

    assert seen(0.45) == []
    assert seen(0.8, feature="papers") == []
    assert seen(0.62) == [("at_risk", 62)]
    row = DeliveryException.objects.get()
    assert (row.harm_at, row.group) == (
        confirmed.during.lower,
        f"risk {northern_site.pk} {confirmed.during.lower.date()}",
    )
    assert seen(0.45, later=timedelta(minutes=10)) == [("at_risk", 45)]
    assert seen(0.3, later=timedelta(minutes=20)) == [("at_risk", 45)]
    assert seen(0.3, later=timedelta(minutes=25)) == []
