"""The network's log: every log once a day, nobody's business to anybody else, and nobody's to rewrite."""

import io
import json
import random
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from django.db.utils import ProgrammingError

from apps.accounts.actors import SYSTEM
from apps.custody import hostile, merkle, selectors, verify
from apps.custody import services as custody
from apps.custody.errors import LogDamaged, NothingSigned
from apps.custody.models import Checkpoint
from apps.custody.network import rotating, signing
from apps.custody.network.models import NetworkCheckpoint, NetworkEntry, NetworkNode
from apps.custody.network.selectors import is_kept, network_head, network_key, node
from apps.custody.services import ExportScope
from apps.tenancy import doorway
from tests.custody import forging
from tests.custody.samples import SampleNetwork, whole_log_bundle
from tests.database import TEST_DATABASE


@pytest.fixture
def grow(now):
    """``grow(shipper, 3)``: three events enter a shipper's log, whose head is signed."""

    def record(shipper, events=1):
        with doorway.enter_shipper(shipper):
            for _ in range(events):
                with transaction.atomic():
                    custody.record(
                        "access_viewed",
                        actor=SYSTEM,
                        now=now,
                        event_time=now,
                        consignments={},
                        details={"what": "C-1"},
                    )
            return custody.sequence(now=now)

    return record


@pytest.fixture
def days(acme, globex, grow, now):
    """Three days: both logs on the first, Acme's further on the second, nothing new on the third."""
    grow(acme, 2)
    grow(globex, 5)
    signing.sign_day(now=now)
    grow(acme, 3)
    signing.sign_day(now=now + timedelta(days=1))
    signing.sign_day(now=now + timedelta(days=2))


def bundle_of(actor, now) -> bytes:
    output = io.BytesIO()
    custody.export_bundle(actor=actor, scope=ExportScope(), output=output, now=now)
    return output.getvalue()


def read(data: bytes, name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(data)).read(name)


def known_head(size: int) -> verify.Network:
    """What an auditor has who kept the network's head at this size."""
    head = NetworkCheckpoint.objects.get(size=size)
    key = verify.parse_key(network_key() or "")
    return verify.Network([key], verify.Checkpoint(size, bytes(head.root)))


def test_a_day_is_signed_once_and_each_log_grows_into_it(days, acme, now):
    assert signing.sign_day(now=now + timedelta(days=2)) is None

    heads = list(NetworkCheckpoint.objects.values_list("size", "day"))
    assert heads == [(16, now.date()), (32, now.date() + timedelta(1)), (48, now.date() + timedelta(2))]
    assert list(NetworkEntry.objects.filter(shipper=acme).values_list("size", flat=True)) == [2, 5, 5]
    leaves = [bytes(NetworkNode.objects.get(level=0, index=index).hash) for index in range(48)]
    for head in NetworkCheckpoint.objects.all():
        assert merkle.Tree(leaves[: head.size]).root() == bytes(head.root)
    proof = merkle.consistency_proof(16, 48, node)
    assert verify.is_consistent(known_head(16).known, known_head(48).known, proof)


def test_a_log_that_is_not_as_it_was_signed_is_left_out_and_stops_no_other(acme, globex, grow, now, caplog):
    grow(acme)
    with doorway.enter_shipper(globex):
        Checkpoint.objects.create(
            size=9, root=bytes(32), frontier=b"", note="forged", settled=0, created_at=now
        )

    signing.sign_day(now=now)

    assert [entry.shipper for entry in NetworkEntry.objects.all()] == [acme]
    assert "the log of globex is not in the network's log" in caplog.text


def test_a_shipper_sees_its_own_entries_and_no_leaf(days, acme, globex, at_acme):
    assert {entry.shipper_id for entry in NetworkEntry.objects.all()} == {acme.pk}
    assert network_head().size == 48
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        NetworkNode.objects.exists()


def test_a_bundle_proves_its_log_in_the_networks_and_tells_nothing_of_others(
    days, globex, at_acme, arthur, now
):
    data = bundle_of(arthur, now + timedelta(days=2))

    report = verify.verify(
        io.BytesIO(data), [verify.parse_key(str(selectors.verifier_key()))], network=known_head(16)
    )
    assert (report.verdict, report.failures, report.missing) == (verify.PASS, [], [])
    assert "your network checkpoint holds this log as it was with 2 events" in report.proven
    told = json.loads(read(data, "network.json"))
    assert [entry["size"] for entry in told["entries"]] == [2, 5, 5]
    assert {frozenset(entry) for entry in told["entries"]} == {
        frozenset({"day", "size", "salt", "index", "proof"})
    }
    with doorway.network():
        others = NetworkEntry.objects.filter(shipper=globex)
        secret = {bytes(each) for pair in others.values_list("salt", "root") for each in pair}
    hashes = {verify.strict_base64(each, "") for entry in told["entries"] for each in entry["proof"]}
    hashes |= {verify.strict_base64(each, "") for one in told["grown"] for each in one["proof"]}
    assert not hashes & secret
    assert b"globex" not in data.lower()


def test_what_others_logs_are_can_not_be_guessed_from_their_leaves(days):
    """Not even by somebody who knows the log, the day, its size and its root: the salt is missing."""
    equal = NetworkEntry.objects.filter(size=5).order_by("index")
    roots = {bytes(entry.root) for entry in equal if entry.shipper.slug == "globex"}
    leaves = [bytes(NetworkNode.objects.get(level=0, index=entry.index).hash) for entry in equal]

    assert len(roots) == 1
    assert len(set(leaves)) == len(leaves)


@pytest.mark.django_db(transaction=True)
def test_the_owners_plain_statements_are_refused_and_whoever_goes_around_them_stops_the_log(days, now):
    with psycopg.connect(settings.DATABASE_OWNER_URL, dbname=TEST_DATABASE, autocommit=True) as owner:
        for table in hostile.NETWORK:
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with pytest.raises(psycopg.errors.RestrictViolation):
                    owner.execute(statement)
        owner.execute("ALTER TABLE network_networknode DISABLE TRIGGER USER")
        owner.execute("UPDATE network_networknode SET hash = sha256('') WHERE level = 5")

    with pytest.raises(LogDamaged):
        signing.sign_day(now=now + timedelta(days=3))


@pytest.fixture
def forged():
    """What somebody with the keys of both logs makes of a history, and the network as an auditor knew it."""
    log = forging.honest_log(random.Random(6))
    true = SampleNetwork()
    true.enter(log, 4, date(2026, 11, 18))
    events = [json.loads(data) for data in log.data]
    events[1]["actor"]["id"] = "user-8"
    other = forging.forged_log(log, events, seed=log.seed)
    return log, true, other


def test_a_head_of_the_network_that_was_kept_finds_whoever_has_all_keys(forged):
    log, true, other = forged
    network = SampleNetwork()
    network.enter(other, 4, date(2026, 11, 18))
    network.enter(other, 6, date(2026, 11, 19))
    data = whole_log_bundle(
        other,
        documents=forging.papers_of(other),
        history=[other.older(4), other.older(6)],
        network=network.proof(),
    )
    keys = [verify.parse_key(log.vkey)]

    assert verify.verify(io.BytesIO(data), keys).verdict == verify.PASS
    believed = verify.Network([verify.parse_key(network.vkey)])
    assert verify.verify(io.BytesIO(data), keys, network=believed).verdict == verify.PASS
    found = verify.verify(io.BytesIO(data), keys, network=true.known())
    assert found.failures == [
        "your network checkpoint: the network's log was rewritten: it does not begin as yours"
    ]


def test_who_appends_another_history_to_the_true_network_lacks_the_early_entry(forged):
    log, true, other = forged
    true.enter(other, 6, date(2026, 11, 19))
    true.entries = true.entries[1:]
    data = whole_log_bundle(
        other, documents=forging.papers_of(other), history=[other.older(6)], network=true.proof()
    )

    report = verify.verify(io.BytesIO(data), [verify.parse_key(log.vkey)], network=true.known())

    assert report.verdict == verify.INCOMPLETE
    assert "an entry of this log in your network checkpoint" in report.missing[0]


def test_a_bundle_without_its_entries_is_incomplete_to_who_knows_the_network(forged):
    log, true, _ = forged
    data = whole_log_bundle(replace(log), documents=forging.papers_of(log))

    report = verify.verify(io.BytesIO(data), [verify.parse_key(log.vkey)], network=true.known())

    assert report.verdict == verify.INCOMPLETE


def test_bundles_lead_from_recent_heads_and_from_the_first_of_each_month():
    newest = date(2026, 11, 26)
    days = [newest - timedelta(days=back) for back in range(100)]

    kept = [day for day in days if is_kept(day, newest)]

    assert kept[:31] == days[:31]
    assert kept[31:] == [date(2026, 10, 1), date(2026, 9, 1)]


def test_the_heads_and_the_key_can_be_taken_at_the_desk_and_at_the_hub(days, browse, arthur, sam):
    desk, hub = browse("arthur@acme.example", "acme"), browse("sam@southern.example")
    head = NetworkCheckpoint.objects.latest("size")

    for client, prefix in ((desk, "/custody/"), (hub, "/custody/")):
        assert client.get(f"{prefix}network.note").content.decode() == head.note
        assert client.get(f"{prefix}network.vkey").content.decode() == f"{network_key()}\n"
    answer = desk.get("/api/v1/custody/network-checkpoint")
    assert (answer.content.decode(), answer["X-Custody-Verifier-Key"]) == (head.note, network_key())
    assert "as it was with 5 events" in desk.get("/custody/").content.decode()


def test_a_new_key_of_the_network_signs_from_the_next_day_on_and_whoever_has_either_can_check(
    days, at_acme, arthur, now
):
    old = network_key()
    later = now + timedelta(days=3)

    changed = rotating.rotate_network_key(now=later)

    assert (changed.since, network_key()) == (64, changed.vkey)
    assert changed.vkey != old
    signing.sign_day(now=later + timedelta(days=1))
    data = bundle_of(arthur, later + timedelta(days=1))
    keys = [verify.parse_key(str(selectors.verifier_key()))]
    for vkey in (old, changed.vkey):
        network = replace_keys(known_head(48), vkey)
        report = verify.verify(io.BytesIO(data), keys, network=network)
        assert (report.verdict, report.failures) == (verify.PASS, [])
    stranger = SampleNetwork(origin=verify.parse_key(changed.vkey).name).vkey
    report = verify.verify(io.BytesIO(data), keys, network=verify.Network([verify.parse_key(stranger)]))
    assert "none of these keys is the given one" in report.failures[0]
    head = network_head()
    with pytest.raises(verify.Rejected, match="not signed by the given key"):
        verify.Trust([verify.parse_key(old)]).open_checkpoint(head.note.encode(), "network.note")


def replace_keys(network: verify.Network, vkey: str) -> verify.Network:
    return network._replace(keys=[verify.parse_key(vkey)])


def test_the_networks_key_is_not_changed_before_it_signed_anything(db, now):
    with pytest.raises(NothingSigned):
        rotating.rotate_network_key(now=now)

    assert network_key() is None
