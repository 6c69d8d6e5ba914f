"""Milestones as their pages show them: what waits for which deliveries, the float left, and the harm."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.figures.floats import Basis, Float
from apps.figures.models import Milestone
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import NOTHING
from apps.portal.presenters.times import moment_label

Context = dict[str, Any]


def overview(milestones: Sequence[Milestone], found: Mapping[UUID, Sequence[Float]]) -> Table:
    """One line for each milestone, with the delivery that has the least float."""
    heads = [
        Column(_("Milestone")),
        Column(_("Site")),
        Column(_("Begins")),
        Column(_("Deliveries"), True),
        Column(_("Least float")),
        Column(_("Too early"), True),
        Column(_("Harm as it stands"), True),
    ]
    lines = []
    for each in milestones:
        rows = found.get(each.pk, ())
        early = sum(row.early_days > 0 for row in rows)
        lines.append(
            [
                Cell(each.name, note=each.project, url=reverse("desk:milestone", args=[each.pk])),
                Cell(each.site.name),
                Cell(moment_label(each.starts_at, each.site.time_zone)),
                Cell(str(len(rows)), len(rows)),
                Cell(left(rows[0]) if rows else NOTHING, note=rows[0].delivery.number if rows else ""),
                Cell(str(early), early),
                _harm(each, rows),
            ]
        )
    return Table("milestones", _("Milestones, the next first"), heads, lines)


def deliveries(milestone: Milestone, rows: Sequence[Float]) -> Table:
    """The deliveries of one milestone, the least float first."""
    heads = [
        Column(_("Delivery")),
        Column(_("There at")),
        Column(_("Known by")),
        Column(_("Float")),
        Column(_("Early by")),
        Column(_("Costs"), True),
    ]
    zone = milestone.site.time_zone
    lines = [
        [
            Cell(row.delivery.number, url=reverse("desk:delivery", args=[row.delivery.pk])),
            Cell(moment_label(row.there_at, zone) if row.there_at else NOTHING),
            Cell(_known_by(row.basis)),
            Cell(left(row)),
            Cell(_span(row.early) if row.early else NOTHING),
            _harm(milestone, [row]),
        ]
        for row in rows
    ]
    return Table(f"of-{milestone.pk}", _("Deliveries it waits for"), heads, lines)


def of_delivery(rows: Sequence[Float]) -> list[Context]:
    """What waits for one delivery, for the delivery's own page."""
    return [
        {
            "url": reverse("desk:milestone", args=[row.milestone.pk]),
            "label": f"{row.milestone.project}: {row.milestone.name}",
            "begins": moment_label(row.milestone.starts_at, row.milestone.site.time_zone),
            "left": left(row),
            "early": _("early by %(span)s") % {"span": _span(row.early)} if row.early else "",
            "state": "error" if row.is_late else "warning" if row.early else "success",
        }
        for row in rows
    ]


def left(row: Float) -> str:
    """The float in words, and what it is when there is none."""
    if row.left is None:
        return _("does not come as things stand")
    if row.left < timedelta(0):
        return _("%(span)s too late") % {"span": _span(-row.left)}
    return _("%(span)s left") % {"span": _span(row.left)}


def _harm(milestone: Milestone, rows: Sequence[Float]) -> Cell:
    """What late and early days cost; the number that could not be counted is said with it."""
    costs = [row.costs for row in rows]
    known = [each for each in costs if each is not None]
    unknown = len(costs) - len(known)
    note = (
        ngettext(
            "%(n)d not counted: no rate, or not coming", "%(n)d not counted: no rate, or not coming", unknown
        )
        % {"n": unknown}
        if unknown
        else ""
    )
    if not known:
        return Cell(NOTHING, note=note)
    cents = sum(known)
    amount = formats.number_format(cents / 100, 2, force_grouping=True)
    return Cell(f"{milestone.currency} {amount}", cents / 100, note=note)


def _known_by(basis: Basis) -> str:
    return {
        Basis.HANDED_OVER: _("handed over"),
        Basis.EXPECTED: _("expected arrival and its time at the dock"),
        Basis.SLOT: _("the end of its slot"),
        Basis.DAY: _("the end of the day it is asked for; no slot is agreed"),
        Basis.NOT_COMING: _("failed, refused or cancelled"),
    }[basis]


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
