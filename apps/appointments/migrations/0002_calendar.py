"""What a shipper's role may learn and do beyond its own rows: a dock's busy time, a site's full time, expired holds.

The functions run as the owner of the tables. None of them tells whose freight is there.
"""

from django.db import migrations

# Who asks: inside these functions current_user is their owner, the role taken by SET ROLE stays in its setting.
# The hub and the owner see every dock, a shipper those of its own sites and of its partners' sites.
VISIBLE_DOCK = """
CREATE FUNCTION public.appointments_visible_docks(docks uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH asking AS (SELECT coalesce(nullif(current_setting('role'), 'none'), session_user::text) AS role)
    SELECT d.id
      FROM asking, public.facilities_dock d
     WHERE d.id = ANY (docks)
       AND (asking.role IN ('dockside_hub', current_user::text)
            OR EXISTS (SELECT 1
                         FROM public.facilities_site s
                         JOIN public.tenancy_shipper t ON t.schema_name = asking.role
                        WHERE s.id = d.site_id
                          AND (s.shipper_id = t.id
                               OR EXISTS (SELECT 1 FROM public.facilities_partnership p
                                           WHERE p.recipient_id = s.recipient_id AND p.shipper_id = t.id
                                             AND p.active))))
$$
"""

BUSY = """
CREATE FUNCTION public.appointments_busy(docks uuid[], span tstzrange, at timestamptz, besides uuid)
RETURNS TABLE (dock_id uuid, lane smallint, during tstzrange, hold_expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
    SELECT o.dock_id, o.lane, o.during, o.hold_expires_at
      FROM public.appointments_visible_docks(docks) AS visible (id)
      JOIN public.appointments_dockoccupancy o ON o.dock_id = visible.id AND o.during && span
     WHERE (o.hold_expires_at IS NULL OR o.hold_expires_at > at)
       AND (besides IS NULL OR o.appointment_id IS DISTINCT FROM besides)
$$
"""

# Sweep over the moments at which a visit begins or ends; an appointment's several holds are one visit.
FULL = """
CREATE FUNCTION public.appointments_full(wanted_site uuid, span tstzrange, at timestamptz, besides uuid)
RETURNS tstzmultirange
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
    WITH bound AS (
        SELECT vehicles_at_once AS vehicles FROM public.facilities_site
         WHERE id = wanted_site AND vehicles_at_once IS NOT NULL
    ), visit AS (
        SELECT o.appointment_id, unnest(range_agg(o.during)) AS during
          FROM bound, public.facilities_dock d
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
    SELECT coalesce(range_agg(tstzrange(moment, until)), '{}')
      FROM step, bound WHERE step.vehicles >= bound.vehicles AND until IS NOT NULL
$$
"""

FULL_DAYS = """
CREATE FUNCTION public.appointments_full_days(
    wanted_site uuid, first_day date, last_day date, more_pallets integer, at timestamptz, besides uuid
) RETURNS tstzmultirange
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
    WITH site AS (
        SELECT id, time_zone, pallets_per_day FROM public.facilities_site
         WHERE id = wanted_site AND pallets_per_day IS NOT NULL
    ), day AS (
        SELECT tstzrange(d::date::timestamp AT TIME ZONE site.time_zone,
                         (d::date + 1)::timestamp AT TIME ZONE site.time_zone) AS during,
               site.pallets_per_day AS most
          FROM site, generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS d
    ), visit AS (
        SELECT DISTINCT day.during, day.most, a.id, a.pallets
          FROM day
          JOIN public.facilities_dock d ON d.site_id = wanted_site
          JOIN public.appointments_dockoccupancy o
            ON o.dock_id = d.id AND o.during && day.during AND lower(o.during) <@ day.during
          JOIN public.appointments_appointment a ON a.id = o.appointment_id
         WHERE (o.hold_expires_at IS NULL OR o.hold_expires_at > at) AND (besides IS NULL OR a.id <> besides)
    ), total AS (
        SELECT day.during FROM day LEFT JOIN visit ON visit.during = day.during
         GROUP BY day.during, day.most HAVING coalesce(sum(visit.pallets), 0) + more_pallets > day.most
    )
    SELECT coalesce(range_agg(during), '{}') FROM total
$$
"""

RELEASE = """
CREATE FUNCTION public.appointments_release_expired(wanted_dock uuid, span tstzrange, at timestamptz)
RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, extensions, pg_temp
AS $$
    WITH released AS (
        DELETE FROM public.appointments_dockoccupancy o
         USING public.appointments_visible_docks(ARRAY[wanted_dock]) AS visible (id)
         WHERE o.dock_id = visible.id AND o.during && span AND o.kind = 'hold' AND o.hold_expires_at <= at
        RETURNING 1
    )
    SELECT count(*)::integer FROM released
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
        ("facilities", "0001_initial"),
        ("tenancy", "0002_current_shipper"),
    ]

    operations = [
        migrations.RunSQL(VISIBLE_DOCK, "DROP FUNCTION public.appointments_visible_docks(uuid[])"),
        migrations.RunSQL(BUSY, "DROP FUNCTION public.appointments_busy(uuid[], tstzrange, timestamptz, uuid)"),
        migrations.RunSQL(FULL, "DROP FUNCTION public.appointments_full(uuid, tstzrange, timestamptz, uuid)"),
        migrations.RunSQL(
            FULL_DAYS,
            "DROP FUNCTION public.appointments_full_days(uuid, date, date, integer, timestamptz, uuid)",
        ),
        migrations.RunSQL(
            RELEASE, "DROP FUNCTION public.appointments_release_expired(uuid, tstzrange, timestamptz)"
        ),
    ]
