"""A site's day as docks × time to scale (``board.html``), and the same day as the gate's list."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.board import DayBoard, Item, Row, Shade, Status
from apps.portal.presenters.axis import Axis, axis_around
from apps.portal.presenters.times import clock, day_label, delay_label, span_label

Context = dict[str, Any]
ROWS_PER_PAGE = 10
#: What may be moved; an offered slot is answered with others instead.
MOVES = frozenset({Status.CONFIRMED, Status.LATE, Status.ARRIVED, Status.IN_PROGRESS})
AT_LEAST = 30
"""Minutes that a vehicle without a dock is drawn with while it is moved."""


def board(day: DayBoard, *, density: str = "", poll_url: str = "", may_move: bool = False) -> Context:
    """What ``board_refresh.html`` takes; the axis spans what is open or taken, in whole hours.

    ``may_move`` gives cards the addresses where a move is asked about and made.
    """
    axis = axis_around([(day.opens, day.closes)], within=(day.start, day.end), zone=day.site.time_zone)
    unassigned = [_waiting_card(item, day, may_move) for item in day.unassigned]
    drawn: Context = {
        "title": title(day),
        "hours": axis.hours,
        "axis_start": axis.start,
        "hour_marks": axis.marks(),
        "groups": [
            {"name": name, "rows": [_row(row, axis, day, may_move) for row in rows]}
            for name, rows in _pages(day.rows)
        ],
        "unassigned": unassigned,
        "density": density or "comfortable",
        "poll_url": poll_url,
    }
    return drawn | {
        "etag": _etag({**drawn, "gate": [(str(i.key), i.status, i.version) for i in day.items()]}),
        "now_from": axis.at(day.now),
        "now_label": clock(day.now, day.site.time_zone),
    }


def title(day: DayBoard) -> str:
    """“Northern Hospital stores, Tuesday 3 March”."""
    return _("%(site)s, %(day)s") % {"site": day.site.name, "day": day_label(day.day)}


def gate_list(day: DayBoard, *, may_move: bool = False) -> list[Context]:
    """Who comes when, in the order of the day, without held slots and blocks: one line per vehicle."""
    docks = {item.key: _dock_name(row) for row in day.rows for item in row.items}
    return [
        {
            "key": item.appointment_id,
            "url": reverse("hub:appointment", args=[item.appointment_id]),
            "start": item.start,
            "end": item.end,
            "window": (item.arrival_window.lower, item.arrival_window.upper) if item.arrival_window else None,
            "number": item.label,
            "shipper": item.shipper,
            "reference": item.reference,
            "dock": docks.get(item.key, ""),
            "is_planned": item.is_planned,
            "waits": item in day.unassigned,
            "move_url": _move_url(item) if may_move else "",
            "load": _load(item),
            "state": item.status.value,
            "state_label": str(item.status.label),
        }
        for item in day.items()
        if item.appointment_id is not None and item.status != Status.HELD
    ]


def needs(day: DayBoard) -> str:
    """The sentence under the title: what the day has and what needs attention."""
    items = [item for item in day.items() if item.status not in {Status.HELD, Status.BLOCKED}]
    late = sum(item.status == Status.LATE for item in items)
    vehicles = ngettext("%(n)s vehicle", "%(n)s vehicles", len(items)) % {"n": len(items)}
    waiting = len(day.unassigned)
    if waiting:
        return ngettext(
            "%(vehicles)s, %(n)s of them waits for a dock.",
            "%(vehicles)s, %(n)s of them wait for a dock.",
            waiting,
        ) % {"vehicles": vehicles, "n": waiting}
    held = sum(item.status == Status.HELD for item in day.items())
    if not items and held:
        return ngettext(
            "No vehicle is agreed for this day; %(n)s slot is held by an offer.",
            "No vehicle is agreed for this day; %(n)s slots are held by offers.",
            held,
        ) % {"n": held}
    if not items:
        return _("No vehicle is agreed for this day.")
    if late:
        return _("%(vehicles)s, %(late)s late.") % {"vehicles": vehicles, "late": late}
    return _("%(vehicles)s, none late.") % {"vehicles": vehicles}


def days_around(site_id: object, day: date, *, now: datetime, zone: str) -> Context:
    """Addresses of the day before, the day after, and today where that is another day."""
    address = reverse("hub:board", args=[site_id])
    today = now.astimezone(ZoneInfo(zone)).date()
    return {
        "previous_url": f"{address}?day={day - timedelta(days=1)}",
        "next_url": f"{address}?day={day + timedelta(days=1)}",
        "today_url": address if day != today else "",
        "address": address,
        "day": day,
    }


def _pages(rows: Iterable[Row]) -> Iterator[tuple[str, Sequence[Row]]]:
    """What one sheet of paper has: a dock group's lanes, at most ten; groups in the order of their first."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.dock.group, []).append(row)
    for name, lanes in groups.items():
        for first in range(0, len(lanes), ROWS_PER_PAGE):
            yield name, lanes[first : first + ROWS_PER_PAGE]


def _row(row: Row, axis: Axis, day: DayBoard, may_move: bool) -> Context:
    cards = [_card(item, axis, day, row, may_move) for item in row.items]
    vehicles = sum(item.appointment_id is not None for item in row.items)
    return {
        "id": f"{row.dock.pk}-{row.lane}",
        "dock": str(row.dock.pk),
        "lane": row.lane,
        "name": _dock_name(row),
        "meta": ngettext("%(n)s vehicle", "%(n)s vehicles", vehicles) % {"n": vehicles}
        if vehicles
        else _("no vehicle"),
        "closures": [shade for shade in (_shade(shade, axis) for shade in row.shades) if shade],
        "cards": [card for card in cards if card],
    }


def _card(item: Item, axis: Axis, day: DayBoard, row: Row, may_move: bool) -> Context | None:
    place = axis.place(item.start, item.end)
    if place is None:
        return None
    if item.appointment_id:
        url = reverse("hub:appointment", args=[item.appointment_id])
    elif item.status == Status.HELD:
        url = ""
    else:
        url = reverse("hub:block_edit", args=[day.site.pk, item.key])
    delta = delay_label(day.now - item.start) if item.status == Status.LATE and day.now < day.end else ""
    when = span_label(item.start, item.end, day.site.time_zone)
    parts = [item.label, item.shipper, str(item.status.label), when, _dock_name(row), _load(item), delta]
    return {
        "id": str(item.key),
        "url": url,
        **place,
        "state": item.status.value,
        "state_label": str(item.status.label),
        "reference": item.label,
        "party": item.shipper,
        "load": _load(item),
        "delta": delta,
        "summary": ", ".join(part for part in parts if part),
        "version": f"{item.status.value}-{row.dock.pk}-{row.lane}-{item.start:%d%H%M}-{place['span']}",
        **(_moving(item, day) if may_move else {}),
    }


def _waiting_card(item: Item, day: DayBoard, may_move: bool) -> Context:
    """A vehicle without a dock: how long it waits stands where others have their delay."""
    delta = delay_label(day.now - item.since) if item.since and day.now < day.end else ""
    since = _("here since %(time)s") % {"time": clock(item.since, day.site.time_zone)} if item.since else ""
    parts = [item.label, item.shipper, str(item.status.label), since, _load(item)]
    return {
        "id": str(item.key),
        "url": reverse("hub:appointment", args=[item.appointment_id]),
        "state": item.status.value,
        "state_label": _("Walk-in") if not item.is_planned else str(item.status.label),
        "reference": item.label,
        "party": item.shipper,
        "load": _load(item),
        "delta": delta,
        "summary": ", ".join(part for part in parts if part),
        "version": f"{item.status.value}-waiting",
        **(_moving(item, day) if may_move else {}),
    }


def _moving(item: Item, day: DayBoard) -> Context:
    """What the browser has to know to move a card; nothing for what stays where it is.

    ``keeps_time``: the start is agreed with the other side.
    """
    address = _move_url(item, day)
    if not address:
        return {}
    minutes = int((item.end - item.start).total_seconds()) // 60
    return {
        "move_url": address,
        "check_url": f"{address}check/",
        "move_version": item.version,
        "keeps_time": item.status in {Status.CONFIRMED, Status.LATE},
        "minutes": max(minutes, AT_LEAST),
        "start": item.start,
    }


def _move_url(item: Item, day: DayBoard | None = None) -> str:
    """Where an agreed vehicle, one that is here, or a block is moved; empty for everything else."""
    if item.status in MOVES and item.appointment_id:
        return reverse("hub:move", args=[item.appointment_id])
    if item.status == Status.BLOCKED and day is not None:
        return reverse("hub:block_edit", args=[day.site.pk, item.key])
    return ""


def _shade(shade: Shade, axis: Axis) -> Context | None:
    place = axis.place(shade.start, shade.end)
    return {**place, "label": shade.reason} if place else None


def _dock_name(row: Row) -> str:
    return f"{row.dock.name} · {row.lane}" if row.dock.lanes > 1 or row.lane > 1 else row.dock.name


def _load(item: Item) -> str:
    if item.load is None:
        return ""
    return ngettext("%(n)s pallet", "%(n)s pallets", item.load.pallets) % {"n": item.load.pallets}


def _etag(drawn: Context) -> str:
    """Changes when anything drawn changes; the line of now is the browser's to move."""
    digest = hashlib.sha256(json.dumps(drawn, default=str, sort_keys=True).encode()).hexdigest()
    return f'"{digest[:32]}"'
