"""Papers that people bring to a delivery, and those that its recipient does not insist on: each on record."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.custody.services import Personal
from apps.deliveries.errors import WaiverInvalid
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.recording import record
from apps.documents import services as documents
from apps.documents.models import Document, Waiver
from apps.facilities.models import DocumentType


@transaction.atomic
def bring_document(
    *,
    actor: Actor,
    delivery_id: UUID,
    document_type: DocumentType,
    content: bytes,
    file_name: str,
    now: datetime,
    number: str = "",
    valid_until: date | None = None,
) -> Document:
    """Either side adds a paper to a delivery; it counts once it is found harmless.

    The same file again changes nothing and is not recorded twice.

    Raises:
        PermissionRefused: ``actor`` is no party of the delivery, or only reads.
        UploadRefused, UploadTooLarge: as ``documents.services.receive_document``; nothing was kept.
    """
    delivery = delivery_by_id(delivery_id)
    require(actor, "deliveries.bring", delivery)
    document, is_new = documents.receive_document(
        actor=actor,
        delivery_id=delivery.pk,
        document_type=document_type,
        content=content,
        file_name=file_name,
        number=number,
        valid_until=valid_until,
        now=now,
    )
    if is_new:
        details = {
            "document_type": document.document_type,
            "number": document.number or document.file_name,
            "media_type": document.media_type,
            "sha256": document.sha256,
            "size": document.size,
            "party": str(actor.side),
        }
        record("document_received", delivery=delivery, actor=actor, now=now, details=details)
    return document


@transaction.atomic
def waive_document(
    *, actor: Actor, delivery_id: UUID, document_type: DocumentType, reason: str, now: datetime
) -> Waiver:
    """The recipient lets a delivery pass without a paper that its site demands; the first waiver stands.

    Raises:
        PermissionRefused: only the recipient's receiving manager may.
        WaiverInvalid: no reason, or the site does not demand that paper.
    """
    delivery = delivery_by_id(delivery_id)
    require(actor, "deliveries.waive", delivery)
    if not reason.strip():
        raise WaiverInvalid("Say why the delivery may pass without it; the reason goes on record.")
    if not delivery.site.document_requirements.filter(document_type=document_type).exists():
        raise WaiverInvalid(f"{delivery.site.name} does not demand that paper; nothing needs to be waived.")
    waiver, is_new = documents.waive_document(
        actor=actor, delivery_id=delivery.pk, document_type=document_type, reason=reason.strip(), now=now
    )
    if is_new:
        details = {"document_type": document_type.value, "note": Personal(waiver.reason)}
        record("document_waived", delivery=delivery, actor=actor, now=now, details=details)
    return waiver
