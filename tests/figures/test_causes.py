"""Causes are read from the record, the first thing that went wrong; people may say otherwise, not undo it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.core.errors import PermissionRefused
from apps.deliveries import services as deliveries
from apps.deliveries.states import FailureReason, State
from apps.figures import blaming, services
from apps.figures.blaming import Harm, cost_of
from apps.figures.causes import Cause, cause_of
from apps.figures.errors import NoCauseFound, NoSuchDelivery, RatesSayNothing, ReasonMissing
from apps.figures.models import CauseOverride, FailureRates, VisitFacts
from apps.figures.reading import Choice, Period
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHOICE = Choice(Period(DAY - timedelta(days=3), DAY))


@dataclass
class Told:
    """Facts of a delivery that left, came and was handed over as planned, unless told otherwise."""

    state: str = State.DELIVERED
    failure_reason: str = ""
    window_from: datetime | None = NOON - 30 * MINUTE
    window_to: datetime | None = NOON + 30 * MINUTE
    planned_departure: datetime | None = NOON - 60 * MINUTE
    planned_arrival: datetime | None = NOON
    before_s: int | None = None
    left_at: datetime | None = NOON - 60 * MINUTE
    gate_at: datetime | None = None
    came_at: datetime | None = NOON
    has_failed: bool = False
    findings: list[str] = field(default_factory=list)
    papers_lacked: bool = False
    no_carrier: bool = False


LATE = NOON + 45 * MINUTE


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (Told(), None),
        (Told(came_at=NOON + 29 * MINUTE), None),
        (Told(came_at=LATE), Cause.ROAD),
        (Told(came_at=LATE, left_at=NOON - 20 * MINUTE), Cause.LATE_DEPARTURE),
        (Told(came_at=LATE, before_s=1800), Cause.STOP_BEFORE),
        (Told(came_at=LATE, gate_at=NOON), Cause.GATE),
        (Told(came_at=LATE, planned_arrival=NOON + 40 * MINUTE), Cause.PLAN),
        (Told(came_at=LATE, left_at=NOON - 20 * MINUTE, papers_lacked=True), Cause.PAPERS),
        (Told(came_at=LATE, left_at=None, planned_arrival=None), Cause.UNKNOWN),
        (Told(state=State.FAILED, has_failed=True, left_at=None, came_at=None), Cause.NO_SHOW),
        (Told(has_failed=True, left_at=None, came_at=None, no_carrier=True), Cause.NO_CARRIER),
        (Told(has_failed=True, failure_reason=FailureReason.RECEIVER_ABSENT), Cause.RECEIVER),
        (Told(has_failed=True, failure_reason=FailureReason.INACCESSIBLE, came_at=None), Cause.ADDRESS),
        (Told(state=State.REFUSED, findings=["damaged", "refused"]), Cause.REJECTED),
        (Told(findings=["damaged"]), Cause.DAMAGE),
        (Told(findings=["short"]), Cause.SHORT),
        (Told(findings=["over"]), Cause.WRONG),
    ],
)
def test_the_first_thing_that_went_wrong_is_the_cause(facts: Told, cause: Cause | None):
    found = cause_of(facts)

    assert (found.cause if found else None) == cause
    assert found is None or found.cause == Cause.UNKNOWN or found.evidence


@pytest.fixture
def no_show(confirmed, delivery, otto):
    """A vehicle that never came; counted."""
    deliveries.record_no_show(
        actor=otto, delivery_id=delivery.pk, now=confirmed.during.upper + timedelta(hours=1)
    )
    services.count(now=timezone.now())
    return delivery


def test_another_cause_stands_beside_the_records(no_show, alice):
    services.override_cause(
        actor=alice, delivery_id=no_show.pk, cause=Cause.ROAD, reason="Flooded bridge", now=NOON
    )
    services.count(now=timezone.now())

    assert VisitFacts.objects.get().cause == Cause.NO_SHOW
    assert [each.cause for each in blaming.blamed(CHOICE)] == [Cause.ROAD]
    assert CauseOverride.objects.get().found == Cause.NO_SHOW
    with pytest.raises(DatabaseError), transaction.atomic():
        CauseOverride.objects.update(reason="never mind")


def test_nothing_is_overridden_without_a_cause_a_reason_or_the_right(no_show, alice, arthur, bob, globex):
    def say(actor=alice, reason="I was there"):
        services.override_cause(
            actor=actor, delivery_id=no_show.pk, cause=Cause.ROAD, reason=reason, now=NOON
        )

    with pytest.raises(PermissionRefused):
        say(actor=arthur)
    with pytest.raises(ReasonMissing):
        say(reason="  ")
    VisitFacts.objects.update(cause="")
    with pytest.raises(NoCauseFound):
        say()
    with doorway.enter_shipper(globex), pytest.raises(NoSuchDelivery):
        say(actor=bob)
    assert not CauseOverride.objects.exists()


def test_cost_is_by_the_shippers_own_rates_and_says_what_has_none(no_show, alice, arthur):
    harm = blaming.blamed(CHOICE)[0].harm
    assert (harm.deliveries, harm.attempts, harm.late) == (1, 1, 0)
    assert cost_of(harm, blaming.rates_on(DAY)).unknown == ("redelivery",)

    with pytest.raises(RatesSayNothing):
        services.set_rates(actor=alice, valid_from=DAY, currency="ZAR", rates={})
    with pytest.raises(PermissionRefused):
        services.set_rates(actor=arthur, valid_from=DAY, currency="ZAR", rates={"redelivery": 1})
    services.set_rates(actor=alice, valid_from=DAY, currency="ZAR", rates={"redelivery": 150_000})
    services.set_rates(actor=alice, valid_from=DAY, currency="ZAR", rates={"redelivery": 160_000})

    assert FailureRates.objects.count() == 1
    assert blaming.rates_on(DAY - timedelta(days=1)) is None
    assert cost_of(harm, blaming.rates_on(DAY)).cents == 160_000
    detained = Harm(1, 0, 0, 0, timedelta(hours=2))
    assert cost_of(detained, blaming.rates_on(DAY)).unknown == ("detention_hour",)


def test_where_on_the_way_and_what_would_have_helped(no_show):
    (chain,) = blaming.chains(CHOICE)
    assert (chain.site, chain.dock, chain.carrier) == ("Northern Hospital stores", "Dock 1", "")
    assert blaming.site_by_step(CHOICE)["Northern Hospital stores"]["carrier"] == 1

    came = VisitFacts.objects.get()
    VisitFacts.objects.update(came_at=came.window_to + 10 * MINUTE, cause=Cause.ROAD)

    told = {(each.code, each.details.get("minutes")): each for each in blaming.changes(CHOICE)}
    assert told["leave_earlier", 15].prevented.deliveries == 1
    assert told["longer_grace", 30].prevented.deliveries == 1
    assert told["papers_at_confirmation", None].prevented.deliveries == 0
