"""When each delivery is expected: from where its vehicle is, the stops before it, their windows and service.

One statement computes, keeps and tells the expected arrivals of a shipper. A route is a chain: a stop begins
when the vehicle is there and its slot has begun, and the vehicle drives on when it is served. With S the sum
of driving and service up to a stop, its end is S plus the greatest of the start and of (slot's begin +
service − S) over all stops so far; that turns the chain into one window function.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

#: Routes that leave later than this are not told about yet; days that ended earlier are over.
AHEAD, BEHIND = timedelta(hours=12), timedelta(hours=24)
#: What is kept: a change of a minute, else one in ten minutes on the road and one an hour before.
CHANGE, EVERY, BEFORE_LEAVING = timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)
#: Told up to so many minutes ahead: errors are counted by these.
HORIZONS = (15, 30, 60, 120, 240, 720)
#: Fewer arrivals than these teach nothing; then the range is stated: it may be earlier by 5 minutes and a
#: tenth of the time left, later by 10 minutes and a quarter of it. Time without a sign of it counts as left.
ENOUGH = 20
LEARNED_FROM = timedelta(days=90)

TELL = """
WITH stops AS (
    SELECT r.id AS route_id, r.vehicle_id, r.departs_at AS leaves_at, s.position, s.delivery_id, d.state,
           lower(s.slot) AS opens_at, site.latitude, site.longitude,
           extract(epoch FROM s.departs_at - s.starts_at) AS service,
           extract(epoch FROM s.arrives_at - coalesce(lag(s.departs_at) OVER round, r.departs_at)) AS leg,
           coalesce(lag(site.latitude) OVER round, origin.latitude) AS from_latitude,
           coalesce(lag(site.longitude) OVER round, origin.longitude) AS from_longitude
      FROM routing_routeplan p
      JOIN routing_route r ON r.plan_id = p.id
      JOIN routing_stop s ON s.route_id = r.id
      JOIN deliveries_delivery d ON d.id = s.delivery_id
      JOIN facilities_site site ON site.id = d.site_id
      JOIN facilities_site origin ON origin.id = p.site_id
     WHERE p.state = 'published'
       AND p.day BETWEEN (%(now)s AT TIME ZONE 'UTC')::date - 1 AND (%(now)s AT TIME ZONE 'UTC')::date + 1
       AND r.departs_at < %(now)s + %(ahead)s AND r.returns_at > %(now)s - %(behind)s
    WINDOW round AS (PARTITION BY r.id ORDER BY s.position)
), steps AS (
    SELECT e.delivery_id,
           max(e.at) FILTER (WHERE e.to_state = 'in_transit') AS left_at,
           max(e.at) FILTER (WHERE e.to_state = 'arrived') AS came_at,
           max(e.at) FILTER (WHERE e.to_state IN ('delivered', 'refused', 'failed')) AS over_at
      FROM deliveries_deliveryevent e
     WHERE e.delivery_id IN (SELECT delivery_id FROM stops)
     GROUP BY e.delivery_id
), rounds AS (
    SELECT route_id, vehicle_id, leaves_at,
           -- a delivery that waits again left for an earlier attempt
           min(left_at) FILTER (WHERE state NOT IN ('open', 'loaded')) AS left_at,
           max(over_at) FILTER (WHERE left_at IS NOT NULL AND state IN ('delivered', 'refused', 'failed'))
               AS over_at,
           max(greatest(came_at, opens_at) + service * interval '1 second')
               FILTER (WHERE state IN ('arrived', 'unloading')) AS served_at
      FROM stops LEFT JOIN steps USING (delivery_id)
     GROUP BY route_id, vehicle_id, leaves_at
), anchors AS (
    SELECT o.*, p.latitude, p.longitude, p.at AS here_at,
           CASE WHEN o.served_at IS NOT NULL THEN greatest(o.served_at, %(now)s)
                ELSE coalesce(o.over_at, o.left_at, greatest(o.leaves_at, %(now)s)) END AS ready_at
      FROM rounds o
      LEFT JOIN LATERAL (
           SELECT latitude, longitude, at FROM tracking_position
            WHERE vehicle_id = o.vehicle_id AND o.left_at IS NOT NULL AND o.served_at IS NULL
              AND at >= coalesce(o.over_at, o.left_at) AND at <= %(now)s + interval '5 minutes'
            ORDER BY at DESC LIMIT 1) p ON true
), waiting AS (
    SELECT s.*, a.here_at, a.left_at, a.ready_at,
           row_number() OVER round AS place, a.latitude AS here_latitude, a.longitude AS here_longitude,
           coalesce(a.here_at, a.served_at, a.over_at, a.left_at) AS seen_at,
           CASE WHEN a.here_at IS NOT NULL THEN 'position'
                WHEN coalesce(a.served_at, a.over_at) IS NOT NULL AND a.left_at IS NOT NULL THEN 'stop'
                WHEN a.left_at IS NOT NULL THEN 'departure' ELSE 'plan' END AS basis
      FROM stops s JOIN anchors a USING (route_id)
     WHERE s.state IN ('open', 'loaded', 'in_transit')
    WINDOW round AS (PARTITION BY s.route_id ORDER BY s.position)
), ways AS (
    SELECT w.*, extract(epoch FROM coalesce(w.here_at, w.ready_at)) AS start,
           CASE WHEN w.place = 1 AND w.here_at IS NOT NULL
                THEN 1.3 * away.metres / least(greatest(1.3 * leg.metres / greatest(w.leg, 60), 4), 22)
                ELSE greatest(w.leg, 0) END AS travel
      FROM waiting w
     CROSS JOIN LATERAL (SELECT {from_here} AS metres) away
     CROSS JOIN LATERAL (SELECT {from_before} AS metres) leg
), chain AS (
    SELECT w.*, extract(epoch FROM w.opens_at) + w.service - sum(w.travel + w.service) OVER round AS slack,
           sum(w.travel + w.service) OVER round - w.travel - w.service AS before,
           greatest(first_value(w.start) OVER round,
                    extract(epoch FROM %(now)s) - first_value(w.travel) OVER round) AS begins
      FROM ways w
    WINDOW round AS (PARTITION BY w.route_id ORDER BY w.position)
), arrivals AS (
    SELECT c.*, to_timestamp(c.before + c.travel + greatest(c.begins, max(c.slack) OVER (
               PARTITION BY c.route_id ORDER BY c.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
           )) AS expected_at
      FROM chain c
), ranged AS (
    SELECT a.*, coalesce(e.arrivals, 0) AS arrivals,
           least(a.expected_at, greatest(%(now)s, a.expected_at + coalesce(
               e.low_s * interval '1 second', -(interval '5 minutes' + 0.1 * ahead.span)))) AS earliest,
           greatest(a.expected_at, a.expected_at + coalesce(
               e.high_s * interval '1 second', interval '10 minutes' + 0.25 * ahead.span)) AS latest
      FROM arrivals a
     CROSS JOIN LATERAL (
           SELECT a.expected_at - least(coalesce(a.seen_at, %(now)s), %(now)s) AS span) ahead
      LEFT JOIN LATERAL (
           SELECT arrivals, low_s, high_s FROM tracking_arrivalerror
            WHERE horizon_minutes * interval '1 minute' >= ahead.span AND arrivals >= %(enough)s
            ORDER BY horizon_minutes LIMIT 1) e ON true
), kept AS (
    INSERT INTO tracking_expectedarrival (id, created_at, delivery_id, made_at, expected_at, earliest, latest,
                                          basis, seen_at, stops_before, arrivals)
    SELECT gen_random_uuid(), %(now)s, r.delivery_id, %(now)s, r.expected_at, r.earliest, r.latest,
           r.basis, r.seen_at, r.place - 1, r.arrivals
      FROM ranged r
      LEFT JOIN LATERAL (
           SELECT made_at, expected_at, basis, stops_before FROM tracking_expectedarrival
            WHERE delivery_id = r.delivery_id ORDER BY made_at DESC LIMIT 1) l ON true
     WHERE l.made_at IS NULL OR r.basis <> l.basis OR r.place - 1 <> l.stops_before
        OR abs(extract(epoch FROM r.expected_at - l.expected_at)) >= extract(epoch FROM %(change)s)
        OR l.made_at <= %(now)s - CASE WHEN r.basis = 'plan' THEN %(before_leaving)s ELSE %(every)s END
    RETURNING delivery_id, made_at, expected_at, earliest, latest, basis
), told AS (
    INSERT INTO public.appointments_expected
           (id, created_at, appointment_id, told_at, expected_at, earliest, latest, basis)
    SELECT gen_random_uuid(), k.made_at, p.id, k.made_at, k.expected_at, k.earliest, k.latest, k.basis
      FROM kept k
      JOIN public.appointments_appointment p ON p.delivery_id = k.delivery_id AND p.state = 'confirmed'
        ON CONFLICT (appointment_id) DO UPDATE
       SET told_at = excluded.told_at, expected_at = excluded.expected_at, earliest = excluded.earliest,
           latest = excluded.latest, basis = excluded.basis
    RETURNING 1
)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM told)
"""


def _metres(one: str, other: str) -> str:
    """SQL for the straight distance between two places (haversine)."""
    (lat_1, lon_1), (lat_2, lon_2) = one.split(), other.split()
    return (
        f"2 * 6371008.8 * asin(sqrt(least(1, sin(radians({lat_2} - {lat_1}) / 2) ^ 2"
        f" + cos(radians({lat_1})) * cos(radians({lat_2})) * sin(radians({lon_2} - {lon_1}) / 2) ^ 2)))"
    )


TELL = TELL.format(
    from_here=_metres("w.here_latitude w.here_longitude", "w.latitude w.longitude"),
    from_before=_metres("w.from_latitude w.from_longitude", "w.latitude w.longitude"),
)

JUDGE = """
WITH arrived AS (
    SELECT e.delivery_id, min(e.at) AS at FROM deliveries_deliveryevent e
     WHERE e.to_state = 'arrived' AND e.at > %(now)s - %(learned_from)s
     GROUP BY e.delivery_id
), errors AS (
    SELECT h.minutes, extract(epoch FROM a.at - x.expected_at) AS error
      FROM arrived a
     CROSS JOIN unnest(%(horizons)s::int[]) AS h(minutes)
     CROSS JOIN LATERAL (
           SELECT expected_at FROM tracking_expectedarrival
            WHERE delivery_id = a.delivery_id AND made_at <= a.at - h.minutes * interval '1 minute'
            ORDER BY made_at DESC LIMIT 1) x
)
INSERT INTO tracking_arrivalerror
       (id, created_at, horizon_minutes, arrivals, low_s, high_s, median_s, counted_at)
SELECT gen_random_uuid(), %(now)s, minutes, count(*),
       percentile_disc(0.1) WITHIN GROUP (ORDER BY error), percentile_disc(0.9) WITHIN GROUP (ORDER BY error),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(error)), %(now)s
  FROM errors GROUP BY minutes
    ON CONFLICT (horizon_minutes) DO UPDATE
   SET arrivals = excluded.arrivals, low_s = excluded.low_s, high_s = excluded.high_s,
       median_s = excluded.median_s, counted_at = excluded.counted_at
"""


@transaction.atomic
def expect_arrivals(*, now: datetime) -> int:
    """Compute when each delivery of the routes in force is expected; how many were told because they changed.

    In the current shipper's schema. What was told is kept (``ExpectedArrival``), and the appointment's
    recipient reads the newest (``appointments.Expected``).
    """
    values: dict[str, Any] = {
        "now": now,
        "ahead": AHEAD,
        "behind": BEHIND,
        "change": CHANGE,
        "every": EVERY,
        "before_leaving": BEFORE_LEAVING,
        "enough": ENOUGH,
    }
    with connection.cursor() as cursor:
        cursor.execute(TELL, values)
        kept, _told = cursor.fetchone()
    return int(kept)


@transaction.atomic
def judge_arrivals(*, now: datetime) -> int:
    """Count how far off the expected arrivals were, by horizon; for how many horizons there is something."""
    values: dict[str, Any] = {"now": now, "learned_from": LEARNED_FROM, "horizons": list(HORIZONS)}
    with connection.cursor() as cursor:
        cursor.execute(JUDGE, values)
        return int(cursor.rowcount)
