"""Facts to PDF: Django templates laid out by WeasyPrint, closed to the outside, the same bytes each time.

The templates and their styles are in ``templates/documents``. WeasyPrint loads system libraries, so it is
imported when the first paper is laid out: a machine without them still runs all the rest.
"""

import atexit
import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import local
from typing import Any, Literal
from zoneinfo import ZoneInfo

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from PIL import ImageFile

from apps.core.errors import DomainError
from apps.documents.papers import DeliveryNote, ProofOfDelivery

#: The media type of what this module makes.
PDF = "application/pdf"
#: ISO 19005-3: readable in decades, and machine-readable files may be attached.
VARIANT = "pdf/a-3b"
#: What a thread keeps for its next paper.
_kept = local()
SYSTEM_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core"


@dataclass(frozen=True)
class Attachment:
    """A file inside a PDF; ``relation`` is its AFRelationship (ISO 19005-3): what it is to the paper."""

    name: str
    content: bytes
    description: str
    relation: Literal["Source", "Data", "Supplement"] = "Data"


class PdfUnavailable(DomainError):
    """This machine lacks a library that lays out PDFs."""

    code = "pdf-unavailable"
    status = 503


class UnsafePaper(DomainError):
    """A paper asked for something outside itself; none of ours does, so it is not laid out."""

    code = "unsafe-paper"
    status = 422


def render_delivery_note(
    note: DeliveryNote, *, issued_at: datetime, version: int = 1, attachments: Sequence[Attachment] = ()
) -> bytes:
    """The delivery note as PDF/A-3b, A4; equal arguments give equal bytes (on equal fonts and libraries).

    Raises:
        PdfUnavailable: a system library is missing; the message names the packages.
    """
    html = delivery_note_html(note, issued_at=issued_at, version=version)
    at = issued_at.astimezone(UTC)
    return html_to_pdf(html, "paper.css", "delivery_note.css", attachments=attachments, at=at)


def delivery_note_html(note: DeliveryNote, *, issued_at: datetime, version: int = 1) -> str:
    """The HTML that the PDF is laid out from, in the note's language and the site's time zone."""
    context = {
        "note": note,
        "issued_at": issued_at.astimezone(UTC),
        "version": version,
        "replaces": version - 1,
        "zone": ZoneInfo(note.site.time_zone),
        "code": qr_code(note.code_text),
    }
    with translation.override(note.language):
        return render_to_string("documents/delivery_note.html", context)


def render_consignment_note(note: DeliveryNote, *, issued_at: datetime, version: int = 1) -> bytes:
    """A CMR consignment note as PDF/A-3b, A4, in the boxes that carriers know; to be signed by three hands.

    What it has to say is article 6 of the CMR (Geneva, 19 May 1956). Equal arguments give equal bytes.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    context = {
        "note": note,
        "issued_at": issued_at.astimezone(UTC),
        "version": version,
        "replaces": version - 1,
        "zone": ZoneInfo(note.site.time_zone),
        "code": qr_code(note.code_text),
        "attached": [paper for paper in note.papers if paper.attached],
    }
    with translation.override(note.language):
        html = render_to_string("documents/consignment_note.html", context)
    return html_to_pdf(html, "paper.css", "consignment_note.css")


def render_proof_of_delivery(
    proof: ProofOfDelivery, *, issued_at: datetime, attachments: Sequence[Attachment] = ()
) -> bytes:
    """The proof of delivery as PDF/A-3b, A4, not signed yet; equal arguments give equal bytes.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    context = {
        "note": proof,
        "issued_at": issued_at.astimezone(UTC),
        "zone": ZoneInfo(proof.site.time_zone),
        "code": qr_code(_code_of(proof)),
        "code_text": _code_of(proof),
        "attachments": attachments,
    }
    with translation.override(proof.language):
        html = render_to_string("documents/proof_of_delivery.html", context)
    return html_to_pdf(
        html, "paper.css", "proof_of_delivery.css", attachments=attachments, at=issued_at.astimezone(UTC)
    )


def _code_of(proof: ProofOfDelivery) -> str:
    """The delivery's number, and with what its event's leaf hash begins."""
    return f"{proof.number} {proof.record.leaf_hash[:16]}" if proof.record else proof.number


def html_to_pdf(
    html: str, *styles: str, attachments: Sequence[Attachment] = (), at: datetime | None = None
) -> bytes:
    """Lay out ``html`` with style sheets of ``templates/documents``; nothing but ``data:`` is ever fetched.

    The times in the file are those of the HTML's ``dcterms``, those of attachments are ``at``, and its
    identifier is made from the content, so equal input gives equal bytes.

    Raises:
        PdfUnavailable: a system library is missing.
        UnsafePaper: the HTML refers to something outside itself.
    """
    engine = _engine()
    from weasyprint.urls import FatalURLFetchingError

    source = [html, *(_style_source(name) for name in styles)]
    source += [hashlib.sha256(each.content).hexdigest() for each in attachments]
    try:
        with _swept():
            document = engine.HTML(string=html, base_url=None, url_fetcher=_fetcher())
            pdf = document.write_pdf(
                stylesheets=[_style(name) for name in styles],
                font_config=_fonts(),
                pdf_variant=VARIANT,
                pdf_tags=True,
                pdf_identifier=hashlib.sha256("\0".join(source).encode()).digest()[:16],
                attachments=[_attached(each, at) for each in attachments],
            )
    except FatalURLFetchingError as error:
        raise UnsafePaper("The paper refers to something outside itself.") from error
    return _each_named_once(bytes(pdf)) if attachments else bytes(pdf)


def qr_code(text: str) -> str:
    """``text`` as a QR code (error correction M), an SVG in a data URI."""
    uri: str = segno.make(text, error="m", micro=False).svg_data_uri(border=0, dark="#12181b", omitsize=True)
    return uri


def _attached(file: Attachment, at: datetime | None) -> Any:
    return _engine().Attachment(
        string=file.content,
        base_url=None,
        url_fetcher=_fetcher(),
        name=file.name,
        description=file.description,
        created=at,
        modified=at,
        relationship=file.relation,
    )


def _each_named_once(pdf: bytes) -> bytes:
    """WeasyPrint 70 names every attached file twice in the catalog's /AF; once is what ISO 19005-3 wants."""
    import pikepdf  # as WeasyPrint, for workers alone

    output = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as document:
        named = document.Root.get("/AF", pikepdf.Array())
        once = {each.objgen: each for each in named}
        document.Root["/AF"] = pikepdf.Array(once.values())
        document.save(output, fix_metadata_version=False, deterministic_id=True)  # else made from the clock
    return output.getvalue()


def _engine() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise PdfUnavailable(
            f"This machine can't lay out PDFs: {error}. Debian and Ubuntu: apt-get install {SYSTEM_PACKAGES}"
        ) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on for all; a damaged upload stays refused
    return weasyprint


@contextmanager
def _swept() -> Iterator[None]:
    """Look for garbage once, after a paper, and among what it left alone.

    A layout is a great many objects that hold each other; left to itself the collector walks through them
    several times while they are all in use, and later through everything the worker has.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(0)


def _fonts() -> Any:
    """The machine's fonts, read once by each thread: WeasyPrint 70 reads them for every paper otherwise, and
    Pango never gives back what that takes. Our styles bring no fonts of their own that could pile up in it.
    """
    if not hasattr(_kept, "fonts"):
        from weasyprint.text.fonts import FontConfiguration

        _kept.fonts = FontConfiguration()
        atexit.register(vars(_kept).clear)  # it tidies up with modules that are gone later
    return _kept.fonts


def _fetcher() -> Any:
    return _engine().URLFetcher(allowed_protocols=["data"], allow_redirects=False, fail_on_errors=True)


@cache
def _style_source(name: str) -> str:
    return Path(settings.BASE_DIR, "templates", "documents", name).read_text(encoding="utf-8")


@cache
def _style(name: str) -> Any:
    return _engine().CSS(string=_style_source(name), base_url=None, url_fetcher=_fetcher())
