"""A local day and its seconds, also where clocks are changed."""

from datetime import UTC, date, datetime, time

from apps.routing.days import LocalDay


def test_a_day_runs_from_midnight_to_midnight_in_its_zone():
    day = LocalDay(date(2026, 3, 4), "Africa/Johannesburg")

    assert (day.start, day.end) == (
        datetime(2026, 3, 3, 22, tzinfo=UTC),
        datetime(2026, 3, 4, 22, tzinfo=UTC),
    )


def test_days_on_which_clocks_change_have_23_and_25_hours():
    spring, autumn = (LocalDay(day, "Europe/Berlin") for day in (date(2026, 3, 29), date(2026, 10, 25)))

    assert spring.seconds(spring.end) == 23 * 3600
    assert autumn.seconds(autumn.end) == 25 * 3600
    assert spring.seconds(spring.at(time(6))) == 5 * 3600
    assert autumn.seconds(autumn.at(time(6))) == 7 * 3600


def test_seconds_and_moments_are_each_other_s_way_back():
    day = LocalDay(date(2026, 10, 25), "Europe/Berlin")

    assert [day.seconds(day.moment(second)) for second in (-1, 0, 7200, 90_000)] == [-1, 0, 7200, 90_000]


def test_a_moment_of_another_day_is_read_with_its_weekday():
    day = LocalDay(date(2026, 3, 4), "Africa/Johannesburg")

    assert day.clock(datetime(2026, 3, 4, 12, 5, tzinfo=UTC)) == "14:05"
    assert day.clock(datetime(2026, 3, 4, 22, 30, tzinfo=UTC)) == "Thu 00:30"
    assert day.date_and_clock(datetime(2026, 3, 4, 22, 30, tzinfo=UTC)) == "5 March 2026, 00:30"
