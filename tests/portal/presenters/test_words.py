"""Small words of the hub's pages: weekly hours, differences, spans of a day."""

from datetime import UTC, datetime, time

from apps.facilities.models import ReceivingWindow
from apps.portal.presenters.parties import Parties
from apps.portal.presenters.sites import weekly_hours
from apps.portal.presenters.slots import merged, uncovered


def at(hour: int) -> datetime:
    return datetime(2026, 3, 4, hour, tzinfo=UTC)


def window(weekday: int, opens: int, closes: int, load_type: str = "") -> ReceivingWindow:
    return ReceivingWindow(weekday=weekday, opens=time(opens), closes=time(closes), load_type=load_type)


def test_days_with_the_same_hours_share_a_line() -> None:
    windows = [window(day, 7, 15) for day in (1, 2, 3)] + [
        window(4, 7, 12),
        window(4, 13, 16),
        window(5, 7, 9, "bulk"),
    ]

    assert [(line["days"], line["hours"]) for line in weekly_hours(windows)] == [
        ("Monday – Wednesday", "07:00–15:00"),
        ("Thursday", "07:00–12:00, 13:00–16:00"),
        ("Friday", "07:00–09:00 (Bulk)"),
        ("Saturday – Sunday", "closed"),
    ]


def test_spans_that_touch_are_one() -> None:
    assert merged([(at(9), at(10)), (at(7), at(9)), (at(12), at(13))]) == [(at(7), at(10)), (at(12), at(13))]


def test_what_no_other_span_covers_is_left() -> None:
    assert uncovered([(at(7), at(15))], [(at(6), at(8)), (at(10), at(11))]) == [
        (at(8), at(10)),
        (at(11), at(15)),
    ]


def test_the_network_acts_under_its_own_name() -> None:
    parties = Parties(shipper="Acme Medical", recipient="Northern Hospital")

    assert [parties.name(side) for side in ("shipper", "recipient", "network")] == [
        "Acme Medical",
        "Northern Hospital",
        "Dockside",
    ]
