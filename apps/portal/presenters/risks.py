"""Risks as their page shows them: what comes, how likely it goes wrong, why; and how well that is told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.figures.charts import Mark, columns
from apps.figures.definitions import Unit
from apps.figures.models import Risk, RiskModel
from apps.figures.tables import Cell, Column, Table
from apps.portal.presenters.figures import NOTHING, in_unit
from apps.portal.presenters.times import moment_label

Context = dict[str, Any]


def coming(rows: Iterable[Risk]) -> Table:
    """Deliveries that come, the likeliest to go wrong first, each with its reasons."""
    heads = [
        Column(_("Delivery")),
        Column(_("Slot")),
        Column(_("Site")),
        Column(_("Carrier")),
        Column(_("Risk"), True),
        Column(_("What raises it")),
    ]
    lines = []
    for risk in rows:
        facts = risk.delivery.facts
        reasons = "; ".join(reason(str(each["feature"])) for each in risk.reasons)
        slot = moment_label(facts.slot_from, facts.site.time_zone) if facts.slot_from else NOTHING
        lines.append(
            [
                Cell(risk.delivery.number, url=reverse("desk:delivery", args=[risk.delivery_id])),
                Cell(slot),
                Cell(facts.site.name),
                Cell(facts.carrier.name if facts.carrier else NOTHING),
                Cell(in_unit(risk.probability, Unit.SHARE), risk.probability),
                Cell(reasons or _("Nothing in particular")),
            ]
        )
    return Table("risks", _("Deliveries of the next seven days, the riskiest first"), heads, lines)


def model(told: RiskModel | None) -> list[Context]:
    """How the risks are told, and what the test on the days held back said."""
    if told is None:
        return []
    test: Mapping[str, Any] = told.test
    return [
        {"label": _("Learnt from"), "value": _("%(n)d deliveries") % {"n": told.cases}},
        {
            "label": _("Tested on"),
            "value": _("the last %(n)d of them, %(wrong)d of which went wrong")
            % {"n": test["cases"], "wrong": test["wrong"]},
        },
        {
            "label": _("Lift"),
            "value": _("%(n)s times the usual share went wrong among the riskiest tenth")
            % {"n": formats.number_format(test["lift"], 1)},
        },
        {
            "label": _("Tells apart"),
            "value": _("area under the curve %(n)s, where 0.5 is chance")
            % {"n": formats.number_format(test["area"], 2)},
        },
        {
            "label": _("Squared error"),
            "value": _("%(n)s, against %(usual)s of always telling the usual share")
            % {
                "n": formats.number_format(test["brier"], 4),
                "usual": formats.number_format(test["brier_usual"], 4),
            },
        },
        {
            "label": _("Calibration"),
            "value": _("told and happened lie %(n)s apart on the average")
            % {"n": in_unit(test["error"], Unit.SHARE)},
        },
    ]


def calibration(bins: Sequence[Mapping[str, Any]]) -> tuple[Table, SafeString]:
    """Told and happened by tenths of risk, as a table and as columns of what happened."""
    heads = [
        Column(_("Tenth")),
        Column(_("Told"), True),
        Column(_("Happened"), True),
        Column(_("Deliveries"), True),
    ]
    rows, marks = [], []
    for place, each in enumerate(bins, start=1):
        told, happened = (in_unit(each[name], Unit.SHARE) for name in ("told", "happened"))
        rows.append(
            [
                Cell(str(place)),
                Cell(told, each["told"]),
                Cell(happened, each["happened"]),
                Cell(str(each["cases"]), each["cases"]),
            ]
        )
        marks += [
            Mark(told, each["told"], told, "chart-mark"),
            Mark("", each["happened"], "", "chart-mark chart-mark--fail"),
        ]
    drawn = columns(
        marks,
        id_="chart-calibration",
        title=_("Told (left) and happened (right), by tenths of risk"),
        says=_("The table below has the same values."),
    )
    table = Table("calibration", _("Calibration on the days held back"), heads, rows)
    return table, mark_safe(drawn)  # noqa: S308 the charts escape every text


def reason(feature: str) -> str:
    """What of a delivery raises its risk, in words."""
    words = {
        "site": _("deliveries to this site went wrong more often than others"),
        "dock": _("deliveries at this dock went wrong more often than others"),
        "carrier": _("this carrier's deliveries went wrong more often than others"),
        "hour": _("deliveries at this hour went wrong more often than others"),
        "pallets": _("a large load"),
        "chilled": _("goods that are kept cold"),
        "papers": _("papers are missing"),
        "no_carrier": _("every carrier declined"),
        "short_notice": _("agreed less than six hours ahead"),
        "many_rounds": _("three or more rounds of offers"),
        "no_plan": _("on no plan in force"),
        "tight": _("planned less than 15 minutes before its window ends"),
        "slack": _("how much time the plan leaves"),
    }
    return words.get(feature, feature)
