"""Many bookers on one dock: eight processes of two shippers want the same day.

The same transactions run as bare SQL and through the services, one after the other; promised is their ratio.
Every attempt is checked: what a booker certainly had, nobody else may have had at the same time.
"""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from multiprocessing import get_context
from uuid import UUID

from django.db import connection

from apps.facilities.models import Dock, HandlingTime, Partnership, ReceivingWindow, Recipient, Site
from apps.tenancy.models import Shipper
from benchmarks._contention import GRID, MINUTES, Ground, Hold, Report, book
from benchmarks.harness import Promise
from config.local import places

BOOKERS = 8
ROUNDS = 3
BARE_SHARE = 5  # one bare attempt for so many through the services: it is only there to be compared with
SHIPPERS = {"contend-one": "Contender One", "contend-two": "Contender Two"}
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def run(attempts: int = 6_000) -> Iterable[Promise]:
    """Book against each other; the ratio of decisions per second, and counts of what must never happen.

    ``attempts`` are those through the services; 100,000 of them take a quarter of an hour or so.
    """
    shippers = [_shipper(slug, name) for slug, name in SHIPPERS.items()]
    grounds = {how: _ground(shippers) for how in ("bare", "services")}
    deadlocks = _deadlocks()
    reports = _contend(grounds, shippers, attempts)
    outcomes = {how: sum((one.outcomes for one in some), Counter[str]()) for how, some in reports.items()}
    pace = {how: outcomes[how].total() / _seconds(some) for how, some in reports.items()}
    for how, counted in outcomes.items():
        print(f"  {how}: {counted.total():,} attempts, {pace[how]:.0f} decisions/s, {dict(counted)}")
    errors = sum(n for counted in outcomes.values() for name, n in counted.items() if "error" in name)
    holds = [hold for some in reports.values() for one in some for hold in one.holds]
    doubles = sum(double_bookings([h for one in some for h in one.holds]) for some in reports.values())
    print(f"  {len(holds):,} holds of both ways compared with each other")
    yield Promise("contention", round(pace["services"] / pace["bare"], 3), 0.40, bound="at least")
    yield Promise("contention-double-bookings", doubles, 0)
    yield Promise("contention-deadlocks", _deadlocks() - deadlocks, 0)
    yield Promise("contention-server-errors", errors, 0)


def _contend(grounds: dict[str, Ground], shippers: list[UUID], attempts: int) -> dict[str, list[Report]]:
    """Both ways in turn, round by round, so that a busy machine slows down both alike."""
    context = get_context("spawn")
    connection.close()
    reports: dict[str, list[Report]] = {how: [] for how in grounds}
    each = {"services": -(-attempts // (BOOKERS * ROUNDS))}
    each["bare"] = -(-each["services"] // BARE_SHARE)
    with context.Manager() as manager, ProcessPoolExecutor(BOOKERS, mp_context=context) as pool:
        for _ in range(ROUNDS):
            for how, ground in grounds.items():
                barrier = manager.Barrier(BOOKERS)
                bookers = [
                    pool.submit(book, how, ground, shippers[number % len(shippers)], each[how], barrier)
                    for number in range(BOOKERS)
                ]
                reports[how] += [booker.result() for booker in bookers]
    return reports


def _seconds(reports: list[Report]) -> float:
    """From the first attempt to the last of each round, summed up."""
    rounds = [reports[at : at + BOOKERS] for at in range(0, len(reports), BOOKERS)]
    return sum(max(one.ended for one in some) - min(one.began for one in some) for some in rounds)


def double_bookings(holds: Iterable[Hold]) -> int:
    """How often somebody had a piece of the dock's time while somebody else had it.

    Judged by the bookers' own clocks, from a held slot's answer to the moment it is given up, and not by the
    ledger that prevents it.
    """
    pieces: dict[datetime, list[tuple[float, float]]] = defaultdict(list)
    for hold in holds:
        for offset in range(0, MINUTES, GRID):
            pieces[hold.start + timedelta(minutes=offset)].append((hold.since, hold.until))
    return sum(earlier[1] > later[0] for had in pieces.values() for earlier, later in pairwise(sorted(had)))


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


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
