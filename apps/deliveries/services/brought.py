"""Papers that people bring to a delivery, and those that its recipient does not insist on: each on record."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.custody.services import Device, Personal
from apps.deliveries.errors import StatementInvalid, WaiverInvalid
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.conditions import note_logged
from apps.deliveries.services.recording import record
from apps.deliveries.temperatures import ReadingsUnreadable, read_logger
from apps.documents import services as documents
from apps.documents.inspection import CSV, JPEG, PNG
from apps.documents.models import Document, Waiver
from apps.facilities.models import DocumentType

PICTURES = frozenset({JPEG, PNG})
TABLES = frozenset({CSV})


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
    only: frozenset[str] | None = None,
    device_time: datetime | None = None,
    device: Device | None = None,
) -> Document:
    """Either side adds a paper to a delivery; it counts once it is found harmless.

    The same file again changes nothing and is not recorded twice. ``only`` narrows the media types.

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
        only=only,
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
        record(
            "document_received",
            delivery=delivery,
            actor=actor,
            now=now,
            event_time=device_time,
            device=device,
            details=details,
        )
    return document


def bring_photo(
    *,
    actor: Actor,
    delivery_id: UUID,
    content: bytes,
    file_name: str,
    now: datetime,
    subject: str = "",
    device_time: datetime | None = None,
    device: Device | None = None,
) -> Document:
    """Add a photo of a delivery's goods; ``subject`` is the SSCC or the line (``C-1/2``) that it shows.

    It is a paper like others: encoded anew, without EXIF and place, in quarantine until it is scanned.

    Raises:
        PermissionRefused: ``actor`` is no party of the delivery.
        UploadRefused, UploadTooLarge: it is no picture, or too large; nothing was kept.
    """
    return bring_document(
        actor=actor,
        delivery_id=delivery_id,
        document_type=DocumentType.PHOTO,
        content=content,
        file_name=file_name,
        number=subject[:60],
        only=PICTURES,
        now=now,
        device_time=device_time,
        device=device,
    )


@transaction.atomic
def bring_logger(
    *, actor: Actor, delivery_id: UUID, content: bytes, file_name: str, now: datetime
) -> Document:
    """Add a temperature logger's table (CSV) and put its readings on record, once for each table.

    Raises:
        PermissionRefused: ``actor`` is no party of the delivery.
        UploadRefused, UploadTooLarge: it is no table; nothing was kept.
        StatementInvalid: no temperatures can be read from it; says which line; nothing was kept.
    """
    delivery = delivery_by_id(delivery_id)
    require(actor, "deliveries.bring", delivery)
    try:
        readings = read_logger(content, ZoneInfo(delivery.site.time_zone))
    except ReadingsUnreadable as error:
        raise StatementInvalid(str(error)) from error
    log = bring_document(
        actor=actor,
        delivery_id=delivery.pk,
        document_type=DocumentType.TEMPERATURE_LOG,
        content=content,
        file_name=file_name,
        only=TABLES,
        now=now,
    )
    if not delivery.readings.filter(file_sha256=log.sha256).exists():
        note_logged(delivery, readings, log, actor=actor, now=now)
    return log


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
