"""A witness, and what its word is worth: it cosigns a log that only grew, and nobody else."""

import base64
import threading
from io import BytesIO

import pytest

from apps.custody import selectors, services, verify
from apps.custody import witness as witnessing
from apps.custody.models import Cosignature
from apps.custody.services import witnessing as witnessing_service
from apps.custody.witness import Cosigner, Refused, Witness, make_server
from tests.custody.samples import sample_log

SECONDS = 1_780_000_000


@pytest.fixture
def cosigner(tmp_path):
    return Cosigner("witness.example/one", witnessing.new_key(tmp_path / "witness.pem"))


@pytest.fixture
def witness(cosigner, tmp_path):
    return Witness(cosigner, [verify.parse_key(sample_log().vkey)], tmp_path / "seen")


def request(log, size, old=0):
    proof = log.tree.consistency_proof(old, size) if old else []
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof), "", ""]
    return "\n".join(lines).encode() + log.checkpoint(size)


def rewritten():
    """The same key, another first event."""
    log = sample_log()
    log.data[0] = log.data[0].replace(b"12.50", b"12.40")
    log.tree = type(log.tree)(verify.leaf_hash(data) for data in log.data)
    return log


def test_a_log_that_only_grows_is_cosigned_again_and_again_after_a_restart(witness, cosigner, tmp_path):
    log = sample_log()
    first = witness.add_checkpoint(request(log, 5), SECONDS)
    again = Witness(cosigner, [verify.parse_key(log.vkey)], tmp_path / "seen")

    second = again.add_checkpoint(request(log, 18, old=5), SECONDS + 60)

    for size, line, seconds in ((5, first, SECONDS), (18, second, SECONDS + 60)):
        note = verify.open_note(log.checkpoint(size) + line.encode(), [cosigner.key], "note")
        assert note.times == {cosigner.key: seconds}


@pytest.mark.parametrize(
    ("forge", "status"),
    [
        (lambda log: request(rewritten(), 18, old=5), 422),
        (lambda log: request(rewritten(), 5, old=5), 409),
        (lambda log: request(log, 18), 409),  # as if it had seen nothing
        (lambda log: request(log, 18, old=7), 409),
        (lambda log: b"old 5\n\n" + log.checkpoint(3), 400),
        (lambda log: request(sample_log(seed=9), 18), 403),
        (lambda log: request(sample_log(origin="dockside.example/globex"), 18), 404),
        (lambda log: b"old five\n\n" + log.checkpoint(18), 400),
        (lambda log: request(log, 18, old=5).replace(b"\n\n", b"\n" + b"AA==\n\n", 1), 400),
        (lambda log: log.checkpoint(18), 400),
    ],
)
def test_nothing_else_is_cosigned_and_what_was_seen_stays(witness, forge, status):
    log = sample_log()
    witness.add_checkpoint(request(log, 5), SECONDS)

    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(forge(log), SECONDS)

    assert refused.value.status == status
    assert witness.add_checkpoint(request(log, 18, old=5), SECONDS)


@pytest.fixture
def running(record, now, cosigner, tmp_path, settings):
    """A witness of Acme's log that answers on this machine."""
    record("departed")
    services.sequence(now=now)
    witness = Witness(cosigner, [verify.parse_key(selectors.verifier_key())], tmp_path / "seen")
    server = make_server(witness, ("127.0.0.1", 0), clock=lambda: SECONDS)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CUSTODY_WITNESSES = [f"http://127.0.0.1:{server.server_port} {cosigner.key}"]
    yield server
    server.shutdown()
    server.server_close()


def export(auditor, now):
    output = BytesIO()
    services.export_bundle(actor=auditor, scope=services.ExportScope(), output=output, now=now)
    return output


def judged(output, cosigner):
    keys = [verify.parse_key(selectors.verifier_key())]
    return verify.verify(output, keys, None, [cosigner.key])


def test_a_bundle_carries_the_cosignature_of_its_head(running, record, arthur, now, cosigner):
    services.ask_witnesses()
    record("arrived")

    report = judged(export(arthur, now), cosigner)

    assert report.verdict == verify.PASS
    assert "the witness witness.example/one saw the log at size 3 on 2026-05-28 20:26:40 UTC" in report.proven


def test_a_witness_that_is_away_delays_nothing_and_what_it_saw_before_counts(
    running, record, arthur, now, cosigner
):
    services.ask_witnesses()
    running.shutdown()
    running.server_close()
    record("arrived")

    report = judged(export(arthur, now), cosigner)

    assert report.verdict == verify.PASS
    assert "that witness.example/one saw what came after the first 1 events" in report.unproven


def test_a_witness_that_has_seen_more_than_we_know_is_asked_from_where_it_is(
    running, record, now, cosigner, settings
):
    assert services.ask_witnesses() == 1
    asked = []
    real = witnessing_service._post

    def post(witness, checkpoint, old):
        asked.append(old)
        return real(witness, checkpoint, 0 if len(asked) == 1 else old)  # as if nothing were known here

    record("arrived")
    services.sequence(now=now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witnessing_service, "_post", post)
        assert services.ask_witnesses() == 1

    assert asked == [1, 1]
    assert services.ask_witnesses() == 0


def test_the_line_of_another_key_is_not_kept(running, settings, tmp_path):
    stranger = Cosigner("witness.example/one", witnessing.new_key(tmp_path / "stranger.pem"))
    settings.CUSTODY_WITNESSES = [settings.CUSTODY_WITNESSES[0].split()[0] + f" {stranger.key}"]

    assert services.ask_witnesses() == 0
    assert not Cosignature.objects.exists()
