"""The weekly report: once a week to the shipper's planners, as a PDF, when the week is over and counted."""

from datetime import UTC, datetime, timedelta

from django.core import mail

from apps.figures import services
from apps.figures.demand import monday
from tests.deliveries.conftest import DAY

NEXT_MONDAY = monday(DAY) + timedelta(weeks=1)


def at(hour, days=0):
    day = NEXT_MONDAY + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_it_is_sent_once_when_the_week_is_over_and_counted(hand_over, drain):
    hand_over()
    drain()
    mail.outbox.clear()
    assert not services.report_week(now=at(6))
    services.count(now=at(4))
    assert not services.report_week(now=at(4))

    assert services.report_week(now=at(6))
    assert not services.report_week(now=at(7))
    drain()

    reports = [each for each in mail.outbox if each.subject.startswith("Figures of the week")]
    assert sorted(each.to[0] for each in reports) == ["ada@acme.example", "alice@acme.example"]
    name, content, media_type = reports[0].attachments[0]
    assert (name, media_type) == (f"figures-{monday(DAY)}.pdf", "application/pdf")
    assert content.startswith(b"%PDF-")
    assert f"first={monday(DAY)}" in reports[0].body


def test_a_week_without_deliveries_has_no_report(at_acme):
    services.count(now=at(6))

    assert not services.report_week(now=at(6))
