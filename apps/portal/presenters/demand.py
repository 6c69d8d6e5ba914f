"""Demand and capacity as their page shows them: sites and carriers by the week, and what is missing."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.figures.demand import CarrierWeek, Gap, SiteWeek
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import NOTHING


def gaps(rows: Sequence[Gap]) -> Table:
    """Each week in all: asked for, what the fleet takes, and which of the two is short."""
    heads = [
        Column(_("Week from")),
        Column(_("Asked for (pallets)"), True),
        Column(_("Fleet takes"), True),
        Column(_("Promised to carriers"), True),
        Column(_("What is missing")),
    ]
    lines = [
        [
            Cell(each.week.isoformat()),
            *map(_number, (each.asked, each.fleet, each.promised)),
            Cell(_gap(each)),
        ]
        for each in rows
    ]
    return Table("gaps", _("All sites together"), heads, lines)


def _gap(each: Gap) -> str:
    if each.missing:
        return ngettext(
            "%(n)d pallet that no vehicle takes", "%(n)d pallets that no vehicle takes", each.missing
        ) % {"n": each.missing}
    if each.short_of_promise:
        return ngettext(
            "%(n)d pallet less than carriers were promised",
            "%(n)d pallets less than carriers were promised",
            each.short_of_promise,
        ) % {"n": each.short_of_promise}
    return NOTHING


def sites(rows: Sequence[SiteWeek]) -> Table:
    """Each site and week: on order, agreed, expected with the range of the past."""
    heads = [
        Column(_("Site")),
        Column(_("Week from")),
        Column(_("Deliveries on order"), True),
        Column(_("Pallets"), True),
        Column(_("With an agreed slot"), True),
        Column(_("Expected (pallets)"), True),
        Column(_("Past weeks"), True),
    ]
    lines = []
    for each in rows:
        span = NOTHING if each.low is None else f"{each.low}–{each.high}"
        expected = Cell(_("too little past")) if each.expected is None else _number(each.expected)
        agreed = _("%(n)d, %(pallets)d pallets") % {"n": each.agreed, "pallets": each.agreed_pallets}
        lines.append(
            [
                Cell(each.site),
                Cell(each.week.isoformat()),
                _number(each.deliveries),
                _number(each.pallets),
                Cell(agreed),
                expected,
                Cell(span),
            ]
        )
    return Table("sites", _("Demand by site and week"), heads, lines)


def carriers(rows: Sequence[CarrierWeek]) -> Table:
    """Each carrier and week: what its vehicles take, what was promised, what is planned already."""
    heads = [
        Column(_("Carrier")),
        Column(_("Week from")),
        Column(_("Routes it can drive"), True),
        Column(_("Pallets"), True),
        Column(_("Promised to it")),
        Column(_("Takes at most")),
        Column(_("Routes planned"), True),
        Column(_("Pallets planned"), True),
    ]
    lines = [
        [
            Cell(each.carrier),
            Cell(each.week.isoformat()),
            _number(each.fleet_routes),
            _number(each.fleet_pallets),
            Cell(each.at_least or NOTHING),
            Cell(each.at_most or NOTHING),
            _number(each.planned_routes),
            _number(each.planned_pallets),
        ]
        for each in rows
    ]
    return Table("carriers", _("Capacity by carrier and week"), heads, lines)


def _number(amount: int) -> Cell:
    return Cell(str(amount), amount)
