"""Moments in words and to scale, in the site's zone, on days when clocks change too."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.portal.presenters.axis import Axis, axis_around
from apps.portal.presenters.times import delay_label, shift_label, span_label, zone_label

JOHANNESBURG = "Africa/Johannesburg"
BERLIN = "Europe/Berlin"


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_span_is_said_in_the_sites_time_with_its_zone() -> None:
    assert span_label(utc(3, 7, 15), utc(3, 8, 30), JOHANNESBURG) == "Tue 3 Mar, 09:15–10:30 SAST"


def test_a_span_over_midnight_names_both_days() -> None:
    said = span_label(utc(3, 21), utc(3, 23), JOHANNESBURG)

    assert said == "Tue 3 Mar, 23:00 – Wed 4 Mar, 01:00 SAST"


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    before, after = utc(25, 0, 30, month=10), utc(25, 1, 30, month=10)

    assert (zone_label(BERLIN, before), zone_label(BERLIN, after)) == ("CEST (UTC+02:00)", "CET (UTC+01:00)")


@pytest.mark.parametrize(
    ("minutes", "label"),
    [(0, "same time"), (45, "+45 min"), (-90, "−1 h 30 min"), (2 * 1440, "+2 d"), (1500, "+1 d 1 h")],
)
def test_a_shift_is_signed_and_in_words(minutes: int, label: str) -> None:
    assert shift_label(timedelta(minutes=minutes)) == label


@pytest.mark.parametrize(("minutes", "label"), [(25, "+0:25"), (-65, "−1:05"), (0, "+0:00")])
def test_a_delay_fits_on_a_card(minutes: int, label: str) -> None:
    assert delay_label(timedelta(minutes=minutes)) == label


def test_the_axis_covers_what_is_open_in_whole_hours() -> None:
    day = (utc(3, 22) - timedelta(days=1), utc(3, 22))

    axis = axis_around([(utc(3, 5, 30), utc(3, 12, 10))], within=day, zone=JOHANNESBURG)

    assert (axis.start, axis.hours) == (utc(3, 5), 8)
    assert [mark["label"] for mark in axis.marks()][:2] == ["07:00", "08:00"]


def test_the_day_with_25_hours_has_25_marks() -> None:
    start, end = utc(24, 22, month=10), utc(25, 23, month=10)

    axis = axis_around([], within=(start, end), zone=BERLIN)

    assert axis.hours == 25
    assert [mark["label"] for mark in axis.marks()][1:5] == ["01:00", "02:00", "02:00", "03:00"]


def test_what_lies_partly_on_the_axis_is_cut_and_the_rest_is_nowhere() -> None:
    axis = Axis(utc(3, 5), 8, JOHANNESBURG)

    assert axis.place(utc(3, 4), utc(3, 5, 20)) == {"from": 0, "span": 20}
    assert axis.place(utc(3, 13), utc(3, 14)) is None
    assert (axis.at(utc(3, 6, 7)), axis.at(utc(3, 4))) == (65, None)
