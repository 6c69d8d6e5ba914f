"""What a shipper's role may learn and do beyond its own rows: a dock's busy time, a site's full time, expired holds.

The functions run as the owner of the tables. None of them tells whose freight is there.
"""

from django.db import migrations

# Who asks: inside these functions current_user is their owner, the role taken by SET ROLE stays in its setting.
# The hub and the owner see every site, a shipper its own and its partners'.
# PL/pgSQL, here and below, because it keeps its plans for the session; every slot search and every offer asks.
SEES_SITE = """
CREATE FUNCTION public.appointments_sees_site(wanted_site uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    asking text := coalesce(nullif(current_setting('role'), 'none'), session_user::text);
BEGIN
    IF asking IN ('dockside_hub', current_user::text) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (
        SELECT 1
          FROM public.facilities_site s
          JOIN public.tenancy_shipper t ON t.schema_name = asking
         WHERE s.id = wanted_site
           AND (s.shipper_id = t.id
                OR EXISTS (SELECT 1 FROM public.facilities_partnership p
                            WHERE p.recipient_id = s.recipient_id AND p.shipper_id = t.id AND p.active)));
END
$$
"""

BUSY = """
CREATE FUNCTION public.appointments_busy(docks uuid[], span tstzrange, at timestamptz, besides uuid)
RETURNS TABLE (dock_id uuid, lane smallint, during tstzrange, hold_expires_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT o.dock_id, o.lane, o.during, o.hold_expires_at
      FROM (SELECT d.id FROM public.facilities_dock d
             WHERE d.id = ANY (docks) AND public.appointments_sees_site(d.site_id) OFFSET 0) AS visible
      JOIN public.appointments_dockoccupancy o ON o.dock_id = visible.id AND o.during && span
     WHERE (o.hold_expires_at IS NULL OR o.hold_expires_at > at)
       AND (besides IS NULL OR o.appointment_id IS DISTINCT FROM besides);
END
$$
"""

# Sweeps over the moments at which a visit begins or ends; an appointment's several holds are one visit.
FULL = """
CREATE FUNCTION public.appointments_full(wanted_site uuid, span tstzrange, at timestamptz, besides uuid)
RETURNS tstzmultirange
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
DECLARE
    most integer := (SELECT vehicles_at_once FROM public.facilities_site WHERE id = wanted_site);
BEGIN
    IF most IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN (
        WITH visit AS (
            SELECT unnest(range_agg(o.during)) AS during
              FROM public.facilities_dock d
              JOIN public.appointments_dockoccupancy o ON o.dock_id = d.id AND o.during && span
             WHERE d.site_id = wanted_site AND o.appointment_id IS NOT NULL
               AND (o.hold_expires_at IS NULL OR o.hold_expires_at > at)
               AND (besides IS NULL OR o.appointment_id <> besides)
             GROUP BY o.appointment_id
        ), step AS (
            SELECT moment, sum(sum(change)) OVER (ORDER BY moment) AS vehicles,
                   lead(moment) OVER (ORDER BY moment) AS until
              FROM (SELECT lower(during) AS moment, 1 AS change FROM visit
                    UNION ALL SELECT upper(during), -1 FROM visit) AS changes
             GROUP BY moment
        )
        SELECT coalesce(range_agg(tstzrange(moment, until)), '{}') FROM step
         WHERE vehicles >= most AND until IS NOT NULL
    );
END
$$
"""

FULL_DAYS = """
CREATE FUNCTION public.appointments_full_days(
    wanted_site uuid, first_day date, last_day date, more_pallets integer, at timestamptz, besides uuid
) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
DECLARE
    most integer;
    zone text;
BEGIN
    SELECT pallets_per_day, time_zone INTO most, zone FROM public.facilities_site WHERE id = wanted_site;
    IF most IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN (
        WITH day AS (
            SELECT tstzrange(d::date::timestamp AT TIME ZONE zone,
                             (d::date + 1)::timestamp AT TIME ZONE zone) AS during
              FROM generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS d
        ), visit AS (
            SELECT DISTINCT day.during, a.id, a.pallets
              FROM day
              JOIN public.facilities_dock d ON d.site_id = wanted_site
              JOIN public.appointments_dockoccupancy o
                ON o.dock_id = d.id AND o.during && day.during AND lower(o.during) <@ day.during
              JOIN public.appointments_appointment a ON a.id = o.appointment_id
             WHERE (o.hold_expires_at IS NULL OR o.hold_expires_at > at) AND (besides IS NULL OR a.id <> besides)
        ), total AS (
            SELECT day.during FROM day LEFT JOIN visit ON visit.during = day.during
             GROUP BY day.during HAVING coalesce(sum(visit.pallets), 0) + more_pallets > most
        )
        SELECT coalesce(range_agg(during), '{}') FROM total
    );
END
$$
"""

# The one statement behind every slot search: receiving windows − closures − what is taken, per lane, as seconds
# since the epoch. All calendar arithmetic is here: weekly windows become moments with AT TIME ZONE, so that days
# of 23 and 25 hours and windows over midnight come out right; subtraction is one multirange difference.
# A dock with windows of its own follows these alone; a window without a load type is for every load; a window
# whose local hours vanish in the hour that spring skips is empty. A day more on either side lets windows that run
# over midnight, or meet there, join before they are cut. Without docks it tells hours and closures alone.
CALENDAR = """
CREATE FUNCTION public.appointments_calendar(
    wanted_site uuid, first_day date, last_day date, docks uuid[], minutes integer[], load text,
    more_pallets integer, earliest timestamptz, latest timestamptz, at timestamptz, besides uuid
) RETURNS TABLE (what text, dock_id uuid, lane integer, starts bigint, ends bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, extensions, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    zone text := (SELECT time_zone FROM public.facilities_site WHERE id = wanted_site);
    span tstzrange := tstzrange((first_day - 1)::timestamp AT TIME ZONE zone, (last_day + 2)::timestamp AT TIME ZONE zone);
    busy_times tstzmultirange := '{}';
    busy_days tstzmultirange := '{}';
BEGIN
    IF NOT public.appointments_sees_site(wanted_site) THEN
        RETURN;
    END IF;
    IF cardinality(docks) > 0 THEN
        busy_times := public.appointments_full(wanted_site, span, at, besides);
        busy_days := public.appointments_full_days(wanted_site, first_day, last_day, more_pallets, at, besides);
    END IF;
    RETURN QUERY
    WITH day AS (
        SELECT first_day - 1 + number AS day FROM generate_series(0, last_day - first_day + 2) AS number
    ), hours AS (
        SELECT w.dock_id,
               range_agg(tstzrange(o.opens, o.closes)) FILTER (
                   WHERE o.opens < o.closes AND (load IS NULL OR w.load_type IN ('', load))) AS open
          FROM public.facilities_receivingwindow w
          LEFT JOIN day ON extract(isodow FROM day.day) = w.weekday
          CROSS JOIN LATERAL (
              SELECT (day.day + w.opens) AT TIME ZONE zone AS opens,
                     (day.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE zone AS closes) AS o
         WHERE w.site_id = wanted_site
         GROUP BY w.dock_id
    ), closure AS (
        SELECT c.dock_id, c.during, c.reason FROM public.facilities_closure c
         WHERE c.site_id = wanted_site AND c.during && span
    ), dock AS (
        SELECT d.id, d.lanes, make_interval(mins => asked.minutes) AS needed,
               make_interval(mins => d.setup_minutes) AS before, make_interval(mins => d.clear_minutes) AS after
          FROM unnest(docks, minutes) AS asked (id, minutes)
          JOIN public.facilities_dock d ON d.id = asked.id AND d.site_id = wanted_site
    ), busy AS (
        SELECT b.dock_id, b.lane,
               range_agg(tstzrange(lower(b.during) - dock.after, upper(b.during) + dock.before)) AS taken
          FROM public.appointments_busy(docks, span, at, besides) AS b
          JOIN dock ON dock.id = b.dock_id
         GROUP BY b.dock_id, b.lane
    ), open AS (
        SELECT dock.id, dock.lanes, dock.needed,
               coalesce(CASE WHEN own.dock_id IS NULL THEN every.open ELSE own.open END, '{}')
               - coalesce((SELECT range_agg(c.during) FROM closure c
                            WHERE c.dock_id IS NULL OR c.dock_id = dock.id), '{}')
               - busy_times - busy_days AS times
          FROM dock
          LEFT JOIN hours own ON own.dock_id = dock.id
          LEFT JOIN hours every ON every.dock_id IS NULL
    ), found AS (
        SELECT 'free' AS what, open.id AS dock_id, lane.number AS lane, lower(gap) AS starts, upper(gap) AS ends,
               '' AS reason
          FROM open
          CROSS JOIN LATERAL generate_series(1, open.lanes) AS lane (number)
          LEFT JOIN busy ON busy.dock_id = open.id AND busy.lane = lane.number
          CROSS JOIN LATERAL unnest(open.times - coalesce(busy.taken, '{}')) AS gap
         WHERE upper(gap) - lower(gap) >= open.needed AND upper(gap) > earliest AND lower(gap) <= latest
        UNION ALL
        SELECT 'hours', hours.dock_id, 0, lower(during), upper(during), ''
          FROM hours CROSS JOIN LATERAL unnest(coalesce(hours.open, '{}')) AS during
        UNION ALL
        SELECT 'own hours', hours.dock_id, 0, lower(span), upper(span), '' FROM hours WHERE hours.dock_id IS NOT NULL
        UNION ALL
        SELECT 'closure', closure.dock_id, 0, lower(closure.during), upper(closure.during), closure.reason
          FROM closure
        UNION ALL
        SELECT 'full', NULL, 0, lower(during), upper(during), '' FROM unnest(busy_times) AS during
        UNION ALL
        SELECT 'full day', NULL, 0, lower(during), upper(during), '' FROM unnest(busy_days) AS during
    )
    SELECT found.what, found.dock_id, found.lane, ceil(extract(epoch FROM found.starts))::bigint,
           floor(extract(epoch FROM found.ends))::bigint, found.reason::text
      FROM found;
END
$$
"""

RELEASE = """
CREATE FUNCTION public.appointments_release_expired(wanted_dock uuid, span tstzrange, at timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
DECLARE
    released integer;
BEGIN
    IF NOT public.appointments_sees_site((SELECT site_id FROM public.facilities_dock WHERE id = wanted_dock)) THEN
        RETURN 0;
    END IF;
    DELETE FROM public.appointments_dockoccupancy o
     WHERE o.dock_id = wanted_dock AND o.during && span AND o.kind = 'hold' AND o.hold_expires_at <= at;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
        ("facilities", "0001_initial"),
        ("tenancy", "0002_current_shipper"),
    ]

    operations = [
        migrations.RunSQL(SEES_SITE, "DROP FUNCTION public.appointments_sees_site"),
        migrations.RunSQL(BUSY, "DROP FUNCTION public.appointments_busy"),
        migrations.RunSQL(FULL, "DROP FUNCTION public.appointments_full"),
        migrations.RunSQL(FULL_DAYS, "DROP FUNCTION public.appointments_full_days"),
        migrations.RunSQL(CALENDAR, "DROP FUNCTION public.appointments_calendar"),
        migrations.RunSQL(RELEASE, "DROP FUNCTION public.appointments_release_expired"),
    ]
