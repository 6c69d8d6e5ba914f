"""Which bookable slot comes first: what is wanted, the dock, the hour, the route; over several sites."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.models import DockOccupancy
from apps.appointments.ranking import RouteCost, Wish, best, best_of
from apps.appointments.selectors import find_at_sites, find_slots
from tests.appointments.conftest import LOAD, TUESDAY


@pytest.fixture
def found(northern_site, now):
    return find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=3, now=now)


def clock(search, ranked):
    return [f"{each.slot.start.astimezone(search.zone):%a %H:%M}" for each in ranked]


def wish(search, hour, minute=0, days=0, **more) -> Wish:
    start = search.bounds.opens + timedelta(days=days, hours=hour, minutes=minute)
    return Wish(earliest=start, latest=start, **more)


def take(dock, search, hour, hours, lane=1):
    start = search.bounds.opens + timedelta(hours=hour)
    DockOccupancy.objects.create(
        dock=dock, lane=lane, kind="block", during=DateTimeTZRange(start, start + timedelta(hours=hours))
    )


def test_the_time_that_is_wanted_comes_first_and_the_others_are_an_hour_apart(found):
    ranked = best(found, wish(found, 10))

    assert clock(found, ranked) == ["Tue 10:00", "Tue 09:00", "Tue 11:00"]
    assert [each.away for each in ranked] == [timedelta(0), timedelta(hours=1), timedelta(hours=1)]


def test_any_time_of_a_wanted_day_is_as_asked(found):
    day = found.bounds.opens + timedelta(days=1)

    ranked = best(found, Wish(earliest=day, latest=day + timedelta(days=1)))

    assert clock(found, ranked) == ["Wed 07:00", "Wed 08:00", "Wed 09:00"]
    assert {each.away for each in ranked} == {timedelta(0)}


def test_the_preferred_dock_is_worth_ten_minutes_and_no_more(northern_site, dock, now, found):
    take(dock, found, 10, 0.75)  # 10:00 to 10:45 at Dock 1
    again = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)

    first = best(again, wish(again, 10), 1)[0]

    assert (clock(again, [first]), again.dock_names[first.slot.dock_id]) == (["Tue 10:00"], "Dock 2")


def test_a_full_hour_gives_way_to_a_quiet_one_nearby(northern_site, dock, now, found):
    second = northern_site.docks.get(name="Dock 2")
    take(dock, found, 10, 1)
    take(second, found, 10.5, 0.5)  # what is left of the hour: half an hour at Dock 2
    again = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)

    ranked = best(again, wish(again, 10), 2, apart=timedelta(minutes=15))

    assert clock(again, ranked)[0] == "Tue 09:45"
    assert ranked[0].busy < 0.5


def test_what_the_route_pays_for_a_slot_counts_and_is_asked_of_few_at_once(found):
    asked = []

    def costs(slots):
        asked.append(len(slots))
        return [RouteCost(90_00 if slot.start == slots[0].start else 2_00, "ZAR") for slot in slots]

    ranked = best(found, wish(found, 10, route_costs=costs), 2, apart=timedelta(minutes=15))

    assert clock(found, ranked) == ["Tue 09:45", "Tue 10:15"]
    assert [each.route.cents for each in ranked] == [2_00, 2_00]
    assert (len(asked), asked[0] <= 24) == (1, True)


def test_what_no_vehicle_can_serve_comes_last_and_a_day_without_a_plan_says_nothing(found):
    def none_before_eleven(slots):
        return [RouteCost(None if slot.start < slots[0].start + timedelta(hours=1) else 5) for slot in slots]

    served = best(found, wish(found, 10, route_costs=none_before_eleven), 1)
    unplanned = [RouteCost(None, planned=False)]
    unserved = best(found, wish(found, 10, route_costs=lambda slots: unplanned * len(slots)), 1)

    assert (clock(found, served), served[0].is_off_route) == (["Tue 11:00"], False)
    assert (clock(found, unserved), unserved[0].is_off_route) == (["Tue 10:00"], False)


def test_without_a_wish_the_soonest_quiet_hour_is_the_best(found):
    assert clock(found, best(found, Wish(), 1)) == ["Tue 07:00"]


def test_where_nothing_is_free_nothing_is_best(northern_site, now):
    northern_site.docks.update(active=False)
    empty = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=3, now=now)

    assert best(empty, Wish()) == []


def test_fewer_than_asked_for_are_filled_up_with_neighbours(northern_site, now, dock, found):
    northern_site.docks.exclude(pk=dock.pk).update(active=False)
    northern_site.windows.exclude(weekday=2).delete()
    northern_site.windows.update(closes="08:00")
    again = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)

    assert clock(again, best(again, Wish(), 3)) == ["Tue 07:00", "Tue 07:15", "Tue 07:30"]


def test_several_sites_are_ranked_together(northern_site, southern_site, dock, now, found):
    take(dock, found, 9, 2)
    take(northern_site.docks.get(name="Dock 2"), found, 9, 2)

    searches = find_at_sites(
        sites=[northern_site, southern_site], load=LOAD, first_day=TUESDAY, days=2, now=now
    )
    (key, first), *_ = best_of(searches, wish(found, 10))

    assert (key, clock(found, [first])) == (southern_site.pk, ["Tue 10:00"])
