"""What the slot search finds, what it doesn't, and that it says why."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.load import Slot
from apps.appointments.models import DockOccupancy
from apps.appointments.search import DayCount, Starts
from apps.appointments.selectors import busy_times, find_slots, why_not
from apps.facilities.models import Closure, Dock, HandlingTime, ReceivingWindow, Site
from tests.appointments.conftest import JOHANNESBURG, LOAD, TUESDAY, local, slot_at

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def search(site, now, load=LOAD, day=TUESDAY, days=1, **more):
    return find_slots(site=site, load=load, first_day=day, days=days, now=now, **more)


def times(found, dock, zone=JOHANNESBURG):
    return [f"{s.start.astimezone(zone):%H:%M}" for s in found.slots if s.dock_id == dock.pk]


def block(dock, start, end, lane=1):
    DockOccupancy.objects.create(dock=dock, lane=lane, kind="block", during=DateTimeTZRange(start, end))


def hours(*windows):
    """Quarter-hour starts of a 30-minute load within ``("07:00", "09:00")`` …"""
    found = []
    for opens, closes in windows:
        clock = datetime.fromisoformat(f"2026-01-01 {opens}")
        while clock + timedelta(minutes=30) <= datetime.fromisoformat(f"2026-01-01 {closes}"):
            found.append(f"{clock:%H:%M}")
            clock += timedelta(minutes=15)
    return found


def test_a_free_day_offers_every_quarter_hour_that_fits_the_load(northern_site, dock, now):
    assert times(search(northern_site, now), dock) == hours(("07:00", "15:00"))


def test_the_search_takes_two_queries_however_many_docks_and_days(
    northern_site, now, django_assert_num_queries
):
    for number in range(3, 13):
        Dock.objects.create(site=northern_site, name=f"Dock {number}")

    with django_assert_num_queries(2):
        found = search(northern_site, now, days=14)

    assert len(found.docks) == 12


def test_what_is_taken_is_left_out_to_the_minute(northern_site, dock, now):
    block(dock, local("08:00"), local("09:10"))

    assert times(search(northern_site, now), dock) == hours(("07:00", "08:00"), ("09:15", "15:00"))


def test_a_dock_with_two_lanes_is_free_until_both_are_taken(northern_site, dock, now):
    Dock.objects.filter(pk=dock.pk).update(lanes=2)
    block(dock, local("07:00"), local("10:00"), lane=1)
    block(dock, local("09:00"), local("15:00"), lane=2)

    assert times(search(northern_site, now), dock) == hours(("07:00", "09:00"), ("10:00", "15:00"))


def test_a_slot_does_not_hop_from_one_lane_to_the_other(northern_site, dock, now):
    Dock.objects.filter(pk=dock.pk).update(lanes=2)
    block(dock, local("07:00"), local("11:15"), lane=1)
    block(dock, local("11:30"), local("15:00"), lane=2)
    long = replace(LOAD, pallets=140)  # five hours

    assert times(search(northern_site, now, long), dock) == []


def test_a_docks_time_before_and_after_a_vehicle_keeps_others_away(northern_site, dock, now):
    Dock.objects.filter(pk=dock.pk).update(setup_minutes=10, clear_minutes=20)
    block(dock, local("09:00"), local("10:00"))

    assert times(search(northern_site, now), dock) == hours(("07:00", "08:40"), ("10:15", "15:00"))


def test_closures_of_the_site_and_of_the_dock_are_left_out(northern_site, dock, second_dock, now):
    Closure.objects.create(
        site=northern_site, during=DateTimeTZRange(local("07:00"), local("08:00")), reason="Fire drill"
    )
    Closure.objects.create(
        site=northern_site, dock=dock, during=DateTimeTZRange(local("12:00"), local("15:00")), reason="Repair"
    )

    found = search(northern_site, now)

    assert times(found, dock) == hours(("08:00", "12:00"))
    assert times(found, second_dock) == hours(("08:00", "15:00"))


def test_windows_for_a_load_type_are_only_for_it_and_those_without_for_all(northern_site, dock, now):
    ReceivingWindow.objects.create(
        site=northern_site, weekday=2, opens=time(16), closes=time(17), load_type="parcels"
    )

    parcels = times(search(northern_site, now, replace(LOAD, load_type="parcels")), dock)
    pallets = times(search(northern_site, now), dock)

    assert parcels == hours(("07:00", "15:00"), ("16:00", "17:00"))
    assert pallets == hours(("07:00", "15:00"))


def test_a_dock_with_windows_of_its_own_follows_these_alone(northern_site, dock, second_dock, now):
    ReceivingWindow.objects.create(
        site=northern_site, dock=second_dock, weekday=2, opens=time(9), closes=time(10)
    )

    found = search(northern_site, now, days=2)

    assert times(found, second_dock) == hours(("09:00", "10:00"))
    assert times(found, dock) == hours(("07:00", "15:00")) * 2


def test_lead_times_cut_both_ends(northern_site, dock, now):
    Site.objects.filter(pk=northern_site.pk).update(max_lead_time=timedelta(days=1, hours=4))
    northern_site.refresh_from_db()

    found = search(northern_site, now, day=date(2026, 3, 2), days=3)  # now is Monday 08:00

    assert times(found, dock) == [*hours(("12:00", "15:00")), *hours(("07:00", "12:30"))]
    assert found.per_day[2] == DayCount(
        date(2026, 3, 4),
        0,
        "Northern Hospital stores is booked at most 1 day 4 hours ahead: until Tue 3 March, 12:00 SAST.",
    )


def test_a_live_hold_blocks_and_an_expired_one_does_not(northern_site, dock, now, alice, offer):
    Site.objects.filter(pk=northern_site.pk).update(answer_within=timedelta(hours=1))
    northern_site.refresh_from_db()
    offer(alice, slot_at(dock, "08:00"))

    while_held = times(search(northern_site, now + timedelta(minutes=59)), dock)
    afterwards = times(search(northern_site, now + timedelta(minutes=60)), dock)

    assert while_held == hours(("07:00", "08:00"), ("08:30", "15:00"))
    assert afterwards == hours(("07:00", "15:00"))


def test_an_appointments_own_holds_do_not_stand_in_its_way(northern_site, dock, now, alice, offer):
    appointment = offer(alice, slot_at(dock, "08:00"))

    assert times(search(northern_site, now, appointment=appointment), dock) == hours(("07:00", "15:00"))


def test_a_rule_takes_a_dock_out_and_says_so(northern_site, second_dock, now):
    found = search(northern_site, now, replace(LOAD, vehicle_length_m=Decimal(12)))

    assert times(found, second_dock) == []
    assert found.refusals == {
        second_dock.pk: ("Dock 2 takes vehicles up to 9.0 m long; this one is 12.0 m.",)
    }


def test_a_load_that_no_dock_takes_finds_nothing_and_every_reason(northern_site, now):
    Dock.objects.filter(site=northern_site).update(direction="outbound")

    found = search(northern_site, now)

    assert (found.slots, found.per_day) == (
        (),
        (DayCount(TUESDAY, 0, "No dock of Northern Hospital stores takes this load."),),
    )
    assert len(found.refusals) == 2


def test_site_wide_limit_of_vehicles_at_once(northern_site, dock, second_dock, now, alice, bob, offer):
    Site.objects.filter(pk=northern_site.pk).update(vehicles_at_once=1)
    northern_site.refresh_from_db()
    offer(bob, slot_at(dock, "08:00"), slot_at(second_dock, "12:00"))

    found = search(northern_site, now)

    assert times(found, second_dock) == hours(("07:00", "08:00"), ("08:30", "12:00"), ("12:30", "15:00"))
    assert why_not(found, northern_site, slot_at(second_dock, "08:00")) == [
        "Northern Hospital stores takes one vehicle at a time and has it then."
    ]


def test_site_wide_limit_of_pallets_a_day(northern_site, dock, now, bob, offer):
    Site.objects.filter(pk=northern_site.pk).update(pallets_per_day=9)
    northern_site.refresh_from_db()
    offer(bob, slot_at(dock, "08:00"), slot_at(dock, "09:00"))

    five = search(northern_site, now, days=2)
    four = search(northern_site, now, replace(LOAD, pallets=4))

    why = "Northern Hospital stores takes 9 pallets a day and has no room left for these on that day."
    assert five.per_day == (DayCount(TUESDAY, 0, why), DayCount(date(2026, 3, 4), 31))
    assert four.per_day[0].starts > 0


@pytest.mark.parametrize(
    ("slot", "sentence"),
    [
        (("06:45", 30, TUESDAY), "Dock 1 receives 07:00–15:00 on that day."),
        (("14:45", 30, TUESDAY), "Dock 1 receives 07:00–15:00 on that day."),
        (("09:00", 30, date(2026, 3, 7)), "No receiving hours on Saturday 7 March."),
        (("09:05", 30, TUESDAY), "A slot starts on a quarter hour."),
        (("09:00", 45, TUESDAY), "This load takes 30 minutes at Dock 1; the slot has 45."),
        (("07:30", 30, date(2026, 3, 2)), "Mon 2 March, 07:30 SAST is past."),
        (
            ("11:45", 30, date(2026, 3, 2)),
            "Northern Hospital stores is booked at least 4 hours ahead: from Mon 2 March, 12:00 SAST.",
        ),
        (
            ("09:00", 30, date(2026, 4, 2)),
            "Northern Hospital stores is booked at most 30 days ahead: until Wed 1 April, 08:00 SAST.",
        ),
        (("10:00", 30, TUESDAY), "Dock 1 is closed then: Stocktaking."),
        (("13:00", 30, TUESDAY), "Dock 1 is taken then."),
        (("12:00", 30, TUESDAY), None),
    ],
)
def test_whatever_is_not_offered_has_a_reason(northern_site, dock, now, slot, sentence):
    Closure.objects.create(
        site=northern_site, during=DateTimeTZRange(local("10:00"), local("11:00")), reason="Stocktaking"
    )
    block(dock, local("13:15"), local("14:00"))
    text, minutes, day = slot
    wanted = slot_at(dock, text, minutes, day)

    found = search(northern_site, now, day=date(2026, 3, 2), days=40)

    assert why_not(found, northern_site, wanted) == ([sentence] if sentence else [])
    assert (wanted in found.slots) == (sentence is None)


def test_an_unknown_dock_is_refused_by_name_of_the_site(northern_site, now):
    wanted = Slot(uuid4(), local("08:00"), local("08:30"))

    assert why_not(search(northern_site, now), northern_site, wanted) == [
        "Northern Hospital stores has no such dock in use."
    ]


def test_a_day_without_starts_says_why(northern_site, dock, second_dock, now):
    Closure.objects.create(
        site=northern_site,
        during=DateTimeTZRange(local("00:00", date(2026, 3, 4)), local("00:00", date(2026, 3, 5))),
        reason="Public holiday",
    )
    for each in (dock, second_dock):
        block(each, local("07:00", date(2026, 3, 5)), local("15:00", date(2026, 3, 5)))

    found = search(northern_site, now, day=date(2026, 3, 1), days=7)

    assert [(counted.starts, counted.why) for counted in found.per_day] == [
        (0, "Past."),
        (11, ""),
        (31, ""),
        (0, "Closed: Public holiday."),
        (0, "Every start that fits this load is taken or too soon."),
        (31, ""),
        (0, "No receiving hours on Saturday 7 March."),
    ]


def test_nearest_alternatives_lie_around_the_wanted_start_at_the_wanted_dock(
    northern_site, dock, second_dock, now
):
    block(second_dock, local("08:00"), local("12:00"))

    found = search(northern_site, now)

    assert found.nearest(slot_at(second_dock, "08:00")) == (
        slot_at(dock, "08:00"),
        slot_at(dock, "07:45"),
        slot_at(dock, "08:15"),
    )
    assert found.nearest(slot_at(second_dock, "12:00"), 2) == (
        slot_at(second_dock, "12:00"),
        slot_at(dock, "11:45"),
    )


def test_earliest_gives_each_start_once_at_the_preferred_dock(northern_site, dock, second_dock, now):
    block(dock, local("07:00"), local("07:30"))

    found = search(northern_site, now)

    assert found.earliest(3) == (
        slot_at(second_dock, "07:00"),
        slot_at(second_dock, "07:15"),
        slot_at(dock, "07:30"),
    )
    assert len(found.on(TUESDAY)) == 31
    assert found.at(local("07:30")) == (slot_at(dock, "07:30"), slot_at(second_dock, "07:30"))


def test_the_limit_cuts_the_list_and_not_the_counts(northern_site, now):
    found = search(northern_site, now, limit=5)

    assert (len(found.slots), found.per_day[0].starts) == (5, 31)


@pytest.fixture
def berlin(northern):
    """A site in Berlin that is open the whole of every day, with one dock and 30 minutes for everything."""
    site = Site.objects.create(
        recipient=northern,
        code="BER",
        name="Berlin",
        latitude=52.5,
        longitude=13.4,
        time_zone="Europe/Berlin",
        max_lead_time=timedelta(days=300),
    )
    Dock.objects.create(site=site, name="Tor 1")
    HandlingTime.objects.create(site=site, fixed_minutes=30, minutes_per_pallet=0)
    return site


def open_berlin(site, opens, closes):
    for weekday in range(1, 8):
        ReceivingWindow.objects.create(site=site, weekday=weekday, opens=opens, closes=closes)


@pytest.mark.parametrize(
    ("day", "quarters"), [(SPRING, 23 * 4), (date(2026, 6, 1), 24 * 4), (AUTUMN, 25 * 4)]
)
def test_days_of_23_24_and_25_hours_have_all_their_quarter_hours(berlin, now, day, quarters):
    open_berlin(berlin, time(0), time(0))

    found = search(berlin, now, day=day)

    assert found.per_day == (DayCount(day, quarters),)
    assert len({slot.start for slot in found.slots}) == quarters


@pytest.mark.parametrize(
    ("day", "starts"), [(SPRING - timedelta(days=1), 7 * 4 - 1), (AUTUMN - timedelta(days=1), 9 * 4 - 1)]
)
def test_a_night_shift_over_a_clock_change_is_an_hour_shorter_or_longer(berlin, now, day, starts):
    ReceivingWindow.objects.create(site=berlin, weekday=day.isoweekday(), opens=time(22), closes=time(6))

    found = search(berlin, now, day=day, days=2)

    assert sum(counted.starts for counted in found.per_day) == starts


def test_a_window_in_the_hour_that_spring_skips_vanishes_that_day_only(berlin, now):
    open_berlin(berlin, time(2), time(3))

    found = search(berlin, now, day=SPRING - timedelta(days=1), days=3)

    assert [counted.starts for counted in found.per_day] == [3, 0, 3]


def test_the_hour_that_autumn_repeats_is_open_twice(berlin, now):
    open_berlin(berlin, time(1), time(4))

    found = search(berlin, now, day=AUTUMN)

    assert found.per_day == (DayCount(AUTUMN, 4 * 4 - 1),)


def test_overnight_windows_join_the_next_days_and_count_by_start(berlin, now):
    monday = date(2026, 6, 1)
    ReceivingWindow.objects.create(site=berlin, weekday=1, opens=time(23), closes=time(0))
    ReceivingWindow.objects.create(site=berlin, weekday=2, opens=time(0), closes=time(1))

    found = search(berlin, now, day=monday, days=2)

    assert [f"{s.start.astimezone(BERLIN):%a %H:%M}" for s in found.slots] == [
        "Mon 23:00",
        "Mon 23:15",
        "Mon 23:30",
        "Mon 23:45",
        "Tue 00:00",
        "Tue 00:15",
        "Tue 00:30",
    ]
    assert [counted.starts for counted in found.per_day] == [4, 3]


def test_every_time_zone_keeps_to_quarter_hours_of_utc():
    offsets = {
        datetime(2026, month, 1, tzinfo=ZoneInfo(name)).utcoffset()
        for name in available_timezones()
        for month in (1, 7)
    }

    assert {offset.total_seconds() % 900 for offset in offsets if offset is not None} == {0.0}


def test_starts_are_a_set_of_quarter_hours():
    starts = Starts(900)
    starts.add(1800, 3600)
    starts.add(7200, 7200)
    starts.add(9000, 8100)

    assert list(starts) == [1800, 2700, 3600, 7200]
    assert [moment in starts for moment in (0, 1800, 1801, 4500, 7200)] == [False, True, False, False, True]
    assert (starts.count(0, 3600), starts.count(1801, 7201), starts.count(10, 10)) == (2, 3, 0)
    assert sorted(starts.near(3601, 2)) == [2700, 3600, 7200]


def test_busy_times_tell_when_and_not_whose(northern_site, dock, now, alice, offer, globex):
    from apps.tenancy import doorway

    appointment = offer(alice, slot_at(dock, "08:00"))
    span = {"start": local("00:00"), "end": local("23:00")}

    with doorway.enter_shipper(globex):
        seen = busy_times(dock_ids=[dock.pk], now=now, **span)

    assert [(b.dock_id, b.lane, b.start, b.end, b.hold_expires_at) for b in seen] == [
        (dock.pk, 1, local("08:00"), local("08:30"), appointment.must_act_by)
    ]
    assert seen[0].start.tzinfo is not None
    assert seen[0].start.astimezone(UTC) == local("08:00")
