"""A carrier's score comes of what happened: what was answered, when it left and arrived, what was damaged."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.actors import Actor
from apps.deliveries.models import Delivery, DeliveryEvent, Discrepancy, Handover
from apps.deliveries.states import State as Ground
from apps.tendering.scorecards import Rate, Scorecard, scorecards
from apps.tendering.services import accept_tender, decline_tender, expire_tenders
from apps.tendering.states import ReasonCode
from tests.factories.cast import NOW
from tests.tendering.conftest import FIRST, LATER, SECOND, THIRD, Tendered

AFTER = NOW + timedelta(days=7)


def cards_of(tendered: Tendered, now: datetime = AFTER) -> dict[str, Scorecard]:
    ids = {tender.carrier.name: tender.carrier_id for tender in tendered.search.tenders.all()}
    found = scorecards(ids.values(), now=now)
    return {name: found[carrier_id] for name, carrier_id in ids.items()}


def counted(rate: Rate) -> tuple[int, int, int]:
    return rate.good, rate.counted, rate.uncounted


def happened(delivery: Delivery, state: Ground, at: datetime) -> None:
    DeliveryEvent.objects.create(delivery=delivery, from_state="", to_state=state, actor_name="Otto", at=at)


def handed_over(delivery: Delivery, *, units: int, damaged: int) -> None:
    handover = Handover.objects.create(
        delivery=delivery,
        outcome=Handover.Outcome.values[0],
        units_expected=units,
        units_received=units,
        released_by="Driver",
        received_by="Otto",
        statement_sha256="0" * 64,
        device_time=NOW,
        recorded_at=NOW,
    )
    for _number in range(damaged):
        Discrepancy.objects.create(handover=handover, kind=Discrepancy.Kind.DAMAGED)


def test_tenders_count_as_they_were_answered_and_those_that_wait_do_not(
    tendered: Tendered, alice: Actor
) -> None:
    waiting = cards_of(tendered)
    at = NOW + timedelta(minutes=10)
    decline_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=ReasonCode.PRICE, now=at)
    expire_tenders(now=at + timedelta(hours=2))
    accept_tender(actor=alice, tender_id=tendered.tender(THIRD).pk, now=at + timedelta(hours=2, minutes=5))

    cards = cards_of(tendered)

    assert counted(waiting[FIRST].acceptance) == (0, 0, 0)
    assert {name: counted(card.acceptance) for name, card in cards.items()} == {
        FIRST: (0, 1, 0),
        SECOND: (0, 1, 0),
        THIRD: (1, 1, 0),
    }
    assert {name: card.usual_answer for name, card in cards.items()} == {FIRST: 10, SECOND: None, THIRD: 5}
    assert cards_of(tendered, now=NOW + timedelta(days=120))[FIRST] == Scorecard()


@pytest.mark.parametrize(
    ("left_late", "arrived_late", "damaged", "expected"),
    [
        (15, 0, 0, [(1, 1, 0), (1, 1, 0), (10, 10, 0)]),
        (16, 0, 1, [(0, 1, 0), (1, 1, 0), (9, 10, 0)]),
        (0, 24 * 60, 2, [(1, 1, 0), (0, 1, 0), (8, 10, 0)]),
    ],
)
def test_the_road_counts_as_it_was_recorded(
    tendered: Tendered,
    alice: Actor,
    left_late: int,
    arrived_late: int,
    damaged: int,
    expected: list[tuple[int, int, int]],
) -> None:
    accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=NOW)
    stop = tendered.route.stops.get()
    happened(stop.delivery, Ground.IN_TRANSIT, tendered.route.departs_at + timedelta(minutes=left_late))
    happened(stop.delivery, Ground.ARRIVED, stop.slot.lower + timedelta(minutes=arrived_late))
    handed_over(stop.delivery, units=10, damaged=damaged)

    card = cards_of(tendered)[FIRST]

    assert [counted(rate) for rate in (card.departures, card.arrivals, card.undamaged)] == expected


def test_what_nobody_recorded_is_said_and_judged_neither_way(tendered: Tendered, alice: Actor) -> None:
    accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=NOW)

    card = cards_of(tendered)[FIRST]

    assert [counted(rate) for rate in (card.departures, card.arrivals, card.undamaged)] == [(0, 0, 1)] * 3


def test_a_score_needs_five_cases_and_weighs_what_it_has() -> None:
    few = Scorecard(acceptance=Rate(4, 4), arrivals=Rate(4, 4))
    some = Scorecard(acceptance=Rate(5, 10), arrivals=Rate(9, 10), departures=Rate(0, 4))

    assert few.score is None
    assert some.score == pytest.approx((0.3 * 0.5 + 0.4 * 0.9) / 0.7)


@pytest.mark.parametrize("names", [[FIRST], [FIRST, SECOND, THIRD]])
def test_scores_take_as_many_queries_for_one_carrier_as_for_many(
    tendered: Tendered, names: list[str], django_assert_max_num_queries: Any
) -> None:
    ids = [tendered.tender(name).carrier_id for name in names]

    with django_assert_max_num_queries(7):
        scorecards(ids, now=LATER)
