"""A handover's statement in numbers before it is signed, and what was stated afterwards."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.consignments.models import HandlingUnit
from apps.deliveries.models import Discrepancy, Handover
from apps.deliveries.services import Statement

Context = dict[str, Any]
Kind = Discrepancy.Kind
STATE_OF_OUTCOME = {
    Handover.Outcome.ACCEPTED: "done",
    Handover.Outcome.RESERVATION: "warning",
    Handover.Outcome.REFUSED: "refused",
}


def review(statement: Statement, *, expected: int) -> Context:
    """The figures of a statement, its findings, and the outcome that signing it has."""
    counts = {kind: sum(finding.kind == kind for finding in statement.findings) for kind in Kind}
    received = expected + counts[Kind.OVER] - counts[Kind.SHORT] - counts[Kind.REFUSED]
    outcome = _outcome(statement)
    return {
        "tiles": [
            {"label": _("Sent"), "value": expected},
            {"label": _("Received"), "value": 0 if statement.refused else received},
            {"label": _("Short"), "value": counts[Kind.SHORT]},
            {"label": _("Damaged"), "value": counts[Kind.DAMAGED]},
            {"label": _("Refused"), "value": expected if statement.refused else counts[Kind.REFUSED]},
            {"label": _("Over"), "value": counts[Kind.OVER]},
        ],
        "statement": statement,
        "outcome": str(outcome.label),
        "state": STATE_OF_OUTCOME[outcome],
        "findings": [
            {"what": str(Kind(f.kind).label), "sscc": f.sscc or _("without SSCC"), "note": f.note}
            for f in statement.findings
        ],
    }


def handover_facts(handover: Handover, discrepancies: Sequence[Discrepancy]) -> Context:
    """What was stated and signed, for the page of the appointment."""
    outcome = Handover.Outcome(handover.outcome)
    return {
        "outcome": str(outcome.label),
        "state": STATE_OF_OUTCOME[outcome],
        "received": handover.units_received,
        "expected": handover.units_expected,
        "released_by": handover.released_by,
        "received_by": handover.received_by,
        "role": handover.received_by_role,
        "reservation": "" if handover.reservation == _listed(discrepancies) else handover.reservation,
        "at": handover.device_time,
        "digest": handover.statement_sha256,
        "findings": [
            {
                "what": str(discrepancy.get_kind_display()),
                "sscc": discrepancy.handling_unit.sscc if discrepancy.handling_unit else _("without SSCC"),
                "note": discrepancy.note,
            }
            for discrepancy in discrepancies
        ],
    }


def _listed(discrepancies: Sequence[Discrepancy]) -> str:
    """The reservation that the service words itself when nobody wrote one: it says what the findings say."""
    return "; ".join(
        f"{Kind(found.kind).label}: {found.handling_unit.sscc if found.handling_unit else 'without SSCC'}"
        for found in discrepancies
    )


def unit_facts(goods: Sequence[HandlingUnit]) -> list[Context]:
    """What is known of each handling unit that was sent, beside its finding."""
    return [
        {
            "sscc": unit.sscc,
            "kind": str(unit.get_kind_display()),
            "consignment": unit.consignment.number,
            "weight": _("%(kg)s kg") % {"kg": f"{unit.weight_kg:,.1f}"} if unit.weight_kg else "",
        }
        for unit in goods
    ]


def _outcome(statement: Statement) -> Handover.Outcome:
    if statement.refused:
        return Handover.Outcome.REFUSED
    if statement.findings or statement.reservation:
        return Handover.Outcome.RESERVATION
    return Handover.Outcome.ACCEPTED
