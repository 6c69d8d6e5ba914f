"""A delivery's papers as a checklist: what the site demands by when, what is there, what came besides."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.documents.models import Document
from apps.documents.selectors import ChecklistLine, Standing
from apps.facilities.models import DocumentType

Context = dict[str, Any]
STATE_OF_STANDING = {Standing.THERE: "done", Standing.EXPIRED: "expired", Standing.MISSING: "warning"}


def papers(
    lines: Iterable[ChecklistLine], documents: Sequence[Document], *, url: Callable[[UUID], str]
) -> list[Context]:
    """One entry per demanded paper, then one per other that came; ``url`` addresses a document's download.

    ``documents`` come newest first. ``state`` is one of ``status_badge.html``, ``label`` its word.
    """
    demanded = [_demanded(line, url) for line in lines]
    covered = {entry["document_type"] for entry in demanded}
    newest = {document.document_type: document for document in reversed(documents)}
    others = [_other(document, url) for kind, document in sorted(newest.items()) if kind not in covered]
    return [*demanded, *others]


def missing(entries: Iterable[Context]) -> list[str]:
    """The names of demanded papers that are not there, or no longer valid."""
    return [entry["name"] for entry in entries if entry["is_demanded"] and entry["state"] != "done"]


def _demanded(line: ChecklistLine, url: Callable[[UUID], str]) -> Context:
    words = {Standing.THERE: _("There"), Standing.EXPIRED: _("Expired"), Standing.MISSING: _("Missing")}
    return {
        "document_type": str(line.document_type),
        "name": str(line.document_type.label),
        "needed": str(line.step.label),
        "is_demanded": True,
        "state": STATE_OF_STANDING[line.standing],
        "label": words[line.standing],
        **_file(line.document, url),
    }


def _other(document: Document, url: Callable[[UUID], str]) -> Context:
    return {
        "document_type": document.document_type,
        "name": str(DocumentType(document.document_type).label),
        "needed": _("Not demanded"),
        "is_demanded": False,
        "state": "done",
        "label": _("There"),
        **_file(document, url),
    }


def _file(document: Document | None, url: Callable[[UUID], str]) -> Context:
    if document is None:
        return {"url": "", "number": "", "size": "", "valid_until": None, "issued_by": ""}
    return {
        "url": url(document.pk),
        "number": document.number,
        "size": filesizeformat(document.size),
        "valid_until": document.valid_until,
        "issued_by": document.issued_by,
    }
