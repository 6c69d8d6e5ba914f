"""A site's day as docks × time to scale (``board.html``), and the same day as the gate's list."""

import hashlib
import json
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


def board(day: DayBoard, *, density: str = "", poll_url: str = "") -> Context:
    """What ``board_refresh.html`` takes; the axis spans what is open or taken, in whole hours."""
    axis = axis_around([(day.opens, day.closes)], within=(day.start, day.end), zone=day.site.time_zone)
    rows = [_row(row, axis, day) for row in day.rows]
    drawn: Context = {
        "title": _("%(site)s, %(day)s") % {"site": day.site.name, "day": day_label(day.day)},
        "hours": axis.hours,
        "axis_start": axis.start,
        "hour_marks": axis.marks(),
        "groups": [{"rows": rows[n : n + ROWS_PER_PAGE]} for n in range(0, len(rows), ROWS_PER_PAGE)],
        "unassigned": [],
        "density": density or "comfortable",
        "poll_url": poll_url,
    }
    return drawn | {
        "etag": _etag(drawn),
        "now_from": axis.at(day.now),
        "now_label": clock(day.now, day.site.time_zone),
    }


def gate_list(day: DayBoard) -> list[Context]:
    """Who comes when, in the order of the day, without held slots and blocks: one line per vehicle."""
    docks = {item.key: row for row in day.rows for item in row.items}
    return [
        {
            "url": reverse("hub:appointment", args=[item.appointment_id]),
            "start": item.start,
            "end": item.end,
            "window": (item.arrival_window.lower, item.arrival_window.upper) if item.arrival_window else None,
            "number": item.label,
            "shipper": item.shipper,
            "reference": item.reference,
            "dock": _dock_name(docks[item.key]),
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


def _row(row: Row, axis: Axis, day: DayBoard) -> Context:
    cards = [_card(item, axis, day, row) for item in row.items]
    vehicles = sum(item.appointment_id is not None for item in row.items)
    return {
        "id": f"{row.dock.pk}-{row.lane}",
        "name": _dock_name(row),
        "meta": ngettext("%(n)s vehicle", "%(n)s vehicles", vehicles) % {"n": vehicles}
        if vehicles
        else _("no vehicle"),
        "closures": [shade for shade in (_shade(shade, axis) for shade in row.shades) if shade],
        "cards": [card for card in cards if card],
    }


def _card(item: Item, axis: Axis, day: DayBoard, row: Row) -> Context | None:
    place = axis.place(item.start, item.end)
    if place is None:
        return None
    url = reverse("hub:appointment", args=[item.appointment_id]) if item.appointment_id else ""
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
        "version": f"{item.status.value}-{item.start:%d%H%M}-{place['span']}",
    }


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
