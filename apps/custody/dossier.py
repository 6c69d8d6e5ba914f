"""The record as a paper that a person reads: what it is about, what happened, and how it can be checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from apps.custody.renditions.shipments import Shipment
from apps.custody.selectors import TimelineEntry
from apps.documents.rendering import Attachment, html_to_pdf, qr_code

#: Entries that a dossier lists; a longer record is whole in events.jsonl, and the dossier says so.
LISTED = 1000
#: The largest EPCIS document that is attached; a larger one lies beside the dossier in the bundle.
ATTACHED = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """What a dossier says. ``entries`` are the first ones of ``events``; ``asked`` is the scope in words."""

    shipper: str
    log: str
    vkey: str
    asked: str
    completeness: str
    events: int
    consignments: int
    papers: int
    size: int
    root: str
    signed_at: datetime
    made_at: datetime
    entries: Sequence[TimelineEntry]
    shipments: Sequence[Shipment]


def render(dossier: Dossier, *, attachments: Sequence[Attachment] = ()) -> bytes:
    """The dossier as PDF/A-3b, not signed yet; equal arguments give equal bytes.

    Raises:
        PdfUnavailable: this machine lacks a library that lays out PDFs.
    """
    code = f"{dossier.log} {dossier.size} {dossier.root[:16]}"
    context: dict[str, Any] = {
        "dossier": dossier,
        "unlisted": dossier.events - len(dossier.entries),
        "issued_at": dossier.made_at.astimezone(UTC),
        "note": {"shipper": {"name": dossier.shipper}},
        "zone": UTC,
        "code": qr_code(code),
        "code_text": code,
        "attachments": attachments,
    }
    with translation.override("en"):
        html = render_to_string("documents/dossier.html", context)
    return html_to_pdf(
        html, "paper.css", "dossier.css", attachments=attachments, at=dossier.made_at.astimezone(UTC)
    )
