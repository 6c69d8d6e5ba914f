"""Papers that are printed when asked for and never issued: labels, the packing list, the poster of a gate.

They say what the delivery holds at this moment and nothing else, so equal facts give equal bytes and nobody
has to keep them. GS1-128 by python-barcode; a symbol's text is the bare data, brackets are for people only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from barcode import Gs1_128
from barcode.writer import SVGWriter
from django.template.loader import render_to_string
from django.utils import translation

from apps.core.errors import DomainError
from apps.documents.papers import Labels, Period
from apps.documents.rendering import html_to_pdf, qr_code

#: As many pages as a request may lay out; more units are printed in parts.
MOST_LABELS = 200
#: GS1 General Specifications, symbol specification table 5: bars of 0.495 to 0.940 mm, 31.75 mm high.
BAR_WIDTH_MM = 0.5
BAR_HEIGHT_MM = 32
QUIET_ZONE_MM = 5.0  # ten bars
SSCC_IDENTIFIER = "00"


class NothingToPrint(DomainError):
    """The delivery has no handling units yet, so there is nothing to put a label on."""

    code = "nothing-to-print"
    status = 409


def print_labels(labels: Labels, *, first: int = 1) -> bytes:
    """The labels from the ``first`` unit on, A6, one page each, at most ``MOST_LABELS``.

    Raises:
        NothingToPrint: there are no handling units, or none from ``first`` on.
        PdfUnavailable: a system library is missing.
    """
    every = labels.pages
    chosen = every[first - 1 : first - 1 + MOST_LABELS]
    if not chosen:
        raise NothingToPrint(
            f"{labels.number} has no handling units to label; import its order with pallets."
        )
    pages = [
        {"position": position, "goods": goods, "unit": unit, "code": sscc_code(unit.sscc)}
        for position, (goods, unit) in enumerate(chosen, start=first)
    ]
    with translation.override(labels.language):
        html = render_to_string(
            "documents/labels.html", {"note": labels, "pages": pages, "total": len(every)}
        )
    return html_to_pdf(html, "labels.css")


def print_packing_list(labels: Labels) -> bytes:
    """What stands on which unit's consignment, line by line, to pack and to count by; A4.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    with translation.override(labels.language):
        html = render_to_string("documents/packing_list.html", {"note": labels})
    return html_to_pdf(html, "paper.css", "packing_list.css")


def print_gate_poster(site: str, *, address: str, until: datetime, zone: str, language: str = "en") -> bytes:
    """The sheet for a site's gate with the code by which drivers report; A4.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    context = {
        "site": site,
        "address": address,
        "until": until,
        "zone": ZoneInfo(zone),
        "code": qr_code(address),
    }
    with translation.override(language):
        html = render_to_string("documents/gate_poster.html", context)
    return html_to_pdf(html, "paper.css", "gate_poster.css")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One line of a gate's list: a vehicle that may come, is there or was there."""

    number: str
    shipper: str
    reference: str
    load: str
    state: str
    dock: str = ""
    plate: str = ""
    slot: Period | None = None
    arrival_window: Period | None = None


def print_gate_list(
    title: str, lines: Sequence[Expected], *, as_of: datetime, zone: str, language: str = "en"
) -> bytes:
    """A day's vehicles at a site's gate, for the guard without a screen; A4 across.

    ``title``, and what ``lines`` say of load and state, are in ``language`` already.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    context = {"title": title, "lines": lines, "as_of": as_of, "zone": ZoneInfo(zone)}
    with translation.override(language):
        html = render_to_string("documents/gate_list.html", context)
    return html_to_pdf(html, "paper.css", "gate_list.css")


def sscc_code(sscc: str) -> str:
    """An SSCC as GS1-128 with its application identifier, an SVG in a data URI."""
    options: dict[str, Any] = {
        "module_width": BAR_WIDTH_MM,
        "module_height": BAR_HEIGHT_MM,
        "quiet_zone": QUIET_ZONE_MM,
        "write_text": False,
    }
    drawn = BytesIO()
    Gs1_128(f"{SSCC_IDENTIFIER}{sscc}", writer=SVGWriter()).write(drawn, options)
    return f"data:image/svg+xml,{quote(drawn.getvalue().decode())}"
