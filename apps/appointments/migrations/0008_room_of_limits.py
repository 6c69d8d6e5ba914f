"""How far a site's counted limits are used up, in numbers: what whoever books many at once has to reckon with.

Sums over everybody's visits; whose they are stays untold. Counts as ``appointments_limits`` of migration 0005 does.
"""

from django.db import migrations

ROOM = """
CREATE FUNCTION public.appointments_room(
    wanted_site uuid, first_day date, last_day date, for_shipper uuid, at timestamptz
) RETURNS TABLE (what text, starts bigint, ends bigint, used integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, extensions, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    zone text := (SELECT time_zone FROM public.facilities_site WHERE id = wanted_site);
    span tstzrange := tstzrange((first_day - 1)::timestamp AT TIME ZONE zone, (last_day + 2)::timestamp AT TIME ZONE zone);
    me uuid := public.appointments_asking_shipper(for_shipper);
BEGIN
    IF NOT public.appointments_sees_site(wanted_site) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH visit AS MATERIALIZED (
        SELECT a.id, a.pallets, a.shipper_id, o.during,
               lower(o.during) + make_interval(mins => d.setup_minutes) AS begins
          FROM public.facilities_dock d
          JOIN public.appointments_dockoccupancy o ON o.dock_id = d.id AND o.during && span
          JOIN public.appointments_appointment a ON a.id = o.appointment_id
         WHERE d.site_id = wanted_site AND (o.hold_expires_at IS NULL OR o.hold_expires_at > at)
    ), step AS (
        SELECT moment, sum(sum(change)) OVER (ORDER BY moment) AS vehicles, lead(moment) OVER (ORDER BY moment) AS until
          FROM (SELECT lower(stay) AS moment, 1 AS change
                  FROM (SELECT unnest(range_agg(during)) AS stay FROM visit GROUP BY id) AS stays
                UNION ALL
                SELECT upper(stay), -1
                  FROM (SELECT unnest(range_agg(during)) AS stay FROM visit GROUP BY id) AS stays) AS changes
         GROUP BY moment
    ), hour AS (
        SELECT hour, count(*) AS visits, sum(pallets) AS pallets
          FROM (SELECT DISTINCT id, pallets, date_trunc('hour', begins, zone) AS hour FROM visit) AS visits
         GROUP BY hour
    ), day AS (
        SELECT day, count(*) AS visits, sum(pallets) AS pallets, count(*) FILTER (WHERE shipper_id = me) AS mine
          FROM (SELECT DISTINCT id, pallets, shipper_id, (begins AT TIME ZONE zone)::date AS day FROM visit) AS visits
         GROUP BY day
    ), found AS (
        SELECT 'at once' AS what, moment AS starts, until AS ends, vehicles AS used
          FROM step WHERE vehicles > 0 AND until IS NOT NULL
        UNION ALL
        SELECT l.what, hour, hour + interval '1 hour', l.used
          FROM hour CROSS JOIN LATERAL (VALUES ('hour', visits), ('hour pallets', pallets)) AS l (what, used)
        UNION ALL
        SELECT l.what, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, l.used
          FROM day
          CROSS JOIN LATERAL (VALUES ('day', visits), ('day pallets', pallets), ('quota', mine)) AS l (what, used)
    )
    SELECT found.what, extract(epoch FROM found.starts)::bigint, extract(epoch FROM found.ends)::bigint,
           found.used::integer
      FROM found;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0007_answer_policies")]

    operations = [
        migrations.RunSQL(
            ROOM, "DROP FUNCTION public.appointments_room(uuid, date, date, uuid, timestamptz)"
        ),
    ]
