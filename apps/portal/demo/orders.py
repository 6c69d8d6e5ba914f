"""The demo's orders as the files that the shippers import: real lines, moved to the demo's days."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from math import ceil

from apps.portal.demo.network import DATA

KG_PER_PALLET = 400
AHEAD_PER_SHIPPER = 5  # the last orders of each shipper are asked for on the day ahead

COLUMNS = (
    "consignment", "order", "site", "date", "line", "article", "quantity", "unit", "weight_kg",
    "temperature", "pallets", "delivered_originally",
)  # fmt: skip


def order_file(shipper_slug: str, *, played: date, ahead: date) -> bytes:
    """The CSV that one shipper imports, with the source's own oddities left in."""
    lines = [line for line in _lines() if line["shipper"] == shipper_slug]
    advices = list(dict.fromkeys(line["asn"] for line in lines if not _uncaptured(line)))
    late = set(advices[-AHEAD_PER_SHIPPER:])
    frozen = advices[len(advices) // 2] if shipper_slug == "sbuys" else ""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for advice in dict.fromkeys(line["asn"] for line in lines):
        own = [line for line in lines if line["asn"] == advice]
        for number, line in enumerate(own, start=1):
            writer.writerow(
                {
                    "consignment": advice,
                    "order": line["order"],
                    "site": line["assumed_site"],
                    "date": ahead if advice in late else played,
                    "line": number,
                    "article": line["article"],
                    "quantity": line["quantity"],
                    "unit": line["unit"],
                    "weight_kg": line["weight_kg"],
                    "temperature": "frozen" if advice == frozen else "ambient",
                    "pallets": _pallets(own),
                    "delivered_originally": line["delivered"],
                }
            )
    return text.getvalue().encode()


def _lines() -> list[dict[str, str]]:
    with (DATA / "orders.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _uncaptured(line: dict[str, str]) -> bool:
    return not line["weight_kg"].replace(".", "", 1).isdigit()


def _pallets(lines: Iterable[dict[str, str]]) -> int:
    weight = sum(0.0 if _uncaptured(line) else float(line["weight_kg"]) for line in lines)
    return max(1, ceil(weight / KG_PER_PALLET))
