"""The one statement of a handover: what both people say, held against the goods, and its outcome."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from apps.consignments.models import ConsignmentItem, HandlingUnit
from apps.custody.canonical import format_time, json_bytes
from apps.deliveries.errors import StatementInvalid
from apps.deliveries.models import Delivery, Discrepancy, Doubt, Handover
from apps.deliveries.strokes import NoSignature, read_strokes
from apps.deliveries.temperatures import Readings
from apps.documents.models import Document

Kind = Discrepancy.Kind
#: Findings with which goods stay on the vehicle.
TURNED_AWAY = frozenset({Kind.REFUSED, Kind.WRONG})
#: Farther than this from the site, in metres and beyond what the phone is unsure of, a position is doubtful.
NEAR_M = 2_000
EARTH_M = 6_371_000


@dataclass(frozen=True)
class UnitFinding:
    """One thing that is not as expected: a handling unit, or some of an order line.

    ``sscc`` names the unit; what is ``over`` may have none of ours. ``item`` names a line as ``C-1/2``
    (consignment, line), with the ``quantity`` of it that is concerned, in the line's own unit.
    """

    kind: Discrepancy.Kind
    sscc: str = ""
    note: str = ""
    reason: str = ""
    item: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Position:
    """Where a device says it is: degrees (WGS 84), and how far that may be off, in metres."""

    latitude: float
    longitude: float
    accuracy_m: int = 0

    def fact(self) -> dict[str, Any]:
        """As custody events write it."""
        return {
            "lat_e7": round(self.latitude * 10_000_000),
            "lon_e7": round(self.longitude * 10_000_000),
            "accuracy_m": self.accuracy_m,
            "source": "device",
        }

    def metres_to(self, latitude: float, longitude: float) -> float:
        """Great-circle distance on a sphere (haversine)."""
        here, there = radians(self.latitude), radians(latitude)
        across = sin(radians(longitude - self.longitude) / 2) ** 2 * cos(here) * cos(there)
        return 2 * EARTH_M * asin(sqrt(sin((there - here) / 2) ** 2 + across))


@dataclass(frozen=True)
class Statement:
    """What both people state and sign: who released, who received, what was found.

    ``scanned`` are the SSCCs that were counted by scanning, None where nobody scanned: units that were not
    scanned are short, those that are not in the delivery are over. ``seals`` are those found on the vehicle,
    None where nobody looked; ``seals_after`` those put on for the way on. ``*_strokes`` are drawn signatures
    (`strokes`); without them the typed name stands. ``photos_taken`` is how many photos the device took.
    ``place`` is where exactly the goods were put: a locker, a dock.
    """

    released_by: str
    received_by: str
    received_by_role: str = ""
    findings: Sequence[UnitFinding] = ()
    reservation: str = ""
    refused: bool = False
    unattended: bool = False
    scanned: tuple[str, ...] | None = None
    condition: str = ""
    seals: tuple[str, ...] | None = None
    seals_after: tuple[str, ...] = ()
    temperatures_mc: tuple[int, ...] = ()
    released_strokes: str = ""
    received_strokes: str = ""
    position: Position | None = None
    photos_taken: int = 0
    place: str = ""


@dataclass(frozen=True)
class Goods:
    """What was sent: handling units by SSCC, order lines by ``consignment/line``."""

    units: Mapping[str, HandlingUnit]
    items: Mapping[str, ConsignmentItem]


@dataclass(frozen=True)
class Circumstances:
    """What is known beside the statement: photos and readings on record, and seals at departure."""

    photos: Sequence[Document] = ()
    readings: Sequence[tuple[Readings, bool]] = ()
    foreign_ssccs: frozenset[str] = frozenset()
    may_be_unattended: bool = False


@dataclass(frozen=True)
class Judged:
    """A statement that holds: every finding in it, its figures, what speaks against it, its outcome."""

    statement: Statement
    findings: tuple[UnitFinding, ...]
    counts: dict[str, int]
    doubts: tuple[str, ...]
    outcome: Handover.Outcome
    reservation: str = ""
    photos: tuple[Document, ...] = field(default=())

    @property
    def units_received(self) -> int:
        """Sound or damaged, they were taken in."""
        return self.counts["received"] + self.counts["damaged"]


def goods_of(consignments: Sequence[Any]) -> Goods:
    """The goods of consignments that were read with their units and lines."""
    return Goods(
        {unit.sscc: unit for each in consignments for unit in each.handling_units.all()},
        {f"{each.number}/{item.line}": item for each in consignments for item in each.items.all()},
    )


def judge(statement: Statement, delivery: Delivery, goods: Goods, known: Circumstances) -> Judged:
    """Hold a statement against the goods; what does not contradict them has an outcome.

    Raises:
        StatementInvalid: a name is missing, a drawn signature has no strokes, a finding names what is not in
            the delivery or contradicts the scan, or goods are left unattended without photo and position.
    """
    _check_signatories(statement)
    if statement.unattended:
        _check_unattended(statement, known)
        if delivery.format == Delivery.Format.DROP and not statement.place.strip():
            raise StatementInvalid("Say which locker or place the goods are in, so that they are found.")
    findings = () if statement.refused else tuple(_all_findings(statement, goods))
    _check_findings(findings, goods)
    counts = _counts(statement, findings, len(goods.units))
    doubts = tuple(_doubts(statement, delivery, known))
    outcome = _outcome(statement, findings, counts, doubts)
    said = statement.reservation.strip()
    if outcome in (Handover.Outcome.RESERVATION, Handover.Outcome.PARTLY_REFUSED) and not said:
        said = in_words(findings, statement, doubts)
    return Judged(statement, findings, counts, doubts, outcome, said, tuple(known.photos))


def in_words(findings: Sequence[UnitFinding], statement: Statement, doubts: Sequence[str] = ()) -> str:
    """The reservation that stands where nobody wrote one: it says what the findings say."""
    parts = [f"{Kind(each.kind).label}: {_named(each)}" for each in findings]
    if statement.condition not in ("", Handover.Condition.GOOD):
        parts.append(str(Handover.Condition(statement.condition).label))
    parts += [str(Doubt(each).label) for each in doubts if each in QUALIFYING]
    return "; ".join(parts)


def digest(judged: Judged, delivery: Delivery, goods: Goods, at: datetime) -> str:
    """SHA-256 of the statement's canonical form (RFC 8785): what both signatures stand under."""
    statement = judged.statement
    body = {
        "delivery": delivery.number,
        "site": delivery.site.name,
        "handling_units": sorted(goods.units),
        "outcome": str(judged.outcome),
        "counts": judged.counts,
        "released_by": statement.released_by,
        "received_by": statement.received_by,
        "received_by_role": statement.received_by_role,
        "findings": [_finding_body(each) for each in judged.findings],
        "reservation": statement.reservation,
        "condition": statement.condition,
        "seals": list(statement.seals) if statement.seals is not None else None,
        "seals_after": list(statement.seals_after),
        "temperatures_mc": list(statement.temperatures_mc),
        "position": statement.position.fact() if statement.position else None,
        "photos": sorted(photo.sha256 for photo in judged.photos),
        "at": format_time(at),
    }
    if statement.place:
        body["place"] = statement.place
    return hashlib.sha256(json_bytes(body)).hexdigest()


#: Doubts that nobody can accept goods under without a reservation.
QUALIFYING = frozenset({Doubt.SEALS_DIFFER, Doubt.TEMPERATURE_OUTSIDE})


def _check_signatories(statement: Statement) -> None:
    if not statement.released_by.strip() or not (statement.received_by.strip() or statement.unattended):
        raise StatementInvalid("Both names are needed: who released the goods and who received them.")
    for strokes in filter(None, (statement.released_strokes, statement.received_strokes)):
        try:
            read_strokes(strokes)
        except NoSignature as error:
            raise StatementInvalid(str(error)) from error
    if statement.condition and statement.condition not in Handover.Condition.values:
        raise StatementInvalid("Choose in which condition the load is.")


def _check_unattended(statement: Statement, known: Circumstances) -> None:
    if not known.may_be_unattended:
        raise StatementInvalid(
            "This site takes no goods unattended. Find somebody who receives them, or report the failure."
        )
    if statement.refused:
        raise StatementInvalid("Nobody was there, so nobody refused the goods. Choose one of the two.")
    if not known.photos:
        raise StatementInvalid("Goods are left unattended with a photo of where they stand. Take one first.")
    if statement.position is None:
        raise StatementInvalid(
            "Goods are left unattended with the phone's position. Allow it to the page and state it again."
        )


def _all_findings(statement: Statement, goods: Goods) -> Sequence[UnitFinding]:
    """What was found, and what follows from the scan."""
    if statement.scanned is None:
        return list(statement.findings)
    scanned, said = set(statement.scanned), {each.sscc: each for each in statement.findings if each.sscc}
    for sscc, finding in said.items():
        if finding.kind == Kind.SHORT and sscc in scanned:
            raise StatementInvalid(f"{sscc} was scanned and is called short. One of the two is wrong.")
    missing = [UnitFinding(Kind.SHORT, sscc) for sscc in goods.units if sscc not in scanned | set(said)]
    beyond = [
        UnitFinding(Kind.OVER, sscc)
        for sscc in statement.scanned
        if sscc not in goods.units and sscc not in said
    ]
    return [*statement.findings, *missing, *beyond]


def _check_findings(findings: Sequence[UnitFinding], goods: Goods) -> None:
    seen: set[str] = set()
    for finding in findings:
        if finding.reason and finding.reason not in Discrepancy.Reason.values:
            raise StatementInvalid("Choose one of the reasons for a finding.")
        if finding.item:
            _check_item(finding, goods)
            continue
        if finding.kind == Kind.OVER:
            if finding.sscc in goods.units:
                raise StatementInvalid(f"{finding.sscc} is in this delivery, so it can't be over.")
        elif not finding.sscc:
            raise StatementInvalid("Name the handling unit that is short, damaged, wrong or refused.")
        elif finding.sscc not in goods.units:
            raise StatementInvalid(f"{finding.sscc} is not in this delivery; record it as over.")
        if finding.sscc and finding.sscc in seen:
            raise StatementInvalid(f"{finding.sscc} has two findings; one handling unit has one.")
        seen.add(finding.sscc)


def _check_item(finding: UnitFinding, goods: Goods) -> None:
    item = goods.items.get(finding.item)
    if item is None:
        raise StatementInvalid(f"There is no line {finding.item} in this delivery.")
    if finding.quantity is None or finding.quantity <= 0:
        raise StatementInvalid(f"Say how much of {item.article} is {Kind(finding.kind).label.lower()}.")
    if finding.kind != Kind.OVER and finding.quantity > item.quantity:
        raise StatementInvalid(
            f"{item.quantity.normalize():f} {item.unit} of {item.article} were sent; more than that can't be"
            f" {Kind(finding.kind).label.lower()}."
        )


def _counts(statement: Statement, findings: Sequence[UnitFinding], expected: int) -> dict[str, int]:
    """In handling units: received (sound), short, damaged and refused are what was expected and over."""
    if statement.refused:
        found = Counter({"refused": expected})
    else:
        found = Counter(
            "refused" if each.kind in TURNED_AWAY else str(each.kind) for each in findings if not each.item
        )
    counts = {name: found[name] for name in ("over", "short", "damaged", "refused")}
    received = expected + counts["over"] - counts["short"] - counts["damaged"] - counts["refused"]
    return {"expected": expected, "received": received, **counts}


def _doubts(statement: Statement, delivery: Delivery, known: Circumstances) -> Sequence[str]:
    """What speaks against a statement without making it untrue; it is recorded with them."""
    found = []
    if delivery.seals and statement.seals is None and not statement.refused:
        found.append(Doubt.SEALS_NOT_CHECKED)
    elif statement.seals is not None and delivery.seals and set(statement.seals) != set(delivery.seals):
        found.append(Doubt.SEALS_DIFFER)
    if any(not within for _readings, within in known.readings):
        found.append(Doubt.TEMPERATURE_OUTSIDE)
    if statement.photos_taken > len(known.photos):
        found.append(Doubt.PHOTOS_MISSING)
    if known.foreign_ssccs & {each.sscc for each in statement.findings} | known.foreign_ssccs & set(
        statement.scanned or ()
    ):
        found.append(Doubt.FOREIGN_UNIT)
    here, site = statement.position, delivery.site
    if here and here.metres_to(site.latitude, site.longitude) - here.accuracy_m > NEAR_M:
        found.append(Doubt.FAR_AWAY)
    return [str(each.value) for each in found]


def _outcome(
    statement: Statement, findings: Sequence[UnitFinding], counts: Mapping[str, int], doubts: Sequence[str]
) -> Handover.Outcome:
    if statement.unattended:
        return Handover.Outcome.UNATTENDED
    if statement.refused or (counts["expected"] and counts["refused"] == counts["expected"]):
        return Handover.Outcome.REFUSED
    if any(each.kind in TURNED_AWAY for each in findings):
        return Handover.Outcome.PARTLY_REFUSED
    is_sound = statement.condition in ("", Handover.Condition.GOOD)
    if findings or statement.reservation.strip() or not is_sound or QUALIFYING & set(doubts):
        return Handover.Outcome.RESERVATION
    return Handover.Outcome.ACCEPTED


def _named(finding: UnitFinding) -> str:
    if finding.item:
        return f"{finding.item} × {finding.quantity:f}"
    return finding.sscc or "without SSCC"


def _finding_body(finding: UnitFinding) -> dict[str, Any]:
    body = {"kind": str(finding.kind), "sscc": finding.sscc, "note": finding.note, "reason": finding.reason}
    if finding.item:
        body |= {"item": finding.item, "quantity": f"{finding.quantity:f}"}
    return body


def without_strokes(statement: Statement) -> Statement:
    """The statement as it may be shown and kept where signatures are not."""
    return replace(statement, released_strokes="", received_strokes="")
