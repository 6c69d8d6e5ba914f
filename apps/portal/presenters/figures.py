"""Figures as their pages show them: values in words, tables with what they were counted from, charts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.figures.charts import Mark, bars, columns
from apps.figures.definitions import DEFINITIONS, GROUPS, NOT_COUNTED, Definition, Figure, Unit
from apps.figures.models import VisitFacts
from apps.figures.tables import Cell, Column, Table
from apps.tracking.models import ArrivalError

Context = dict[str, Any]
NOTHING = "–"


def value(figure: Figure) -> str:
    """The figure with its unit; a dash where nothing could be counted."""
    return NOTHING if figure.value is None else in_unit(figure.value, figure.definition.unit)


def in_unit(amount: float, unit: Unit) -> str:
    """An amount in words: “93.5 %”, “42 min”, “2.5 h”, “1,240.00”, “1.4”."""
    match unit:
        case Unit.SHARE:
            return _("%(n)s %%") % {"n": formats.number_format(100 * amount, 1)}
        case Unit.MINUTES:
            minutes = round(amount)
            if minutes < 120:
                return _("%(n)s min") % {"n": minutes}
            return _("%(n)s h") % {"n": formats.number_format(minutes / 60, 1)}
        case Unit.CENTS:
            return formats.number_format(amount / 100, 2, force_grouping=True)
        case Unit.COUNT:
            return formats.number_format(amount, 1)


def overview(now: dict[str, Figure], before: dict[str, Figure], query: str) -> list[Table]:
    """One table for each group of figures: value, the other period's, what was counted and what was not."""
    return [
        Table(
            f"figures-{group}",
            str(words),
            overview_columns(),
            [
                overview_line(now[name], before[name], query)
                for name, told in DEFINITIONS.items()
                if told.group == group
            ],
        )
        for group, words in GROUPS.items()
    ]


def whole(tables: Iterable[Table]) -> Table:
    """The groups' tables as one, to take away."""
    rows = [row for table in tables for row in table.rows]
    return Table("figures", _("Figures"), overview_columns(), rows)


def compared(
    name: str, now: Sequence[tuple[str, Figure]], before: Sequence[tuple[str, Figure]], *, by: str
) -> Table:
    """One figure of each site, carrier or lane, beside the other period's."""
    earlier = dict(before)
    told = DEFINITIONS[name]
    heads = [Column(by), Column(_("Value"), True), Column(_("Beside"), True), Column(_("Counted from"), True)]
    rows = []
    for label, figure in now:
        other = earlier.get(label)
        rows.append(
            [Cell(label), _cell(figure), _cell(other) if other else Cell(NOTHING), Cell(_from(figure))]
        )
    return Table("compared", _("%(figure)s compared") % {"figure": told.label}, heads, rows)


def trend(points: Sequence[tuple[str, Figure]], *, name: str) -> Table:
    """One figure over time, a day or a week a row."""
    heads = [Column(_("From")), Column(_("Value"), True), Column(_("Counted from"), True)]
    rows = [[Cell(label), _cell(figure), Cell(_from(figure))] for label, figure in points]
    return Table("trend", _("%(figure)s over time") % {"figure": DEFINITIONS[name].label}, heads, rows)


def chart_of_points(points: Sequence[tuple[str, Figure]], *, name: str) -> SafeString:
    """The trend as columns; of a share all of them stand on the same scale."""
    marks = [Mark(label[5:], figure.value, value(figure)) for label, figure in points]
    told = DEFINITIONS[name]
    most = 1.0 if told.unit == Unit.SHARE else None
    drawn = columns(
        marks,
        id_="chart-trend",
        title=_("%(figure)s over time") % {"figure": told.label},
        says=_("The table below has the same values."),
        most=most,
    )
    return mark_safe(drawn)  # noqa: S308 the charts escape every text


def chart_of_comparison(rows: Sequence[tuple[str, Figure]], *, name: str) -> SafeString:
    """The comparison as bars, the largest fifteen."""
    shown = sorted(rows, key=lambda row: -(row[1].value or 0))[:15]
    drawn = bars(
        [Mark(label, figure.value, value(figure)) for label, figure in shown],
        id_="chart-compared",
        title=_("%(figure)s compared") % {"figure": DEFINITIONS[name].label},
        says=_("The table below has the same values, and those that are not drawn."),
    )
    return mark_safe(drawn)  # noqa: S308 the charts escape every text


def lateness_words() -> dict[str, str]:
    """How an arrival lay to its window, in words."""
    return {
        "early_60": _("> 60 early"),
        "early_30": _("30–60 early"),
        "early_0": _("< 30 early"),
        "inside": _("inside"),
        "late_15": _("< 15 late"),
        "late_30": _("15–30 late"),
        "late_60": _("30–60 late"),
        "late_120": _("1–2 h late"),
        "late_more": _("> 2 h late"),
    }


def lateness(bins: Sequence[tuple[str, int]]) -> tuple[Table, SafeString]:
    """Early and late arrivals as a table and a histogram."""
    words, all_of = lateness_words(), sum(n for _name, n in bins)
    heads = [Column(_("To its window (min)")), Column(_("Arrivals"), True), Column(_("Share"), True)]
    rows = []
    for name, n in bins:
        share = n / all_of if all_of else None
        told = Cell(NOTHING) if share is None else Cell(in_unit(share, Unit.SHARE), share)
        rows.append([Cell(words[name]), Cell(str(n), n), told])
    marks = [
        Mark(
            words[name],
            n,
            str(n),
            f"chart-mark chart-mark--{_hue_of(name)}",
        )
        for name, n in bins
    ]
    drawn = columns(
        marks,
        id_="chart-lateness",
        title=_("Arrivals by how they lay to their window"),
        says=_("The table below has the same numbers."),
    )
    table = Table("lateness", _("Early and late arrivals"), heads, rows)
    return table, mark_safe(drawn)  # noqa: S308 the charts escape every text


def _hue_of(bin_: str) -> str:
    return "done" if bin_ == "inside" else "wait" if bin_.startswith("early") else "fail"


def arrivals(rows: Iterable[ArrivalError]) -> Table:
    """How far off expected arrivals were, by how long ahead they were told."""
    heads = [
        Column(_("Told at most so long ahead")),
        Column(_("Off by (median)"), True),
        Column(_("Eight in ten within")),
        Column(_("Arrivals"), True),
    ]
    lines = [
        [
            Cell(in_unit(row.horizon_minutes, Unit.MINUTES)),
            Cell(in_unit(row.median_s / 60, Unit.MINUTES), row.median_s / 60),
            Cell(_("%(low)d to %(high)d min") % {"low": row.low_s / 60, "high": row.high_s / 60}),
            Cell(str(row.arrivals), row.arrivals),
        ]
        for row in rows
    ]
    note = _("Of the arrivals that expectations are learnt from, whatever the period; counted every hour.")
    return Table("arrivals", _("How right expected arrivals were"), heads, lines, note=note)


def not_counted() -> list[Context]:
    """Figures that cannot be made of what is on record, each with the reason."""
    return [{"label": label, "why": why} for label, why in NOT_COUNTED]


def visits(
    name: str,
    title: str,
    rows: Iterable[VisitFacts],
    *,
    to: str = "desk:delivery",
    of: Definition | None = None,
) -> Table:
    """Deliveries behind a figure, each leading ``to`` its page, with what it adds where that is known."""
    has_worth = of is not None and of.worth is not None
    heads = [
        Column(_("Delivery")),
        Column(_("Day")),
        Column(_("Site")),
        Column(_("Carrier")),
        Column(_("State")),
        Column(_("Cause")),
        *([Column(_("Value"), True)] if has_worth else []),
    ]
    lines = [
        [
            Cell(row.delivery.number, url=reverse(to, args=[row.pk])),
            Cell(row.day.isoformat()),
            Cell(row.site.name),
            Cell(row.carrier.name if row.carrier else NOTHING),
            Cell(str(row.get_state_display())),
            Cell(str(row.get_cause_display()) or NOTHING),
            *([worth_cell(getattr(row, "worth", None), of)] if of is not None and has_worth else []),
        ]
        for row in rows
    ]
    return Table(name, title, heads, lines)


def worth_cell(worth: timedelta | float | None, of: Definition) -> Cell:
    """What a row adds to a figure; spans are told in minutes whatever the figure is in."""
    if worth is None:
        return Cell(NOTHING)
    if isinstance(worth, timedelta):
        minutes = worth.total_seconds() / 60
        return Cell(in_unit(minutes, Unit.MINUTES), minutes) if minutes >= 0 else Cell(NOTHING)
    return Cell(in_unit(worth, of.unit), worth)


def overview_columns() -> list[Column]:
    """Headings of a table with a figure a row."""
    return [
        Column(_("Figure")),
        Column(_("Value"), True),
        Column(_("Beside"), True),
        Column(_("Counted from")),
        Column(_("Not counted")),
    ]


def overview_line(figure: Figure, before: Figure, query: str, *, to: str = "desk:figure") -> list[Cell]:
    """One figure in words, with links ``to`` the lists of what is behind it and of what was left out."""
    told = figure.definition
    address = reverse(to, args=[figure.name])
    change, state = "", ""
    if figure.value is not None and before.value is not None and round(figure.value - before.value, 4):
        is_better = (figure.value > before.value) == told.more_is_better
        way = _("up") if figure.value > before.value else _("down")
        change = _("%(way)s, better") % {"way": way} if is_better else _("%(way)s, worse") % {"way": way}
        state = "done" if is_better else "warning"
    behind = figure.of > figure.part if told.others else figure.of > 0
    missing = f"{_whole(figure.uncounted)} {told.not_counted}" if round(figure.uncounted, 1) else NOTHING
    return [
        Cell(str(told.label), note=str(told.meaning)),
        _cell(figure),
        Cell(value(before), before.value, note=change, state=state),
        Cell(_from(figure), url=f"{address}?{query}" if behind else ""),
        Cell(missing, url=f"{address}?{query}&left=1" if figure.uncounted > 0 else ""),
    ]


def _cell(figure: Figure) -> Cell:
    return Cell(value(figure), figure.value)


def _from(figure: Figure) -> str:
    if figure.definition.unit == Unit.SHARE:
        return _("%(part)s of %(of)s") % {"part": _whole(figure.part), "of": _whole(figure.of)}
    if figure.definition.of.endswith(("_m", "_s")):
        return _("planned routes")
    return ngettext("counted from %(n)s", "counted from %(n)s", round(figure.of)) % {"n": _whole(figure.of)}


def _whole(amount: float) -> str:
    return formats.number_format(round(amount), 0, force_grouping=True)
