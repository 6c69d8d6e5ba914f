"""Causes and cost as their pages show them: what went wrong, where, what it cost, what would help."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.figures.blaming import Blamed, Chain, Change, Cost, cost_of, pareto
from apps.figures.causes import Cause, Step
from apps.figures.charts import Mark, bars
from apps.figures.definitions import Unit
from apps.figures.models import FailureRates, VisitFacts
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import NOTHING, in_unit

Context = dict[str, Any]


def causes(rows: Sequence[Blamed], rates: FailureRates | None, query: str) -> Table:
    """The Pareto of causes: how many, their share so far, what they cost."""
    heads = [
        Column(_("Cause")),
        Column(_("Step")),
        Column(_("Deliveries"), True),
        Column(_("Up to here"), True),
        Column(_("Cost"), True),
    ]
    lines = []
    for each, so_far in pareto(rows):
        address = f"{reverse('desk:caused', args=[each.cause.replace('_', '-')])}?{query}"
        lines.append(
            [
                Cell(str(each.cause.label), url=address),
                Cell(str(each.step.label)),
                Cell(str(each.harm.deliveries), each.harm.deliveries),
                Cell(in_unit(so_far, Unit.SHARE), so_far),
                money(cost_of(each.harm, rates)),
            ]
        )
    return Table("causes", _("Causes, the most frequent first"), heads, lines)


def chart(rows: Sequence[Blamed]) -> SafeString:
    """The Pareto as bars."""
    drawn = bars(
        [
            Mark(
                str(each.cause.label),
                each.harm.deliveries,
                str(each.harm.deliveries),
                "chart-mark chart-mark--fail",
            )
            for each in rows
        ],
        id_="chart-causes",
        title=_("Deliveries by what they went wrong by"),
        says=_("The table below has the same numbers."),
    )
    return mark_safe(drawn)  # noqa: S308 the charts escape every text


def chain(rows: Sequence[Chain]) -> Table:
    """Where it goes wrong, from the site back to the step."""
    heads = [
        Column(_("Site")),
        Column(_("Dock")),
        Column(_("Carrier")),
        Column(_("Step")),
        Column(_("Deliveries"), True),
    ]
    lines = [
        [
            Cell(each.site),
            Cell(each.dock or NOTHING),
            Cell(each.carrier or NOTHING),
            Cell(str(each.step.label)),
            Cell(str(each.deliveries), each.deliveries),
        ]
        for each in rows
    ]
    return Table("bottlenecks", _("Where on the way, the worst first"), heads, lines)


def steps(rows: Mapping[str, Mapping[Step, int]]) -> Table:
    """Sites against steps: how many deliveries went wrong where."""
    heads = [Column(_("Site")), *(Column(str(step.label), True) for step in Step), Column(_("All"), True)]
    lines = [
        [
            Cell(site),
            *(Cell(str(found[step]) if found[step] else NOTHING, found[step]) for step in Step),
            Cell(str(sum(found.values())), sum(found.values())),
        ]
        for site, found in rows.items()
    ]
    return Table("steps", _("Sites and steps"), heads, lines)


def changes(rows: Sequence[Change], rates: FailureRates | None) -> Table:
    """What a change of rule would have prevented of what happened."""
    heads = [Column(_("Change")), Column(_("Prevented"), True), Column(_("Saved"), True)]
    lines = [
        [
            Cell(_change(each)),
            Cell(str(each.prevented.deliveries), each.prevented.deliveries),
            money(cost_of(each.prevented, rates)),
        ]
        for each in rows
    ]
    note = _("Each alone, on the deliveries of this very period; that others behave as before is assumed.")
    return Table("changes", _("What another rule would have prevented"), heads, lines, note=note)


def _change(each: Change) -> str:
    match each.code:
        case "leave_earlier":
            return _("Vehicles leave %(n)d minutes earlier") % {"n": each.details["minutes"]}
        case "longer_grace":
            return _("Arrival windows close %(n)d minutes later") % {"n": each.details["minutes"]}
        case "papers_at_confirmation":
            return _("Papers are demanded with the confirmation, not at the gate")
        case _:
            return _("What goes with %(carrier)s goes with the others") % {"carrier": each.details["carrier"]}


def money(cost: Cost) -> Cell:
    """A cost; a dash where no rate is known, a note where some are not."""
    if not cost.parts:
        return Cell(NOTHING)
    missing = ", ".join(rate_names()[name] for name in cost.unknown)
    note = _("without %(what)s") % {"what": missing} if missing else ""
    return Cell(formats.number_format(cost.cents / 100, 2, force_grouping=True), cost.cents / 100, note=note)


def rate_names() -> dict[str, str]:
    """What each rate is for."""
    return {
        "redelivery": _("another attempt"),
        "detention_hour": _("detention"),
        "late_penalty": _("penalties"),
        "spoilage_pallet": _("spoilage"),
    }


def evidence(facts: VisitFacts, zone: Any) -> list[Context]:
    """What the cause was read from, in words; times are the site's."""
    words = {
        "papers": _("Papers"),
        "window": _("Window opens"),
        "window_end": _("Window ends"),
        "carrier": _("Carrier"),
        "planned": _("Planned"),
        "departure": _("Departure"),
        "left": _("Left"),
        "came": _("Checked in"),
        "at_gate": _("At the gate"),
        "checked_in": _("Checked in"),
        "stop_before": _("Stop before, minutes over"),
        "stop_before_min": _("Stop before, minutes over"),
        "stated": _("Stated at the handover"),
        "reason": _("Reason given"),
        "state": _("State"),
    }
    return [{"label": words.get(name, name), "value": _moment(value, zone)} for name, value in facts.evidence]


def _moment(value: str, zone: Any) -> str:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return formats.date_format(at.astimezone(zone), "j M Y, H:i")


def span(time: timedelta) -> str:
    """Hours, with one decimal."""
    return _("%(n)s h") % {"n": formats.number_format(time / timedelta(hours=1), 1)}


def chosen_cause(slug: str) -> Cause | None:
    """The cause that an address names."""
    try:
        return Cause(slug)
    except ValueError:
        return None
