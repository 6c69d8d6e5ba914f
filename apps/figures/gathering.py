"""The statement that gathers what is on record of deliveries into one row of facts each.

It reads the connection's own schema and what the network shows to its role; the caller gives the ids.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.figures.models import VisitFacts

#: A mail is in time when the mail server took it within so long.
MAIL_IN_TIME = timedelta(hours=1)
#: Columns that are read from the facts afterwards.
_LATER = frozenset({"cause", "step", "evidence"})
COLUMNS = tuple(
    column for field in VisitFacts._meta.concrete_fields if (column := str(field.column)) not in _LATER
)


def gather(delivery_ids: Sequence[UUID], *, now: datetime) -> None:
    """Write the facts of these deliveries anew; cancelled ones and those that are gone have none."""
    given: dict[str, Any] = {"ids": list(delivery_ids), "now": now, "in_time": MAIL_IN_TIME}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, given)


# A failed attempt may be followed by another one: moments are those of the first, the outcome is the last.
_GATHERED = """
    SELECT d.id AS delivery_id, d.day, d.site_id, d.origin_id, r.carrier_id, a.dock_id, d.state,
           d.failure_reason, d.load_type, d.temperature_class, d.pallets,
           talks.asked_at, talks.agreed_at, coalesce(talks.is_negotiating, false) AS is_negotiating,
           coalesce(offers.rounds, 0) AS rounds, coalesce(offers.answers, 0) AS answers,
           coalesce(offers.answer_s, 0) AS answer_s, coalesce(offers.unanswered, 0) AS unanswered,
           lower(a.during) AS slot_from, upper(a.during) AS slot_to,
           lower(a.arrival_window) AS window_from, upper(a.arrival_window) AS window_to,
           r.departs_at AS planned_departure, r.arrives_at AS planned_arrival, r.before_s,
           coalesce(r.tenders, 0) AS tenders, coalesce(r.tenders_answered, 0) AS tenders_answered,
           coalesce(r.tenders_accepted, 0) AS tenders_accepted,
           r.cost_cents, r.distance_m, r.empty_m, r.route_s, r.capacity,
           ground.loaded_at, ground.left_at, gate.gate_at, gate.checking_at, ground.came_at,
           least(ground.unloading_at, gate.door_at) AS unloading_at, gate.unloaded_at,
           h.recorded_at AS handed_at, gate.out_at,
           s.free_minutes, coalesce(ground.has_failed, false) AS has_failed, h.attempt,
           coalesce(h.outcome, '') AS outcome, coalesce(h.units_expected, 0) AS units_expected,
           coalesce(h.units_received, 0) AS units_received, coalesce(x.found, 0) AS found,
           coalesce(x.damaged, 0) AS damaged, coalesce(x.findings, '{}') AS findings,
           coalesce(e.papers_lacked, false) AS papers_lacked, coalesce(e.no_carrier, false) AS no_carrier,
           coalesce(h.recorded_at - h.device_time > interval '15 minutes', false) AS is_late_synced,
           h.id IS NOT NULL AND NOT (h.received_drawn OR h.confirmed_by_code) AS is_incomplete,
           h.id IS NOT NULL AND (ground.left_at IS NULL OR ground.came_at IS NULL
                                 OR ground.unloading_at IS NULL) AS is_unscanned,
           coalesce(e.exceptions, 0) AS exceptions, coalesce(e.answered, 0) AS exceptions_answered,
           coalesce(e.response_s, 0) AS response_s, coalesce(e.ended, 0) AS exceptions_ended,
           coalesce(e.resolution_s, 0) AS resolution_s, eta.eta_30_s, eta.eta_60_s, eta.eta_120_s,
           eta.eta_240_s, coalesce(post.taken + post.late, 0) AS mails,
           coalesce(post.taken, 0) AS mails_taken, coalesce(post.waiting, 0) AS mails_waiting,
           %(now)s AS counted_at
      FROM deliveries_delivery d
      JOIN public.facilities_site s ON s.id = d.site_id
      LEFT JOIN LATERAL (
           SELECT min(at) FILTER (WHERE to_state = 'loaded') AS loaded_at,
                  min(at) FILTER (WHERE to_state = 'in_transit') AS left_at,
                  min(at) FILTER (WHERE to_state = 'arrived') AS came_at,
                  min(at) FILTER (WHERE to_state = 'unloading') AS unloading_at,
                  bool_or(to_state = 'failed') AS has_failed
             FROM deliveries_deliveryevent WHERE delivery_id = d.id) ground ON true
      LEFT JOIN LATERAL (
           SELECT min(created_at) AS asked_at, bool_or(state = 'offered') AS is_negotiating,
                  min(c.at) AS agreed_at, array_agg(t.id) AS ids
             FROM public.appointments_appointment t
             LEFT JOIN LATERAL (SELECT min(v.at) AS at FROM public.appointments_appointmentevent v
                                 WHERE v.appointment_id = t.id AND v.to_state = 'confirmed') c ON true
            WHERE t.delivery_id = d.id AND t.is_planned) talks ON true
      LEFT JOIN LATERAL (
           SELECT count(*) FILTER (WHERE NOT moves) AS rounds,
                  count(*) FILTER (WHERE answered_at IS NOT NULL AND state <> 'expired') AS answers,
                  extract(epoch FROM sum(greatest(answered_at - created_at, interval '0'))
                          FILTER (WHERE state <> 'expired'))::bigint AS answer_s,
                  count(*) FILTER (WHERE answered_at IS NULL OR state = 'expired') AS unanswered
             FROM public.appointments_offer WHERE appointment_id = ANY (talks.ids)) offers ON true
      LEFT JOIN LATERAL (
           SELECT id, dock_id, during, arrival_window FROM public.appointments_appointment
            WHERE delivery_id = d.id AND arrival_window IS NOT NULL
            ORDER BY created_at DESC LIMIT 1) a ON true
      LEFT JOIN LATERAL (
           SELECT min(at) FILTER (WHERE step = 'at_gate') AS gate_at,
                  min(at) FILTER (WHERE step = 'checking_in') AS checking_at,
                  min(at) FILTER (WHERE step = 'at_door') AS door_at,
                  min(at) FILTER (WHERE step = 'unloaded') AS unloaded_at,
                  min(at) FILTER (WHERE step = 'checked_out') AS out_at
             FROM public.appointments_appointmentevent WHERE appointment_id = a.id) gate ON true
      LEFT JOIN LATERAL (
           SELECT count(*) FILTER (WHERE mailed_at <= created_at + %(in_time)s) AS taken,
                  count(*) FILTER (WHERE coalesce(mailed_at, %(now)s) > created_at + %(in_time)s)
                      AS late,
                  count(*) FILTER (WHERE mailed_at IS NULL AND %(now)s <= created_at + %(in_time)s)
                      AS waiting
             FROM public.notices_notice
            WHERE address <> '' AND subject_id = ANY (d.id || coalesce(talks.ids, '{}'))) post ON true
      LEFT JOIN LATERAL (
           SELECT max(told.off) FILTER (WHERE ahead.minutes = 30) AS eta_30_s,
                  max(told.off) FILTER (WHERE ahead.minutes = 60) AS eta_60_s,
                  max(told.off) FILTER (WHERE ahead.minutes = 120) AS eta_120_s,
                  max(told.off) FILTER (WHERE ahead.minutes = 240) AS eta_240_s
             FROM unnest('{30, 60, 120, 240}'::integer[]) AS ahead(minutes)
            CROSS JOIN LATERAL (
                  SELECT extract(epoch FROM ground.came_at - x.expected_at)::integer AS off
                    FROM tracking_expectedarrival x
                   WHERE x.delivery_id = d.id
                     AND x.made_at <= ground.came_at - ahead.minutes * interval '1 minute'
                   ORDER BY x.made_at DESC LIMIT 1) told) eta ON true
      LEFT JOIN deliveries_handover h ON h.delivery_id = d.id
      LEFT JOIN LATERAL (
           SELECT count(*) AS found, count(*) FILTER (WHERE kind = 'damaged') AS damaged,
                  array_agg(DISTINCT kind::text) AS findings
             FROM deliveries_discrepancy WHERE handover_id = h.id) x ON true
      LEFT JOIN LATERAL (
           SELECT count(*) AS exceptions, count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
                  extract(epoch FROM sum(greatest(answered_at - detected_at, interval '0')))::bigint
                      AS response_s,
                  count(*) FILTER (WHERE ended_at > detected_at) AS ended,
                  extract(epoch FROM sum(greatest(ended_at - detected_at, interval '0')))::bigint
                      AS resolution_s,
                  bool_or(kind = 'paper_missing'
                          AND coalesce(ended_at, 'infinity') >= lower(a.during)) AS papers_lacked,
                  bool_or(kind = 'no_carrier'
                          AND coalesce(ended_at, 'infinity') >= harm_at) AS no_carrier
             FROM insights_deliveryexception WHERE delivery_id = d.id) e ON true
      LEFT JOIN LATERAL (
           SELECT route.carrier_id, route.departs_at, stop.arrives_at,
                  extract(epoch FROM before.out_at - before.departs_at)::integer AS before_s,
                  asked.tenders / shares.n AS tenders, asked.answered / shares.n AS tenders_answered,
                  asked.accepted / shares.n AS tenders_accepted, route.cost_cents / shares.n AS cost_cents,
                  route.distance_m / shares.n AS distance_m,
                  greatest(0, route.distance_m - shares.driven) / shares.n AS empty_m,
                  extract(epoch FROM route.returns_at - route.departs_at)::float / shares.n AS route_s,
                  vehicle.capacity_pallets / shares.n AS capacity
             FROM routing_stop stop
             JOIN routing_route route ON route.id = stop.route_id
             JOIN routing_routeplan plan ON plan.id = route.plan_id AND plan.state = 'published'
             JOIN carriers_vehicle vehicle ON vehicle.id = route.vehicle_id
             JOIN LATERAL (SELECT count(*)::float AS n, sum(distance_m) AS driven FROM routing_stop
                            WHERE route_id = route.id) shares ON true
             LEFT JOIN LATERAL (
                  SELECT last.departs_at, (SELECT min(v.at) FROM public.appointments_appointmentevent v
                                            WHERE v.appointment_id = last.appointment_id
                                              AND v.step IN ('checked_out', 'completed')) AS out_at
                    FROM routing_stop last
                   WHERE last.route_id = route.id AND last.position < stop.position
                   ORDER BY last.position DESC LIMIT 1) before ON true
             LEFT JOIN LATERAL (
                  SELECT count(*) AS tenders,
                         count(*) FILTER (WHERE one.state IN ('accepted', 'returned', 'declined', 'expired'))
                             AS answered,
                         count(*) FILTER (WHERE one.state IN ('accepted', 'returned')) AS accepted
                    FROM tendering_tendering search
                    JOIN tendering_tender one ON one.tendering_id = search.id AND one.state <> 'queued'
                   WHERE search.route_id = route.id) asked ON true
            WHERE stop.delivery_id = d.id
            ORDER BY plan.published_at DESC LIMIT 1) r ON true
     WHERE d.id = ANY (%(ids)s) AND d.state <> 'cancelled' AND d.leg = '' AND d.format <> 'pickup'
"""
_STATEMENT = f"""
    WITH gone AS (
        DELETE FROM figures_visitfacts f
         WHERE f.delivery_id = ANY (%(ids)s)
           AND EXISTS (SELECT FROM deliveries_delivery d
                        WHERE d.id = f.delivery_id AND (d.state = 'cancelled' OR d.format = 'pickup')))
    INSERT INTO figures_visitfacts ({", ".join(COLUMNS)}, cause, step, evidence)
    SELECT {", ".join(f"g.{column}" for column in COLUMNS)}, '', '', '[]'
      FROM ({_GATHERED}) g
        ON CONFLICT (delivery_id) DO UPDATE
       SET {", ".join(f"{column} = EXCLUDED.{column}" for column in COLUMNS if column != "delivery_id")},
           cause = '', step = '', evidence = '[]'
"""  # noqa: S608 of our own text and the model's column names
