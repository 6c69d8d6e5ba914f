"""The slot search in a full network: through the service with every rule, against the bare statement.

Bare is what finds the gaps and no more: one multirange subtraction per dock, by the same driver, in a session
of the hub's role, which row-level security hides nothing from.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection

from apps.appointments.load import Load
from apps.appointments.search import day_bounds
from apps.appointments.selectors import find_slots
from apps.facilities.models import Dock, Site
from apps.tenancy import doorway
from apps.tenancy.postgresql.base import HUB_ROLE
from benchmarks._occupancies import NOW, full_network
from benchmarks.harness import Promise

LOAD = Load(pallets=5, lines=3, vehicle_length_m=Decimal(12), vehicle_height_m=Decimal(4))
MINUTES = 25  # what LOAD takes
ROUNDS = 200
COUNTED = {"vehicles_at_once": 45, "appointments_per_hour": 90, "pallets_per_day": 9_000}


def run() -> Iterable[Promise]:
    """Search both ways in turn; the ratio of the 95th percentiles, and the difference for one dock's day."""
    network = full_network()
    big, small = network.big[0], network.small[0]
    today = NOW.astimezone(ZoneInfo(big.time_zone)).date()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        session.execute(f"SET ROLE {HUB_ROLE}")
        with doorway.enter_shipper(network.shippers[0]):
            many = _compare(session, big, today, 14)
            one = _compare(session, small, today + timedelta(days=1), 1)
        with _counted(big), doorway.enter_shipper(network.shippers[0]):
            counted = _compare(session, big, today, 14)
    for name, (bare, service) in {"50 × 14": many, "1 × 1": one, "50 × 14, counted limits": counted}.items():
        print(f"  {name}: bare {_figures(bare)}, service {_figures(service)}")
    yield Promise("slots", round(_p95(many[1]) / _p95(many[0]), 2), 3.0)
    yield Promise("slots-one-dock-day", round(1000 * (_p95(one[1]) - _p95(one[0])), 1), 10, "ms")
    yield Promise("slots-counted-limits", round(_p95(counted[1]) / _p95(counted[0]), 2), 3.0)


@contextmanager
def _counted(site: Site) -> Iterator[None]:
    """The site with limits that are counted over all its docks, for as long as this lasts."""
    try:
        for name, value in COUNTED.items():
            setattr(site, name, value)
        site.save(update_fields=list(COUNTED))
        yield
    finally:
        for name in COUNTED:
            setattr(site, name, None)
        site.save(update_fields=list(COUNTED))


Times = list[float]


def _compare(session: psycopg.Connection[Any], site: Site, first_day: date, days: int) -> tuple[Times, Times]:
    """Both ways in turn, round by round, so that a busy machine slows down both alike."""
    docks = list(Dock.objects.filter(site=site).values_list("pk", flat=True))
    zone = ZoneInfo(site.time_zone)
    start = day_bounds(first_day, zone)[0]
    end = day_bounds(first_day + timedelta(days=days), zone)[0]

    question = {
        "docks": docks,
        "start": start,
        "end": end,
        "first": first_day,
        "days": days,
        "zone": site.time_zone,
        "needed": timedelta(minutes=MINUTES),
        "now": NOW,
    }

    def bare() -> Sequence[Any]:
        return session.execute(BARE, question).fetchall()

    def service() -> Sequence[Any]:
        return find_slots(site=site, load=LOAD, first_day=first_day, days=days, now=NOW).slots

    assert bare()
    assert service()
    taken: tuple[Times, Times] = ([], [])
    for _ in range(ROUNDS):
        for way, into in zip((bare, service), taken, strict=True):
            into.append(_timed(way))
    return taken


def _timed(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def _p95(times: Times) -> float:
    return quantiles(times, n=20)[-1]


def _figures(times: Times) -> str:
    return f"{1000 * median(times):.1f} ms (p95 {1000 * _p95(times):.1f})"


BARE = """
    WITH hours AS (
        SELECT range_agg(tstzrange((day + time '06:00') AT TIME ZONE %(zone)s,
                                   (day + time '22:00') AT TIME ZONE %(zone)s)) AS open
          FROM (SELECT %(first)s::date + number AS day
                  FROM generate_series(0, %(days)s - 1) AS number) AS days
    ), busy AS (
        SELECT dock_id, lane, range_agg(during) AS taken
          FROM public.appointments_dockoccupancy
         WHERE dock_id = ANY (%(docks)s::uuid[]) AND during && tstzrange(%(start)s, %(end)s)
           AND (hold_expires_at IS NULL OR hold_expires_at > %(now)s)
         GROUP BY dock_id, lane
    )
    SELECT busy.dock_id, busy.lane, lower(gap), upper(gap)
      FROM hours, busy, LATERAL unnest(hours.open - busy.taken) AS gap
     WHERE upper(gap) - lower(gap) >= %(needed)s
"""
