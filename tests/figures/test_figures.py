"""Figures say what they were counted from, and leave nothing out without saying so."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.consignments.models import HandlingUnit
from apps.core.ids import new_id
from apps.deliveries import services as deliveries
from apps.deliveries.models import Delivery, DeliveryEvent, Discrepancy
from apps.deliveries.services import UnitFinding
from apps.deliveries.states import FailureReason
from apps.figures import services
from apps.figures.definitions import DEFINITIONS
from apps.figures.models import VisitFacts
from apps.figures.reading import By, Choice, Period, behind, compared, figures, lateness
from apps.insights.models import DeliveryException
from apps.notices.models import Notice
from apps.tenancy import doorway
from apps.tracking.models import ExpectedArrival
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

CHOICE = Choice(Period(DAY - timedelta(days=3), DAY))


def told(choice=CHOICE):
    services.count(now=timezone.now())
    return figures(choice)


def counted(figure):
    return figure.part, figure.of, figure.uncounted


def test_a_good_delivery_counts_everywhere(hand_over):
    hand_over()

    found = told()

    assert [counted(found[name]) for name in ("on_time", "otif", "first_attempt")] == [(1, 1, 0)] * 3
    assert counted(found["discrepancy"]) == (0, 1, 0)
    assert found["dwell"].value == 60
    assert (found["confirmation"].value, found["rounds"].value) == (1, 1)
    assert set(found) == set(DEFINITIONS)


def test_what_was_found_is_held_against_it_and_can_be_listed(hand_over):
    sscc = HandlingUnit.objects.order_by("sscc")[0].sscc
    delivery = hand_over(UnitFinding(kind=Discrepancy.Kind.DAMAGED, sscc=sscc, note="Corner crushed"))

    found = told()

    assert [found[name].value for name in ("otif", "discrepancy", "on_time")] == [0, 1, 1]
    for name in ("otif", "discrepancy", "damage"):
        assert [each.pk for each in behind(name, CHOICE)] == [delivery.pk]
    assert not behind("on_time", CHOICE).exists()
    assert not behind("detained", CHOICE).exists()


def test_what_can_not_be_counted_is_said_and_can_be_listed(confirmed, alice):
    content = order_file(f"C-3,PO-3,NH1,{DAY},1,Gloves,40,box,,30,1")
    deliveries.import_orders(actor=alice, file_name="more.csv", content=content, now=NOW)
    deliveries.group_consignments(actor=alice, now=NOW)

    found = told()

    assert (found["first_attempt"].value, found["first_attempt"].uncounted) == (None, 2)
    assert (found["cost"].value, found["cost"].uncounted) == (None, 2)
    assert found["dwell"].value is None
    assert behind("first_attempt", CHOICE, left_out=True).count() == 2


def test_every_list_behind_a_figure_can_be_asked_for(confirmed):
    found = told()

    for name, definition in DEFINITIONS.items():
        assert (definition.others is None) != (definition.counted is None), name
        assert {each.delivery_id for each in behind(name, CHOICE)} <= {confirmed.delivery_id}
        assert behind(name, CHOICE, left_out=True).count() == found[name].uncounted, name


def test_means_list_what_they_were_counted_from_the_worst_first(hand_over):
    hand_over()
    found = told()
    for name in ("dwell", "wait", "handling", "rounds", "answer"):
        (row,) = behind(name, CHOICE)
        worth = row.worth.total_seconds() / 60 if isinstance(row.worth, timedelta) else row.worth
        assert worth == pytest.approx(found[name].value), name
    row, second = VisitFacts.objects.get(), Delivery.objects.get()
    second.pk, second.number, second._state.adding = new_id(), "D000009", True
    second.save()
    row.delivery, row.handed_at, row._state.adding = second, row.handed_at + timedelta(minutes=30), True
    row.save()

    assert [each.delivery.number for each in behind("dwell", CHOICE)] == ["D000009", "D000001"]


def test_an_arrival_is_held_against_what_was_told_so_long_before(hand_over):
    delivery = hand_over()
    came = DeliveryEvent.objects.get(delivery=delivery, to_state="arrived").at
    for before, off in ((300, 40), (100, 5), (20, 0)):  # minutes ahead, and how much too early it was told
        at = came - timedelta(minutes=off)
        ExpectedArrival.objects.create(
            delivery=delivery,
            made_at=came - timedelta(minutes=before),
            expected_at=at,
            earliest=at,
            latest=at,
            basis="plan",
            stops_before=0,
            arrivals=0,
        )

    found = told()

    assert VisitFacts.objects.values_list("eta_30_s", "eta_60_s", "eta_120_s", "eta_240_s").get() == (
        300,
        300,
        2400,
        2400,
    )
    assert [counted(found[f"eta_{minutes}"]) for minutes in (30, 60, 120, 240)] == [
        (1, 1, 0),
        (1, 1, 0),
        (0, 1, 0),
        (0, 1, 0),
    ]
    assert [each.pk for each in behind("eta_240", CHOICE)] == [delivery.pk]


def test_an_attempt_that_failed_for_its_address_is_counted_and_listed(confirmed, alice):
    this = {"actor": alice, "delivery_id": confirmed.delivery_id, "now": NOW}
    deliveries.record_loading(**this)
    deliveries.record_departure(**this)
    deliveries.record_failure(**this, reason=FailureReason.INVALID_ADDRESS)

    found = told()["address"]

    assert counted(found) == (1, 1, 0)
    assert [each.pk for each in behind("address", CHOICE)] == [confirmed.delivery_id]


def test_mails_count_once_they_were_taken_or_ran_out_of_time(confirmed, acme, alice):
    told()
    now = timezone.now()

    def mail(about, minutes_ago, taken_after=None):
        with doorway.network():
            made = Notice.objects.create(
                kind="handover",
                title="x",
                address="a@acme.example",
                in_portal=False,
                shipper=acme,
                subject_id=about,
            )
            at = now - timedelta(minutes=minutes_ago)
            taken = None if taken_after is None else at + timedelta(minutes=taken_after)
            Notice.objects.filter(pk=made.pk).update(created_at=at, mailed_at=taken)

    with doorway.network():
        Notice.objects.all().delete()
    mail(confirmed.delivery_id, 3, 1)
    mail(confirmed.pk, 62)
    mail(confirmed.pk, 2)
    mail(uuid4(), 2)

    found = told()["notification"]

    assert counted(found) == (1, 2, 1)
    assert [each.pk for each in behind("notification", CHOICE)] == [confirmed.delivery_id]
    assert [each.pk for each in behind("notification", CHOICE, left_out=True)] == [confirmed.delivery_id]


def test_costs_are_those_of_plans_in_force(tendered):
    found = told()

    cost = found["cost"]
    assert (cost.value, cost.of, cost.uncounted) == (tendered.route.cost_cents, 1, 0)
    assert found["tender"].uncounted == 1
    assert found["cost_km"].value == pytest.approx(
        1000 * tendered.route.cost_cents / tendered.route.distance_m
    )
    assert 0 < found["empty"].value < 1
    assert found["utilisation"].value == 3 / 10


def test_comparing_by_site_carrier_lane_and_day(hand_over, southern_site):
    hand_over()
    told()

    assert [(label, figure.value) for label, figure in compared("on_time", CHOICE, By.SITE)] == [
        ("Northern Hospital stores", 1)
    ]
    assert [label for label, _ in compared("on_time", CHOICE, By.CARRIER)] == ["No carrier yet"]
    assert [label for label, _ in compared("on_time", CHOICE, By.LANE)] == [
        "Acme Medical warehouse → Northern Hospital stores"
    ]
    assert [label for label, _ in compared("on_time", CHOICE, By.DAY)] == [DAY.isoformat()]
    assert dict(lateness(CHOICE))["inside"] == 1
    assert figures(Choice(CHOICE.period, site_id=southern_site.pk))["on_time"].of == 0


@pytest.mark.usefixtures("secret_of_globex")
def test_anothers_deliveries_are_in_no_figure(hand_over, globex):
    hand_over()

    assert told()["first_attempt"].of == 1
    with doorway.enter_shipper(globex):
        assert told()["first_attempt"].of == 0
        assert not behind("otif", CHOICE).exists()


def test_how_long_exceptions_take_leaves_open_ones_out_and_says_so(confirmed):
    at = confirmed.during.lower
    common = {
        "delivery_id": confirmed.delivery_id,
        "severity": "2",
        "cause_at": at,
        "harm_at": at,
        "detected_at": at,
    }
    over = {"ended_at": at + timedelta(minutes=30), "ending": "passed"}
    DeliveryException.objects.create(kind="paper_missing", **common, **over)
    DeliveryException.objects.create(kind="dwell", **common)

    found = told()["resolution"]

    assert (found.value, found.of, found.uncounted) == (30, 1, 1)
    assert [each.pk for each in behind("resolution", CHOICE, left_out=True)] == [confirmed.delivery_id]
