"""How vehicles came to a recipient's docks, over all shippers: asked at the hub, from the network alone.

Nothing of a shipper's schema is read, so no price and no goods can show; what only a shipper's record holds
(discrepancies, cost) is not counted here. The caller names sites that the reader may see.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, Func, Sum, Value
from django.db.models.functions import Greatest, Least

from apps.appointments.models import DockOccupancy
from apps.appointments.search import day_bounds
from apps.facilities.models import ReceivingWindow, Site
from apps.figures.definitions import Figure, figure
from apps.figures.reading import Period
from apps.figures.summing import SUMS

#: Of all figures those that the network's own record tells.
FIGURES = (
    "on_time",
    "dwell",
    "queue",
    "check_in",
    "wait",
    "handling",
    "paperwork",
    "detained",
    "detention",
    "confirmation",
    "rounds",
    "answer",
)
_NEEDED = {
    "came", "came_window", "on_time", "stated", "dwelt", "dwell_s", "queued", "queue_s", "checked", "check_s",
    "waited", "wait_s", "handled", "handling_s", "papered", "paper_s", "stayed", "detained", "detention_s",
    "negotiated", "negotiating", "agreed", "rounds", "answers", "answer_s", "unanswered",
}  # fmt: skip


def received(sites: Sequence[Site], period: Period, *, by: str = "") -> dict[str, dict[str, Figure]]:
    """The figures of these sites by name; ``by`` is "site" or "shipper": one row for each of them by name."""
    key = {"": "''", "site": "site_name", "shipper": "shipper_name"}[by]
    given: dict[str, Any] = {"sites": [site.pk for site in sites], "first": period.first, "last": period.last}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(key=key), given)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    told = {row["key"]: {name: figure(name, row) for name in FIGURES} for row in rows}
    return told if by or told else {"": {name: figure(name, dict.fromkeys(_NEEDED, 0)) for name in FIGURES}}


def utilisation(sites: Sequence[Site], period: Period) -> dict[UUID, tuple[timedelta, timedelta]]:
    """By site: dock time that was booked, and dock time that was open by the weekly hours and seasons."""
    return {site.pk: (_booked(site, period), _open(site, period)) for site in sites}


def _booked(site: Site, period: Period) -> timedelta:
    zone = ZoneInfo(site.time_zone)
    start, end = day_bounds(period.first, zone)[0], day_bounds(period.last, zone)[1]
    taken = DockOccupancy.objects.filter(
        dock__site=site, kind=DockOccupancy.Kind.BOOKING, during__overlap=(start, end)
    )
    ends = Least(Func("during", function="upper"), Value(end))
    begins = Greatest(Func("during", function="lower"), Value(start))
    length = ExpressionWrapper(ends - begins, output_field=DurationField())
    return taken.aggregate(time=Sum(length))["time"] or timedelta(0)


def _open(site: Site, period: Period) -> timedelta:
    """The hours of every lane of every dock, day by day."""
    windows = list(ReceivingWindow.objects.filter(site=site, load_type="").select_related("season"))
    docks = list(site.docks.filter(active=True))
    whole = timedelta(0)
    for number in range(period.days):
        day = period.first + timedelta(days=number)
        season = next((w.season for w in windows if w.season and day in w.season.days), None)
        for dock in docks:
            held = [
                window
                for window in windows
                if window.weekday == day.isoweekday()
                and window.season == season
                and window.dock_id in (None, dock.pk)
            ]
            own = [window for window in held if window.dock_id == dock.pk] or held
            whole += sum((_length(window) for window in own), timedelta(0)) * dock.lanes
    return whole


def _length(window: ReceivingWindow) -> timedelta:
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute) for at in (window.opens, window.closes))
    return closes - opens if closes > opens else closes + timedelta(days=1) - opens


_STATEMENT = f"""
    WITH visits AS (
        SELECT a.id, a.shipper_id, a.site_id, a.state, lower(a.during) AS slot_from,
               lower(a.arrival_window) AS window_from, upper(a.arrival_window) AS window_to, a.is_planned,
               a.created_at
          FROM public.appointments_appointment a
          JOIN public.facilities_site s ON s.id = a.site_id
         WHERE a.site_id = ANY (%(sites)s)
           AND (coalesce(lower(a.during), a.created_at) AT TIME ZONE s.time_zone)::date
               BETWEEN %(first)s AND %(last)s
    ), f AS (
        SELECT t.name AS shipper_name, s.name AS site_name, v.slot_from, v.window_from, v.window_to,
               s.free_minutes,
               e.gate_at, e.checking_at, e.came_at, e.unloading_at, e.unloaded_at, e.handed_at, e.out_at,
               CASE WHEN v.is_planned THEN v.created_at END AS asked_at, e.agreed_at,
               v.state = 'offered' AS is_negotiating, coalesce(o.rounds, 0) AS rounds,
               coalesce(o.answers, 0) AS answers, coalesce(o.answer_s, 0) AS answer_s,
               coalesce(o.unanswered, 0) AS unanswered
          FROM visits v
          JOIN public.facilities_site s ON s.id = v.site_id
          JOIN public.tenancy_shipper t ON t.id = v.shipper_id
          LEFT JOIN LATERAL (
               SELECT min(at) FILTER (WHERE step = 'at_gate') AS gate_at,
                      min(at) FILTER (WHERE step = 'checking_in') AS checking_at,
                      min(at) FILTER (WHERE to_state = 'arrived') AS came_at,
                      min(at) FILTER (WHERE to_state = 'in_progress' OR step = 'at_door') AS unloading_at,
                      min(at) FILTER (WHERE step = 'unloaded') AS unloaded_at,
                      min(at) FILTER (WHERE step = 'completed') AS handed_at,
                      min(at) FILTER (WHERE step = 'checked_out') AS out_at,
                      min(at) FILTER (WHERE to_state = 'confirmed') AS agreed_at
                 FROM public.appointments_appointmentevent WHERE appointment_id = v.id) e ON true
          LEFT JOIN LATERAL (
               SELECT count(*) FILTER (WHERE NOT moves) AS rounds,
                      count(*) FILTER (WHERE answered_at IS NOT NULL AND state <> 'expired') AS answers,
                      extract(epoch FROM sum(greatest(answered_at - created_at, interval '0'))
                              FILTER (WHERE state <> 'expired'))::bigint AS answer_s,
                      count(*) FILTER (WHERE answered_at IS NULL OR state = 'expired') AS unanswered
                 FROM public.appointments_offer WHERE appointment_id = v.id) o ON true
    )
    SELECT {{key}} AS key, {", ".join(f"{SUMS[name]} AS {name}" for name in sorted(_NEEDED))}
      FROM f
     GROUP BY 1 ORDER BY 1
"""  # noqa: S608 of our own text
