"""The one statement behind every slot search: receiving windows − closures − what is taken, per lane.

All calendar arithmetic is the database's: weekly windows become moments with ``AT TIME ZONE``, so that days
of 23 and 25 hours and windows over midnight come out right; subtraction is one multirange difference.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from apps.appointments.search import Calendar, DockNeed, Gap, Shut, Span
from apps.facilities.models import Site

# A dock with windows of its own follows these alone; a window without a load type is for every load. A
# window whose local hours vanish in the hour that spring skips is empty. One day more on either side lets
# windows that run over midnight, or meet there, join before they are cut.
WINDOWS = """
    asked AS (
        SELECT tstzrange((%(first)s::date - 1)::timestamp AT TIME ZONE %(zone)s,
                         (%(last)s::date + 2)::timestamp AT TIME ZONE %(zone)s) AS span
    ), day AS (
        SELECT d::date AS day
          FROM generate_series(%(first)s::date - interval '1 day', %(last)s::date + interval '1 day',
                               interval '1 day') AS d
    ), hours AS (
        SELECT w.dock_id,
               range_agg(tstzrange(o.opens, o.closes)) FILTER (
                   WHERE o.opens < o.closes
                   AND (%(load_type)s::text IS NULL OR w.load_type IN ('', %(load_type)s))) AS open
          FROM public.facilities_receivingwindow w
          LEFT JOIN day ON extract(isodow FROM day.day) = w.weekday
          CROSS JOIN LATERAL (
              SELECT (day.day + w.opens) AT TIME ZONE %(zone)s AS opens,
                     (day.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE %(zone)s AS closes) AS o
         WHERE w.site_id = %(site)s
         GROUP BY w.dock_id
    ), closure AS (
        SELECT c.dock_id, c.during, c.reason
          FROM public.facilities_closure c, asked
         WHERE c.site_id = %(site)s AND c.during && asked.span
    )"""

LANES = """
    dock AS (
        SELECT * FROM unnest(%(docks)s::uuid[], %(lanes)s::int[], %(minutes)s::int[], %(before)s::int[],
                             %(after)s::int[]) AS d (id, lanes, minutes, before, after)
    ), busy AS (
        SELECT b.dock_id, b.lane, range_agg(tstzrange(
                   lower(b.during) - make_interval(mins => dock.after),
                   upper(b.during) + make_interval(mins => dock.before))) AS taken
          FROM asked, public.appointments_busy(%(docks)s::uuid[], asked.span, %(now)s, %(besides)s) AS b
          JOIN dock ON dock.id = b.dock_id
         GROUP BY b.dock_id, b.lane
    ), bound AS (
        SELECT public.appointments_full(%(site)s, asked.span, %(now)s, %(besides)s) AS busy_times,
               public.appointments_full_days(
                   %(site)s, %(first)s, %(last)s, %(pallets)s, %(now)s, %(besides)s) AS busy_days
          FROM asked
    ), open AS (
        SELECT dock.id, dock.lanes, dock.minutes,
               coalesce(CASE WHEN own.dock_id IS NULL THEN every.open ELSE own.open END, '{}')
               - coalesce((SELECT range_agg(c.during) FROM closure c
                            WHERE c.dock_id IS NULL OR c.dock_id = dock.id), '{}')
               - bound.busy_times - bound.busy_days AS times
          FROM bound, dock
          LEFT JOIN hours own ON own.dock_id = dock.id
          LEFT JOIN hours every ON every.dock_id IS NULL
    )"""

FREE = """SELECT 'free' AS what, open.id, lane.number, ceil(extract(epoch FROM lower(gap)))::bigint,
       floor(extract(epoch FROM upper(gap)))::bigint, '' AS reason
  FROM open
  CROSS JOIN LATERAL generate_series(1, open.lanes) AS lane (number)
  LEFT JOIN busy ON busy.dock_id = open.id AND busy.lane = lane.number
  CROSS JOIN LATERAL unnest(open.times - coalesce(busy.taken, '{}')) AS gap
 WHERE upper(gap) - lower(gap) >= make_interval(mins => open.minutes)
   AND upper(gap) > %(earliest)s AND lower(gap) <= %(latest)s"""

OPENING = """SELECT 'hours', hours.dock_id, 0, ceil(extract(epoch FROM lower(span)))::bigint,
       floor(extract(epoch FROM upper(span)))::bigint, ''
  FROM hours CROSS JOIN LATERAL unnest(coalesce(hours.open, '{}')) AS span
UNION ALL
SELECT 'own hours', hours.dock_id, 0, 0, 0, '' FROM hours WHERE hours.dock_id IS NOT NULL
UNION ALL
SELECT 'closure', closure.dock_id, 0, floor(extract(epoch FROM lower(closure.during)))::bigint,
       ceil(extract(epoch FROM upper(closure.during)))::bigint, closure.reason
  FROM closure"""

FULL = """SELECT 'full', NULL, 0, floor(extract(epoch FROM lower(span)))::bigint,
       ceil(extract(epoch FROM upper(span)))::bigint, ''
  FROM bound CROSS JOIN LATERAL unnest(bound.busy_times) AS span
UNION ALL
SELECT 'full day', NULL, 0, extract(epoch FROM lower(span))::bigint,
       extract(epoch FROM upper(span))::bigint, ''
  FROM bound CROSS JOIN LATERAL unnest(bound.busy_days) AS span"""

HOURS = f"WITH {WINDOWS}\n{OPENING}"
GAPS = "\nUNION ALL\n".join([f"WITH {WINDOWS}, {LANES}\n{FREE}", OPENING, FULL])


def find_gaps(
    *,
    site: Site,
    docks: Sequence[DockNeed],
    load_type: str,
    pallets: int,
    first_day: date,
    last_day: date,
    earliest: datetime,
    latest: datetime,
    now: datetime,
    besides: UUID | None = None,
) -> Calendar:
    """The site's calendar of the local days ``first_day`` … ``last_day`` as this load sees it; one statement.

    ``besides`` is an appointment whose own holds don't stand in the way. ``earliest`` and ``latest`` only
    leave out gaps in which nothing can start.
    """
    parameters = {
        "site": site.pk,
        "zone": site.time_zone,
        "first": first_day,
        "last": last_day,
        "load_type": load_type,
        "pallets": pallets,
        "docks": [dock.dock_id for dock in docks],
        "lanes": [dock.lanes for dock in docks],
        "minutes": [dock.minutes for dock in docks],
        "before": [dock.setup_minutes for dock in docks],
        "after": [dock.clear_minutes for dock in docks],
        "earliest": earliest,
        "latest": latest,
        "now": now,
        "besides": besides,
    }
    with connection.cursor() as cursor:
        cursor.execute(GAPS, parameters)
        rows = cursor.fetchall()
    return _calendar(rows)


def find_hours(*, site: Site, first_day: date, last_day: date) -> Calendar:
    """Only the receiving hours, for whatever load, and the closures of these local days; one statement."""
    parameters = {
        "site": site.pk,
        "zone": site.time_zone,
        "first": first_day,
        "last": last_day,
        "load_type": None,
    }
    with connection.cursor() as cursor:
        cursor.execute(HOURS, parameters)
        rows = cursor.fetchall()
    return _calendar(rows)


def _calendar(rows: Sequence[tuple[str, UUID | None, int, int, int, str]]) -> Calendar:
    hours: dict[UUID | None, list[Span]] = {}
    gaps, closures, full, full_days = [], [], [], []
    for what, dock_id, lane, start, end, reason in rows:
        if what == "free" and dock_id is not None:
            gaps.append(Gap(dock_id, lane, start, end))
        elif what == "hours":
            hours.setdefault(dock_id, []).append((start, end))
        elif what == "own hours":
            hours.setdefault(dock_id, [])
        elif what == "closure":
            closures.append(Shut(dock_id, start, end, reason))
        elif what == "full":
            full.append((start, end))
        else:
            full_days.append((start, end))
    return Calendar(
        gaps=tuple(gaps),
        hours={dock_id: tuple(spans) for dock_id, spans in hours.items()},
        closures=tuple(closures),
        full=tuple(full),
        full_days=tuple(full_days),
    )
