"""What a phone's facts mean in the deliveries' own terms: a statement, a reason, seals, a position."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from apps.deliveries.models import Discrepancy
from apps.deliveries.scanning import scanned_ssccs, typed_seals
from apps.deliveries.services import Position, Statement, UnitFinding
from apps.deliveries.states import FailureReason
from apps.deliveries.temperatures import typed_temperatures
from apps.driving.errors import ActionInvalid

Facts = Mapping[str, Any]
MOST_FINDINGS = 1_000


def text_said(facts: Facts, name: str, most: int) -> str:
    """A text of at most ``most`` characters; what is longer is cut, what is no text is none."""
    value = facts.get(name, "")
    return value.strip()[:most] if isinstance(value, str) else ""


def failure_said(facts: Facts) -> tuple[FailureReason, str]:
    """Why nothing could be delivered, and what the driver says to it.

    Raises:
        ActionInvalid: no reason, or none of Open Trip Model's.
    """
    reason = text_said(facts, "reason", 30)
    if reason not in FailureReason.values:
        raise ActionInvalid("Choose why it could not be delivered.")
    return FailureReason(reason), text_said(facts, "note", 1000)


def seals_said(facts: Facts, name: str) -> tuple[str, ...]:
    """Seal numbers; raises ``ActionInvalid`` where they are too many or too long."""
    return _read(typed_seals, text_said(facts, name, 900))


def position_said(facts: Facts) -> Position | None:
    """Where the phone says it is; None where it says nothing, or nothing that can be on earth."""
    said = facts.get("position")
    if not isinstance(said, Mapping):
        return None
    try:
        latitude, longitude = float(said["latitude"]), float(said["longitude"])
        accuracy = float(said.get("accuracy") or 0)
    except (KeyError, TypeError, ValueError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and isfinite(accuracy)):
        return None
    return Position(latitude, longitude, round(min(max(accuracy, 0), 10_000_000)))


def statement_said(driver: str, facts: Facts) -> Statement:
    """The statement of a handover; the driver's name stands where the phone names nobody who released.

    Raises:
        ActionInvalid: a scan, temperature, seal or finding can't be read; says which.
    """
    seals = seals_said(facts, "seals")
    scanned = text_said(facts, "scanned", 150_000)
    photos = facts.get("photos")
    return Statement(
        released_by=text_said(facts, "released_by", 100) or driver,
        received_by=text_said(facts, "received_by", 100),
        received_by_role=text_said(facts, "received_by_role", 60),
        findings=_findings(facts.get("findings", [])),
        reservation=text_said(facts, "reservation", 1000),
        refused=facts.get("refused") is True,
        unattended=facts.get("unattended") is True,
        scanned=_read(scanned_ssccs, scanned) if scanned else None,
        condition=text_said(facts, "condition", 10),
        seals=seals or (() if facts.get("no_seal") is True else None),
        seals_after=seals_said(facts, "seals_after"),
        temperatures_mc=_read(typed_temperatures, text_said(facts, "temperatures", 300)),
        released_strokes=text_said(facts, "released_strokes", 90_000),
        received_strokes=text_said(facts, "received_strokes", 90_000),
        position=position_said(facts),
        place=text_said(facts, "place", 100),
        photos_taken=photos if isinstance(photos, int) and 0 <= photos < 1_000 else 0,
    )


def _findings(rows: Any) -> list[UnitFinding]:
    if not isinstance(rows, list) or len(rows) > MOST_FINDINGS:
        raise ActionInvalid("The findings could not be read. Load the page again and repeat them.")
    return [_finding(row) for row in rows]


def _finding(row: Any) -> UnitFinding:
    if not isinstance(row, Mapping) or row.get("kind") not in Discrepancy.Kind.values:
        raise ActionInvalid("A finding is over, short, damaged, wrong goods or refused.")
    return UnitFinding(
        Discrepancy.Kind(row["kind"]),
        text_said(row, "sscc", 18),
        text_said(row, "note", 300),
        reason=text_said(row, "reason", 20),
        item=text_said(row, "item", 60),
        quantity=_quantity(row.get("quantity")),
    )


def _quantity(value: Any) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        quantity = Decimal(str(value).replace(",", "."))
    except InvalidOperation as error:
        raise ActionInvalid(f"“{str(value)[:20]}” is no quantity.") from error
    exponent = quantity.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -3 or abs(quantity) >= 10**9:
        raise ActionInvalid("A quantity has at most three decimals and is below a thousand million.")
    return quantity


def _read(reader: Callable[[str], Any], text: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        raise ActionInvalid(str(error)) from error
