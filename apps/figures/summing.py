"""What each sum of a day is of: expressions over the rows of facts, and the statement that adds them up."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

from apps.figures.models import HORIZONS

#: Bounds, in minutes, between the bins of how an arrival lay to its window: early ones below 0 (before it
#: opened), 0 inside, late ones above (after it closed).
LATENESS: tuple[str, ...] = (
    "early_60", "early_30", "early_0", "inside", "late_15", "late_30", "late_60", "late_120", "late_more",
)  # fmt: skip

#: An arrival was expected rightly when it came within so many seconds of what was told.
RIGHT_S = 900

_OVER = "state IN ('delivered', 'refused', 'failed')"
_IN_WINDOW = "(came_at >= window_from AND came_at < window_to)"
_IN_FULL = "(outcome = 'accepted' AND units_received = units_expected AND found = 0)"
_STAY_END = "coalesce(out_at, handed_at)"
_FREE_UNTIL = "greatest(came_at, slot_from) + free_minutes * interval '1 minute'"
_QUEUE_END = "coalesce(checking_at, came_at)"
_HANDLED = "coalesce(unloaded_at, handed_at)"


def _count(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def _span(end: str, start: str, condition: str = "true") -> str:
    """Seconds between two moments, summed where both are known and in order."""
    return (
        f"coalesce(extract(epoch FROM sum({end} - {start})"
        f" FILTER (WHERE {end} >= {start} AND {condition})), 0)::bigint"
    )


def _pairs(end: str, start: str) -> str:
    return _count(f"{end} >= {start}")


def _total(column: str, condition: str = "true") -> str:
    return f"coalesce(sum({column}) FILTER (WHERE {condition}), 0)"


SUMS: dict[str, str] = {
    "deliveries": "count(*)",
    "over": _count(_OVER),
    "came": _count("came_at IS NOT NULL"),
    "came_window": _count("came_at IS NOT NULL AND window_from IS NOT NULL"),
    "on_time": _count(_IN_WINDOW),
    "over_window": _count(f"{_OVER} AND window_from IS NOT NULL"),
    "otif": _count(f"{_OVER} AND {_IN_WINDOW} AND {_IN_FULL}"),
    "first": _count("state = 'delivered' AND attempt = 1 AND NOT has_failed"),
    "stated": _count("handed_at IS NOT NULL"),
    "otherwise": _count("found > 0"),
    "damaged": _total("damaged"),
    "units": _total("units_expected"),
    "dwelt": _pairs("handed_at", "came_at"),
    "dwell_s": _span("handed_at", "came_at"),
    "queued": _pairs(_QUEUE_END, "gate_at"),
    "queue_s": _span(_QUEUE_END, "gate_at"),
    "checked": _pairs("came_at", "checking_at"),
    "check_s": _span("came_at", "checking_at"),
    "waited": _pairs("unloading_at", "came_at"),
    "wait_s": _span("unloading_at", "came_at"),
    "handled": _pairs(_HANDLED, "unloading_at"),
    "handling_s": _span(_HANDLED, "unloading_at"),
    "papered": _pairs("out_at", "unloaded_at"),
    "paper_s": _span("out_at", "unloaded_at"),
    "stayed": _pairs(_STAY_END, "came_at"),
    "detained": _count(f"{_STAY_END} > {_FREE_UNTIL}"),
    "detention_s": _span(_STAY_END, f"({_FREE_UNTIL})"),
    "negotiated": _count("asked_at IS NOT NULL"),
    "negotiating": _count("is_negotiating AND agreed_at IS NULL"),
    "agreed": _count("agreed_at IS NOT NULL"),
    "rounds": _total("rounds", "agreed_at IS NOT NULL"),
    "answers": _total("answers"),
    "answer_s": _total("answer_s"),
    "unanswered": _total("unanswered"),
    "tenders": _total("tenders"),
    "tenders_answered": _total("tenders_answered"),
    "tenders_accepted": _total("tenders_accepted"),
    "costed": _count("cost_cents IS NOT NULL"),
    "cost_cents": _total("cost_cents"),
    "cost_pallets": _total("pallets", "cost_cents IS NOT NULL"),
    "distance_m": _total("distance_m"),
    "empty_m": _total("empty_m"),
    "route_s": _total("route_s"),
    "capacity": _total("capacity"),
    "late_synced": _count("is_late_synced"),
    "incomplete": _count("is_incomplete"),
    "unscanned": _count("is_unscanned"),
    "exceptions": _total("exceptions"),
    "exceptions_answered": _total("exceptions_answered"),
    "response_s": _total("response_s"),
    "exceptions_ended": _total("exceptions_ended"),
    "resolution_s": _total("resolution_s"),
    **{f"told_{ahead}": _count(f"eta_{ahead}_s IS NOT NULL") for ahead in HORIZONS},
    **{f"right_{ahead}": _count(f"abs(eta_{ahead}_s) <= {RIGHT_S}") for ahead in HORIZONS},
    "misaddressed": _count(f"{_OVER} AND failure_reason = 'invalidAddress'"),
    "mails": _total("mails"),
    "mails_taken": _total("mails_taken"),
    "mails_waiting": _total("mails_waiting"),
    "caused": _count("cause <> ''"),
}
_BIN = """CASE WHEN came_at < window_from - interval '60 minutes' THEN 1
               WHEN came_at < window_from - interval '30 minutes' THEN 2
               WHEN came_at < window_from THEN 3
               WHEN came_at < window_to THEN 4
               WHEN came_at < window_to + interval '15 minutes' THEN 5
               WHEN came_at < window_to + interval '30 minutes' THEN 6
               WHEN came_at < window_to + interval '60 minutes' THEN 7
               WHEN came_at < window_to + interval '120 minutes' THEN 8
               WHEN window_to IS NOT NULL AND came_at IS NOT NULL THEN 9 END"""
_BINS = ", ".join(_count(f"{_BIN} = {number}") for number in range(1, len(LATENESS) + 1))
_KEY = "day, site_id, carrier_id, origin_id"
_STATEMENT = f"""
    INSERT INTO figures_dayfigures ({_KEY}, {", ".join(SUMS)}, lateness)
    SELECT {_KEY}, {", ".join(SUMS.values())}, ARRAY[{_BINS}]
      FROM figures_visitfacts WHERE day = ANY (%s) GROUP BY {_KEY}
"""  # noqa: S608 of our own text


def sum_days(days: Sequence[date]) -> None:
    """Add these days up anew; to be called in a transaction that holds the counting's lock."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM figures_dayfigures WHERE day = ANY (%s)", [list(days)])
        cursor.execute(_STATEMENT, [list(days)])


def add_up(*, where: str, params: Sequence[Any], by: str = "") -> list[dict[str, Any]]:
    """The sums of the days that ``where`` chooses, one row for each ``by`` (a column of the key) or one.

    ``where`` and ``by`` are our own text; values come as ``params``.
    """
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in SUMS)
    bins = ", ".join(f"coalesce(sum(lateness[{n}]), 0)" for n in range(1, len(LATENESS) + 1))
    keyed = f"{by} AS key, " if by else ""
    grouped = f"GROUP BY {by} ORDER BY {by}" if by else ""
    statement = (
        f"SELECT {keyed}{sums}, ARRAY[{bins}] AS lateness FROM figures_dayfigures WHERE {where} {grouped}"  # noqa: S608 see above
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
