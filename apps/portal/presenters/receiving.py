"""A recipient's figures as their page shows them: all its docks, each site, each shipper; never a price."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.facilities.models import Site
from apps.figures.definitions import DEFINITIONS, Figure, Unit
from apps.figures.receiving import FIGURES
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import (
    NOTHING,
    in_unit,
    overview_columns,
    overview_line,
    value,
    worth_cell,
)

#: What sites and shippers are compared by.
COMPARED = ("on_time", "dwell", "wait", "handling", "detained", "confirmation", "answer")


def figures(now: Mapping[str, Figure], before: Mapping[str, Figure], query: str) -> Table:
    """Every figure, with what it was counted from and what could not be counted, both as lists."""
    rows = [overview_line(now[name], before[name], query, to="hub:figure") for name in FIGURES]
    return Table("figures", _("All docks together"), overview_columns(), rows)


def behind(name: str, rows: Iterable[Any]) -> Table:
    """The visits of `behind_received`, each leading to its page, with what it adds where that is known."""
    told = DEFINITIONS[name]
    heads = [
        Column(_("Visit")),
        Column(_("Day")),
        Column(_("Site")),
        Column(_("Shipper")),
        Column(_("State")),
    ]
    if told.worth is not None:
        heads.append(Column(_("Value"), True))
    lines = [
        [
            Cell(row.reference, url=reverse("hub:appointment", args=[row.pk])),
            Cell(row.day.isoformat()),
            Cell(row.site.name),
            Cell(row.shipper.name),
            Cell(str(row.get_state_display())),
            *([worth_cell(getattr(row, "worth", None), told)] if told.worth is not None else []),
        ]
        for row in rows
    ]
    return Table(f"behind-{name}", str(told.label), heads, lines)


def compared(rows: Mapping[str, Mapping[str, Figure]], *, name: str, title: str, head: str) -> Table:
    """A row for each site or shipper."""
    heads = [Column(head), *(Column(str(DEFINITIONS[each].label), True) for each in COMPARED)]
    lines = [
        [Cell(label), *(Cell(value(told[each]), told[each].value) for each in COMPARED)]
        for label, told in rows.items()
    ]
    return Table(name, title, heads, lines)


def docks(sites: Iterable[Site], used: Mapping[UUID, tuple[timedelta, timedelta]]) -> Table:
    """How much of the open dock time of each site was booked."""
    heads = [
        Column(_("Site")),
        Column(_("Booked"), True),
        Column(_("Open"), True),
        Column(_("Utilisation"), True),
    ]
    lines: list[Sequence[Cell]] = []
    for site in sites:
        booked, opened = (each / timedelta(hours=1) for each in used[site.pk])
        share = Cell(in_unit(booked / opened, Unit.SHARE), booked / opened) if opened else Cell(NOTHING)
        hours = [Cell(_("%(n).1f h") % {"n": each}, each) for each in (booked, opened)]
        lines.append([Cell(site.name), *hours, share])
    note = _("Open is every lane’s weekly hours and seasons; closures are not taken off.")
    return Table("docks", _("Dock utilisation"), heads, lines, note=note)
