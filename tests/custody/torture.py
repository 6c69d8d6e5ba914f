"""Thousands of forged and honest bundles put before the verifiers: ``python -m tests.custody.torture``.

Found is what doesn't end in PASS. An honest history that doesn't end in PASS is a false alarm. Each bundle
goes before both verifiers, and they have to agree; without a Chromium it says so and leaves verify.html out.
The work is done in pieces, by as many processes as there are cores; each piece that is done says so.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import get_context

from apps.custody import verify
from tests.custody.browser import Case, browser_verifier
from tests.custody.forging import (
    ATTACKERS,
    SCOPE_KINDS,
    WITNESS_VKEY,
    forgeries,
    honest_bundle,
    honest_log,
)
from tests.custody.samples import SampleLog

Verifier = Callable[[Sequence[Case]], list[int]]
AT_ONCE = 100  # bundles that the second verifier gets at a time
MUTANTS_AT_ONCE, HISTORIES_AT_ONCE = 1_000, 500  # what a process takes on at a time
say = sys.stdout.write


def verdict(data: bytes, log: SampleLog, known: int) -> int:
    """What the verifier says to an auditor who has the checkpoint at ``known`` and relies on the witness."""
    return report(data, log, known).verdict


def report(data: bytes, log: SampleLog, known: int) -> verify.Report:
    """The same in full; where the log has a network, the auditor kept its first head."""
    checkpoint = verify.Checkpoint(known, log.tree.root(known)) if known else None
    witness = verify.parse_key(WITNESS_VKEY, verify.WITNESS_KEY)
    network = log.network.known() if log.network else verify.UNKNOWN_NETWORK
    return verify.verify(BytesIO(data), [verify.parse_key(log.vkey)], checkpoint, [witness], network)


def case(data: bytes, log: SampleLog, known: int) -> Case:
    """The same question for the second verifier."""
    kept = log.checkpoint(known) if known else b""
    network = log.network
    of_network = (network.vkey, network.checkpoint(network.sizes[0])) if network else ("", b"")
    return (data, log.vkey, kept, WITNESS_VKEY, *of_network)


@dataclass
class Attacked:
    """Verdicts by attacker, kinds tried, forgeries that passed, and those that the verifiers disagree on."""

    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    passed: list[str] = field(default_factory=list)
    disagreed: list[str] = field(default_factory=list)

    def add(self, more: Attacked) -> None:
        self.counts += more.counts
        self.kinds |= more.kinds
        self.passed += more.passed
        self.disagreed += more.disagreed


def attack(mutants: int, seed: int, step: int = 1, second: Verifier | None = None) -> Attacked:
    """Put forgeries before the verifier, and before a ``second`` one, which must come to the same verdict."""
    rng, attacked = random.Random(seed), Attacked()
    while attacked.counts.total() < mutants:
        told: list[tuple[str, int, Case]] = []
        for attacker, kind, log, data in forgeries(rng, step):
            # a kept checkpoint would ask for a proof that parts don't have here: registers have to do alone
            known = 0 if kind in SCOPE_KINDS else rng.randint(1, len(log.data))
            found, name = verdict(data, log, known), f"{attacker}: {kind}"
            attacked.counts[attacker, found] += 1
            attacked.kinds.add(kind)
            attacked.passed += [name] if found == verify.PASS else []
            told.append((name, found, case(data, log, known)))
        attacked.disagreed += _disagreements(told, second)
    return attacked


def _disagreements(told: list[tuple[str, int, Case]], second: Verifier | None) -> list[str]:
    if second is None:
        return []
    also = [
        found
        for at in range(0, len(told), AT_ONCE)
        for found in second([case for *_, case in told[at : at + AT_ONCE]])
    ]
    return [name for (name, found, _), other in zip(told, also, strict=True) if found != other]


def live(histories: int, seed: int, second: Verifier | None = None) -> list[list[str]]:
    """What was said of honest histories that did not pass."""
    rng, alarms, asked = random.Random(seed), [], list[Case]()
    for number in range(1, histories + 1):
        log = honest_log(rng)
        data = honest_bundle(log, rng)
        said = report(data, log, 0)
        if said.verdict != verify.PASS:
            alarms.append(list(said.lines()))
        asked.append(case(data, log, 0))
        if second and (len(asked) == AT_ONCE or number == histories):
            alarms += [
                ["the second verifier did not pass it"] for found in second(asked) if found != verify.PASS
            ]
            asked = []
    return alarms


def _attack(mutants: int, seed: int) -> Attacked:
    with browser_verifier() as second:
        return attack(mutants, seed, second=second)


def _live(histories: int, seed: int) -> list[list[str]]:
    with browser_verifier() as second:
        return live(histories, seed, second)


def _in_pieces(total: int, most: int) -> list[int]:
    return [most] * (total // most) + ([total % most] if total % most else [])


def main() -> int:
    parser = argparse.ArgumentParser(description="Put forged and honest bundles before the verifiers.")
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--histories", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with browser_verifier() as second:
        verifiers = "verify.py and verify.html" if second else "verify.py"
    if second is None:
        say("no Chromium on PATH: verify.html is left out\n")
    attacked, alarms, started = Attacked(), list[list[str]](), time.monotonic()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        forged = _in_pieces(options.mutants, MUTANTS_AT_ONCE)
        honest = _in_pieces(options.histories, HISTORIES_AT_ONCE)
        attacks = [pool.submit(_attack, each, options.seed + n) for n, each in enumerate(forged)]
        lives = [pool.submit(_live, each, options.seed + n) for n, each in enumerate(honest)]
        for done in attacks:
            attacked.add(done.result())
            _tell_progress(attacked.counts.total(), "forged", started)
        for number, live_done in enumerate(lives, start=1):
            alarms += live_done.result()
            _tell_progress(sum(honest[:number]), "honest", started)
    _tell(attacked, verifiers)
    say(f"{options.histories} honest histories, {len(alarms)} false alarms\n")
    for alarm in alarms[:3]:
        say("\n".join(alarm) + "\n")
    return 1 if attacked.passed or attacked.disagreed or alarms else 0


def _tell_progress(number: int, what: str, started: float) -> None:
    say(f"  {number} {what} bundles after {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()


def _tell(attacked: Attacked, verifiers: str) -> None:
    counts = attacked.counts
    say(f"{counts.total()} forged bundles of {len(attacked.kinds)} kinds, put before {verifiers}\n")
    for attacker in ATTACKERS:
        fail, incomplete = counts[attacker, verify.FAIL], counts[attacker, verify.INCOMPLETE]
        missed = counts[attacker, verify.PASS]
        say(f"  {attacker:14} {fail:6} FAIL {incomplete:6} INCOMPLETE {missed:6} not found\n")
    for each, times in Counter(attacked.passed).items():
        say(f"  NOT FOUND {each} ({times})\n")
    for each, times in Counter(attacked.disagreed).items():
        say(f"  THE VERIFIERS DISAGREE {each} ({times})\n")


if __name__ == "__main__":
    sys.exit(main())
