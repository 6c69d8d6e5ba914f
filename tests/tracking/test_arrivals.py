"""When vehicles are expected: by the plan, by what happened, by where they are; each told once and kept."""

from datetime import timedelta

import pytest

from apps.appointments.models import Appointment, Basis, Expected
from apps.deliveries.models import DeliveryEvent
from apps.tenancy import doorway
from apps.tracking.models import ArrivalError, ExpectedArrival
from apps.tracking.selectors import newest_expected, whereabouts
from apps.tracking.services import arrivals, expect_arrivals, judge_arrivals
from tests.routing.conftest import local

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def told(stops):
    """What was told last of each stop's delivery."""
    newest = newest_expected([stop.delivery_id for stop in stops])
    return [newest.get(stop.delivery_id) for stop in stops]


@pytest.fixture
def left(take):
    """``left(minutes)``: the round set off so many minutes after its time."""

    def go(route, minutes=0):
        at = route.departs_at + minutes * MINUTE
        take("set_off", now=at, device_time=at, sent_at=at)
        return at

    return go


def test_before_it_leaves_the_plan_is_what_is_expected(route, stops):
    expect_arrivals(now=route.departs_at - 30 * MINUTE)

    found = told(stops)
    assert [(row.basis, row.expected_at, row.stops_before) for row in found] == [
        (Basis.PLAN, stop.arrives_at, place) for place, stop in enumerate(stops)
    ]
    assert all(row.earliest < row.expected_at < row.latest and not row.arrivals for row in found)


def test_a_late_departure_moves_the_next_stop_and_waiting_absorbs_it_for_the_one_after(route, stops, left):
    at = left(route, 45)

    expect_arrivals(now=at)

    first, second = told(stops)
    assert (first.basis, first.expected_at) == (Basis.DEPARTURE, stops[0].arrives_at + 45 * MINUTE)
    service, drive = stops[0].departs_at - stops[0].starts_at, stops[1].arrives_at - stops[0].departs_at
    served = max(first.expected_at, stops[0].slot.lower) + service
    assert abs(second.expected_at - (served + drive)) < SECOND


def test_where_the_vehicle_is_counts_more_than_when_it_left(route, stops, left, report):
    at = left(route)
    near = (-26.175, 28.05)
    report(route.vehicle.plate, place=near, at=at + 5 * MINUTE)

    expect_arrivals(now=at + 6 * MINUTE)

    first, second = told(stops)
    assert (first.basis, first.seen_at) == (Basis.POSITION, at + 5 * MINUTE)
    assert at + 6 * MINUTE <= first.expected_at < stops[0].arrives_at
    assert second.expected_at == stops[1].arrives_at  # it has to wait for the first slot anyway


def test_while_it_is_at_a_stop_the_next_one_waits_for_it(route, stops, left, take):
    left(route)
    late = stops[0].slot.upper
    take("arrive", stops[0], now=late, device_time=late, sent_at=late)

    expect_arrivals(now=late + MINUTE)

    first, second = told(stops)
    assert first is None or first.made_at < late
    assert second.basis == Basis.STOP
    service, drive = stops[0].departs_at - stops[0].starts_at, stops[1].arrives_at - stops[0].departs_at
    assert abs(second.expected_at - (late + service + drive)) < SECOND
    assert second.stops_before == 0


def test_silence_widens_the_range_and_nothing_is_expected_in_the_past(route, stops, left):
    left(route)
    now = stops[0].arrives_at + 60 * MINUTE

    expect_arrivals(now=now)

    first = told(stops)[0]
    assert (first.expected_at, first.earliest) == (now, now)
    assert first.latest > now + 20 * MINUTE


def test_only_what_changed_or_is_old_is_told_again(route, stops, left):
    at = left(route)

    assert expect_arrivals(now=at) == 2
    assert expect_arrivals(now=at + MINUTE) == 0
    assert expect_arrivals(now=at + 11 * MINUTE) == 2
    assert ExpectedArrival.objects.count() == 4
    assert Expected.objects.count() == 2


def test_the_recipient_reads_the_newest_and_no_other_shipper_reads_any(route, stops, left, globex, rita):
    at = left(route)
    expect_arrivals(now=at)
    report_to = stops[0].appointment_id

    with doorway.network():
        row = Expected.objects.get(appointment__in=Appointment.objects.filter(pk=report_to))
        assert (row.basis, row.told_at) == (Basis.DEPARTURE, at)
    with doorway.enter_shipper(globex):
        assert not Expected.objects.exists()
        assert expect_arrivals(now=at) == 0


def test_the_range_is_learned_from_how_far_off_one_was(route, stops, left, report, monkeypatch):
    monkeypatch.setattr(arrivals, "ENOUGH", 1)
    at = left(route)
    expect_arrivals(now=at)
    first = stops[0].delivery
    came = told(stops)[0].expected_at + 7 * MINUTE
    DeliveryEvent.objects.create(
        delivery=first, from_state="in_transit", to_state="arrived", actor_name="Otto Ono", at=came
    )

    assert judge_arrivals(now=came + MINUTE) >= 1
    errors = ArrivalError.objects.filter(arrivals=1)
    assert {(row.low_s, row.high_s, row.median_s) for row in errors} == {(420, 420, 420)}

    report(route.vehicle.plate, at=at + 11 * MINUTE)
    expect_arrivals(now=at + 11 * MINUTE)
    again = told(stops)[0]
    assert (again.arrivals, again.latest - again.expected_at) == (1, 7 * MINUTE)


def test_where_it_is_is_told_only_to_whom_it_comes_next(route, stops, left, report):
    at = left(route)
    report(route.vehicle.plate, at=at + 5 * MINUTE)
    expect_arrivals(now=at + 6 * MINUTE)
    deliveries = [stop.delivery for stop in stops]
    for delivery in deliveries:
        delivery.refresh_from_db()

    first, second = (whereabouts(delivery) for delivery in deliveries)

    assert first.at == at + 5 * MINUTE
    assert 8_000 < first.metres_away < 9_500
    assert second is None


def test_the_gates_list_and_the_drivers_page_say_when(route, stops, left, browse, client, token):
    at = left(route)
    expect_arrivals(now=at)
    clock = f"{local('00:00') + (stops[0].arrives_at - local('00:00')) + 2 * 60 * MINUTE:%H:%M}"
    site = stops[0].delivery.site

    with doorway.network():
        page = browse("otto@northern.example").get(f"/sites/{site.pk}/gate/?day={route.plan.day}")

    assert f">{clock}</time>" in page.content.decode()
