"""A handover's statement in numbers before it is signed, and what was stated afterwards."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.consignments.models import HandlingUnit
from apps.deliveries.models import Delivery, Discrepancy, Doubt, DropEmptied, Handover
from apps.deliveries.services import Judged
from apps.deliveries.strokes import NoSignature, read_strokes, svg_path
from apps.documents.models import Document

Context = dict[str, Any]
Kind, Outcome = Discrepancy.Kind, Handover.Outcome
STATE_OF_OUTCOME = {
    Outcome.ACCEPTED: "done",
    Outcome.RESERVATION: "warning",
    Outcome.PARTLY_REFUSED: "warning",
    Outcome.UNATTENDED: "warning",
    Outcome.REFUSED: "refused",
}


def review(result: Judged, lines: dict[str, str]) -> Context:
    """The figures of a statement, what it says, and the outcome that signing it has.

    ``lines`` names the order lines by the keys that findings have.
    """
    counts, statement = result.counts, result.statement
    return {
        "tiles": [
            {"label": _("Sent"), "value": counts["expected"]},
            {"label": _("Received"), "value": result.units_received},
            {"label": _("Short"), "value": counts["short"]},
            {"label": _("Damaged"), "value": counts["damaged"]},
            {"label": _("Refused"), "value": counts["refused"]},
            {"label": _("Over"), "value": counts["over"]},
        ],
        "statement": statement,
        "outcome": str(result.outcome.label),
        "state": STATE_OF_OUTCOME[result.outcome],
        "reservation": statement.reservation,
        "doubts": doubt_labels(result.doubts),
        "facts": _conditions(
            statement.condition,
            statement.seals,
            statement.seals_after,
            statement.temperatures_mc,
            statement.place,
        ),
        "photos": len(result.photos),
        "findings": [
            _finding(
                each.kind,
                _quantity(lines.get(each.item, each.item), each.quantity) if each.item else each.sscc,
                each.reason,
                each.note,
            )
            for each in result.findings
        ],
    }


def handover_facts(
    handover: Handover, discrepancies: Sequence[Discrepancy], strokes: dict[str, str] | None = None
) -> Context:
    """What was stated and signed, for either side's page; ``strokes`` are drawn signatures by side."""
    outcome = Outcome(handover.outcome)
    drawn = strokes or {}
    return {
        "outcome": str(outcome.label),
        "state": STATE_OF_OUTCOME[outcome],
        "received": handover.units_received,
        "expected": handover.units_expected,
        "released_by": handover.released_by,
        "received_by": handover.received_by,
        "role": handover.received_by_role,
        "confirmed": handover.confirmed_by_code,
        "released_path": _path(drawn.get("released_by", "")),
        "received_path": _path(drawn.get("received_by", "")),
        "reservation": "" if handover.reservation == _listed(discrepancies) else handover.reservation,
        "doubts": doubt_labels(handover.doubts),
        "facts": _conditions(
            handover.condition, handover.seals or None, handover.seals_after, (), handover.place
        ),
        "seals_out": handover.seals_out,
        "attempt": handover.attempt,
        "at": handover.device_time,
        "digest": handover.statement_sha256,
        "findings": [
            _finding(found.kind, _subject(found), found.reason, found.note) for found in discrepancies
        ],
    }


def drop_facts(delivery: Delivery, handover: Handover | None, emptied: DropEmptied | None) -> Context | None:
    """Where goods were left for the recipient, and what its people found; None where nothing was left."""
    if handover is None or handover.outcome != Outcome.UNATTENDED:
        return None
    return {
        "place": handover.place,
        "code": delivery.code,
        "emptied": emptied,
        "missing": emptied.missing if emptied else [],
        "damaged": emptied.damaged if emptied else [],
    }


def photo_facts(
    photos: Sequence[Document], *, url: Callable[[UUID], str], preview: Callable[[UUID], str]
) -> list[Context]:
    """Each photo with what it shows; the small picture only of what was found harmless."""
    return [
        {
            "subject": photo.number,
            "url": url(photo.pk) if photo.is_released else "",
            "preview": preview(photo.pk) if photo.is_released and photo.preview_path else "",
            "at": photo.issued_at,
            "by": photo.issued_by,
        }
        for photo in photos
    ]


def doubt_labels(doubts: Sequence[str]) -> list[str]:
    """What speaks against a statement, in words; one that is not known here any more stays its own word."""
    return [str(Doubt(each).label) if each in Doubt.values else each for each in doubts]


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


def _conditions(
    condition: str,
    seals: Sequence[str] | None,
    seals_after: Sequence[str],
    temperatures_mc: Sequence[int],
    place: str,
) -> list[Context]:
    """Condition, seals and temperatures that were stated, each in a line; what was not is left out."""
    rows = [
        (_("Where it was put"), place),
        (_("Condition of the load"), str(Handover.Condition(condition).label) if condition else ""),
        (_("Seals found"), _("none") if seals == () else ", ".join(seals or ())),
        (_("Seals put on"), ", ".join(seals_after)),
        (_("Temperatures"), "; ".join(f"{mc / 1000:.1f} °C" for mc in temperatures_mc)),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def _finding(kind: str, what: str, reason: str, note: str) -> Context:
    why = str(Discrepancy.Reason(reason).label) if reason in Discrepancy.Reason.values else ""
    return {
        "what": str(Kind(kind).label),
        "sscc": what or _("without SSCC"),
        "note": " · ".join(part for part in (why, note) if part),
    }


def _subject(found: Discrepancy) -> str:
    if found.item is not None:
        return _quantity(found.item.article, found.quantity, found.item.unit)
    return found.handling_unit.sscc if found.handling_unit else found.sscc


def _quantity(name: str, quantity: Any, unit: str = "") -> str:
    return f"{quantity.normalize():f} {unit}".strip() + f" × {name}"


def _path(strokes: str) -> str:
    try:
        return svg_path(read_strokes(strokes)) if strokes else ""
    except NoSignature:
        return ""


def _listed(discrepancies: Sequence[Discrepancy]) -> str:
    """The reservation that the service words itself when nobody wrote one: it says what the findings say."""
    return "; ".join(
        f"{Kind(found.kind).label}: {found.handling_unit.sscc if found.handling_unit else 'without SSCC'}"
        for found in discrepancies
    )
