"""A delivery's papers as a checklist: what the site demands by when, what is there, what came besides."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.documents.models import Document
from apps.documents.selectors import SATISFIED, ChecklistLine, Standing
from apps.facilities.models import DocumentType

Context = dict[str, Any]
STATE_OF_STANDING = {
    Standing.THERE: "done",
    Standing.WAIVED: "info",
    Standing.CHECKING: "waiting",
    Standing.EXPIRED: "expired",
    Standing.MISSING: "warning",
}


def papers(
    lines: Iterable[ChecklistLine],
    documents: Sequence[Document],
    *,
    url: Callable[[UUID], str],
    preview: Callable[[UUID], str],
) -> list[Context]:
    """One entry per demanded paper, then one per other that came.

    ``url`` addresses a document's download, ``preview`` its small picture. ``documents`` come newest first.
    ``state`` is one of ``status_badge.html``, ``label`` its word, ``satisfied`` whether it bars no step.
    """

    def file(document: Document | None) -> Context:
        return _file(document, url, preview)

    demanded = [_demanded(line) | file(line.document) for line in lines]
    covered = {entry["document_type"] for entry in demanded}
    covered.add(DocumentType.PHOTO)  # photos stand with the handover
    newest = {document.document_type: document for document in reversed(documents)}
    others = [
        _other(document) | file(document) for kind, document in sorted(newest.items()) if kind not in covered
    ]
    return [*demanded, *others]


def missing(entries: Iterable[Context]) -> list[str]:
    """The names of demanded papers that are not there, or no longer valid."""
    return [entry["name"] for entry in entries if not entry["satisfied"]]


def _demanded(line: ChecklistLine) -> Context:
    words = {
        Standing.THERE: _("There"),
        Standing.WAIVED: _("Not insisted on"),
        Standing.CHECKING: _("Being checked"),
        Standing.EXPIRED: _("Expired"),
        Standing.MISSING: _("Missing"),
    }
    return {
        "document_type": str(line.document_type),
        "name": str(line.document_type.label),
        "needed": str(line.step.label),
        "provider": str(line.provider.label),
        "is_demanded": True,
        "state": STATE_OF_STANDING[line.standing],
        "label": words[line.standing],
        "satisfied": line.standing in SATISFIED,
        "waiver": line.waiver,
    }


def _other(document: Document) -> Context:
    return {
        "document_type": document.document_type,
        "name": str(DocumentType(document.document_type).label),
        "needed": _("Not demanded"),
        "provider": "",
        "is_demanded": False,
        "state": "done" if document.is_released else "waiting",
        "label": _("There") if document.is_released else _("Being checked"),
        "satisfied": True,
        "waiver": None,
    }


def _file(document: Document | None, url: Callable[[UUID], str], preview: Callable[[UUID], str]) -> Context:
    if document is None or not document.is_released:
        return {"url": "", "preview": "", "number": "", "size": "", "valid_until": None, "issued_by": ""}
    return {
        "url": url(document.pk),
        "preview": preview(document.pk) if document.preview_path else "",
        "number": document.number,
        "size": filesizeformat(document.size),
        "valid_until": document.valid_until,
        "issued_by": document.issued_by,
    }
