"""What our papers say: facts as plain values, gathered by whoever issues a paper, laid out in ``rendering``.

Knows no database, no clock and no layout. Codes (temperature class, kind of unit) are those of the models;
their words are chosen when it is laid out, in its language. Moments are aware, periods ``[start, end)``.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Period:
    """A time from ``start`` up to, not including, ``end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period on a paper needs aware moments")
        if self.end <= self.start:
            raise ValueError("a period on a paper ends after it starts")


@dataclass(frozen=True, kw_only=True)
class Party:
    """A company as it is addressed: the shipper or the recipient; ``logo`` is a ``data:`` address or
    empty."""

    name: str
    address: tuple[str, ...] = ()
    gln: str = ""
    logo: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The site where the goods go, and what its gate wants of who comes. ``time_zone`` is an IANA name."""

    name: str
    time_zone: str
    address: tuple[str, ...] = ()
    gln: str = ""
    contact: str = ""
    gate_instructions: str = ""
    protective_equipment: str = ""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What both sides agreed on: a dock's slot, when the vehicle may arrive, the number named at the gate."""

    dock: str
    slot: Period
    confirmation_number: str
    arrival_window: Period | None = None


@dataclass(frozen=True, kw_only=True)
class Transport:
    """Who brings it, as far as it is known when the paper is issued; an empty text is not known yet."""

    carrier: str = ""
    vehicle: str = ""
    driver: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One order line: ``weight_kg`` is that of the whole line."""

    line: int
    article: str
    quantity: Decimal
    unit: str
    gtin: str = ""
    batch: str = ""
    expires_on: date | None = None
    weight_kg: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One handling unit; ``kind`` is a ``HandlingUnit.Kind`` code."""

    sscc: str
    kind: str = "pallet"
    weight_kg: Decimal | None = None

    def __post_init__(self) -> None:
        if not (self.sscc.isascii() and self.sscc.isdigit() and len(self.sscc) == 18):
            raise ValueError(f"{self.sscc!r} is no SSCC: it has 18 digits")


@dataclass(frozen=True, kw_only=True)
class Goods:
    """One consignment of the delivery: its lines and the units they stand on."""

    number: str
    items: tuple[Item, ...]
    units: tuple[Unit, ...] = ()
    order_reference: str = ""
    temperature_class: str = "ambient"
    temperature_range: str = ""
    adr_classes: tuple[str, ...] = ()

    @property
    def weight_kg(self) -> Decimal | None:
        """Gross, of its units; None where one of them was not weighed."""
        weights = [unit.weight_kg for unit in self.units]
        return None if None in weights or not weights else sum((w for w in weights if w), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The load as it was booked, so that the paper and the dock count alike."""

    pallets: int
    weight_kg: Decimal
    volume_m3: Decimal


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document that the site demands or that comes along; both codes are those of ``facilities``.

    ``step`` is empty for one nobody demanded; ``number`` and ``valid_until`` are the attached document's.
    """

    document_type: str
    step: str = ""
    attached: bool = False
    number: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryNote:
    """Everything a delivery note says but the moment of its issue.

    ``language`` is a Django language code. ``scan_text`` is what the QR code holds (an address, say); without
    one it holds the confirmation number and the delivery's number, separated by a blank.
    """

    number: str
    shipper: Party
    recipient: Party
    site: Place
    visit: Visit | None
    goods: tuple[Goods, ...]
    totals: Totals
    transport: Transport = Transport()
    papers: tuple[Paper, ...] = ()
    scan_text: str = ""
    language: str = "en"

    @property
    def code_text(self) -> str:
        """What the QR code holds."""
        number = f"{self.visit.confirmation_number} {self.number}" if self.visit else self.number
        return self.scan_text or number

    @property
    def units(self) -> tuple[Unit, ...]:
        """Every handling unit of the delivery."""
        return tuple(unit for goods in self.goods for unit in goods.units)

    @property
    def temperature_classes(self) -> tuple[str, ...]:
        """Those of the goods, each once, in their order."""
        return tuple(dict.fromkeys(goods.temperature_class for goods in self.goods))

    @property
    def adr_classes(self) -> tuple[str, ...]:
        """Dangerous goods classes on board, each once, sorted; empty when there are none."""
        return tuple(sorted({adr for goods in self.goods for adr in goods.adr_classes}))


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The logistic labels of a delivery's handling units, one page each."""

    number: str
    shipper: Party
    recipient: Party
    site: Place
    goods: tuple[Goods, ...]
    language: str = "en"

    @property
    def pages(self) -> tuple[tuple[Goods, Unit], ...]:
        """Each unit with the consignment that it belongs to, in the order of the goods."""
        return tuple((goods, unit) for goods in self.goods for unit in goods.units)


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """Who stands for one side of a handover; ``path`` is an SVG path drawn on a field of 1,000 by 400."""

    name: str
    organisation: str
    role: str = ""
    path: str = ""
    confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was not as expected: a handling unit, or ``what`` of an order line, in words.

    ``kind`` is over, short, damaged, wrong_item or refused.
    """

    kind: str
    sscc: str = ""
    note: str = ""
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """Where the handover stands in the custody log: the log's name, the event, its leaf hash in hex."""

    log: str
    event_id: str
    leaf_hash: str


@dataclass(frozen=True, kw_only=True)
class ProofOfDelivery:
    """The one statement of a handover, as both sides made it.

    ``outcome`` is accepted, accepted_with_reservation, partly_refused, refused or unattended. ``stated`` are
    condition, seals, temperatures and doubts, each a label and its value, in the paper's language.
    ``stated_at`` is the device's clock, ``recorded_at`` the server's. ``statement_sha256`` is the digest that
    the custody event holds as well.
    """

    number: str
    shipper: Party
    recipient: Party
    site: Place
    outcome: str
    units_expected: int
    units_received: int
    released_by: Signatory
    received_by: Signatory
    stated_at: datetime
    recorded_at: datetime
    statement_sha256: str
    goods: tuple[Goods, ...] = ()
    findings: tuple[Finding, ...] = ()
    reservation: str = ""
    stated: tuple[tuple[str, str], ...] = ()
    record: OnRecord | None = None
    language: str = "en"


def facts_sha256(note: DeliveryNote | ProofOfDelivery) -> str:
    """Hex digest of what the paper says: equal for equal facts, however numbers are written (1.0 is 1).

    A logo says nothing: another one is no reason for another issue.
    """
    facts = asdict(note)
    for party in ("shipper", "recipient"):
        del facts[party]["logo"]
    text = json.dumps(facts, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is no fact of a paper")
