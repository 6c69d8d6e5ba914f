"""The calendar with all that a site may say: seasons, reserved time, maintenance of equipment, counted limits.

Replaces three functions of migration 0002; what those say about who may ask and learn holds here too.
"""

from importlib import import_module

from django.db import migrations

OLD = import_module("apps.appointments.migrations.0002_calendar")

# In a shipper's role the shipper is the one who asks, whatever it says; the hub says for whom it asks.
ASKING = """
CREATE FUNCTION public.appointments_asking_shipper(given uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
RETURN coalesce((SELECT t.id FROM public.tenancy_shipper t WHERE t.schema_name = current_setting('role')), given)
"""

# One pass over the site's visits. “at once” and “apart” is time that a slot must not touch; of the others it must
# not start in them. An appointment's several holds are one visit; an hour is the site's clock hour, and the two that
# autumn shows alike are two.
LIMITS = """
CREATE FUNCTION public.appointments_limits(
    wanted_site uuid, first_day date, last_day date, for_shipper uuid, more_pallets integer, adr text[],
    at timestamptz, besides uuid
) RETURNS TABLE (what text, starts timestamptz, ends timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, extensions, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    site public.facilities_site := (SELECT s FROM public.facilities_site s WHERE s.id = wanted_site);
    zone text := site.time_zone;
    span tstzrange := tstzrange((first_day - 1)::timestamp AT TIME ZONE zone, (last_day + 2)::timestamp AT TIME ZONE zone);
    apart text[] := (SELECT r.values FROM public.facilities_dockrule r WHERE r.site_id = wanted_site AND r.kind = 'apart');
    me uuid := public.appointments_asking_shipper(for_shipper);
    is_counted boolean := num_nonnulls(site.vehicles_at_once, site.appointments_per_hour, site.pallets_per_hour,
        site.appointments_per_day, site.pallets_per_day, site.shipper_appointments_per_day) > 0;
    is_apart boolean := coalesce(adr && apart, false);
BEGIN
    IF NOT (is_counted OR is_apart) OR NOT public.appointments_sees_site(wanted_site) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH visit AS MATERIALIZED (
        SELECT a.id, a.pallets, a.shipper_id, a.adr_classes, o.during,
               lower(o.during) + make_interval(mins => d.setup_minutes) AS begins
          FROM public.facilities_dock d
          JOIN public.appointments_dockoccupancy o ON o.dock_id = d.id AND o.during && span
          JOIN public.appointments_appointment a ON a.id = o.appointment_id
         WHERE d.site_id = wanted_site
           AND (o.hold_expires_at IS NULL OR o.hold_expires_at > at)
           AND (besides IS NULL OR a.id <> besides)
    ), step AS (
        SELECT moment, sum(sum(change)) OVER (ORDER BY moment) AS vehicles, lead(moment) OVER (ORDER BY moment) AS until
          FROM (SELECT lower(stay) AS moment, 1 AS change
                  FROM (SELECT unnest(range_agg(during)) AS stay FROM visit GROUP BY id) AS stays
                UNION ALL
                SELECT upper(stay), -1
                  FROM (SELECT unnest(range_agg(during)) AS stay FROM visit GROUP BY id) AS stays) AS changes
         WHERE site.vehicles_at_once IS NOT NULL
         GROUP BY moment
    ), hour AS (
        SELECT hour, count(*) AS visits, sum(pallets) AS pallets
          FROM (SELECT DISTINCT id, pallets, date_trunc('hour', begins, zone) AS hour FROM visit) AS visits
         WHERE num_nonnulls(site.appointments_per_hour, site.pallets_per_hour) > 0
         GROUP BY hour
    ), day AS (
        SELECT day, count(*) AS visits, sum(pallets) AS pallets, count(*) FILTER (WHERE shipper_id = me) AS mine
          FROM (SELECT DISTINCT id, pallets, shipper_id, (begins AT TIME ZONE zone)::date AS day FROM visit) AS visits
         WHERE num_nonnulls(site.appointments_per_day, site.pallets_per_day, site.shipper_appointments_per_day) > 0
         GROUP BY day
    ), full_day AS (
        SELECT limit_of_day AS what, day
          FROM day
          CROSS JOIN LATERAL (VALUES ('day', visits >= site.appointments_per_day),
                                     ('day pallets', pallets + more_pallets > site.pallets_per_day),
                                     ('quota', mine >= site.shipper_appointments_per_day)) AS l (limit_of_day, is_full)
         WHERE is_full
    )
    SELECT 'at once', moment, until FROM step WHERE vehicles >= site.vehicles_at_once AND until IS NOT NULL
    UNION ALL
    SELECT 'apart', lower(during), upper(during) FROM visit WHERE is_apart AND adr_classes::text[] && apart
    UNION ALL
    SELECT 'hour', hour, hour + interval '1 hour' FROM hour WHERE visits >= site.appointments_per_hour
    UNION ALL
    SELECT 'hour pallets', hour, hour + interval '1 hour' FROM hour WHERE pallets + more_pallets > site.pallets_per_hour
    UNION ALL
    SELECT full_day.what, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone FROM full_day;
END
$$
"""

# The one statement behind every slot search: receiving windows − closures − reserved time − what is full − what is
# taken, per lane, as seconds since the epoch. All calendar arithmetic is here: weekly windows become moments with AT
# TIME ZONE, so that days of 23 and 25 hours and windows over midnight come out right; subtraction is one multirange
# difference. On a season's days only the season's windows hold. Where a dock has windows of its own, it follows these
# alone; a window without a load type is for every load; a window whose local hours vanish in the hour that spring skips
# is empty. A day more on either side lets windows that run over midnight, or meet there, join before they are cut.
# Without docks it tells hours and closures alone.
CALENDAR = """
CREATE FUNCTION public.appointments_calendar(
    wanted_site uuid, first_day date, last_day date, docks uuid[], minutes integer[], load text,
    more_pallets integer, for_shipper uuid, needs text[], adr text[],
    earliest timestamptz, latest timestamptz, at timestamptz, besides uuid
) RETURNS TABLE (what text, dock_id uuid, lane integer, starts bigint, ends bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, extensions, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    zone text := (SELECT time_zone FROM public.facilities_site WHERE id = wanted_site);
    span tstzrange := tstzrange((first_day - 1)::timestamp AT TIME ZONE zone, (last_day + 2)::timestamp AT TIME ZONE zone);
    is_searched boolean := cardinality(docks) > 0;
    me uuid := public.appointments_asking_shipper(for_shipper);
BEGIN
    IF NOT public.appointments_sees_site(wanted_site) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH day AS MATERIALIZED (
        SELECT d.day, s.id AS season_id
          FROM (SELECT first_day - 1 + number AS day FROM generate_series(0, last_day - first_day + 2) AS number) AS d
          LEFT JOIN public.facilities_season s ON s.site_id = wanted_site AND s.days @> d.day
    ), weekly AS (
        SELECT w.dock_id, w.season_id,
               coalesce(range_agg(tstzrange(o.opens, o.closes)) FILTER (
                   WHERE o.opens < o.closes AND (load IS NULL OR w.load_type IN ('', load))), '{}') AS open
          FROM public.facilities_receivingwindow w
          LEFT JOIN day ON extract(isodow FROM day.day) = w.weekday AND day.season_id IS NOT DISTINCT FROM w.season_id
          CROSS JOIN LATERAL (
              SELECT (day.day + w.opens) AT TIME ZONE zone AS opens,
                     (day.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE zone AS closes) AS o
         WHERE w.site_id = wanted_site
         GROUP BY w.dock_id, w.season_id
    ), hours AS MATERIALIZED (
        SELECT place.dock_id, range_agg(coalesce(own.open, every.open, '{}')) AS open
          FROM (SELECT NULL::uuid AS dock_id UNION SELECT weekly.dock_id FROM weekly) AS place
          CROSS JOIN (SELECT DISTINCT season_id FROM day) AS season
          LEFT JOIN weekly own
            ON own.dock_id = place.dock_id AND own.season_id IS NOT DISTINCT FROM season.season_id
          LEFT JOIN weekly every
            ON every.dock_id IS NULL AND every.season_id IS NOT DISTINCT FROM season.season_id
         GROUP BY place.dock_id
    ), closure AS MATERIALIZED (
        SELECT c.dock_id, c.during, c.reason FROM public.facilities_closure c
         WHERE c.site_id = wanted_site AND c.during && span AND (c.equipment = '' OR c.equipment = ANY (needs))
    ), kept AS MATERIALIZED (
        SELECT r.dock_id, range_agg(kept.during) FILTER (WHERE r.shipper_id = me) AS mine,
               range_agg(kept.during) FILTER (
                   WHERE r.shipper_id IS DISTINCT FROM me AND lower(kept.during) - r.lapses_before > at) AS theirs
          FROM public.facilities_reservation r
          JOIN day ON extract(isodow FROM day.day) = r.weekday
          CROSS JOIN LATERAL (
              SELECT (day.day + r.opens) AT TIME ZONE zone AS opens,
                     (day.day + (r.closes <= r.opens)::int + r.closes) AT TIME ZONE zone AS closes) AS o
          CROSS JOIN LATERAL (SELECT tstzrange(o.opens, greatest(o.opens, o.closes)) AS during) AS kept
         WHERE is_searched AND r.site_id = wanted_site AND o.opens < o.closes
         GROUP BY r.dock_id
    ), dock AS MATERIALIZED (
        SELECT d.id, d.lanes, make_interval(mins => asked.minutes) AS needed,
               make_interval(mins => d.setup_minutes) AS before, make_interval(mins => d.clear_minutes) AS after
          FROM unnest(docks, minutes) AS asked (id, minutes)
          JOIN public.facilities_dock d ON d.id = asked.id AND d.site_id = wanted_site
    ), reserved AS MATERIALIZED (
        SELECT dock.id AS dock_id, range_agg(kept.theirs) - coalesce(range_agg(kept.mine), '{}') AS times
          FROM dock JOIN kept ON kept.dock_id IS NULL OR kept.dock_id = dock.id
         GROUP BY dock.id HAVING range_agg(kept.theirs) IS NOT NULL
    ), limits AS MATERIALIZED (
        SELECT l.what, l.starts, l.ends
          FROM public.appointments_limits(
              wanted_site, first_day, last_day, me, more_pallets, adr, at, besides) AS l
         WHERE is_searched
    ), busy AS (
        SELECT b.dock_id, b.lane,
               range_agg(tstzrange(lower(b.during) - dock.after, upper(b.during) + dock.before)) AS taken
          FROM public.appointments_busy(docks, span, at, besides) AS b
          JOIN dock ON dock.id = b.dock_id
         GROUP BY b.dock_id, b.lane
    ), shut AS MATERIALIZED (
        SELECT coalesce(range_agg(during) FILTER (WHERE dock_id IS NULL), '{}') AS times
          FROM (SELECT dock_id, during FROM closure
                UNION ALL
                SELECT NULL, tstzrange(starts, ends) FROM limits WHERE what IN ('at once', 'apart')) AS whole_site
    ), open AS (
        SELECT dock.id, dock.lanes, dock.needed,
               coalesce(own.open, every.open, '{}') - shut.times
               - coalesce((SELECT range_agg(c.during) FROM closure c WHERE c.dock_id = dock.id), '{}')
               - coalesce(reserved.times, '{}') AS times
          FROM dock
          CROSS JOIN shut
          LEFT JOIN reserved ON reserved.dock_id = dock.id
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
          FROM hours CROSS JOIN LATERAL unnest(hours.open) AS during
        UNION ALL
        SELECT 'own hours', hours.dock_id, 0, lower(span), upper(span), '' FROM hours WHERE hours.dock_id IS NOT NULL
        UNION ALL
        SELECT 'closure', closure.dock_id, 0, lower(closure.during), upper(closure.during), closure.reason
          FROM closure
        UNION ALL
        SELECT 'reserved', reserved.dock_id, 0, lower(during), upper(during), ''
          FROM reserved CROSS JOIN LATERAL unnest(reserved.times) AS during
        UNION ALL
        SELECT 'full', NULL, 0, limits.starts, limits.ends, limits.what FROM limits
    )
    SELECT found.what, found.dock_id, found.lane, ceil(extract(epoch FROM found.starts))::bigint,
           floor(extract(epoch FROM found.ends))::bigint, found.reason::text
      FROM found;
END
$$
"""

DROP_OLD = (
    "DROP FUNCTION public.appointments_calendar(uuid, date, date, uuid[], integer[], text, integer, timestamptz,"
    " timestamptz, timestamptz, uuid)"
)


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0004_rules_in_full"),
        ("facilities", "0002_rules_in_full"),
    ]

    operations = [
        migrations.RunSQL(DROP_OLD, OLD.CALENDAR),
        migrations.RunSQL("DROP FUNCTION public.appointments_full", OLD.FULL),
        migrations.RunSQL("DROP FUNCTION public.appointments_full_days", OLD.FULL_DAYS),
        migrations.RunSQL(ASKING, "DROP FUNCTION public.appointments_asking_shipper"),
        migrations.RunSQL(LIMITS, "DROP FUNCTION public.appointments_limits"),
        migrations.RunSQL(
            CALENDAR,
            "DROP FUNCTION public.appointments_calendar(uuid, date, date, uuid[], integer[], text, integer, uuid,"
            " text[], text[], timestamptz, timestamptz, timestamptz, uuid)",
        ),
    ]
