"""Reading and verifying the custody record."""

import json

import pytest

from apps.custody import merkle
from apps.custody.models import CustodyEvent
from apps.custody.services import sequence
from apps.documents.models import Document
from tests.factories.cast import NOW


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
        ("batch=B-7", True),
        ("article=Zidovudine+300+mg&batch=B-7&q=C-1", True),
        ("first_day=2026-03-02&last_day=2026-03-02", True),
        ("recipient={northern}", True),
        ("q=nothing-like-it", False),
        ("batch=B-8", False),
        ("carrier=Nobody", False),
        ("last_day=2026-03-01", False),
    ],
)
def test_a_record_is_found_by_words_goods_carrier_recipient_and_period(
    logged, auditors_desk, northern, query, is_found
):
    page = auditors_desk.get(f"/custody/?{query.format(northern=northern.pk)}").content.decode()

    assert (f">{logged.number}<" in page) == is_found


def test_a_hash_of_an_event_or_a_paper_and_an_id_lead_to_the_event(logged, auditors_desk, drain):
    drain()
    event = CustodyEvent.objects.filter(type="document_issued")[0]
    paper = Document.objects.get(delivery_id=logged.pk)
    leaf = bytes(event.leaf_hash).hex()

    for asked in (leaf[:12], leaf, paper.sha256[:10].upper(), str(event.pk)):
        answer = auditors_desk.get("/custody/", {"q": asked})

        assert answer.status_code == 302, asked
        assert answer["Location"] == f"/custody/deliveries/{logged.pk}/#event-{event.pk}"
    assert auditors_desk.get("/custody/", {"q": "0" * 64}).status_code == 200


def test_looking_at_a_record_is_itself_on_record_once_in_a_while(logged, auditors_desk):
    for _ in range(2):
        auditors_desk.get(f"/custody/deliveries/{logged.pk}/")
    auditors_desk.get(f"/custody/deliveries/{logged.pk}/moments/")
    while sequence(now=NOW):
        pass

    (access,) = CustodyEvent.objects.filter(type="access_viewed")
    assert access.leaf.index >= 0
    assert json.loads(bytes(access.canonical))["details"] == {"what": f"delivery {logged.number}"}
    page = auditors_desk.get(f"/custody/deliveries/{logged.pk}/").content.decode()
    assert "1 access to this record" in page
    everything = auditors_desk.get("/custody/accesses/").content.decode()
    assert "Record viewed" in everything
    assert "Arthur Audit, Auditor" in everything


def test_a_past_moment_is_seen_and_compared_by_either_clock(logged, auditors_desk):
    address = f"/custody/deliveries/{logged.pk}/moments/"
    before = auditors_desk.get(address, {"at": "2026-03-02T07:59:59"})
    after = auditors_desk.get(
        address, {"at": "2026-03-02T07:59:59", "compare": "2026-03-02T08:00:00", "clock": "recorded"}
    )

    assert before.context["rows"] == []
    assert "Nothing was on record then" in before.content.decode()
    said = {row["label"]: (row["first"], row["second"]) for row in after.context["rows"]}
    assert said["Negotiation"] == ("–", "Appointment confirmed")
    assert said["Goods are with"] == ("–", "The shipper")
    assert after.context["changes"] == len(after.context["rows"])
    assert "Alice Adams, Planner" in after.content.decode()


def test_a_moment_that_is_none_is_left_out(logged, auditors_desk):
    answer = auditors_desk.get(f"/custody/deliveries/{logged.pk}/moments/?at=yesterday&compare=%00&clock=x")

    assert answer.status_code == 200
    assert answer.context["changes"] is None


def test_the_list_says_how_far_the_signed_log_is(confirmed, auditors_desk):
    waiting = auditors_desk.get("/custody/").content.decode()
    while sequence(now=NOW):
        pass
    signed = auditors_desk.get("/custody/").content.decode()

    assert "wait for their place in the signed log." in waiting
    assert "Every recorded event is in the signed log." in signed


def test_the_timeline_names_who_did_what_when_with_a_lasting_address(logged, auditors_desk):
    events = list(CustodyEvent.objects.filter(delivery_id=logged.pk))
    page = auditors_desk.get(f"/custody/deliveries/{logged.pk}/").content.decode()

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
