"""The log's key may change, goods change hands once, devices repeat themselves; proofs read a few tiles."""

import io
from datetime import timedelta

import pytest
from django.test import Client

from apps.custody import checking, merkle, selectors, tiles, verify
from apps.custody import services as custody
from apps.custody.models import Checkpoint, CustodyEvent, LogKey, LogTile
from apps.custody.services import Device, DeviceForked, ImpossibleStep, Personal
from tests.custody.conftest import SSCC

SIGNATORY = {"organisation": "Acme Medical", "name": Personal("Dan Driver"), "assurance": "captured"}
HANDOVER = {"released_by": SIGNATORY, "received_by": SIGNATORY}


def test_whoever_has_any_key_of_the_log_follows_its_changes(arthur, record, now):
    record()
    first = custody.sequence(now=now)
    old = str(selectors.verifier_key())
    custody.rotate_key(now=now)
    custody.rotate_key(now=now)
    output = io.BytesIO()

    custody.export_bundle(
        actor=arthur, scope=custody.ExportScope(), output=output, now=now, older_size=first.size
    )

    keys = [old, *LogKey.objects.exclude(vkey=old).values_list("vkey", flat=True)]
    reports = [verify.verify(output, [verify.parse_key(key)]) for key in keys]
    assert [(report.verdict, report.failures) for report in reports] == [(verify.PASS, [])] * 3
    assert checking.verify_log().holds


def test_anybody_may_have_the_keys_of_a_log_and_nothing_else_of_it(record, now):
    record()
    custody.sequence(now=now)
    old = str(selectors.verifier_key())
    custody.rotate_key(now=now)
    stranger = Client(SERVER_NAME="acme.localhost")

    published = stranger.get("/api/v1/custody/keys")

    assert published.content.decode() == f"{old}\n{selectors.verifier_key()}\n"
    assert stranger.get("/api/v1/custody/checkpoint").status_code == 403
    assert Client(SERVER_NAME="globex.localhost").get("/api/v1/custody/keys").status_code == 404
    assert Client(SERVER_NAME="localhost").get("/api/v1/custody/keys").status_code == 404


def test_an_old_key_signs_nothing_after_its_change(record, now):
    record()
    custody.sequence(now=now)
    old = verify.parse_key(str(selectors.verifier_key()))
    custody.rotate_key(now=now)
    trust = verify.Trust([old])
    trust.follow([("rotations/1.note", selectors.key_changes()[0])])
    by_old = verify.Note("", {old}, {}, 0)

    trust.require_signed(by_old, 1, "here")
    with pytest.raises(verify.Rejected, match="does not sign at size 2"):
        trust.require_signed(by_old, 2, "here")


def test_nothing_is_handed_over_twice(record):
    record("loaded")
    record("handover_accepted", details=HANDOVER)
    written = CustodyEvent.objects.count()

    for event_type, details in (("handover_accepted", HANDOVER), ("departed", {})):
        with pytest.raises(ImpossibleStep):
            record(event_type, details=details)

    assert CustodyEvent.objects.count() == written


def test_what_came_short_may_come_later(record):
    other = "006141411234567890"
    short = {**HANDOVER, "discrepancies": [{"kind": "short", "sscc": other}]}
    record("handover_accepted_with_reservation", details=short, consignments={"C-1": [SSCC, other]})

    record("loaded", consignments={"C-1": [other]})
    record("handover_accepted", details=HANDOVER, consignments={"C-1": [other]})

    with pytest.raises(ImpossibleStep):
        record("handover_accepted", details=HANDOVER, consignments={"C-1": [other]})


def test_what_a_device_reports_late_finds_its_place(record, now):
    record("handover_accepted", details=HANDOVER)

    late = record("departed", event_time=now - timedelta(hours=3))

    assert late.recorded_at - late.event_time == timedelta(hours=3)


def test_a_handover_that_was_corrected_gives_way_to_the_right_one(ada, record, now):
    wrong = record("handover_accepted", details=HANDOVER)
    custody.correct(actor=ada, event_id=wrong.pk, reason="did_not_occur", now=now)

    assert record("handover_accepted", details=HANDOVER).pk != wrong.pk


def test_a_device_that_repeats_itself_counts_once_and_one_that_contradicts_itself_is_refused(
    record, alice, now
):
    said = record("departed", device=Device("phone-1", 1))

    again = record("departed", device=Device("phone-1", 1))
    with pytest.raises(DeviceForked):
        record("arrived", device=Device("phone-1", 1))
    custody.note_fork(actor=alice, device=Device("phone-1", 1), now=now)

    assert again.pk == said.pk
    assert list(CustodyEvent.objects.values_list("type", flat=True)) == ["departed", "clock_anomaly"]


@pytest.mark.parametrize(
    ("device", "moved", "kind"),
    [
        (Device("phone-1", 2, skew=timedelta(minutes=6)), timedelta(0), b'"kind":"skew"'),
        (Device("phone-1", 2), timedelta(minutes=6), b'"kind":"future"'),
        (Device("phone-1", 2), -timedelta(minutes=1), b'"kind":"rewind"'),
    ],
)
def test_a_clock_that_cannot_be_right_is_on_the_record(record, now, device, moved, kind):
    record("departed", device=Device("phone-1", 1))
    record("arrived", device=device, event_time=now + moved)

    oddities = CustodyEvent.objects.filter(type="clock_anomaly")
    assert [kind in bytes(event.canonical) for event in oddities] == [True]


def test_counts_that_do_not_add_up_are_refused(record):
    counts = {"expected": 2, "over": 0, "received": 1, "short": 0, "damaged": 0, "refused": 0}

    with pytest.raises(custody.RecordRefused, match="must add up"):
        record("handover_accepted", details={**HANDOVER, "counts": counts})


@pytest.mark.parametrize("size", [1, 3, 4, 5, 16, 17, 64, 70, 85])
def test_the_stored_tree_proves_what_the_tree_in_memory_proves(record, now, monkeypatch, size):
    monkeypatch.setattr(tiles, "HEIGHT", 2)
    monkeypatch.setattr(tiles, "WIDTH", 4)
    for _ in range(size):
        record("departed")
    custody.sequence(now=now)
    memory = merkle.Tree(tiles.leaf_hashes(0, size))

    stored = tiles.StoredTree(size)

    assert stored.root() == memory.root() == bytes(Checkpoint.objects.get().root)
    assert [stored.inclusion_proof(i) for i in range(size)] == [
        memory.inclusion_proof(i) for i in range(size)
    ]
    assert [stored.consistency_proof(i) for i in range(1, size)] == [
        memory.consistency_proof(i) for i in range(1, size)
    ]
    assert LogTile.objects.filter(level=0).count() == size // 4
