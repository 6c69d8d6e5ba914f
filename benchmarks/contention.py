"""Many bookers on one dock: eight processes of two shippers want the same day.

The same transactions run as bare SQL and through the services, one after the other; promised is their ratio.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from multiprocessing import get_context
from uuid import UUID

from django.db import connection

from apps.appointments.models import Offer
from apps.facilities.models import Dock, HandlingTime, Partnership, ReceivingWindow, Recipient, Site
from apps.tenancy.models import Shipper
from benchmarks._contention import MINUTES, Ground, book
from benchmarks.harness import Promise
from config.local import places

BOOKERS = 8
ROUNDS = 3
SECONDS = 3.0  # each way, in each round
SHIPPERS = {"contend-one": "Contender One", "contend-two": "Contender Two"}
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def run() -> Iterable[Promise]:
    """Book against each other; the ratio of decisions per second, and counts of what must never happen."""
    shippers = [_shipper(slug, name) for slug, name in SHIPPERS.items()]
    grounds = {how: _ground(shippers) for how in ("bare", "services")}
    deadlocks = _deadlocks()
    decided = _contend(grounds, shippers)
    for how, outcomes in decided.items():
        print(f"  {how}: {outcomes.total() / ROUNDS / SECONDS:.0f} decisions/s, {dict(outcomes)}")
    errors = sum(n for outcomes in decided.values() for name, n in outcomes.items() if "error" in name)
    ratio = decided["services"].total() / max(1, decided["bare"].total())
    yield Promise("contention", ratio, 0.40, bound="at least")
    yield Promise("contention-double-bookings", _double_bookings(grounds["services"]), 0)
    yield Promise("contention-deadlocks", _deadlocks() - deadlocks, 0)
    yield Promise("contention-server-errors", errors, 0)


def _contend(grounds: dict[str, Ground], shippers: list[UUID]) -> dict[str, Counter[str]]:
    """Both ways in turn, round by round, so that a busy machine slows down both alike."""
    context = get_context("spawn")
    connection.close()
    decided: dict[str, Counter[str]] = {how: Counter() for how in grounds}
    with context.Manager() as manager, ProcessPoolExecutor(BOOKERS, mp_context=context) as pool:
        for _ in range(ROUNDS):
            for how, ground in grounds.items():
                barrier = manager.Barrier(BOOKERS)
                bookers = [
                    pool.submit(book, how, ground, shippers[number % len(shippers)], SECONDS, barrier)
                    for number in range(BOOKERS)
                ]
                for booker in bookers:
                    decided[how].update(booker.result())
    return decided


def _shipper(slug: str, name: str) -> UUID:
    """A shipper with a schema of its own; made once, it stays in the benchmarks' database."""
    if not Shipper.objects.filter(slug=slug, state=Shipper.State.ACTIVE).exists():
        command = [sys.executable, "manage.py", "provision_shipper", slug, "--name", name]
        subprocess.run(command, cwd=places.PROJECT, check=True, capture_output=True)  # noqa: S603 our own command
    return Shipper.objects.get(slug=slug).pk


def _ground(shippers: list[UUID]) -> Ground:
    """A fresh site with one dock, open day and night, that takes half an hour for everything."""
    name = f"Contended {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
    recipient = Recipient.objects.create(name=name)
    for shipper_id in shippers:
        Partnership.objects.create(shipper_id=shipper_id, recipient=recipient)
    site = Site.objects.create(
        recipient=recipient, code="C", name="Contended", latitude=0, longitude=0, time_zone="UTC"
    )
    dock = Dock.objects.create(site=site, name="Dock 1")
    HandlingTime.objects.create(site=site, fixed_minutes=MINUTES, minutes_per_pallet=0)
    for weekday in range(1, 8):
        ReceivingWindow.objects.create(site=site, weekday=weekday, opens=time(0), closes=time(0))
    day = datetime.combine(NOW.date() + timedelta(days=2), time(0), tzinfo=UTC)
    return Ground(site.pk, dock.pk, day, NOW)


def _double_bookings(ground: Ground) -> int:
    """Pairs of held slots that overlap, judged by the offers and not by the ledger that prevents them."""
    open_offers = Offer.objects.filter(appointment__site_id=ground.site_id, state="open")
    held = sorted(
        (slot.during.lower, slot.during.upper)
        for offer in open_offers.prefetch_related("slots")
        for slot in offer.slots.all()
    )
    return sum(earlier[1] > later[0] for earlier, later in pairwise(held))


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
