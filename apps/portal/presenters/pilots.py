"""A pilot as its page shows it: four values, two changes, what is the change's own, and how sure that is."""

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.figures.charts import Mark, bars
from apps.figures.definitions import Figure, Unit
from apps.figures.pilots import LEAST, Compared
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import NOTHING, in_unit, value


def table(compared: Compared) -> Table:
    """Pilot and rest, before and after, with what each was counted from and what could not be counted."""
    heads = [
        Column(_("Which deliveries")),
        Column(_("Before"), True),
        Column(_("After"), True),
        Column(_("Change"), True),
    ]
    unit = compared.pilot_before.definition.unit
    rows = [
        [
            Cell(label),
            _cell(before),
            _cell(after),
            Cell(signed(change, unit), change),
        ]
        for label, before, after, change in (
            (_("The pilot"), compared.pilot_before, compared.pilot_after, compared.change_of_pilot),
            (_("All others"), compared.rest_before, compared.rest_after, compared.change_of_rest),
        )
    ]
    return Table("pilot", str(compared.pilot_before.definition.label), heads, rows)


def chart(compared: Compared) -> SafeString:
    """The four values as bars."""
    four = (
        (_("The pilot, before"), compared.pilot_before, "chart-mark chart-mark--wait"),
        (_("The pilot, after"), compared.pilot_after, "chart-mark"),
        (_("All others, before"), compared.rest_before, "chart-mark chart-mark--wait"),
        (_("All others, after"), compared.rest_after, "chart-mark"),
    )
    drawn = bars(
        [Mark(label, each.value, value(each), class_) for label, each, class_ in four],
        id_="chart-pilot",
        title=str(compared.pilot_before.definition.label),
        says=_("The table below has the same values."),
    )
    return mark_safe(drawn)  # noqa: S308 the charts escape every text


def verdict(compared: Compared) -> str:
    """What came of the change, and whether that can be told from chance, in a sentence or two."""
    effect, unit = compared.effect, compared.pilot_before.definition.unit
    if effect is None or not compared.says_something:
        return _(
            "Too little is counted to say what came of it: each of the four takes %(n)d deliveries at least."
        ) % {"n": LEAST}
    more = effect if compared.pilot_before.definition.more_is_better else -effect
    words = _("Better") if more > 0 else _("Worse") if more < 0 else _("The same")
    said = _("%(better)s: the pilot changed by %(effect)s beside all others.") % {
        "better": words,
        "effect": signed(effect, unit),
    }
    chance = compared.by_chance
    if chance is None:
        return said + " " + _("How much of it may be chance is counted for shares alone.")
    if abs(effect) > chance:
        return said + " " + _("Chance alone brings as much less than once in twenty times.")
    return (
        said
        + " "
        + _("Chance alone may bring that: up to ±%(n)s is usual with so few.") % {"n": in_unit(chance, unit)}
    )


def signed(change: float | None, unit: Unit) -> str:
    """“+4.2 %”, “−12 min”; of shares in points of percent."""
    if change is None:
        return NOTHING
    return ("−" if change < 0 else "+") + in_unit(abs(change), unit)


def _cell(figure: Figure) -> Cell:
    counted = _("from %(n)s") % {"n": round(figure.of)}
    if figure.uncounted:
        counted += "; " + _("%(n)s not counted: %(why)s") % {
            "n": round(figure.uncounted),
            "why": figure.definition.not_counted,
        }
    return Cell(value(figure), figure.value, note=counted)
