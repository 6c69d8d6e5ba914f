"""Take in a paper that somebody brings: inspected, kept by content, in quarantine until it is scanned."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.documents import scanning, store
from apps.documents.inspection import UploadRefused, inspect
from apps.documents.models import Document, Scan, Waiver
from apps.facilities.models import DocumentType
from apps.tenancy.outbox import enqueue


@transaction.atomic
def receive_document(
    *,
    actor: Actor,
    delivery_id: UUID,
    document_type: DocumentType,
    content: bytes,
    file_name: str,
    number: str = "",
    valid_until: date | None = None,
    only: frozenset[str] | None = None,
    now: datetime,
) -> tuple[Document, bool]:
    """Keep a paper of a delivery, in the current shipper's schema; the caller decides who may and records it.

    Returns the paper and whether it is new: the same file of the same type again is the one that is there.
    ``only`` are the media types that are taken; None takes all that papers may be.

    Raises:
        UploadRefused, UploadTooLarge: as ``inspection.inspect``; nothing was kept.
    """
    found = inspect(content, file_name)
    if only is not None and found.media_type not in only:
        raise UploadRefused(
            _("%(name)s is %(kind)s; here only %(only)s is taken.")
            % {"name": found.file_name, "kind": found.media_type, "only": ", ".join(sorted(only))}
        )
    stored = store.put(found.content)
    there = Document.objects.filter(
        delivery_id=delivery_id, document_type=document_type, sha256=stored.sha256, valid_until=valid_until
    ).first()
    if there is not None:
        return there, False
    document = Document.objects.create(
        delivery_id=delivery_id,
        document_type=document_type,
        number=number,
        file_name=found.file_name,
        media_type=found.media_type,
        sha256=stored.sha256,
        size=stored.size,
        path=stored.path,
        preview_path=store.put(found.preview).path if found.preview else "",
        valid_until=valid_until,
        issued_by=actor.name,
        issued_at=now,
    )
    if scanning.is_set_up():
        enqueue("documents.scan", document_id=str(document.pk))
    else:
        Scan.objects.create(document=document, scanned_at=now)
    return document, True


def scan_document(*, document_id: UUID, now: datetime) -> Scan:
    """Let the scanner decide about a paper in quarantine; a second call gives the first one's answer.

    Raises:
        ScannerAway: the scanner does not answer; the paper stays in quarantine.
    """
    document = Document.objects.select_related("scan").get(pk=document_id)
    if not document.is_in_quarantine:
        return document.scan
    verdict = scanning.scan(store.read(document.path))
    scan, _is_new = Scan.objects.get_or_create(
        document=document, defaults={"scanner": verdict.scanner, "threat": verdict.threat, "scanned_at": now}
    )
    return scan


def waive_document(
    *, actor: Actor, delivery_id: UUID, document_type: DocumentType, reason: str, now: datetime
) -> tuple[Waiver, bool]:
    """Let a delivery pass without a demanded paper; who may, the caller requires.

    Returns the waiver and whether it is new: the first one stands.
    """
    return Waiver.objects.get_or_create(
        delivery_id=delivery_id,
        document_type=document_type,
        defaults={"reason": reason, "waived_by": actor.name, "waived_at": now},
    )
