"""Delivery notes for the tests: an ordinary one, one of 300 lines, one in many scripts."""

import base64
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pypdfium2
from PIL import Image

from apps.documents.papers import (
    DeliveryNote,
    Goods,
    Item,
    Paper,
    Party,
    Period,
    Place,
    Totals,
    Transport,
    Unit,
    Visit,
)

SHIPPER = Party(
    name="Acme Medical", address=("14 Brickfield Road", "1459 Boksburg", "South Africa"), gln="6001234000017"
)
RECIPIENT = Party(
    name="Northern Hospital",
    address=("7 York Road", "2193 Johannesburg", "South Africa"),
    gln="6009000000017",
)
SITE = Place(
    name="Northern Hospital stores",
    time_zone="Africa/Johannesburg",
    address=("Gate 3, Jubilee Road", "2193 Johannesburg", "South Africa"),
    gln="6009000000024",
    contact="Rita Reyes, +27 11 555 0142",
    gate_instructions=(
        "Report at Gate 3 with this note. Engine off while waiting.\n"
        "The height limit under the canopy is 4.1 m."
    ),
    protective_equipment="High-visibility vest, safety shoes",
)
VISIT = Visit(
    dock="Dock 1",
    slot=Period(start=datetime(2026, 3, 3, 7, 0, tzinfo=UTC), end=datetime(2026, 3, 3, 8, 30, tzinfo=UTC)),
    arrival_window=Period(
        start=datetime(2026, 3, 3, 6, 30, tzinfo=UTC), end=datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
    ),
    confirmation_number="K7QM-4TXP",
)
TRANSPORT = Transport(carrier="Highveld Hauliers", vehicle="JKL 204 GP", driver="Thabo Mokoena")
ARTICLES = (
    ("Amoxicillin 500 mg capsules, 21", "pack"),
    ("Sodium chloride 0.9 % infusion, 1,000 ml", "bag"),
    ("Nitrile gloves, powder-free, size M, box of 100", "box"),
    ("Insulin glargine 100 IU/ml, 5 × 3 ml pre-filled pens", "pack"),
    ("HIV-1/2 rapid test kit, 30 tests, with buffer, lancets and swabs", "kit"),
)


def sscc_of(serial: int) -> str:
    """An SSCC of Acme's company prefix with its check digit (GS1 General Specifications, 7.9)."""
    body = f"36001234{serial:09d}"
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"


def item(line: int, article: str = "", unit: str = "") -> Item:
    """An order line; its article in turn."""
    name, its_unit = ARTICLES[(line - 1) % len(ARTICLES)]
    return Item(
        line=line,
        article=article or name,
        gtin=f"0600123400{line:03d}0",
        quantity=Decimal(120 * line % 1750 + 24),
        unit=unit or its_unit,
        batch=f"B{2600 + line}-A",
        expires_on=date(2027, 1 + line % 12, 28),
        weight_kg=Decimal(line * 37 % 900) + Decimal("8.5"),
    )


def goods(
    number: str, lines: range, serials: range, temperature_class: str = "ambient", **facts: object
) -> Goods:
    """A consignment with its lines and pallets."""
    return Goods(
        number=number,
        order_reference=f"PO-{number[-4:]}",
        temperature_class=temperature_class,
        items=tuple(item(line) for line in lines),
        units=tuple(Unit(sscc=sscc_of(serial), weight_kg=Decimal("412.5")) for serial in serials),
        **facts,  # type: ignore[arg-type]  # whatever a test wants to differ
    )


def ordinary() -> DeliveryNote:
    """Two consignments, seven pallets, three papers: what most notes look like."""
    return DeliveryNote(
        number="DN-2026-000482",
        shipper=SHIPPER,
        recipient=RECIPIENT,
        site=SITE,
        visit=VISIT,
        goods=(
            goods("ACM-10021", range(1, 5), range(1, 5)),
            goods(
                "ACM-10022", range(1, 3), range(5, 8), temperature_class="chilled", adr_classes=("3", "6.1")
            ),
        ),
        totals=Totals(pallets=7, weight_kg=Decimal("2887.5"), volume_m3=Decimal("10.92")),
        transport=TRANSPORT,
        papers=(
            Paper(
                document_type="coa",
                step="arrival",
                attached=True,
                number="CoA 88121",
                valid_until=date(2026, 12, 31),
            ),
            Paper(document_type="temperature_log", step="handover"),
            Paper(
                document_type="insurance", attached=True, number="HH-2026/7", valid_until=date(2026, 6, 30)
            ),
        ),
    )


def small() -> DeliveryNote:
    """One consignment on two pallets: a note of one page."""
    return replace(
        ordinary(),
        number="DN-2026-000481",
        goods=(goods("ACM-10020", range(1, 4), range(21, 23)),),
        totals=Totals(pallets=2, weight_kg=Decimal(825), volume_m3=Decimal("3.12")),
    )


def long() -> DeliveryNote:
    """300 lines on 64 pallets."""
    return replace(
        ordinary(),
        number="DN-2026-000483",
        goods=(
            goods("ACM-10031", range(1, 181), range(101, 141)),
            goods("ACM-10032", range(1, 121), range(141, 165), temperature_class="chilled"),
        ),
        totals=Totals(pallets=64, weight_kg=Decimal("26400"), volume_m3=Decimal("99.84")),
    )


#: A name in each script that our recipients write in.
NAMES = {
    "Arabic": "مستشفى الملك فيصل التخصصي",
    "Hebrew": "בית החולים הדסה",
    "Thai": "โรงพยาบาลจุฬาลงกรณ์",
    "Devanagari": "अखिल भारतीय आयुर्विज्ञान संस्थान",
    "Tamil": "அரசு பொது மருத்துவமனை",
    "Bengali": "ঢাকা মেডিকেল কলেজ হাসপাতাল",
    "Georgian": "თბილისის ცენტრალური საავადმყოფო",
    "Armenian": "Երևանի կենտրոնական հիվանդանոց",
    "Ethiopic": "ጥቁር አንበሳ ሆስፒታል",
    "Greek": "Γενικό Νοσοκομείο Αθηνών",
    "Cyrillic": "Центральна міська лікарня",
    "Vietnamese": "Bệnh viện Chợ Rẫy",
}
CHINESE = "北京协和医院 · 東京大学医学部附属病院"


def scripts() -> DeliveryNote:
    """Every script at once, right-to-left recipient and gate instructions among them."""
    names = [*NAMES.values(), CHINESE]
    return replace(
        ordinary(),
        number="DN-2026-000484",
        recipient=Party(
            name=NAMES["Arabic"], address=("طريق مكة المكرمة، حي المعذر", "الرياض 11211"), gln="6009000000017"
        ),
        site=replace(
            SITE,
            name=NAMES["Thai"],
            time_zone="Asia/Riyadh",
            address=("1873 ถนนพระรามที่ 4 แขวงปทุมวัน", "กรุงเทพมหานคร 10330"),
            gate_instructions="يرجى التوجه إلى البوابة 3 وإبراز رقم التأكيد K7QM-4TXP.",
            protective_equipment="反光背心、安全鞋",
            contact=NAMES["Georgian"],
        ),
        transport=Transport(carrier=NAMES["Devanagari"], vehicle="กท 1234", driver="முத்துலட்சுமி"),
        goods=(
            Goods(
                number="ACM-10041",
                items=tuple(
                    item(line, article=name, unit="عبوة" if line == 1 else "")
                    for line, name in enumerate(names, 1)
                ),
                units=(
                    Unit(sscc=sscc_of(201)),
                    Unit(sscc=sscc_of(202), kind="parcel"),
                    Unit(sscc=sscc_of(203)),
                ),
            ),
        ),
    )


def crowded() -> DeliveryNote:
    """A right-to-left paper, every text as long as it may be, many without a place to break."""
    return replace(
        scripts(),
        number="DN-" + "2026-" * 8,
        language="ar",
        shipper=replace(SHIPPER, name="Vereinigte Gesundheitswirtschaftsversorgungsgesellschaft " * 3),
        site=replace(
            SITE, name="Stores " * 28, gate_instructions="Follow the yellow line to the weighbridge. " * 20
        ),
        visit=replace(
            VISIT,
            dock="Dock with a name as long as sixty characters may ever become",
            slot=Period(
                start=datetime(2026, 3, 3, 21, 0, tzinfo=UTC), end=datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
            ),
            arrival_window=None,
        ),
        transport=Transport(),
        goods=(
            goods("A" * 40, range(1, 2), range(1)),
            Goods(number="B", items=(item(1, article="W" * 300, unit="U" * 20),)),
        ),
    )


def logo() -> str:
    """A picture of 400 by 107 dots as a shipper's logo stands on papers."""
    drawn = io.BytesIO()
    Image.new("RGB", (400, 107), (0, 102, 122)).save(drawn, "PNG")
    return f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"


def pictures_on(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height in mm of every picture of that logo's shape, page by page."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        for item in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
            left, bottom, right, top = item.get_bounds()
            if abs((right - left) / (top - bottom) - 400 / 107) < 0.1:
                found.append((round((right - left) / 72 * 25.4), round((top - bottom) / 72 * 25.4)))
    return found
