"""What calendars get by mail (RFC 5546): an entry per appointment, newer with every change, then removed."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail
from icalendar import Calendar

from apps.appointments.load import Slot
from apps.appointments.models import Offer
from apps.deliveries import services
from tests.factories.cast import NOW

BOTH = {"alice@acme.example", "ada@acme.example", "dock@northern.example"}


@pytest.fixture
def told(drain):
    """``told()``: to whom an entry was mailed since the last call, with its method and what it says."""

    def read() -> dict[str, dict[str, Any]]:
        drain()
        found = {}
        for message in mail.outbox:
            for name, content, kind in message.attachments:
                assert name == "appointment.ics"
                found[message.to[0]] = _read(content, kind, message.to[0])
        mail.outbox.clear()
        return found

    return read


def _read(content: str, kind: str, address: str) -> dict[str, Any]:
    header = EmailMessage()
    header["Content-Type"] = kind
    calendar = Calendar.from_ical(content)
    assert header["Content-Type"].params["method"] == calendar["method"]  # RFC 6047 section 2.4
    [event] = calendar.walk("VEVENT")
    assert str(event["attendee"]) == f"mailto:{address}"
    return {
        "method": str(calendar["method"]),
        "uid": str(event["uid"]),
        "status": str(event["status"]),
        "sequence": event["sequence"],
        "stamp": event.decoded("dtstamp"),
        "start": event.decoded("dtstart"),
    }


def _minutes(count: int) -> datetime:
    return NOW + timedelta(minutes=count)


def test_both_sides_calendars_follow_from_agreed_over_moved_to_cancelled(
    confirmed, delivery, rita, alice, told
):
    first = told()
    slots = [Slot(confirmed.dock_id, *(at + timedelta(hours=n) for at in _ends(confirmed))) for n in (1, 2)]
    mails = [first]
    for count, slot in enumerate(slots, start=1):
        services.move_now(
            actor=rita, delivery=delivery, appointment_id=confirmed.pk, slot=slot, now=_minutes(count)
        )
        mails.append(told())
    services.cancel_appointment(
        actor=alice,
        delivery=delivery,
        appointment_id=confirmed.pk,
        reason_code="order_changed",
        now=_minutes(9),
    )
    mails.append(told())

    assert [set(each) for each in mails] == [BOTH] * 4
    for address in BOTH:
        entries = [each[address] for each in mails]
        assert [each["method"] for each in entries] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
        assert [each["status"] for each in entries] == ["CONFIRMED"] * 3 + ["CANCELLED"]
        assert len({each["uid"] for each in entries}) == 1
        starts = [confirmed.during.lower, *(slot.start for slot in slots), slots[-1].start]
        assert [each["start"] for each in entries] == starts
        for rising in ("sequence", "stamp"):
            told_in_order = [each[rising] for each in entries]
            assert told_in_order == sorted(set(told_in_order))


def test_an_offer_to_move_that_comes_to_nothing_changes_no_calendar(confirmed, delivery, alice, told):
    assert set(told()) == BOTH
    start, end = (at + timedelta(hours=1) for at in _ends(confirmed))
    services.propose_move(
        actor=alice,
        delivery=delivery,
        appointment_id=confirmed.pk,
        slots=[Slot(confirmed.dock_id, start, end)],
        now=_minutes(1),
    )
    opened = Offer.objects.get(appointment=confirmed, state="open")
    services.withdraw_move(actor=alice, delivery=delivery, offer_id=opened.pk, now=_minutes(2))

    assert told() == {}


def _ends(confirmed) -> tuple[datetime, datetime]:
    return confirmed.during.lower, confirmed.during.upper
