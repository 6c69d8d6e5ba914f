"""Figures as their page shows them: a value in words, what it was counted from, how it changed."""

from collections.abc import Iterable
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.insights.figures import Figure, Name, Unit

Context = dict[str, Any]
#: Figures of single deliveries: those that are held against us can be listed.
DRILLED = frozenset({Name.ON_TIME, Name.OTIF, Name.FIRST_ATTEMPT, Name.DISCREPANCY})


def tiles(now: Iterable[Figure], before: Iterable[Figure]) -> list[Context]:
    """One entry per figure, with the same figure of the period before."""
    earlier = {figure.name: figure for figure in before}
    return [_tile(figure, earlier[figure.name]) for figure in now]


def value(figure: Figure) -> str:
    """The figure with its unit; a dash where nothing could be counted."""
    if figure.value is None:
        return "–"
    match figure.definition.unit:
        case Unit.SHARE:
            return _("%(n)s %%") % {"n": formats.number_format(100 * figure.value, 1)}
        case Unit.MINUTES:
            minutes = round(figure.value)
            if minutes < 120:
                return _("%(n)s min") % {"n": minutes}
            return _("%(n)s h") % {"n": formats.number_format(minutes / 60, 1)}
        case Unit.CENTS:
            return formats.number_format(figure.value / 100, 2, force_grouping=True)
        case Unit.COUNT:
            return formats.number_format(figure.value, 1)


def _tile(figure: Figure, before: Figure) -> Context:
    told = figure.definition
    change, better = None, None
    if figure.value is not None and before.value is not None and figure.value != before.value:
        change = _("up") if figure.value > before.value else _("down")
        better = (figure.value > before.value) == told.more_is_better
    return {
        "name": figure.name,
        "label": told.label,
        "meaning": told.meaning,
        "value": value(figure),
        "from": _("%(part)s of %(of)s") % {"part": figure.part, "of": figure.of}
        if told.unit == Unit.SHARE
        else ngettext("counted from %(n)d", "counted from %(n)d", figure.of) % {"n": figure.of},
        "uncounted": figure.uncounted,
        "not_counted": told.not_counted,
        "before": value(before),
        "change": change,
        "state": None if better is None else "done" if better else "warning",
        "drills": figure.name in DRILLED and figure.of > 0,
    }
