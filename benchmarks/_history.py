"""A shipper with a long history, made once and kept, and further shippers beside it, taken down afterwards.

The history is two years of deliveries to thirty sites with what the control tower looks at: appointments, the
events of the ground, handovers, facts; the last four weeks wait to be counted, and a few hundred deliveries
are under way. Further shippers are empty copies of its schema.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from apps.accounts.actors import actor_at_shipper
from apps.accounts.models import Membership, Person, Role
from apps.carriers.models import Carrier, Vehicle
from apps.facilities.models import Dock, Partnership, Recipient, Site
from apps.figures.gathering import COLUMNS
from apps.integrations.models import Scope
from apps.integrations.services import issue_key
from apps.tenancy import doorway
from apps.tenancy.models import SCHEMA_PREFIX, Shipper
from benchmarks._shippers import provisioned
from benchmarks.harness import DATABASE
from config.local import binaries, postgres

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SITES, CARRIERS, DAYS = 30, 5, 730
#: What the worker has to count itself: the last days of the history.
UNCOUNTED_DAYS = 28
UNDER_WAY = 600
EMAIL, ADMINISTRATOR = "planner@tower.example", "administrator@tower.example"
PASSWORD = "correct horse battery"  # noqa: S105 of a benchmark's own database


@dataclass(frozen=True)
class History:
    """The shipper, who plans for it, and how many deliveries it has."""

    shipper: Shipper
    planner: Person
    deliveries: int


def history(deliveries: int) -> History:
    """The shipper with at least so many deliveries, made first where there are fewer."""
    shipper = provisioned("tower", "Tower")
    planner = Person.objects.filter(email=EMAIL).first()
    if planner is None:
        planner = Person.objects.create_user(EMAIL, PASSWORD, name="Tower Planner")
        Membership.objects.create(person=planner, role=Role.PLANNER, shipper=shipper)
    sites = _sites(shipper)
    with doorway.enter_shipper(shipper):
        there = _asked("SELECT count(*) FROM deliveries_delivery")
        if there < deliveries:
            print(f"  making {deliveries - there:,} deliveries with their history, once ...", flush=True)
            _fill(shipper, sites, first=there, last=deliveries - 1)
            there = deliveries
    return History(shipper, planner, there)


def forget_exceptions(shipper: Shipper) -> None:
    """What an earlier run found, of which the shipper itself may take nothing back."""
    table = sql.Identifier(shipper.schema_name, "insights_deliveryexception")
    with psycopg.connect(postgres.url(postgres.OWNER, DATABASE), autocommit=True) as session:
        session.execute(sql.SQL("TRUNCATE {} CASCADE").format(table))


def fleet(shipper: Shipper, vehicles: int) -> tuple[str, list[str]]:
    """What telematics send in the header, good for posting positions, and so many plates."""
    plates = [f"TOWER{number:04d}" for number in range(vehicles)]
    with doorway.network():  # whoever asked for pages last may have left us at a desk
        person = Person.objects.filter(email=ADMINISTRATOR).first()
        if person is None:
            person = Person.objects.create_user(ADMINISTRATOR, PASSWORD, name="Tower Administrator")
            Membership.objects.create(person=person, role=Role.SHIPPER_ADMIN, shipper=shipper)
        administrator = actor_at_shipper(person, shipper.pk)
    assert administrator is not None
    with doorway.enter_shipper(shipper):
        carrier = Carrier.objects.get_or_create(name="Carrier 0")[0]
        known = set(Vehicle.objects.filter(plate__in=plates).values_list("plate", flat=True))
        Vehicle.objects.bulk_create(
            Vehicle(
                carrier=carrier,
                plate=plate,
                vehicle_class="rigid",
                length_m=Decimal("7.5"),
                height_m=Decimal("3.4"),
                gross_weight_kg=12_000,
                capacity_pallets=12,
                capacity_kg=6_000,
                capacity_m3=Decimal(40),
            )
            for plate in plates
            if plate not in known
        )
        _key, token = issue_key(
            actor=administrator,
            name="telematics",
            scopes=[Scope.POSITIONS],
            now=timezone.now(),
            valid_for=timedelta(days=1),
        )
    return f"Bearer {token}", plates


@contextmanager
def others(pattern: Shipper, count: int) -> Iterator[list[Shipper]]:
    """So many further shippers, empty copies of the pattern's schema, for as long as this lasts."""
    owner = postgres.url(postgres.OWNER, DATABASE)
    made: list[Shipper] = []
    with psycopg.connect(owner, autocommit=True) as session:
        script = _structure(owner, pattern.schema_name)
        try:
            for number in range(count):
                made.append(_copy(session, script, pattern, number))
            yield made
        finally:
            for each in made:
                session.execute("DELETE FROM public.tenancy_shipper WHERE id = %s", [each.pk])
                name = sql.Identifier(each.schema_name)
                session.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
                session.execute(sql.SQL("DROP ROLE {}").format(name))


def _structure(owner: str, schema: str) -> str:
    """The schema's tables with grants and triggers, and which migrations it has."""
    program = binaries.find_binaries().program("pg_dump")
    parts = []
    for what in (["--schema-only"], ["--data-only", "--inserts", f"--table={schema}.django_migrations"]):
        command = [str(program), owner, f"--schema={schema}", *what]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 our own
        parts += [line for line in done.stdout.splitlines() if not line.startswith("\\")]
    return "\n".join(parts)


def _copy(session: psycopg.Connection[Any], script: str, pattern: Shipper, number: int) -> Shipper:
    slug = f"other-{number:03d}"
    schema = SCHEMA_PREFIX + slug.replace("-", "_")
    role = sql.Identifier(schema)
    if session.execute("SELECT FROM pg_roles WHERE rolname = %s", [schema]).fetchone() is None:
        session.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
    session.execute(sql.SQL("GRANT dockside_shipper TO {}").format(role))
    session.execute(sql.SQL("GRANT {} TO dockside_app").format(role))
    session.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(role))
    session.execute(script.replace(pattern.schema_name, schema).encode())
    session.execute("RESET search_path")
    values = {"name": f"Other {number}", "schema_name": schema, "state": Shipper.State.ACTIVE}
    return Shipper.objects.update_or_create(slug=slug, defaults=values)[0]


def _sites(shipper: Shipper) -> list[Site]:
    recipient, is_new = Recipient.objects.get_or_create(name="Tower recipients")
    if is_new:
        Partnership.objects.create(shipper=shipper, recipient=recipient)
        places = {"longitude": 28.0, "time_zone": "Africa/Johannesburg"}
        Site.objects.create(shipper=shipper, code="DC", name="Tower warehouse", latitude=-26.0, **places)
        for number in range(SITES):
            site = Site.objects.create(
                recipient=recipient,
                code=f"T{number:02d}",
                name=f"Tower site {number:02d}",
                latitude=-26.1 - number / 100,
                **places,
            )
            Dock.objects.create(site=site, name="Dock 1", rank=1)
    return list(Site.objects.filter(recipient=recipient).order_by("code"))


def _fill(shipper: Shipper, sites: list[Site], *, first: int, last: int) -> None:
    carriers = _carriers()
    given = {
        "first": first,
        "last": last,
        "sites": [site.pk for site in sites],
        "docks": [site.docks.values_list("pk", flat=True)[0] for site in sites],
        "origin": Site.objects.get(shipper=shipper).pk,
        "carriers": carriers,
        "shipper": shipper.pk,
        "start": NOW.date() - timedelta(days=DAYS),
        "per_day": max(1, (last + 1) // DAYS),
        "now": NOW,
        "uncounted": NOW.date() - timedelta(days=UNCOUNTED_DAYS),
        "under_way": last - UNDER_WAY,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_DELIVERIES, _APPOINTMENTS, _EVENTS, _HANDOVERS, _FACTS):
            cursor.execute(statement, given)


def _carriers() -> list[UUID]:
    for number in range(CARRIERS):
        Carrier.objects.get_or_create(name=f"Carrier {number}")
    return list(Carrier.objects.order_by("name").values_list("pk", flat=True))


def _asked(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


#: Ids of a time in the past sort as if they had been made then (PostgreSQL 18: ``uuidv7`` with a shift).
_ID = "uuidv7((%(start)s::date - now()::date) * interval '1 day' + (n / %(per_day)s) * interval '1 day')"
_SITE = "1 + n %% 30"
_DAY = "%(start)s::date + least(n / %(per_day)s, 729)::integer"
_DELIVERIES = f"""
    INSERT INTO deliveries_delivery (id, created_at, number, origin_id, site_id, day, state, load_type,
           temperature_class, pallets, weight_kg, volume_m3, lines, failure_reason, seals, version)
    SELECT {_ID},
           %(now)s, 'H' || n, %(origin)s, (%(sites)s::uuid[])[{_SITE}], {_DAY},
           CASE WHEN n > %(under_way)s THEN 'in_transit' WHEN n %% 50 = 0 THEN 'failed' ELSE 'delivered' END,
           'pallets', 'ambient', 1 + n %% 12, 300, 3, 4,
           CASE WHEN n %% 50 = 0 THEN 'receiverAbsent' ELSE '' END, '{{}}', 1
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""  # noqa: S608 our own text
_OF = "FROM (SELECT d.*, substr(d.number, 2)::bigint AS n FROM deliveries_delivery d) d WHERE n >= %(first)s"
_BEGIN = "(d.day + time '06:00' + (n %% 20) * interval '30 minutes')"
_APPOINTMENTS = f"""
    INSERT INTO public.appointments_appointment
           (id, created_at, shipper_id, site_id, delivery_id, reference, state, confirmation_number, dock_id,
            lane, during, arrival_window, must_act, is_planned, version, load_type, pallets, weight_kg,
            volume_m3, lines, temperature_class, adr_classes, live, tail_lift)
    SELECT uuidv7(), %(now)s, %(shipper)s, d.site_id, d.id, d.number,
           CASE d.state WHEN 'in_transit' THEN 'confirmed' WHEN 'failed' THEN 'no_show' ELSE 'completed' END,
           'T' || to_char(n, 'FM0000000000'), (%(docks)s::uuid[])[{_SITE}], 1,
           tstzrange({_BEGIN}, {_BEGIN} + interval '30 minutes'),
           tstzrange({_BEGIN} - interval '30 minutes', {_BEGIN} + interval '30 minutes'),
           '', true, 1, 'pallets', d.pallets, 0, 0, 0, 'ambient', '{{}}', true, false {_OF}
"""
_CAME = f"({_BEGIN} + ((hashtext(d.number) %% 40) - 5) * interval '1 minute')"
_EVENTS = f"""
    INSERT INTO deliveries_deliveryevent (id, created_at, delivery_id, from_state, to_state, actor_name, at)
    SELECT uuidv7(), %(now)s, d.id, '', step.state, 'bench', {_CAME} + step.after
      FROM (SELECT d.*, substr(d.number, 2)::bigint AS n FROM deliveries_delivery d) d
      JOIN (VALUES ('in_transit', interval '-1 hour', ARRAY['in_transit', 'delivered', 'failed']),
                   ('arrived', interval '0', ARRAY['delivered']),
                   ('unloading', interval '10 minutes', ARRAY['delivered']),
                   ('failed', interval '2 hours', ARRAY['failed']))
           AS step (state, after, of) ON d.state = ANY (step.of)
     WHERE n >= %(first)s AND (d.day >= %(uncounted)s OR step.state IN ('arrived', 'failed'))
"""  # noqa: S608 our own text
_HANDOVERS = f"""
    INSERT INTO deliveries_handover (id, created_at, delivery_id, outcome, units_expected, units_received,
           released_by, received_by, released_drawn, received_drawn, received_by_role, statement_sha256,
           reservation, condition, seals_out, seals, seals_after, doubts, attempt, confirmed_by_code,
           device_time, recorded_at)
    SELECT uuidv7(), %(now)s, d.id, 'accepted', d.pallets, d.pallets,
           'Dan', 'Otto', true, true, '', '',
           '', '', '{{}}', '{{}}', '{{}}', '{{}}', 1, false,
           {_CAME} + interval '50 minutes', {_CAME} + interval '50 minutes'
      {_OF} AND d.state = 'delivered'
"""
_TOLD = {
    "delivery_id": "d.id",
    "day": "d.day",
    "site_id": "d.site_id",
    "origin_id": "d.origin_id",
    "carrier_id": "(%(carriers)s::uuid[])[1 + n %% 5]",
    "state": "d.state",
    "failure_reason": "d.failure_reason",
    "load_type": "d.load_type",
    "temperature_class": "d.temperature_class",
    "pallets": "d.pallets",
    "asked_at": f"{_BEGIN} - interval '2 days'",
    "agreed_at": f"{_BEGIN} - interval '1 day'",
    "rounds": "1 + n %% 3",
    "answers": "1",
    "answer_s": "7200",
    "slot_from": _BEGIN,
    "slot_to": f"{_BEGIN} + interval '30 minutes'",
    "window_from": f"{_BEGIN} - interval '30 minutes'",
    "window_to": f"{_BEGIN} + interval '30 minutes'",
    "cost_cents": "80000 + n %% 9000",
    "distance_m": "30000 + n %% 20000",
    "empty_m": "9000",
    "route_s": "5400",
    "capacity": "12",
    "left_at": f"{_CAME} - interval '1 hour'",
    "came_at": f"CASE WHEN d.state = 'delivered' THEN {_CAME} END",
    "handed_at": f"CASE WHEN d.state = 'delivered' THEN {_CAME} + interval '50 minutes' END",
    "free_minutes": "120",
    "has_failed": "d.state = 'failed'",
    "attempt": "1",
    "outcome": "'accepted'",
    "units_expected": "d.pallets",
    "units_received": "d.pallets",
    "findings": "'{}'",
    "counted_at": "%(now)s",
}
_NONE = {"cause": "''", "step": "''", "evidence": "'[]'"}


def _default(column: str) -> str:
    if column.startswith("is_") or column in {"papers_lacked", "no_carrier"}:
        return "false"
    return "NULL" if column.endswith(("_at", "_id")) or column.startswith(("planned_", "before_")) else "0"


_FACTS = f"""
    INSERT INTO figures_visitfacts ({", ".join((*COLUMNS, *_NONE))})
    SELECT {", ".join((*(_TOLD.get(column, _default(column)) for column in COLUMNS), *_NONE.values()))}
      {_OF} AND d.day < %(uncounted)s
"""
