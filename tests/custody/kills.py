"""Postmaster, workers and sequencer killed at random under load: ``python -m tests.custody.kills``.

A cluster of its own, in a folder that goes away. Afterwards each event that a writer was told to be committed
is in the log, once, under the id that it was told; histories and devices rise in it without a gap; every
checkpoint reproduces, and a bundle of the whole log verifies.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

import psycopg

from config.local import places, postgres
from config.local.waiting import wait_until

SLUG = "kills"
WRITERS = ("phones-1", "phones-2")
VICTIMS = ("postmaster", "worker", "sequencer")
GO_ON_SECONDS = 180  # no promise: much longer than it takes on a busy machine
say = sys.stdout.write


class Load:
    """The processes that are killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name in (*WRITERS, "sequencer"):
            self.start(name)

    def start(self, name: str) -> None:
        command = ["manage.py", "sequencer"]
        if name in WRITERS:
            command = ["-m", "tests.custody.kills_writer", str(self.home), name, SLUG]
        log = (self.home / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen([sys.executable, *command], cwd=places.PROJECT, stderr=log)

    def kill(self, victim: str, rng: random.Random) -> None:
        """Kill without warning, then start again."""
        if victim == "postmaster":
            data = next((self.home / "postgres").glob("pg*/"), None) or next(
                places.socket_directory(self.home, "postgres").parent.glob("pg*/")
            )
            os.kill(int((data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
            postgres.start(self.home)
            return
        name = rng.choice(WRITERS) if victim == "worker" else victim
        self.running[name].kill()
        self.running[name].wait()
        self.start(name)

    def stop(self) -> list[str]:
        """Let the writers finish what they are at, and the sequencer too; who had ended by themselves."""
        gone = [name for name, process in self.running.items() if process.poll() is not None]
        (self.home / "stop").touch()
        for name in WRITERS:
            self.running[name].wait(timeout=60)
        self.running["sequencer"].terminate()
        self.running["sequencer"].wait(timeout=60)
        return [f"{name} had ended by itself" for name in gone]


def acknowledged(home: Path) -> dict[tuple[str, int], str]:
    """What writers were told to be committed: event ids by device and running number."""
    return {
        (file.stem, int(seq)): event_id
        for file in home.glob("*.acknowledged")
        for seq, event_id in (line.split() for line in file.read_text().splitlines())
    }


def judge(told: dict[tuple[str, int], str]) -> list[str]:
    """What is wrong with the log after all; to be called in its shipper's schema."""
    from django.utils import timezone

    from apps.custody import checking, selectors, verify
    from apps.custody.models import CustodyEvent, LogLeaf
    from apps.custody.services import ExportChoice, ExportScope, export_bundle, sequence
    from apps.tenancy.doorway import current_shipper
    from benchmarks._custody_bundles import auditor

    while sequence(now=timezone.now()):
        pass
    wrong: list[str] = []
    logged: dict[tuple[str, int], str] = {}
    positions: dict[str, int] = defaultdict(int)
    numbers: dict[str, int] = defaultdict(int)
    leaves = LogLeaf.objects.order_by("index").values_list("index", "event_id", "event__canonical")
    for place, (index, event_id, data) in enumerate(leaves.iterator(chunk_size=2000)):
        event = json.loads(bytes(data))
        wrong += [f"place {place} of the log is number {index}"] if place != index else []
        for each in event["consignments"]:
            positions[each["number"]] += 1
            if each["cseq"] != positions[each["number"]]:
                wrong.append(f"{each['number']} goes on with {each['cseq']}, not {positions[each['number']]}")
        device = event.get("device")
        if device is None:
            continue
        key = device["id"], device["seq"]
        wrong += [f"{key} is in the log twice"] if key in logged else []
        numbers[key[0]] += 1
        wrong += [f"{key} comes where {numbers[key[0]]} is due"] if key[1] != numbers[key[0]] else []
        logged[key] = str(event_id)
    wrong += [
        f"{key} was acknowledged as {told[key]} and is {logged.get(key)}"
        for key in told
        if logged.get(key) != told[key]
    ]
    if (events := CustodyEvent.objects.count()) != LogLeaf.objects.count():
        wrong.append(f"{events} events, but {LogLeaf.objects.count()} in the log")
    if not (verdict := checking.verify_log()).holds:
        wrong.append(f"the log does not verify: {verdict.reason}")
    output = BytesIO()
    export_bundle(
        actor=auditor(current_shipper().pk),
        scope=ExportScope(),
        output=output,
        now=timezone.now(),
        choice=ExportChoice(copies=()),  # reading copies are no evidence
    )
    report = verify.verify(output, [verify.parse_key(str(selectors.verifier_key()))])
    if report.verdict != verify.PASS:
        wrong += report.failures + report.missing
    return wrong


def prepare(home: Path) -> None:
    """A cluster with one shipper below ``home``, which this process and its children use from now on."""
    os.environ[places.HOME_VARIABLE] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DOCKSIDE_DATABASE"):
        os.environ.pop(name, None)
    postgres.start(home)
    for command in (["migrate_schemas", "-v0"], ["provision_shipper", SLUG, "--name", "Kills"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=places.PROJECT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _goes_on(home: Path) -> bool:
    """Whether all are soon at work again: each writer was told of new events, and a new head was signed."""
    heads, before = _heads(home), _told(home)

    def all_went_on() -> bool:
        return _heads(home) > heads and all(map(int.__gt__, _told(home), before))

    return wait_until(all_went_on, GO_ON_SECONDS)


def _heads(home: Path) -> int:
    try:
        with psycopg.connect(postgres.url(postgres.OWNER, home=home)) as session:
            row = session.execute("SELECT max(size) FROM t_kills.custody_checkpoint").fetchone()
    except psycopg.OperationalError:
        return 0
    return row[0] or 0 if row else 0


def _told(home: Path) -> list[int]:
    """How much each writer has noted of what it was told, in bytes: lines would take ever longer to count."""
    return [sum(file.stat().st_size for file in home.glob(f"{name}-*.acknowledged")) for name in WRITERS]


def run(kills: int, seed: int) -> int:
    rng, killed, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(prefix="dockside-kills-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server may have to run as somebody else
        try:
            prepare(home)
            load = Load(home)
            wait_until(lambda: len(acknowledged(home)) > 100, 120)  # everybody has started
            for number in range(1, kills + 1):
                time.sleep(rng.uniform(0.0, 1.0))
                victim = rng.choice(VICTIMS)
                load.kill(victim, rng)
                killed[victim] += 1
                if not _goes_on(home):
                    wrong.append(f"after kill {number} ({victim}) not everybody was at work again")
                    break
            return _tell(home, killed, wrong + load.stop())
        finally:
            postgres.destroy(home)


def _tell(home: Path, killed: Counter[str], wrong: list[str]) -> int:
    import django

    django.setup()
    from apps.custody.models import Checkpoint, CustodyEvent
    from apps.tenancy import doorway
    from apps.tenancy.models import Shipper

    told = acknowledged(home)
    with doorway.enter_shipper(Shipper.objects.get(slug=SLUG)):
        wrong = wrong + judge(told)
        events, heads = CustodyEvent.objects.count(), Checkpoint.objects.count()
    times = ", ".join(f"{name} {killed[name]}" for name in VICTIMS)
    wrong += [] if told else ["no event was acknowledged"]
    say(f"{killed.total()} times kill -9 under load: {times}\n")
    say(f"  {len(told)} events acknowledged, {events} in the log, {heads} checkpoints, {len(wrong)} wrong\n")
    for each in wrong[:10]:
        say(f"  WRONG {each}\n")
    if wrong:
        say("".join(f"{log}: {log.read_text()[-1500:]}\n" for log in home.glob("*.log")))
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill postmaster, workers and sequencer under load.")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return run(options.kills, options.seed)


if __name__ == "__main__":
    sys.exit(main())
