"""The routes of a plan over the hours of the day as one SVG, time to scale; no script, no inline style.

Activities are told apart by shape before colour: driving is a thin bar, waiting a thin open one, unloading a
full one with the stop's number, a break a full one with two upright lines, loading at the depot between two
trips a full one with an arrow. A booked slot is a bracket behind the unloading.

Classes for the style sheet: ``plan-gantt``; ``gantt-hour`` (lines), ``gantt-hour-label``; ``gantt-row`` with
``route-1`` … ``route-8``, in it ``gantt-label``, ``gantt-sublabel``, ``gantt-window`` and ``segment`` with
``segment-drive``, ``segment-wait``, ``segment-service``, ``segment-break`` or ``segment-load``,
``segment-text``;
``gantt-now``. Rows carry ``data-route``, unloadings ``data-route`` and ``data-stop`` (the visit's id).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from apps.routing.engine.problem import Problem
from apps.routing.engine.result import Activity, Plan, PlannedRoute
from apps.routing.engine.svg import element, picture, route_class, text
from apps.routing.engine.wording import clock as say_clock

_LEFT, _TOP, _ROW, _HOUR = 170.0, 30.0, 44.0, 3600
_HEIGHTS = {
    Activity.DRIVE: 6.0,
    Activity.WAIT: 10.0,
    Activity.SERVICE: 22.0,
    Activity.BREAK: 22.0,
    Activity.LOAD: 22.0,
}
_SIGNS = {Activity.BREAK: "m-2 -5v10m4 -10v10", Activity.LOAD: "m0 5v-10m-3 3l3 -3l3 3"}
"""What is drawn over the middle of a bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One activity over ``[start, end)``; an unloading also has its stop's number and id and a name for its
    title."""

    activity: Activity
    start: int
    end: int
    number: int | None = None
    stop_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One route: its bars in any order (a later one covers an earlier one) and its booked slots."""

    number: int
    label: str
    sublabel: str
    bars: tuple[Bar, ...]
    windows: tuple[tuple[int, int], ...]


def draw_gantt(
    rows: Sequence[Row],
    *,
    clock: Callable[[int], str],
    title: str,
    now: int | None = None,
    id_: str = "plan-gantt",
    width: float = 960.0,
) -> str:
    """The chart as SVG markup; ``clock`` says a time in seconds as people read it, ``now`` draws the line of
    the moment."""
    axis = _Axis(rows, width)
    height = _TOP + _ROW * max(len(rows), 1) + 8
    return picture(
        *_hours(axis, clock, height),
        *(_row(axis, row, _TOP + _ROW * place, clock) for place, row in enumerate(rows)),
        *_now(axis, now, height, clock),
        id_=id_,
        class_="plan-gantt",
        width=width,
        height=height,
        title=title,
        description=_describe(rows, clock),
    )


def gantt_of(problem: Problem, plan: Plan, *, title: str, now: int | None = None) -> str:
    """The chart of an engine's plan."""
    rows = [_row_of(problem, route) for route in plan.routes]
    return draw_gantt(rows, clock=lambda seconds: say_clock(problem, seconds), title=title, now=now)


def _row_of(problem: Problem, route: PlannedRoute) -> Row:
    visits = [problem.visits[problem.visit_index[stop.visit_id]] for stop in route.stops]
    bars = [
        Bar(one.activity, one.start, one.end, one.leg + 1, visits[one.leg].id, visits[one.leg].name)
        if one.activity is Activity.SERVICE
        else Bar(one.activity, one.start, one.end)
        for one in route.segments
    ]
    return Row(
        route.number,
        f"{route.number} · {route.vehicle_id}",
        problem.carrier_by_id[route.carrier_id].label,
        tuple(bars),
        tuple((visit.window.start, visit.window.end) for visit in visits),
    )


class _Axis:
    """Which hours are seen, and where on the picture a second lies."""

    def __init__(self, rows: Sequence[Row], width: float) -> None:
        moments = [moment for row in rows for bar in row.bars for moment in (bar.start, bar.end)]
        moments += [moment for row in rows for window in row.windows for moment in window]
        self.start = min(moments, default=0) // _HOUR * _HOUR
        self.end = max(-(-max(moments, default=_HOUR) // _HOUR) * _HOUR, self.start + _HOUR)
        self.width = width
        self.per_second = (width - _LEFT - 16) / (self.end - self.start)

    def x(self, second: int) -> float:
        return round(_LEFT + (second - self.start) * self.per_second, 1)

    def hours(self) -> range:
        """Whole hours, at least 52 units apart."""
        step = next(one for one in (1, 2, 3, 4, 6, 12, 24, 240) if one * _HOUR * self.per_second >= 52)
        return range(self.start, self.end + 1, step * _HOUR)


def _hours(axis: _Axis, clock: Callable[[int], str], height: float) -> list[str]:
    drawn = []
    for hour in axis.hours():
        x = axis.x(hour)
        drawn.append(element("line", class_="gantt-hour", x1=x, y1=_TOP - 8, x2=x, y2=height - 4))
        drawn.append(text(clock(hour), x, _TOP - 14, "gantt-hour-label", text_anchor="middle"))
    return drawn


def _row(axis: _Axis, row: Row, top: float, clock: Callable[[int], str]) -> str:
    middle = top + _ROW / 2
    return element(
        "g",
        text(row.label, 4.0, middle - 2, "gantt-label"),
        text(row.sublabel, 4.0, middle + 13, "gantt-sublabel"),
        *(_window(axis, window, middle) for window in row.windows),
        *(_bar(axis, row, bar, middle, clock) for bar in row.bars),
        class_=f"gantt-row {route_class(row.number)}",
        data_route=row.number,
    )


def _window(axis: _Axis, window: tuple[int, int], middle: float) -> str:
    left, right = axis.x(window[0]), axis.x(window[1])
    return element(
        "path",
        class_="gantt-window",
        d=f"M{left + 4:g} {middle - 17:g}h-4v34h4M{right - 4:g} {middle - 17:g}h4v34h-4",
        fill="none",
    )


def _bar(axis: _Axis, row: Row, bar: Bar, middle: float, clock: Callable[[int], str]) -> str:
    left, right = axis.x(bar.start), axis.x(bar.end)
    tall = _HEIGHTS[bar.activity]
    what = f"stop {bar.number}: {bar.name or bar.stop_id}" if bar.number else bar.activity.value
    marks = [
        element("title", escape(f"Route {row.number}, {what}, {clock(bar.start)}–{clock(bar.end)}")),
        element("rect", x=left, y=middle - tall / 2, width=max(right - left, 1.0), height=tall, rx=2),
    ]
    if bar.activity is Activity.SERVICE and bar.number:
        marks.append(
            text(str(bar.number), (left + right) / 2, middle + 4, "segment-text", text_anchor="middle")
        )
    if (sign := _SIGNS.get(bar.activity)) is not None:
        drawn = f"M{(left + right) / 2:g} {middle:g}{sign}"
        marks.append(element("path", class_="segment-text", d=drawn, fill="none"))
    linked: dict[str, str | int] = {"data_route": row.number, "data_stop": bar.stop_id} if bar.number else {}
    return element("g", *marks, class_=f"segment segment-{bar.activity.value}", **linked)


def _now(axis: _Axis, now: int | None, height: float, clock: Callable[[int], str]) -> list[str]:
    if now is None or not axis.start <= now <= axis.end:
        return []
    x = axis.x(now)
    line = element("line", x1=x, y1=_TOP - 8, x2=x, y2=height - 4)
    return [element("g", element("title", f"Now, {escape(clock(now))}"), line, class_="gantt-now")]


def _describe(rows: Sequence[Row], clock: Callable[[int], str]) -> str:
    parts = []
    for row in rows:
        stops = sum(bar.activity is Activity.SERVICE for bar in row.bars)
        begins = clock(min((bar.start for bar in row.bars), default=0))
        ends = clock(max((bar.end for bar in row.bars), default=0))
        parts.append(
            f"Route {row.number}, {row.sublabel}, leaves at {begins}, makes {stops} stops, is back at {ends}."
        )
    return " ".join(parts) or "The plan has no route."
