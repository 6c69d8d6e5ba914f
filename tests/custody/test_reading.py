"""Reading the record: timelines, search, the button that checks, the checkpoint for whoever keeps it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import override_settings
from django.urls import include, path

from apps.accounts.permissions import allows
from apps.custody import checking, events, labels, notes, selectors
from apps.custody import services as custody
from apps.custody.models import LogLeaf
from apps.custody.services import Personal
from apps.custody.tasks import sequence as sequence_every_log
from apps.tenancy import doorway

CORRECTION = {
    "corrects": "00000000-0000-7000-8000-000000000001",
    "reason": "did_not_occur",
    "corrected_by": [],
}
urlpatterns = [path("api/v1/", include("apps.custody.urls"))]


def test_a_timeline_tells_a_deliverys_story_from_before_it_was_one(record, delivery_id, now):
    item = {"article": "A", "quantity": "2", "unit": "box"}
    record("consignment_created", details={"order": "PO-7", "items": [item]}, delivery_id=None, delivery=None)
    custody.sequence(now=now)
    record("delivery_failed", details={"reason": "other", "note": Personal("Gate was shut, said Mr X")})

    told = selectors.timeline(delivery_id)

    assert [(e.label, e.actor, e.role, e.organisation, e.index, e.summary) for e in told] == [
        ("Consignment created", "Alice Adams", "Planner", "Acme Medical", 0, (("Order", "PO-7"),)),
        (
            "Delivery failed",
            "Alice Adams",
            "Planner",
            "Acme Medical",
            None,
            (("Reason", "Other"), ("Note", "Gate was shut, said Mr X")),
        ),
    ]
    assert (told[0].consignments, told[1].delivery, told[0].at, len(told[0].hash)) == (
        ("C-1",),
        "D000001",
        now,
        12,
    )


def test_events_are_found_by_the_number_of_a_consignment_or_a_delivery(record):
    first = record("departed")
    second = record("departed", consignments={"C-2": []}, delivery="D000002")

    found = [[e.pk for e in selectors.search_events(text)] for text in ("C-1", " D000002 ", "C-", "")]

    assert found == [[first.pk], [second.pk], [], []]


def test_every_type_of_event_has_a_label():
    assert set(labels.EVENT_LABELS) == set(events.EVENT_TYPES)


def test_the_state_of_the_log_says_what_waits(record, now):
    record("departed")
    custody.sequence(now=now)
    record("arrived")

    state = selectors.log_state()

    assert (state.logged, state.waiting, state.waiting_since, state.checkpoint.size) == (1, 1, now, 1)
    assert state.vkey.startswith("localhost/acme+")


def test_a_sound_delivery_is_checked_without_the_private_key(record, delivery_id, now, settings, tmp_path):
    for _ in range(5):
        record("departed")
    custody.sequence(now=now)
    record("arrived")
    settings.CUSTODY_KEY_DIR = tmp_path / "nothing here"

    assert checking.verify_now(delivery_id) == checking.Verdict(holds=True, checked=5, waiting=1, size=5)


def test_a_forged_key_is_noticed(record, delivery_id, now, monkeypatch):
    record("departed")
    custody.sequence(now=now)
    forged = notes.KeySigner("localhost/acme", Ed25519PrivateKey.generate()).key
    monkeypatch.setattr(selectors, "key_at", lambda size: forged)

    verdict = checking.verify_now(delivery_id)

    assert (verdict.holds, verdict.reason) == (
        False,
        "The checkpoint at 1 is not signed by the log's key: no trusted key has signed this note.",
    )


def test_a_change_in_another_delivery_is_told_apart(record, delivery_id, now, monkeypatch):
    record("departed")
    custody.sequence(now=now)
    other = record("departed", consignments={"C-2": []}, delivery_id=None)
    custody.sequence(now=now)
    leaves = list(checking._leaves(2))
    of_delivery = checking.verify_now(delivery_id)
    monkeypatch.setattr(checking, "_hash_anew", lambda events: {0: leaves[0][2], 1: b"x" * 32})

    verdict = checking.verify_log()

    assert of_delivery.holds
    assert (verdict.holds, verdict.bad_event) == (False, other.pk)
    assert verdict.reason == "Event 1 was changed after it was signed."


def test_every_shippers_log_is_sequenced_and_a_broken_one_stops_no_other(
    bob, globex, acme, record, now, settings
):
    record("departed")
    custody.sequence(now=now)
    record("departed")
    for key in settings.CUSTODY_KEY_DIR.glob("t_acme-*.pem"):
        key.unlink()
    with doorway.enter_shipper(globex):
        custody.record(
            "correction", actor=bob, now=now, event_time=now, consignments={"C-1": []}, details=CORRECTION
        )

    sequence_every_log()

    in_log = []
    for shipper in (acme, globex):
        with doorway.enter_shipper(shipper):
            in_log.append(LogLeaf.objects.count())
    assert in_log == [1, 1]


@pytest.mark.parametrize(
    ("name", "view", "export", "erase"),
    [
        ("alice", True, False, False),
        ("arthur", True, True, False),
        ("ada", True, True, True),
        ("rita", True, False, False),
        ("otto", False, False, False),
        ("olga", False, False, False),
    ],
)
def test_who_may_read_export_and_erase(request, name, view, export, erase):
    actor = request.getfixturevalue(name)

    allowed = [allows(actor, f"custody.{what}") for what in ("view", "export", "erase")]

    assert allowed == [view, export, erase]


@override_settings(ROOT_URLCONF=__name__)
def test_members_fetch_the_newest_checkpoint_as_plain_text(browse, record, now, acme):
    empty = browse("arthur@acme.example", "acme").get("/api/v1/custody/checkpoint")
    record("departed")
    note = custody.sequence(now=now).note
    answers = [
        browse(who, "acme").get("/api/v1/custody/checkpoint")
        for who in ("arthur@acme.example", "bob@globex.example", None)
    ]

    assert (empty.status_code, [answer.status_code for answer in answers]) == (404, [200, 403, 403])
    assert (answers[0].content.decode(), answers[0]["Content-Type"]) == (note, "text/plain; charset=utf-8")
