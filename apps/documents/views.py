"""How a paper leaves by HTTP; the pages above decide who asked and may have it."""

from django.http import FileResponse

from apps.documents import store
from apps.documents.models import Document
from apps.documents.rendering import PDF


def serve_document(document: Document, *, inline: bool = False) -> FileResponse:
    """The paper as a download, or ``inline`` to be looked at, which only PDFs that we rendered are.

    Call it inside the shipper's schema; the response may be sent after leaving it.

    Raises:
        FileNotInStore: the file is not in this shipper's store.
        FileAltered: its content is no longer what was stored.
    """
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
