"""Escalation: the right people, once, by the shipper's own rules; one cause is one message."""

from datetime import timedelta

import pytest
from django.core import mail

from apps.accounts.models import Person
from apps.insights.models import DeliveryException, Escalation, EscalationRule, ExceptionEvent
from apps.insights.selectors import grouped, leads, open_exceptions, with_the_same_cause
from apps.insights.services import assign, escalate, note_contact, take, watch
from apps.insights.services.acting import NothingSaid
from apps.notices.models import Notice
from apps.tenancy import doorway

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def found(asked):
    now = asked.must_act_by - HOUR
    watch(now=now)
    return DeliveryException.objects.get(), now


def rule(**changes):
    asked = {"name": "Nobody acts", "least_severity": "1", "after_minutes": 15}
    return EscalationRule.objects.create(**{**asked, **changes})


def told():
    with doorway.network():
        rows = Notice.objects.filter(kind="exception").select_related("person").order_by("pk")
        return [row.person.email if row.person else row.address for row in rows]


def test_it_is_told_after_its_time_and_once(found, drain):
    row, now = found
    rule()
    rule(name="To the boss", after_minutes=30, until="ended", whom="mailbox", mailbox="boss@acme.example")

    assert escalate(now=now + 14 * MINUTE) == 0
    assert escalate(now=now + 15 * MINUTE) == 1
    assert escalate(now=now + 16 * MINUTE) == 0
    drain()
    assert told() == ["alice@acme.example", "ada@acme.example"]
    mail.outbox.clear()
    assert escalate(now=now + 6 * HOUR) == 1
    drain()

    assert [message.to for message in mail.outbox] == [["boss@acme.example"]]
    assert list(row.events.filter(step="escalated").values_list("note", flat=True)) == [
        "Nobody acts: Every planner",
        "To the boss: A mailbox",
    ]


def test_whoever_acted_is_left_alone(found, alice):
    row, now = found
    rule()
    take(actor=alice, exception_id=row.pk, now=now + MINUTE)

    assert escalate(now=now + HOUR) == 0


def test_rules_look_at_kind_severity_and_whether_it_is_put_off(found):
    _, now = found
    rule(name="Of another kind", kind="dwell")
    rule(name="Urgent alone", least_severity="3")
    DeliveryException.objects.update(snoozed_until=now + 2 * HOUR)
    rule(name="Of all")

    assert escalate(now=now + HOUR) == 0
    assert escalate(now=now + 2 * HOUR) == 1
    assert Escalation.objects.get().rule.name == "Of all"


def test_one_cause_is_one_row_and_one_message(found, drain):
    row, now = found
    DeliveryException.objects.update(group="departure 7")
    DeliveryException.objects.create(
        delivery=row.delivery,
        kind="dwell",
        severity="2",
        cause_at=now,
        harm_at=row.harm_at + MINUTE,
        detected_at=now,
        group="departure 7",
    )
    rule()

    (head,) = leads(grouped(open_exceptions(now=now)))
    assert (head.exception.pk, head.together) == (row.pk, 2)
    assert with_the_same_cause(head.exception).count() == 1
    assert escalate(now=now + HOUR) == 2
    drain()
    assert len(told()) == 2  # two people, one message each
    assert ExceptionEvent.objects.filter(step="escalated").count() == 2


def test_it_is_assigned_to_a_colleague_who_is_told(found, alice, bob, drain):
    row, now = found
    with doorway.network():
        ada = Person.objects.get(email="ada@acme.example")

    assigned = assign(actor=alice, exception_id=row.pk, person_id=ada.pk, now=now)
    drain()

    assert (assigned.owner_name, told()) == ("Ada Aker", ["ada@acme.example"])
    with pytest.raises(NothingSaid):
        assign(actor=alice, exception_id=row.pk, person_id=bob.person_id, now=now)


def test_what_was_said_with_the_customer_stays(found, alice):
    row, now = found

    kept = note_contact(
        actor=alice, exception_id=row.pk, way="phone", partner="Rita", said="She answers at two", now=now
    )

    assert (kept.delivery_id, kept.partner, kept.actor_name) == (row.delivery_id, "Rita", "Alice Adams")
    with pytest.raises(NothingSaid):
        note_contact(actor=alice, exception_id=row.pk, way="phone", partner=" ", said="x", now=now)
