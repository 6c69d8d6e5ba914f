"""Goods outside their limits: found while there is time, ended by a cause and a decision, on record."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.core.errors import PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services as deliveries
from apps.deliveries.models import ConditionReading, Delivery
from apps.insights.kinds import Ending, Kind, Severity
from apps.insights.models import DeliveryException
from apps.insights.services import decide, resolve, watch
from apps.insights.services.acting import NothingSaid
from apps.tenancy import doorway
from apps.tracking.models import ConditionLimits, SensorReading
from apps.tracking.services import Measured, settle_readings, take_readings

SENDER = UUID("00000000-0000-7000-8000-000000000002")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def left(confirmed, delivery, alice, drain):
    """The chilled goods left an hour before their slot; when that was."""
    drain()
    Delivery.objects.filter(pk=delivery.pk).update(temperature_class="chilled")
    at = confirmed.during.lower - timedelta(hours=1)
    for step in (deliveries.record_loading, deliveries.record_departure):
        step(actor=alice, delivery_id=delivery.pk, vehicle="GP 1", now=at)
    return at


@pytest.fixture
def measure(left, delivery):
    """``measure(minutes, value, measure)``: one reading of sensor T-7 so long after it left."""

    def send(minutes, value, measure="temperature", name=None, **others):
        at = left + minutes * MINUTE
        said = Measured(
            f"{minutes} {measure}",
            "delivery",
            name or delivery.number,
            "T-7",
            measure,
            round(value * 1000),
            at,
        )
        (answer,) = take_readings(said=[said._replace(**others)], sender=SENDER, now=at)
        return tuple(answer)

    return send


def test_two_readings_outside_are_an_excursion_while_there_is_time(measure, left):
    measure(1, 5.0)
    measure(2, 9.1)
    watch(now=left + 2 * MINUTE)
    assert not DeliveryException.objects.filter(kind=Kind.EXCURSION).exists()
    measure(3, 9.4)

    watch(now=left + 3 * MINUTE)
    early = DeliveryException.objects.get(kind=Kind.EXCURSION)
    watch(now=left + 18 * MINUTE)
    late = DeliveryException.objects.get(kind=Kind.EXCURSION)

    assert (early.severity, late.severity) == (Severity.WARNING, Severity.URGENT)
    assert early.harm_at == left + 17 * MINUTE
    assert (early.facts["minimum"], early.facts["maximum"], early.facts["high"]) == (9100, 9400, 8000)


def test_it_ends_only_by_cause_and_decision_and_goes_on_record(measure, left, alice, arthur, delivery):
    for minute in (1, 2):
        measure(minute, 9.5)
    watch(now=left + 2 * MINUTE)
    measure(3, 5.0)
    measure(4, 5.0)
    watch(now=left + 60 * MINUTE)
    row = DeliveryException.objects.get(kind=Kind.EXCURSION)
    assert row.ended_at is None
    asked = {"exception_id": row.pk, "now": left + 61 * MINUTE}
    said = {"reason": "door_open", "decision": "quarantine", "note": "Held at the gate"}

    with pytest.raises(NothingSaid, match="cause and a decision"):
        resolve(actor=alice, note="Fine", **asked)
    with pytest.raises(NothingSaid):
        decide(actor=alice, **asked, **{**said, "decision": ""})
    with pytest.raises(PermissionRefused):
        decide(actor=arthur, **asked, **said)
    ended = decide(actor=alice, **asked, **said)

    assert (ended.ending, ended.reason, ended.decision) == (Ending.RESOLVED, "door_open", "quarantine")
    event = CustodyEvent.objects.get(type="excursion_decided", delivery_id=delivery.pk)
    assert b'"cause":"door_open"' in bytes(event.canonical)
    assert b"Held at the gate" not in bytes(event.canonical)  # free text is committed to, not written


def test_what_began_and_ended_between_two_looks_is_decided_about_and_the_next_one_too(measure, left, alice):
    for minute, value in ((1, 5.0), (2, 9.1), (3, 9.4), (4, 5.0)):
        measure(minute, value)
    watch(now=left + 5 * MINUTE)
    row = DeliveryException.objects.get(kind=Kind.EXCURSION)
    assert (row.facts["minimum"], row.facts["maximum"]) == (9100, 9400)
    decide(
        actor=alice,
        exception_id=row.pk,
        now=left + 6 * MINUTE,
        reason="door_open",
        decision="accept",
        note="Two minutes",
    )
    watch(now=left + 7 * MINUTE)
    assert DeliveryException.objects.filter(kind=Kind.EXCURSION).count() == 1

    for minute, value in ((8, 9.8), (9, 9.9), (10, 5.0)):
        measure(minute, value)
    watch(now=left + 11 * MINUTE)

    assert DeliveryException.objects.get(kind=Kind.EXCURSION, ended_at=None).facts["maximum"] == 9900


def test_every_row_is_answered(measure, delivery):
    assert measure(1, 5.0) == ("accepted", "")
    assert measure(1, 5.0) == ("known", "")
    assert measure(2, 300, "temperature") == ("refused", "impossible")
    assert measure(3, 5.0, name="D-nowhere") == ("refused", "unknown_load")
    assert measure(4, 5.0, doubt="unreadable") == ("refused", "unreadable")
    unit = delivery.rides.first().consignment.handling_units.first()
    assert measure(5, 5.0, name=unit.sscc, named_by="sscc") == ("accepted", "")
    assert SensorReading.objects.count() == 2


def test_the_shippers_own_limits_hold_for_humidity_and_shock(measure, left):
    ConditionLimits.objects.create(temperature_class="chilled", highest_humidity=60, highest_shock=3)
    measure(1, 20.0)
    measure(2, 70, "humidity")
    measure(3, 71, "humidity")
    measure(4, 4.2, "shock")
    measure(5, 0.1, "shock")

    watch(now=left + 6 * MINUTE)

    found = DeliveryException.objects.filter(kind=Kind.EXCURSION)
    assert sorted(row.facts["measure"] for row in found) == ["humidity", "shock"]


def test_the_consignments_own_range_is_what_counts(measure, left, delivery):
    consignment = delivery.rides.first().consignment
    type(consignment).objects.filter(pk=consignment.pk).update(
        temperature_min_mc=15_000, temperature_max_mc=25_000
    )
    delivery.rides.exclude(consignment=consignment).delete()
    measure(1, 5.0)
    measure(2, 5.1)

    watch(now=left + 3 * MINUTE)

    row = DeliveryException.objects.get(kind=Kind.EXCURSION)
    assert (row.facts["low"], row.facts["high"]) == (15_000, 25_000)


def test_a_sensor_that_repeats_itself_is_a_fault_of_data_and_no_excursion(measure, left):
    for place in range(30):
        measure(place * 7, 5.4)

    watch(now=left + 210 * MINUTE)

    (row,) = DeliveryException.objects.filter(kind=Kind.DATA_FAULT)
    assert (row.facts["fault"], row.facts["value"]) == ("stuck", 5400)
    assert not DeliveryException.objects.filter(kind=Kind.EXCURSION).exists()


def test_what_was_measured_on_the_way_is_on_record_once_at_the_dock(measure, left, delivery, otto):
    measure(1, 5.0)
    measure(2, 7.5)
    deliveries.record_arrival(actor=otto, delivery_id=delivery.pk, vehicle="GP 1", now=left + 50 * MINUTE)

    assert settle_readings(now=left + 51 * MINUTE) == 1
    assert settle_readings(now=left + 52 * MINUTE) == 0

    row = ConditionReading.objects.get()
    assert (row.sensor, row.readings, row.minimum_mc, row.maximum_mc) == ("T-7", 2, 5000, 7500)
    assert CustodyEvent.objects.filter(type="condition_reading").count() == 1


@pytest.mark.usefixtures("secret_of_globex")
def test_another_shippers_loads_are_unknown(measure, left, globex):
    with doorway.enter_shipper(globex):
        assert measure(1, 5.0) == ("refused", "unknown_load")
        assert not SensorReading.objects.exists()
