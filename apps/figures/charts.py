"""Charts as SVG that need no script: bars and columns, in the design system's classes. Pure.

Colours are the style sheet's (``static/css/figures.css``). What a chart shows stands in a table beside it;
the picture has a name and a description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.routing.engine.svg import element, picture, text

WIDTH = 720
_LABEL, _WORDS, _ROW = 230, 90, 26
_HEIGHT, _FOOT, _HEAD, _SIDE = 220, 34, 22, 44
_LONGEST = 36
_LABELLED, _VALUED = 12, 14  # most labels below columns, most columns with their value on top


@dataclass(frozen=True)
class Mark:
    """One bar or column; ``value`` None leaves its place empty. ``words`` is the value as people read it."""

    label: str
    value: float | None
    words: str
    class_: str = "chart-mark"


def bars(marks: Sequence[Mark], *, id_: str, title: str, says: str) -> str:
    """Bars from top to bottom, their labels before and their values behind them."""
    most = max((mark.value or 0 for mark in marks), default=0) or 1
    room = WIDTH - _LABEL - _WORDS
    drawn = []
    for place, mark in enumerate(marks):
        y = 8 + place * _ROW
        length = room * max(0.0, mark.value or 0) / most
        drawn += [
            text(_short(mark.label), _LABEL - 8, y + 14, "chart-label chart-label--end"),
            element("rect", class_=mark.class_, x=_LABEL, y=y + 3, width=length, height=_ROW - 10, rx=2),
            text(mark.words, _LABEL + length + 6, y + 14, "chart-value"),
        ]
    height = 16 + max(1, len(marks)) * _ROW
    axis = element("line", class_="chart-axis", x1=_LABEL, y1=4, x2=_LABEL, y2=height - 8)
    return _chart(*drawn, axis, id_=id_, height=height, title=title, says=says)


def columns(marks: Sequence[Mark], *, id_: str, title: str, says: str, most: float | None = None) -> str:
    """Columns from left to right on a base line; with few of them each has its value on top."""
    top = most or max((mark.value or 0 for mark in marks), default=0) or 1
    high, base = _HEIGHT - _FOOT - _HEAD, _HEIGHT - _FOOT
    step = (WIDTH - 2 * _SIDE) / max(1, len(marks))
    every = max(1, -(-len(marks) // _LABELLED))
    drawn = [_level("chart-grid", base - high * quarter / 4) for quarter in range(1, 5)]
    for place, mark in enumerate(marks):
        x = _SIDE + place * step
        if mark.value is not None:
            tall = high * max(0.0, min(mark.value, top)) / top
            box = {"x": x + step * 0.12, "y": base - tall, "width": step * 0.76, "height": tall}
            drawn.append(element("rect", class_=mark.class_, **box))
            if len(marks) <= _VALUED:
                drawn.append(
                    text(mark.words, x + step / 2, base - tall - 5, "chart-value chart-value--middle")
                )
        if place % every == 0:
            drawn.append(text(mark.label, x + step / 2, base + 16, "chart-label chart-label--middle"))
    drawn.append(_level("chart-axis", base))
    return _chart(*drawn, id_=id_, height=_HEIGHT, title=title, says=says)


def _level(class_: str, y: float) -> str:
    return element("line", class_=class_, x1=_SIDE, y1=y, x2=WIDTH - _SIDE, y2=y)


def _chart(*drawn: str, id_: str, height: float, title: str, says: str) -> str:
    return picture(*drawn, id_=id_, class_="chart", width=WIDTH, height=height, title=title, description=says)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
