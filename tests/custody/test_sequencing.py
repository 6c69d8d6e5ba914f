"""The log: what the sequencer appends, signs, and refuses to sign."""

from dataclasses import dataclass

import pytest
from django.db import connection

from apps.custody import keys, merkle, notes, selectors
from apps.custody.models import Checkpoint, CustodyEvent, LogKey, LogLeaf
from apps.custody.services import LogDamaged, LogKeyMissing, sequence


def _log() -> list[bytes]:
    return [
        bytes(leaf) for leaf in LogLeaf.objects.order_by("index").values_list("event__leaf_hash", flat=True)
    ]


def test_committed_events_enter_the_log_once_and_a_signed_head_says_so(record, now):
    recorded = [record("departed") for _ in range(5)]

    first = sequence(now=now)
    again = sequence(now=now)

    assert again is None
    assert _log() == [event.leaf_hash for event in recorded]
    signed = notes.open_checkpoint(
        first.note.encode(),
        origin="localhost/acme",
        trusted=[notes.VerifierKey.parse(selectors.verifier_key())],
    )
    assert (signed.size, signed.root) == (5, merkle.Tree(_log()).root())


def test_a_log_grows_in_batches_without_losing_its_beginning(record, now):
    for _ in range(7):
        record("departed")

    sizes = []
    while checkpoint := sequence(now=now, limit=3):
        sizes.append(checkpoint.size)
    record("departed")
    sequence(now=now)

    tree = merkle.Tree(_log())
    assert sizes == [3, 6, 7]
    assert [(c.size, bytes(c.root)) for c in Checkpoint.objects.all()] == [
        (n, tree.root(n)) for n in (3, 6, 7, 8)
    ]


def test_histories_rise_in_the_log_whatever_the_ids_say(record, now, monkeypatch):
    ids = iter(sorted((record("departed").pk for _ in range(6)), reverse=True))
    falling = [next(ids) for _ in range(6)]
    monkeypatch.setattr("apps.custody.services.recording.new_id", iter(_shifted(falling)).__next__)
    later = [record("departed") for _ in range(6)]

    sequence(now=now)

    positions = LogLeaf.objects.order_by("index").values_list("event__sequences__position", flat=True)
    assert [e.pk for e in later] != sorted(e.pk for e in later)
    assert list(positions) == list(range(1, 13))


def _shifted(ids):
    from uuid import UUID

    return [UUID(int=each.int ^ 1) for each in ids]


def test_a_database_that_was_restored_elsewhere_is_searched_from_its_beginning():
    @dataclass
    class Last:
        settled: int

    assert selectors.search_from(None, 7) == 0
    assert selectors.search_from(Last(5), 7) == 5
    assert selectors.search_from(Last(5000), 7) == 0


def test_nothing_is_signed_on_top_of_a_head_that_was_not_signed(record, now):
    record("departed")
    sequence(now=now)
    record("departed")
    Checkpoint.objects.bulk_create(
        [Checkpoint(size=2, root=b"r" * 32, frontier=b"r" * 32, note="forged", settled=0, created_at=now)]
    )

    with pytest.raises(LogDamaged):
        sequence(now=now)


def test_a_lost_key_is_never_replaced_in_silence(record, now, settings, tmp_path):
    record("departed")
    sequence(now=now)
    record("departed")
    settings.CUSTODY_KEY_DIR = tmp_path / "elsewhere"

    with pytest.raises(LogKeyMissing):
        sequence(now=now)

    assert (LogKey.objects.count(), Checkpoint.objects.count()) == (1, 1)


def test_the_private_key_is_its_owners_alone_and_the_public_half_needs_no_file(record, now, settings):
    record("departed")
    sequence(now=now)
    (file,) = settings.CUSTODY_KEY_DIR.iterdir()
    mode = oct(file.stat().st_mode & 0o777)
    published = str(keys.signer().key)
    file.unlink()

    assert (mode, selectors.verifier_key()) == ("0o600", published)


def test_two_logs_have_two_keys_and_two_names(globex, bob, record, now):
    from apps.custody.services import record as record_event
    from apps.tenancy import doorway

    record("departed")
    sequence(now=now)
    ours = selectors.verifier_key()
    with doorway.enter_shipper(globex):
        assert not CustodyEvent.objects.exists()
        record_event(
            "packed",
            actor=bob,
            now=now,
            event_time=now,
            consignments={"C-1": []},
            details={"handling_units": [{"sscc": "106141411234567897", "package": "pallet"}]},
        )
        sequence(now=now)
        theirs = selectors.verifier_key()

    assert (ours.split("+")[0], theirs.split("+")[0]) == ("localhost/acme", "localhost/globex")
    assert ours.split("+")[2] != theirs.split("+")[2]
    assert connection.schema_name == "t_acme"
