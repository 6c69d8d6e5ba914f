"""Delivery notes: one against bare WeasyPrint on the same HTML, and a thousand in two worker processes.

Bare is the layout engine with our style sheets and its default settings: no PDF/A, no tags, no QR code, no
template. The thousand are issued as the worker issues them: laid out, kept in the store, their row written.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, time
from uuid import UUID

import django
import weasyprint
from django.conf import settings
from django.db import connection

from apps.accounts.actors import SYSTEM
from apps.core.ids import new_id
from apps.documents import papers, rendering
from apps.documents.services import issue_delivery_note
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from benchmarks._occupancies import shipper
from benchmarks.harness import Promise

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ROUNDS = 15
PROCESSES = 2
ALONE_SHARE = 5  # one note in a single process for so many in both: it is only there to be compared with
WARM = 0.2  # the share of the notes after which memory must not grow any more
STYLES = ("paper.css", "delivery_note.css")


def run(notes: int = 1_000) -> Iterable[Promise]:
    """The ratio for one note; of ``notes`` what the second process adds, and how memory grew."""
    ours, bare = _compare()
    print(f"  one note: ours {1000 * ours:.0f} ms, bare {1000 * bare:.0f} ms")
    yield Promise("documents-note", round(ours / bare, 2), 1.3)
    alone, _ = _issue_many(-(-notes // ALONE_SHARE), processes=1)
    together, reports = _issue_many(notes, processes=PROCESSES)
    growth = max(one.rss_after / one.rss_warm for one in reports)
    print(
        f"  {notes:,} notes: {together:.1f} a second in {PROCESSES} processes, {alone:.1f} in one, "
        + ", ".join(f"{one.rss_warm / 1024:.0f} → {one.rss_after / 1024:.0f} MiB" for one in reports)
    )
    yield Promise("documents-second-core", round(together / alone, 2), 1.6, bound="at least")
    yield Promise("documents-memory-growth", round(growth, 2), 1.1)


def _compare() -> tuple[float, float]:
    """The median seconds of both ways, taken in turn."""
    note = a_note(1)
    html = rendering.delivery_note_html(note, issued_at=NOW)
    sources = [Path(settings.BASE_DIR, "templates", "documents", name).read_text("utf-8") for name in STYLES]
    sheets = [weasyprint.CSS(string=source) for source in sources]
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: rendering.render_delivery_note(note, issued_at=NOW),
        "bare": lambda: weasyprint.HTML(string=html).write_pdf(stylesheets=sheets),
    }
    taken: dict[str, list[float]] = {how: [] for how in ways}
    for number in range(ROUNDS + 2):
        for how, lay_out in ways.items():
            began = perf_counter()
            lay_out()
            if number >= 2:  # the first ones read fonts
                taken[how].append(perf_counter() - began)
    return median(taken["ours"]), median(taken["bare"])


@dataclass(frozen=True)
class Share:
    """What one process did: from when to when (the machine's clock), resident kB when warm and at the end."""

    began: float
    ended: float
    rss_warm: int
    rss_after: int


def _issue_many(notes: int, *, processes: int) -> tuple[float, list[Share]]:
    """Notes a second, without the time that processes take to start, and what each process says."""
    owner = shipper("papers-one", "Papers One")
    connection.close()
    with (
        tempfile.TemporaryDirectory(prefix="dockside-bench-store-") as store,
        ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=django.setup) as pool,
    ):
        shares = [
            pool.submit(issue_share, owner.pk, store, range(first, notes + 1, processes))
            for first in range(1, processes + 1)
        ]
        reports = [share.result() for share in shares]
    seconds = max(one.ended for one in reports) - min(one.began for one in reports)
    return notes / seconds, reports


def issue_share(shipper_id: UUID, store: str, numbers: range) -> Share:
    """Issue the notes of these numbers, each of a new delivery, in a process of its own."""
    settings.STORE_DIR = Path(store)
    rss_warm = _rss()
    began = time()
    with doorway.enter_shipper(Shipper.objects.get(pk=shipper_id)):
        for count, number in enumerate(numbers):
            issue_delivery_note(note=a_note(number), delivery_id=new_id(), actor=SYSTEM, now=NOW)
            if count == int(len(numbers) * WARM):
                rss_warm = _rss()
    return Share(began, time(), rss_warm, _rss())


def _rss() -> int:
    told = subprocess.run(  # noqa: S603 our own process
        ["ps", "-o", "rss=", "-p", str(os.getpid())],  # noqa: S607 wherever the system has it
        capture_output=True,
        check=True,
    )
    return int(told.stdout)


def a_note(number: int) -> papers.DeliveryNote:
    """A note of two consignments with 24 lines on twelve pallets: what most notes look like."""
    start = datetime(2026, 3, 3, 7, 0, tzinfo=UTC) + timedelta(minutes=number)
    return papers.DeliveryNote(
        number=f"D{number:06d}",
        shipper=papers.Party(name="Papers One", address=("14 Brickfield Road", "1459 Boksburg")),
        recipient=papers.Party(name="Northern Hospital"),
        site=papers.Place(
            name="Northern Hospital stores",
            time_zone="Africa/Johannesburg",
            address=("Gate 3, Jubilee Road", "2193 Johannesburg"),
            gate_instructions="Report at Gate 3 with this note.",
            protective_equipment="High-visibility vest",
        ),
        visit=papers.Visit(
            dock="Dock 1",
            slot=papers.Period(start=start, end=start + timedelta(hours=1)),
            confirmation_number=f"K{number:07d}",
        ),
        goods=tuple(_goods(number, part) for part in (1, 2)),
        totals=papers.Totals(pallets=12, weight_kg=Decimal(4950), volume_m3=Decimal("18.72")),
        transport=papers.Transport(carrier="Highveld Hauliers", vehicle="JKL 204 GP"),
    )


def _goods(number: int, part: int) -> papers.Goods:
    return papers.Goods(
        number=f"C{number:06d}-{part}",
        order_reference=f"PO-{number}",
        items=tuple(
            papers.Item(
                line=line,
                article=f"Article {line} of consignment {part}, 500 mg, box of 100",
                quantity=Decimal(12 * line),
                unit="pack",
                batch=f"B{line}",
                expires_on=date(2027, 1, 31),
                weight_kg=Decimal(line),
            )
            for line in range(1, 13)
        ),
        units=tuple(
            papers.Unit(sscc=_sscc(100 * number + 10 * part + unit), weight_kg=Decimal("412.5"))
            for unit in range(6)
        ),
    )


def _sscc(serial: int) -> str:
    """With its check digit: GS1 General Specifications, 7.9."""
    body = f"36001234{serial:09d}"
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"
