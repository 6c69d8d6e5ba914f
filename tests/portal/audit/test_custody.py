"""Reading and verifying the custody record."""

import pytest

from apps.custody import merkle
from apps.custody.models import CustodyEvent
from apps.custody.services import sequence
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY


@pytest.fixture
def logged(confirmed, delivery):
    """All events of a confirmed delivery are in the signed log."""
    while sequence(now=NOW):
        pass
    return delivery


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("", True),
        ("q=C-1", True),
        ("q=d0", True),
        ("q=northern", True),
        (f"day={DAY}", True),
        ("q=nothing-like-it", False),
        ("day=2026-01-01", False),
    ],
)
def test_a_record_is_found_by_consignment_delivery_recipient_and_day(logged, auditors_desk, query, is_found):
    page = auditors_desk.get(f"/custody/?{query}").content.decode()

    assert (f">{logged.number}<" in page) == is_found


def test_the_list_says_how_far_the_signed_log_is(confirmed, auditors_desk):
    waiting = auditors_desk.get("/custody/").content.decode()
    while sequence(now=NOW):
        pass
    signed = auditors_desk.get("/custody/").content.decode()

    assert "wait for their place in the signed log." in waiting
    assert "Every recorded event is in the signed log." in signed


def test_the_timeline_names_who_did_what_when_with_a_lasting_address(logged, auditors_desk):
    page = auditors_desk.get(f"/custody/deliveries/{logged.pk}/").content.decode()
    events = CustodyEvent.objects.filter(delivery_id=logged.pk)

    assert all(f'id="event-{event.pk}"' in page for event in events)
    assert all(bytes(event.leaf_hash).hex()[:12] in page for event in events)
    assert "Alice Adams, Planner" in page
    assert "Rita Reyes, Receiving manager" in page
    assert "08:00:00" in page
    assert "2 Mar 06:00:00 UTC" in page


def test_verification_says_yes_for_a_log_as_it_was_signed(logged, auditors_desk):
    answer = auditors_desk.post(f"/custody/deliveries/{logged.pk}/", follow=True)

    page = answer.content.decode()
    assert "The chain verifies" in page
    assert "Verified" in page


def test_verification_says_no_and_where_when_an_event_was_changed(logged, auditors_desk, monkeypatch):
    event = CustodyEvent.objects.filter(delivery_id=logged.pk).order_by("ordinal")[0]
    true_hash = merkle.leaf_hash
    monkeypatch.setattr(
        "apps.custody.checking.merkle.leaf_hash",
        lambda data: b"x" * 32 if data == bytes(event.canonical) else true_hash(data),
    )

    page = auditors_desk.get(f"/custody/deliveries/{logged.pk}/?verify=1").content.decode()

    assert "The chain does not verify" in page
    assert f'href="#event-{event.pk}"' in page
    assert "data-broken" in page


def test_the_checkpoint_and_its_key_are_taken_away(logged, auditors_desk):
    note = auditors_desk.get("/custody/checkpoint.note")
    key = auditors_desk.get("/custody/log.vkey")

    assert note.content.decode().startswith("localhost/acme\n")
    assert key.content.decode().startswith("localhost/acme+")
    assert "attachment" in note["Content-Disposition"]


def test_there_is_no_checkpoint_before_the_first(at_acme, auditors_desk):
    assert auditors_desk.get("/custody/checkpoint.note").status_code == 404
    assert "Nothing is signed yet." in auditors_desk.get("/custody/").content.decode()


def test_a_planner_reads_the_record_and_is_offered_no_export(logged, desk):
    answer = desk.get(f"/custody/deliveries/{logged.pk}/")

    assert answer.status_code == 200
    assert "Export a bundle" not in answer.content.decode()
