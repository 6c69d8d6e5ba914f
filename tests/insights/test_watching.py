"""Exceptions are found from what is on record, once, in time, and go when their cause is gone."""

from datetime import timedelta

import pytest

from apps.accounts.actors import Side
from apps.appointments.selectors import find_slots
from apps.core.ids import new_id
from apps.deliveries import services as deliveries
from apps.deliveries.models import Discrepancy
from apps.deliveries.selectors import load_of
from apps.deliveries.services import Statement, UnitFinding
from apps.facilities.models import DocumentRequirement, DocumentType, Step
from apps.insights.detecting import ANSWER_DUE_IN, GRACE, PAPERS_AHEAD, UNCOLLECTED_IN
from apps.insights.kinds import Ending, Kind, Severity
from apps.insights.models import DeliveryException, ExceptionEvent
from apps.insights.services import resolve, watch
from apps.insights.services.watching import GONE_AFTER
from apps.notices.models import Notice
from apps.routing.models import Route
from apps.tenancy import doorway
from apps.tracking.services import expect_arrivals
from tests.factories.cast import NOW

MINUTE = timedelta(minutes=1)


def kinds() -> list[str]:
    return sorted(DeliveryException.objects.filter(ended_at=None).values_list("kind", flat=True))


def test_an_offer_shows_itself_when_its_answer_is_due_soon(asked):
    due = asked.must_act_by

    watch(now=due - ANSWER_DUE_IN - MINUTE)
    assert kinds() == []
    watch(now=due - ANSWER_DUE_IN)
    watch(now=due - ANSWER_DUE_IN + MINUTE)

    found = DeliveryException.objects.get()
    assert (found.kind, found.harm_at, found.facts) == (Kind.OFFER_UNANSWERED, due, {"turn": Side.RECIPIENT})
    assert ExceptionEvent.objects.filter(step="detected").count() == 1


def test_what_nobody_collects_shows_itself_before_it_is_kept_no_longer(delivery, alice):
    deliveries.choose_format(actor=alice, delivery_id=delivery.pk, format="pickup", now=NOW)
    kept = deliveries.ready_to_collect(actor=alice, delivery_id=delivery.pk, now=NOW).kept_until

    watch(now=kept - UNCOLLECTED_IN - MINUTE)
    assert Kind.UNCOLLECTED not in kinds()
    watch(now=kept - UNCOLLECTED_IN)
    found = DeliveryException.objects.get(kind=Kind.UNCOLLECTED)
    assert (found.severity, found.harm_at) == (Severity.WARNING, kept)
    deliveries.ready_to_collect(
        actor=alice, delivery_id=delivery.pk, now=kept, last_day=(kept + timedelta(days=3)).date()
    )
    watch(now=kept)
    watch(now=kept + GONE_AFTER)
    assert Kind.UNCOLLECTED not in kinds()


def test_a_watcher_that_was_down_finds_it_once_and_says_how_late(asked):
    watch(now=asked.must_act_by - MINUTE)
    watch(now=asked.must_act_by - MINUTE)

    event = ExceptionEvent.objects.get()
    assert (
        event.note
        == f"Found {int((ANSWER_DUE_IN - MINUTE).total_seconds() // 60)} minutes after it could be seen."
    )


def test_it_closes_when_its_cause_stays_away_and_not_when_it_flickers(confirmed, northern_site):
    with doorway.network():
        demand = DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CMR, step=Step.ARRIVAL
        )
    start = confirmed.during.lower - PAPERS_AHEAD + MINUTE
    watch(now=start)
    assert kinds() == [Kind.PAPER_MISSING]

    with doorway.network():
        DocumentRequirement.objects.filter(pk=demand.pk).delete()
    watch(now=start + MINUTE)
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CMR, step=Step.ARRIVAL
        )
    watch(now=start + 2 * MINUTE)
    assert kinds() == [Kind.PAPER_MISSING]
    with doorway.network():
        DocumentRequirement.objects.all().delete()
    watch(now=start + 3 * MINUTE)
    watch(now=start + 3 * MINUTE + GONE_AFTER)

    assert kinds() == []
    row = DeliveryException.objects.get()
    assert (row.ending, list(row.events.values_list("step", flat=True))) == (
        Ending.PASSED,
        ["detected", "passed"],
    )


def test_a_route_that_should_have_left_and_then_left_too_late(tendered, alice, drain):
    stop = tendered.route.stops.get()
    Route.objects.filter(pk=tendered.route.pk).update(departs_at=stop.slot.lower - timedelta(hours=1))
    planned = stop.slot.lower - timedelta(hours=1)

    watch(now=planned + GRACE - MINUTE)
    assert Kind.LATE_DEPARTURE not in kinds()
    watch(now=planned + GRACE + MINUTE)
    assert Kind.LATE_DEPARTURE in kinds()

    left = planned + timedelta(hours=2)
    deliveries.record_loading(actor=alice, delivery_id=stop.delivery_id, vehicle="GP 1", now=left)
    deliveries.record_departure(actor=alice, delivery_id=stop.delivery_id, vehicle="GP 1", now=left)
    expect_arrivals(now=left)
    watch(now=left - timedelta(minutes=45))

    late = DeliveryException.objects.get(kind=Kind.LATE_ARRIVAL)
    assert late.severity == Severity.URGENT
    assert late.facts["expected"] >= (stop.arrives_at + timedelta(hours=1)).isoformat()[:10]
    drain()
    with doorway.network():
        (told,) = Notice.objects.filter(kind="exception").select_related("person")
        assert (told.person.email, "of Acme Medical is expected at" in told.title) == (
            "rita@northern.example",
            True,
        )


def left_late(tendered, alice):
    """A route that left half an hour late; when it should have, and when it did."""
    stop = tendered.route.stops.get()
    planned = stop.slot.lower - timedelta(hours=5)
    Route.objects.filter(pk=tendered.route.pk).update(departs_at=planned)
    left = planned + timedelta(minutes=30)
    yield planned
    deliveries.record_loading(actor=alice, delivery_id=stop.delivery_id, vehicle="GP 1", now=left)
    deliveries.record_departure(actor=alice, delivery_id=stop.delivery_id, vehicle="GP 1", now=left)
    yield left


def test_what_began_and_was_over_while_the_worker_was_down_is_told_once_and_closed(tendered, alice):
    moments = left_late(tendered, alice)
    planned = next(moments)
    watch(now=planned - MINUTE)
    left = next(moments)

    up_again = left + timedelta(hours=2)
    watch(now=up_again)
    watch(now=up_again + MINUTE)
    watch(now=up_again + timedelta(minutes=10))

    (late,) = DeliveryException.objects.filter(kind=Kind.LATE_DEPARTURE)
    assert (late.cause_at, late.ended_at, late.ending) == (planned + GRACE, up_again, Ending.PASSED)
    assert list(late.events.values_list("note", flat=True)) == [
        "Found 140 minutes after it could be seen.",
        "It was over before anybody looked.",
    ]


def test_what_was_seen_while_it_lasted_is_not_told_again(tendered, alice):
    moments = left_late(tendered, alice)
    planned = next(moments)
    watch(now=planned + GRACE + MINUTE)
    left = next(moments)

    watch(now=left + timedelta(hours=1))
    watch(now=left + timedelta(hours=2))

    assert DeliveryException.objects.filter(kind=Kind.LATE_DEPARTURE).count() == 1


@pytest.mark.parametrize(("minutes", "told"), [(5, 0), (45, 1)])
def test_an_arrival_after_its_window_that_nobody_watched(unloading, confirmed, minutes, told):
    end = confirmed.arrival_window.upper
    watch(now=end)
    came = unloading.events.get(to_state="arrived")
    came.pk, came.at = new_id(), end + timedelta(minutes=minutes)
    came.save(force_insert=True)

    watch(now=end + timedelta(hours=1))

    assert DeliveryException.objects.filter(kind=Kind.NOT_ARRIVED, ending=Ending.PASSED).count() == told


def test_a_vehicle_that_did_not_come(confirmed):
    over = confirmed.arrival_window.upper

    watch(now=over + GRACE)
    assert kinds() == []
    watch(now=over + GRACE + MINUTE)

    assert kinds() == [Kind.NOT_ARRIVED]


def test_dwell_is_told_before_detention_begins(unloading, confirmed):
    free = timedelta(minutes=unloading.site.free_minutes)
    arrived = confirmed.during.lower

    watch(now=arrived + free / 2)
    assert kinds() == []
    watch(now=arrived + free * 0.8)
    before = DeliveryException.objects.get()
    watch(now=arrived + free + MINUTE)
    after = DeliveryException.objects.get()

    assert (before.kind, before.severity, after.severity) == (Kind.DWELL, Severity.WARNING, Severity.URGENT)
    assert after.harm_at == arrived + free


def test_a_discrepancy_stays_until_a_person_resolves_it_and_does_not_come_back(unloading, otto, alice):
    unit = unloading.rides.first().consignment.handling_units.first()
    later = NOW + timedelta(days=2)
    statement = Statement(
        released_by="Dan Driver",
        received_by="Otto Ono",
        received_by_role="Dock operator",
        findings=[UnitFinding(kind=Discrepancy.Kind.DAMAGED, sscc=unit.sscc, note="Corner crushed")],
    )
    deliveries.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=later)
    watch(now=later)
    watch(now=later + timedelta(days=30))
    row = DeliveryException.objects.get(kind=Kind.DISCREPANCY)
    assert row.ended_at is None

    resolve(actor=alice, exception_id=row.pk, note="Credited", now=later)
    watch(now=later + MINUTE)

    assert Kind.DISCREPANCY not in kinds()
    assert DeliveryException.objects.filter(kind=Kind.DISCREPANCY).count() == 1


def test_a_failed_attempt_asks_for_the_next_one(confirmed, delivery, otto):
    over = confirmed.during.upper + timedelta(hours=1)
    deliveries.record_no_show(actor=otto, delivery_id=delivery.pk, now=over)

    watch(now=over)

    assert kinds() == [Kind.FAILED]


def test_a_second_failure_is_another_occasion_than_the_one_that_a_person_resolved(
    confirmed, delivery, otto, alice
):
    over = confirmed.during.upper + timedelta(hours=1)
    deliveries.record_no_show(actor=otto, delivery_id=delivery.pk, now=over)
    watch(now=over)
    row = DeliveryException.objects.get(kind=Kind.FAILED)
    resolve(actor=alice, exception_id=row.pk, note="They call when they are back", now=over + MINUTE)
    watch(now=over + 2 * MINUTE)
    assert kinds() == []

    delivery.events.create(from_state="in_transit", to_state="failed", actor_name="D", at=over + 3 * MINUTE)
    watch(now=over + 4 * MINUTE)
    watch(now=over + 5 * MINUTE)

    assert kinds() == [Kind.FAILED]


def test_an_offer_that_ran_out_while_nobody_looked_is_found_and_gone_with_the_next(asked, delivery, alice):
    end = asked.must_act_by
    deliveries.expire_offers(now=end)
    watch(now=end + timedelta(hours=6))
    found = DeliveryException.objects.get()
    note = found.events.get().note
    again = end + timedelta(hours=7)
    search = find_slots(site=asked.site, load=load_of(delivery), first_day=again.date(), days=5, now=again)
    deliveries.ask_for_slots(actor=alice, delivery=delivery, slots=search.slots[:1], message="", now=again)
    watch(now=again)
    watch(now=again + GONE_AFTER)

    assert (found.kind, found.severity, found.harm_at) == (Kind.OFFER_UNANSWERED, Severity.URGENT, end)
    assert note == f"Found {(ANSWER_DUE_IN + timedelta(hours=6)) // MINUTE} minutes after it could be seen."
    assert kinds() == []


@pytest.mark.usefixtures("secret_of_globex")
def test_one_shippers_watch_sees_nothing_of_anothers(asked, globex):
    watch(now=asked.must_act_by - MINUTE)

    assert {row.delivery_id for row in DeliveryException.objects.all()} == {asked.delivery_id}
    with doorway.enter_shipper(globex):
        assert not DeliveryException.objects.exists()
