"""A network that is as full as a real one: 1,000,000 occupancies over 500 docks, made once and kept.

Nine sites have 50 docks each and 50 sites have one. From 30 days before ``NOW`` to 60 days after it about
seven in ten half hours between 06:00 and 22:00 are taken at every dock; at the first big site those of the
next fourteen days are appointments, everywhere else they are blocks.
"""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    HandlingTime,
    Partnership,
    ReceivingWindow,
    Recipient,
    Reservation,
    Season,
    Site,
)
from apps.tenancy.models import Shipper
from config.local import places

NAME = "Full network"
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
BIG_SITES, BIG_DOCKS, SMALL_SITES = 9, 50, 50
DAYS_BEFORE, DAYS = 30, 90
FIRST_DAY = NOW.date() - timedelta(days=DAYS_BEFORE)
BOOKED_DAYS = 14


@dataclass(frozen=True)
class Network:
    """The full network: its sites by size, and the two shippers that its appointments are of."""

    big: tuple[Site, ...]
    small: tuple[Site, ...]
    shippers: tuple[Shipper, Shipper]


def full_network() -> Network:
    """The network as it stands, made first where it is missing (about two minutes)."""
    shippers = (shipper("full-one", "Full One"), shipper("full-two", "Full Two"))
    recipient = Recipient.objects.filter(name=NAME).first()
    if recipient is None:
        print("  making 1,000,000 occupancies, once ...", flush=True)
        with transaction.atomic():
            recipient = _make(shippers)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM appointments_dockoccupancy")
            print(f"  {cursor.fetchone()[0]:,} occupancies", flush=True)
    sites = list(Site.objects.filter(recipient=recipient).order_by("code"))
    return Network(tuple(sites[:BIG_SITES]), tuple(sites[BIG_SITES:]), shippers)


def shipper(slug: str, name: str) -> Shipper:
    """A shipper with a schema of its own; made once, it stays in the benchmarks' database."""
    if not Shipper.objects.filter(slug=slug, state=Shipper.State.ACTIVE).exists():
        command = [sys.executable, "manage.py", "provision_shipper", slug, "--name", name]
        subprocess.run(command, cwd=places.PROJECT, check=True, capture_output=True)  # noqa: S603 our own command
    return Shipper.objects.get(slug=slug)


def _make(shippers: tuple[Shipper, Shipper]) -> Recipient:
    recipient = Recipient.objects.create(name=NAME)
    for each in shippers:
        Partnership.objects.create(shipper=each, recipient=recipient)
    first: Site | None = None
    for number in range(BIG_SITES + SMALL_SITES):
        is_big = number < BIG_SITES
        site = Site.objects.create(
            recipient=recipient,
            code=f"{'A' if is_big else 'B'}{number:02d}",
            name=f"Full site {number}",
            latitude=-26.1 + number / 100,
            longitude=28.0,
            time_zone="Africa/Johannesburg",
            max_lead_time=timedelta(days=60),
        )
        first = first or site
        Dock.objects.bulk_create(
            Dock(site=site, name=f"Dock {dock:02d}", rank=dock) for dock in range(BIG_DOCKS if is_big else 1)
        )
        _rules(site, shippers)
    assert first is not None
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [recipient.pk, DAYS, FIRST_DAY])
        booked = [NOW.date(), NOW.date() + timedelta(days=BOOKED_DAYS)]
        cursor.execute(_APPOINTMENTS, [shippers[0].pk, shippers[1].pk, first.pk, *booked])
        cursor.execute(_BOOKINGS, [first.pk])
        cursor.execute("ANALYZE appointments_dockoccupancy, appointments_appointment")
    return recipient


def _rules(site: Site, shippers: tuple[Shipper, Shipper]) -> None:
    """What a site with a good deal to say says: limits per dock, hours, closures, a season, reserved time."""
    docks = list(site.docks.order_by("rank"))
    kind = DockRule.Kind
    rules = [
        DockRule(site=site, kind=kind.MAX_HEIGHT, limit=Decimal("4.2")),
        DockRule(site=site, kind=kind.MAX_PALLETS, limit=Decimal(33)),
        DockRule(site=site, kind=kind.TEMPERATURE, values=["ambient", "chilled"]),
        DockRule(site=site, kind=kind.ADR, values=["3", "8", "9"]),
        DockRule(site=site, kind=kind.LOAD_TYPES, values=["pallets", "parcels"]),
        *(DockRule(site=site, dock=dock, kind=kind.MAX_LENGTH, limit=Decimal("16.5")) for dock in docks),
        *(DockRule(site=site, dock=dock, kind=kind.EQUIPMENT, values=["forklift"]) for dock in docks[:5]),
    ]
    DockRule.objects.bulk_create(rules)
    HandlingTime.objects.create(site=site, fixed_minutes=15, minutes_per_pallet=2)
    season = Season.objects.create(
        site=site,
        name="Easter",
        days=DateRange(NOW.date() + timedelta(days=31), NOW.date() + timedelta(days=37)),
    )
    ReceivingWindow.objects.bulk_create(
        ReceivingWindow(site=site, season=each, weekday=weekday, opens=time(6), closes=time(22))
        for weekday in range(1, 8)
        for each in (None, season)
    )
    ReceivingWindow.objects.bulk_create(
        ReceivingWindow(site=site, dock=dock, weekday=weekday, opens=time(6), closes=time(18))
        for dock in docks[-5:]
        for weekday in range(1, 8)
    )
    for days in (3, 9):
        start = NOW + timedelta(days=days)
        Closure.objects.create(
            site=site, during=DateTimeTZRange(start, start + timedelta(hours=2)), reason="Stocktaking"
        )
    for dock in docks[:2]:
        Reservation.objects.create(
            site=site, dock=dock, shipper=shippers[1], weekday=2, opens=time(7), closes=time(9)
        )


_TAKEN = """
    INSERT INTO appointments_dockoccupancy (id, created_at, dock_id, lane, during, kind, note)
    SELECT gen_random_uuid(), now(), d.id, 1, tstzrange(starts, starts + interval '30 minutes'),
           'block', 'full'
      FROM facilities_dock d
      JOIN facilities_site s ON s.id = d.site_id AND s.recipient_id = %s
      CROSS JOIN generate_series(0, %s - 1) AS day
      CROSS JOIN generate_series(0, 31) AS half_hour
      CROSS JOIN LATERAL (
          SELECT (%s + day + time '06:00' + half_hour * interval '30 minutes')
                 AT TIME ZONE s.time_zone AS starts) AS t
     WHERE abs(hashtext(d.id::text || day || '/' || half_hour)::bigint) %% 100 < 70
"""
_APPOINTMENTS = """
    INSERT INTO appointments_appointment
           (id, created_at, shipper_id, site_id, delivery_id, reference, state, confirmation_number,
            dock_id, lane, during, must_act, is_planned, version, load_type, pallets, weight_kg,
            volume_m3, lines, temperature_class, adr_classes, live, tail_lift)
    SELECT o.id, now(),
           CASE WHEN abs(hashtext(o.id::text)::bigint) %% 2 = 0 THEN %s::uuid ELSE %s::uuid END, d.site_id,
           gen_random_uuid(), 'full', 'confirmed', substr(md5(o.id::text), 1, 12),
           o.dock_id, o.lane, o.during, '', true, 1, 'pallets', 5, 0,
           0, 0, 'ambient', '{}', true, false
      FROM appointments_dockoccupancy o
      JOIN facilities_dock d ON d.id = o.dock_id
     WHERE d.site_id = %s AND lower(o.during) >= %s AND lower(o.during) < %s
"""
_BOOKINGS = """
    UPDATE appointments_dockoccupancy o
       SET kind = 'booking', appointment_id = a.id, note = ''
      FROM appointments_appointment a
     WHERE a.site_id = %s AND a.id = o.id
"""
