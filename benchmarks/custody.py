"""The custody record under load: appending, entering the log, and bundles of large logs.

Appending is compared with bare INSERTs by the same writers in the same run, each in a transaction: of all
rows that an event takes, and of the event's row alone. Verifying is compared with a loop that reads, parses
and hashes the same bytes, three times in turn.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.custody import selectors
from apps.custody.models import Checkpoint, ConsignmentSequence, LogLeaf
from apps.custody.services import ExportScope, export_bundle
from apps.facilities.models import Partnership, Recipient, Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from benchmarks._custody import APPENDING, HISTORY, Committed, write
from benchmarks._custody_bundles import auditor, build, check, read_all
from benchmarks._custody_log import fill
from benchmarks._shippers import provisioned
from benchmarks.harness import Promise
from config.local import places

PROCESSES, THREADS = 4, 4
SECONDS, ROUNDS = 3.0, 4
SMALL, BUNDLE, MILLION = 10_000, 100_000, 1_000_000
EXPORTS = 5
PAIRS = 3  # of verifying and reading; the one in the middle counts, as a machine is not as fast all the time
LOOK_EVERY = 0.02  # seconds between two looks for a new head


def run() -> Iterable[Promise]:
    """Append with 16 writers; then bundles of 100,000 events and of one consignment in a million."""
    yield from _appending()
    yield from _bundles()
    yield from _one_in_a_million()


# --- Appending ----------------------------------------------------------------------------------------------


def _appending() -> Iterable[Promise]:
    shipper = provisioned("custody-append", "Custody Append")
    site = _site(shipper)
    connection.close()
    appended: Counter[str] = Counter()
    committed: Committed = []
    heads = _Heads(shipper)
    sequencer = subprocess.Popen([sys.executable, "manage.py", "sequencer"], cwd=places.PROJECT)
    context = get_context("spawn")
    try:
        with context.Manager() as manager, ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
            pool.submit(write, "service", shipper.pk, site.pk, 1, 0, manager.Barrier(1)).result()
            _wait_until_logged(shipper)  # from now on the sequencer runs
            heads.start()
            for _ in range(ROUNDS):
                for how in APPENDING:
                    barrier = manager.Barrier(PROCESSES * THREADS)
                    jobs = [
                        pool.submit(write, how, shipper.pk, site.pk, THREADS, SECONDS, barrier)
                        for _ in range(PROCESSES)
                    ]
                    done = [event for job in jobs for event in job.result()]
                    appended[how] += len(done)
                    committed += done if how == "service" else []
                    _wait_until_logged(shipper)
    finally:
        sequencer.terminate()
        sequencer.wait()
        heads.stop()
    for how, number in appended.items():
        print(f"  {how}: {number / ROUNDS / SECONDS:.0f} appended/s")
    yield Promise("custody-append", appended["service"] / appended["rows"], 0.60, bound="at least")
    yield Promise("custody-append-event-row", appended["service"] / appended["event"], 0.60, bound="at least")
    lags = _lags(shipper, committed, heads.seen)
    print(f"  in the log after p50 {statistics.median(lags):.3f} s, of {len(lags)} events")
    yield Promise("custody-in-log-p99", statistics.quantiles(lags, n=100)[98], 1.0, " s")
    yield Promise("custody-lost", len(committed) - len(lags), 0)


def _site(shipper: Shipper) -> Site:
    recipient, _ = Recipient.objects.get_or_create(name="Custody bench")
    Partnership.objects.get_or_create(shipper=shipper, recipient=recipient)
    where = {"name": "Custody bench", "latitude": 0, "longitude": 0, "time_zone": "UTC"}
    return Site.objects.get_or_create(recipient=recipient, code="CB", defaults=where)[0]


def _wait_until_logged(shipper: Shipper) -> None:
    """The next round begins when the sequencer has nothing to do."""
    with doorway.enter_shipper(shipper):
        while selectors.is_behind():
            time.sleep(0.1)


class _Heads(threading.Thread):
    """Looks for the newest signed head as anybody can, and remembers when it was first seen."""

    def __init__(self, shipper: Shipper) -> None:
        super().__init__()
        self.seen: list[tuple[int, datetime]] = []
        self._shipper = shipper
        self._stopped = threading.Event()

    def run(self) -> None:
        with doorway.enter_shipper(self._shipper):
            while not self._stopped.wait(LOOK_EVERY):
                size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
                if not self.seen or size > self.seen[-1][0]:
                    self.seen.append((size, timezone.now()))
        connection.close()

    def stop(self) -> None:
        self._stopped.set()
        if self.is_alive():
            self.join()


def _lags(shipper: Shipper, committed: Committed, heads: list[tuple[int, datetime]]) -> list[float]:
    """Seconds from the answer to the writer until a signed head that covers its event could be read."""
    told = dict(committed)
    since = min(told.values()) - timedelta(minutes=1)
    with doorway.enter_shipper(shipper):
        first = LogLeaf.objects.filter(event__recorded_at__gte=since).order_by("index").first()
        assert first is not None
        leaves = LogLeaf.objects.filter(index__gte=first.index).order_by("index")
        lags, place = [], 0
        for index, event_id in leaves.values_list("index", "event_id").iterator(chunk_size=5000):
            while heads[place][0] <= index:
                place += 1
            if event_id in told:
                lags.append((heads[place][1] - told.pop(event_id)).total_seconds())
    return lags


# --- Bundles ------------------------------------------------------------------------------------------------


def _bundles() -> Iterable[Promise]:
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in (SMALL, BUNDLE):
            shipper = provisioned(f"custody-{size}", f"Custody {size}")
            fill(shipper, size)
            measured[size] = _bundle(shipper.pk, Path(folder) / f"{size}.zip")
    small, large = measured[SMALL], measured[BUNDLE]
    print(
        f"  {BUNDLE} events: built in {large['built']:.0f} s, verified in {large['verified']:.1f} s,"
        f" read, parsed and hashed in {large['read']:.1f} s"
    )
    print(
        f"  peak memory of building {small['building']:.0f} and {large['building']:.0f} MiB, of verifying"
        f" {small['verifying']:.0f} and {large['verifying']:.0f} MiB, with {SMALL} and {BUNDLE} events"
    )
    yield Promise("custody-verify", large["ratio"], 5)
    yield Promise("custody-build-memory", large["building"] / small["building"], 1.25)
    yield Promise("custody-verify-memory", large["verifying"] / small["verifying"], 1.25)


def _bundle(shipper_id: UUID, target: Path) -> dict[str, float]:
    """Build and verify the bundle of a whole log, each in a process of its own."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        vkey, built, building = pool.submit(build, shipper_id, str(target)).result()
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        pairs = [
            (pool.submit(check, str(target), vkey).result(), pool.submit(read_all, str(target)).result())
            for _ in range(PAIRS)
        ]
    (verified, verifying), read = sorted(pairs, key=lambda pair: pair[0][0] / pair[1])[PAIRS // 2]
    return {
        "built": built,
        "building": building,
        "verified": verified,
        "verifying": verifying,
        "read": read,
        "ratio": verified / read,
    }


def _one_in_a_million() -> Iterable[Promise]:
    shipper = provisioned("custody-million", "Custody Million")
    fill(shipper, MILLION)
    seconds = []
    with doorway.enter_shipper(shipper):
        ended = ConsignmentSequence.objects.filter(position=len(HISTORY))
        numbers = list(ended.values_list("consignment", flat=True)[: EXPORTS + 1])
        for number in numbers:
            with tempfile.TemporaryFile() as output:
                started = time.monotonic()
                scope = ExportScope(consignments=(number,))
                export_bundle(actor=auditor(shipper.pk), scope=scope, output=output, now=timezone.now())
                seconds.append(time.monotonic() - started)
    print(f"  one consignment of {MILLION} events: {', '.join(f'{each:.2f}' for each in seconds)} s")
    yield Promise("custody-export", statistics.median(seconds[1:]), 2.0, " s")
