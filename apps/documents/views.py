"""How a paper leaves by HTTP; the pages above decide who asked and may have it."""

from django.http import FileResponse
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.documents import store
from apps.documents.models import Document
from apps.documents.rendering import PDF


class PaperInQuarantine(DomainError):
    """The paper may not be downloaded: nobody knows yet that it is harmless, or it is not."""

    code = "paper-in-quarantine"
    status = 409


def serve_document(document: Document, *, inline: bool = False) -> FileResponse:
    """The paper as a download, or ``inline`` to be looked at, which only PDFs that we rendered are.

    Call it inside the shipper's schema; the response may be sent after leaving it.

    Raises:
        PaperInQuarantine: it waits for the scanner, or the scanner found something in it.
        FileNotInStore: the file is not in this shipper's store.
        FileAltered: its content is no longer what was stored.
    """
    _require_released(document)
    shown = inline and document.is_ours and document.media_type == PDF
    response = FileResponse(
        store.open(document.path),
        as_attachment=not shown,
        filename=document.file_name,
        content_type=document.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = f'"{document.sha256}"'
    return response


def serve_preview(document: Document) -> FileResponse:
    """The small picture of a photographed paper, which we encoded ourselves; raises as ``serve_document``."""
    _require_released(document)
    if not document.preview_path:
        raise store.FileNotInStore("There is no preview of that paper.")
    response = FileResponse(store.open(document.preview_path), content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _require_released(document: Document) -> None:
    name = {"name": document.file_name}
    if document.is_in_quarantine:
        raise PaperInQuarantine(
            _("%(name)s is still being checked for malware. Try again in a minute.") % name
        )
    if not document.is_released:
        raise PaperInQuarantine(
            _("%(name)s is not given out: malware was found in it. Bring a clean file.") % name
        )
