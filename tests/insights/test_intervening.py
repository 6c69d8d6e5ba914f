"""What helps is computed from what is really free, and done with one click by whoever may."""

from datetime import timedelta

import pytest

from apps.appointments.load import Slot
from apps.appointments.models import Appointment
from apps.appointments.states import State as AppointmentState
from apps.core.errors import PermissionRefused
from apps.deliveries import services as deliveries
from apps.insights.interventions import fingerprint
from apps.insights.kinds import Kind
from apps.insights.models import DeliveryException
from apps.insights.services import InterventionGone, intervene, watch, weigh
from apps.routing.models import Route
from tests.routing.conftest import local

MINUTE = timedelta(minutes=1)


def keys(row):
    row.refresh_from_db()
    return [each["key"] for each in row.interventions]


@pytest.fixture
def failed(confirmed, delivery, otto, drain):
    """It did not come; the exception, weighed, and when."""
    drain()
    now = confirmed.during.upper + timedelta(hours=1)
    deliveries.record_no_show(actor=otto, delivery_id=delivery.pk, now=now)
    watch(now=now)
    weigh(now=now)
    return DeliveryException.objects.get(kind=Kind.FAILED), now


def test_a_failed_attempt_is_mended_by_slots_that_are_free(failed, alice):
    row, now = failed
    (first, *_rest) = row.interventions

    done = intervene(
        actor=alice, exception_id=row.pk, number=0, what=fingerprint(row.interventions[0]), now=now
    )

    assert (done["key"], len(first["slots"])) == ("slots", 3)
    again = Appointment.objects.get(delivery_id=row.delivery_id, state=AppointmentState.OFFERED)
    assert again.must_act == "recipient"
    assert {slot.during.lower.isoformat() for slot in again.offers.get().slots.all()} == {
        slot["start"] for slot in first["slots"]
    }
    assert list(row.events.values_list("step", "note")) == [
        ("detected", ""),
        ("acted", "slots"),
    ]
    row.refresh_from_db()
    assert (row.answered_at, row.weighed_at) == (now, None)


def test_nobody_else_acts_and_what_is_gone_changes_nothing(failed, arthur, alice):
    row, now = failed

    with pytest.raises(PermissionRefused):
        intervene(
            actor=arthur, exception_id=row.pk, number=0, what=fingerprint(row.interventions[0]), now=now
        )
    with pytest.raises(InterventionGone):
        intervene(actor=alice, exception_id=row.pk, number=9, what="", now=now)
    with pytest.raises(InterventionGone):
        intervene(actor=alice, exception_id=row.pk, number=0, what="another by now", now=now)

    assert not Appointment.objects.filter(state=AppointmentState.OFFERED).exists()
    assert row.events.count() == 1


def test_another_vehicle_that_fits_takes_it_with_one_click(tendered, alice):
    stop = tendered.route.stops.get()
    Route.objects.filter(pk=tendered.route.pk).update(departs_at=stop.slot.lower - timedelta(hours=1))
    now = stop.slot.lower - timedelta(minutes=45)
    watch(now=now)
    row = DeliveryException.objects.get(kind=Kind.LATE_DEPARTURE)
    weigh(now=now)
    assert keys(row)[:2] == ["vehicle", "repair"]
    best = row.interventions[0]

    intervene(actor=alice, exception_id=row.pk, number=0, what=fingerprint(row.interventions[0]), now=now)

    published = Route.objects.get(plan__state="published")
    assert published.vehicle.plate == best["plate"] != tendered.route.vehicle.plate
    assert published.stops.get().delivery_id == row.delivery_id


def test_an_offer_of_the_recipient_is_accepted_with_one_click(asked, delivery, rita, alice):
    dock_id = asked.offers.get().slots.first().dock_id
    later = Slot(dock_id, local("11:00"), local("11:30"))
    deliveries.counter_offer(
        actor=rita, delivery=delivery, appointment_id=asked.pk, slots=[later], now=asked.created_at
    )
    asked.refresh_from_db()
    now = asked.must_act_by - timedelta(hours=1)
    watch(now=now)
    weigh(now=now)
    row = DeliveryException.objects.get(kind=Kind.OFFER_UNANSWERED)
    assert keys(row)[0] == "answer"

    intervene(actor=alice, exception_id=row.pk, number=0, what=fingerprint(row.interventions[0]), now=now)

    asked.refresh_from_db()
    assert (asked.state, asked.during.lower) == (AppointmentState.CONFIRMED, later.start)


def test_after_six_hours_down_everything_is_found_once_and_said_to_be_late(tendered):
    stop = tendered.route.stops.get()
    now = stop.slot.upper + timedelta(hours=6)
    for moment in (now, now + MINUTE):
        watch(now=moment)

    found = DeliveryException.objects.all()
    assert [row.kind for row in found] == [Kind.NOT_ARRIVED]
    (event,) = found[0].events.all()
    assert event.note.startswith("Found ")
