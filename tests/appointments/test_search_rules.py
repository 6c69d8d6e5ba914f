"""What seasons, reserved time, maintenance and counted limits leave of a site’s time, and why."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.appointments.selectors import find_slots, why_not
from apps.appointments.services import SlotRefused, SlotTaken, accept_offer
from apps.facilities.models import Closure, DockRule, ReceivingWindow, Reservation, Season, Site
from apps.tenancy import doorway
from tests.appointments.conftest import LOAD, TUESDAY, local, slot_at
from tests.appointments.test_search import hours, search, times

WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture
def wednesday_season(northern_site):
    """A season of one day, Wednesday 4 March."""
    return Season.objects.create(
        site=northern_site, name="Stocktaking", days=DateRange(WEDNESDAY, WEDNESDAY + timedelta(days=1))
    )


def limit(site, **limits):
    Site.objects.filter(pk=site.pk).update(**limits)
    site.refresh_from_db()


# Seasons --------------------------------------------------------------------------------------


def test_on_a_seasons_days_only_its_windows_hold_at_every_dock(
    northern_site, dock, second_dock, now, wednesday_season
):
    ReceivingWindow.objects.create(
        site=northern_site, dock=second_dock, weekday=3, opens=time(5), closes=time(6)
    )
    ReceivingWindow.objects.create(
        site=northern_site, season=wednesday_season, weekday=3, opens=time(10), closes=time(11)
    )

    found = search(northern_site, now, days=3)

    usual = hours(("07:00", "15:00"))
    assert times(found, dock) == [*usual, "10:00", "10:15", "10:30", *usual]
    assert times(found, second_dock) == ["10:00", "10:15", "10:30"]


def test_a_docks_own_windows_of_a_season_hold_there_alone(
    northern_site, dock, second_dock, now, wednesday_season
):
    of_season = {"site": northern_site, "season": wednesday_season, "weekday": 3}
    ReceivingWindow.objects.create(**of_season, opens=time(10), closes=time(11))
    ReceivingWindow.objects.create(**of_season, dock=second_dock, opens=time(12), closes=time(13))

    found = search(northern_site, now, day=WEDNESDAY)

    assert times(found, dock) == ["10:00", "10:15", "10:30"]
    assert times(found, second_dock) == ["12:00", "12:15", "12:30"]


def test_a_night_of_a_season_ends_in_the_morning_after_it(northern_site, dock, now, wednesday_season):
    ReceivingWindow.objects.create(
        site=northern_site, season=wednesday_season, weekday=3, opens=time(23), closes=time(1)
    )

    found = search(northern_site, now, day=WEDNESDAY, days=2)

    assert times(found, dock)[:5] == ["23:00", "23:15", "23:30", "23:45", "00:00"]


def test_a_season_without_windows_receives_nothing(northern_site, now, wednesday_season):
    found = search(northern_site, now, day=WEDNESDAY)

    assert (found.slots, found.per_day[0].why) == ((), "No receiving hours on Wednesday 4 March.")


def test_a_seasons_rule_bars_its_days_and_says_so(northern_site, dock, second_dock, now, wednesday_season):
    ReceivingWindow.objects.create(
        site=northern_site, season=wednesday_season, weekday=3, opens=time(7), closes=time(15)
    )
    DockRule.objects.create(
        site=northern_site, season=wednesday_season, kind=DockRule.Kind.MAX_PALLETS, limit=Decimal(4)
    )
    why = "Northern Hospital stores takes up to 4 pallets per visit; this load has 5."

    found = search(northern_site, now, days=2)
    only_then = search(northern_site, now, day=WEDNESDAY)

    assert times(found, dock) == hours(("07:00", "15:00"))
    assert why_not(found, northern_site, slot_at(dock, "09:00", day=WEDNESDAY)) == [why]
    assert found.per_day[1].why == why
    assert found.lanes_free(slot_at(dock, "09:00", day=WEDNESDAY)) == ()
    assert only_then.refusals == {dock.pk: (why,), second_dock.pk: (why,)}


# Reserved time and maintenance ------------------------------------------------------------------


@pytest.fixture
def globexs_morning(northern_site, dock, globex):
    """Dock 1 is Globex's on Tuesdays from 8 to 10, until two hours before."""
    return Reservation.objects.create(
        site=northern_site,
        dock=dock,
        shipper=globex,
        weekday=2,
        opens=time(8),
        closes=time(10),
        lapses_before=timedelta(hours=2),
    )


def test_reserved_time_is_its_shippers_alone_until_it_lapses(
    northern_site, dock, now, globexs_morning, acme, globex
):
    limit(northern_site, min_lead_time=timedelta(0))
    with doorway.enter_shipper(acme):
        others = times(search(northern_site, now), dock)
        lapsed = times(search(northern_site, local("06:30")), dock)
    with doorway.enter_shipper(globex):
        own = times(search(northern_site, now), dock)
        pretended = times(search(northern_site, now, shipper_id=acme.pk), dock)

    assert others == hours(("07:00", "08:00"), ("10:00", "15:00"))
    assert lapsed == hours(("07:00", "15:00"))
    assert own == pretended == hours(("07:00", "15:00"))


def test_the_hub_searches_for_the_shipper_it_names(northern_site, dock, now, globexs_morning, acme, globex):
    assert times(search(northern_site, now, shipper_id=globex.pk), dock) == hours(("07:00", "15:00"))
    assert "08:00" not in times(search(northern_site, now, shipper_id=acme.pk), dock)
    assert "08:00" not in times(search(northern_site, now), dock)


def test_reserved_time_is_refused_without_a_name(northern_site, dock, globexs_morning, alice, acme, offer):
    with doorway.enter_shipper(acme), pytest.raises(SlotRefused) as refused:
        offer(alice, slot_at(dock, "08:00"))

    assert refused.value.details["reasons"] == ["Dock 1 is reserved for another shipper then."]
    assert "Globex" not in str(refused.value.details)


def test_a_shipper_reads_its_own_reservations_only(globexs_morning, acme, globex):
    with doorway.enter_shipper(acme):
        others = Reservation.objects.count()
    with doorway.enter_shipper(globex):
        own = Reservation.objects.count()

    assert (others, own) == (0, 1)


def test_maintenance_of_equipment_keeps_out_only_loads_that_need_it(northern_site, dock, now):
    Closure.objects.create(
        site=northern_site,
        during=DateTimeTZRange(local("07:00"), local("12:00")),
        reason="Crane inspection",
        equipment="crane",
    )

    lifted = search(northern_site, now, replace(LOAD, equipment=("crane",)))

    assert times(lifted, dock) == hours(("12:00", "15:00"))
    assert times(search(northern_site, now), dock) == hours(("07:00", "15:00"))
    assert why_not(lifted, northern_site, slot_at(dock, "08:00")) == [
        "Dock 1 is closed then: Crane inspection."
    ]


# Counted limits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "kept_out", "sentence"),
    [
        (
            {"appointments_per_hour": 1},
            ("09:00", "09:15", "09:30", "09:45"),
            "Northern Hospital stores takes one appointment an hour and has it in that hour.",
        ),
        (
            {"pallets_per_hour": 9},
            ("09:00", "09:15", "09:30", "09:45"),
            "Northern Hospital stores takes 9 pallets an hour and has no room left for these in that hour.",
        ),
    ],
)
def test_limits_of_an_hour_count_what_starts_in_it(
    northern_site, second_dock, now, bob, dock, offer, limits, kept_out, sentence
):
    limit(northern_site, **limits)
    offer(bob, slot_at(dock, "09:30"), slot_at(dock, "09:00"))

    found = search(northern_site, now)

    assert times(found, second_dock) == [t for t in hours(("07:00", "15:00")) if t not in kept_out]
    assert why_not(found, northern_site, slot_at(second_dock, "09:45")) == [sentence]
    assert why_not(found, northern_site, slot_at(second_dock, "08:45")) == []


def test_appointments_a_day(northern_site, second_dock, now, bob, dock, offer):
    limit(northern_site, appointments_per_day=1)
    offer(bob, slot_at(dock, "09:30"))

    found = search(northern_site, now, days=2)

    assert found.per_day[0].why == (
        "Northern Hospital stores takes one appointment a day and has it on that day."
    )
    assert found.per_day[1].starts == 31


def test_a_shippers_quota_is_its_own(northern_site, dock, now, alice, bob, offer, acme, globex):
    limit(northern_site, shipper_appointments_per_day=1)
    offer(bob, slot_at(dock, "09:30"))

    with doorway.enter_shipper(globex):
        spent = search(northern_site, now)
    with doorway.enter_shipper(acme):
        open_still = search(northern_site, now)

    assert spent.per_day[0].why == (
        "Northern Hospital stores takes one appointment a day from a shipper, and this one has had it."
    )
    assert open_still.per_day[0].starts == 31


def test_dangerous_goods_kept_apart_are_never_on_site_together(
    northern_site, dock, second_dock, now, alice, bob, offer
):
    DockRule.objects.create(site=northern_site, kind=DockRule.Kind.APART, values=["3", "5.1"])
    offer(bob, slot_at(dock, "09:00"), load=replace(LOAD, adr_classes=("3",)))
    oxidising, harmless = replace(LOAD, adr_classes=("5.1",)), replace(LOAD, adr_classes=("9",))

    found = search(northern_site, now, oxidising)

    assert times(found, second_dock) == hours(("07:00", "09:00"), ("09:30", "15:00"))
    assert times(search(northern_site, now, harmless), second_dock) == hours(("07:00", "15:00"))
    with pytest.raises(SlotTaken, match="keeps apart"):
        offer(alice, slot_at(second_dock, "09:15"), load=oxidising)


def test_an_overnight_slot_counts_on_the_day_it_starts(northern_site, dock, now, bob, offer):
    for weekday in (2, 3):
        ReceivingWindow.objects.create(
            site=northern_site, dock=dock, weekday=weekday, opens=time(20), closes=time(2)
        )
    limit(northern_site, appointments_per_day=1)
    offer(bob, slot_at(dock, "22:00", day=WEDNESDAY))

    found = search(northern_site, now, days=2)

    assert times(found, dock)[-1] == "23:45"
    assert {s.start for s in found.slots if s.dock_id == dock.pk} >= {local("23:45")}
    assert found.per_day[1].starts == 0


def test_a_confirmed_appointment_knows_the_rules_version_it_was_agreed_under(
    northern_site, dock, now, alice, rita, offer
):
    limit(northern_site, version=7)
    appointment = offer(alice, slot_at(dock, "09:00"))

    agreed = accept_offer(actor=rita, offer_id=appointment.offers.get().pk, slot_index=0, now=now)

    assert agreed.site_version == 7


def test_rules_that_exclude_everything_find_nothing_and_say_so(northern_site, now):
    ReceivingWindow.objects.filter(site=northern_site).delete()
    DockRule.objects.create(site=northern_site, kind=DockRule.Kind.LOAD_TYPES, values=["bulk"])

    found = find_slots(site=northern_site, load=LOAD, first_day=date(2026, 3, 2), days=3, now=now)

    assert (found.slots, len(found.refusals)) == ((), 2)
    assert {count.why for count in found.per_day} == {"No dock of Northern Hospital stores takes this load."}
