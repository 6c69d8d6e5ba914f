"""The short version of ``make torture``, and that its forgeries are only found because they are forged."""

import random
from io import BytesIO

import pytest

from apps.custody import verify
from tests.custody import forging, torture
from tests.custody.samples import whole_log_bundle


def test_no_forgery_passes():
    attacked = torture.attack(300, seed=7, step=4)

    assert attacked.passed == []
    assert len(attacked.kinds) >= 12
    assert {attacker for attacker, _ in attacked.counts} == set(forging.ATTACKERS)


def test_no_honest_history_raises_an_alarm():
    assert torture.live(60, seed=7) == []


@pytest.mark.parametrize("attacker", [forging.ADMINISTRATOR, forging.INSIDER])
def test_whoever_forges_nothing_passes(monkeypatch, attacker):
    log = forging.honest_log(random.Random(3))
    monkeypatch.setitem(forging.EVENT_KINDS, "nothing", lambda events, at: events)

    data = forging.forge_events(log, "nothing", 0, attacker, random.Random(3))

    assert torture.verdict(data, log, len(log.data)) == verify.PASS


def test_only_what_others_hold_finds_the_insider():
    log = forging.honest_log(random.Random(4))
    data = forging.forge_events(log, "another actor", 3, forging.INSIDER, random.Random(4))
    keys = [verify.parse_key(log.vkey)]
    held = verify.Checkpoint(4, log.tree.root(4))
    witness = verify.parse_key(forging.WITNESS_VKEY, verify.WITNESS_KEY)

    assert verify.verify(BytesIO(data), keys).verdict == verify.PASS
    assert verify.verify(BytesIO(data), keys, held).verdict == verify.FAIL
    assert verify.verify(BytesIO(data), keys, None, [witness]).verdict != verify.PASS


def test_whoever_cuts_off_what_came_after_the_kept_checkpoint_is_found_by_the_witness_alone():
    log = forging.honest_log(random.Random(5))
    end = len(log.data) - 1
    data = forging.forge_events(log, "the end cut off", end, forging.INSIDER, random.Random(5))
    keys = [verify.parse_key(log.vkey)]

    assert verify.verify(BytesIO(data), keys, verify.Checkpoint(2, log.tree.root(2))).verdict == verify.PASS
    assert torture.verdict(data, log, 2) != verify.PASS
    assert verify.verify(BytesIO(whole_log_bundle(log, documents=forging.papers_of(log))), keys).verdict == 0
