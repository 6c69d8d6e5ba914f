"""Issue a paper: lay it out, keep its bytes, and remember that it was issued."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.accounts.actors import Actor
from apps.documents import rendering, store
from apps.documents.models import Document
from apps.documents.papers import DeliveryNote, ProofOfDelivery, facts_sha256
from apps.documents.selectors import latest_issue
from apps.documents.signing_keys import key_of_recipient, key_of_shipper
from apps.facilities.models import DocumentType, Recipient
from apps.tenancy.doorway import current_shipper


@transaction.atomic
def issue_delivery_note(
    *,
    note: DeliveryNote,
    delivery_id: UUID,
    actor: Actor,
    now: datetime,
    attachments: Sequence[rendering.Attachment] = (),
) -> Document:
    """Issue the delivery note of a delivery, in the current shipper's schema; the caller puts it on record.

    When the issue in force already says the same, it is returned and nothing is rendered, whatever the time;
    otherwise a new version replaces it and says so; the old one stays. Who may issue, the caller requires.

    Raises:
        PdfUnavailable: this machine lacks a library that lays out PDFs.
        UnknownShipper: the connection is in the network schema.
    """
    facts = facts_sha256(note)
    _one_at_a_time(delivery_id)
    latest = latest_issue(delivery_id, DocumentType.DELIVERY_NOTE)
    if latest is not None and latest.facts_sha256 == facts:
        return latest
    version = latest.version + 1 if latest is not None else 1
    pdf = rendering.render_delivery_note(note, issued_at=now, version=version, attachments=attachments)
    stored = store.put(pdf)
    return Document.objects.create(
        delivery_id=delivery_id,
        document_type=DocumentType.DELIVERY_NOTE,
        number=note.number,
        version=version,
        file_name=_file_name("delivery-note", note.number, version),
        media_type=rendering.PDF,
        sha256=stored.sha256,
        size=stored.size,
        path=stored.path,
        facts_sha256=facts,
        issued_by=actor.name,
        issued_at=now,
    )


@transaction.atomic
def issue_proof_of_delivery(
    *,
    proof: ProofOfDelivery,
    recipient: Recipient | None,
    delivery_id: UUID,
    actor: Actor,
    now: datetime,
    attachments: Sequence[rendering.Attachment] = (),
) -> Document:
    """Issue the proof of a handover, signed with the shipper's key and with the recipient's if it has one.

    Called by workers alone: they have the keys. When the issue in force says the same, it is returned.

    Raises:
        PdfUnavailable: this machine lacks a library that lays out PDFs.
        SigningFailed: the configured time-stamping service does not answer; nothing was issued.
        PaperKeyInvalid: a party's key file is damaged.
    """
    facts = facts_sha256(proof)
    _one_at_a_time(delivery_id)
    latest = latest_issue(delivery_id, DocumentType.PROOF_OF_DELIVERY)
    if latest is not None and latest.facts_sha256 == facts:
        return latest
    version = latest.version + 1 if latest is not None else 1
    pdf = rendering.render_proof_of_delivery(proof, issued_at=now, attachments=attachments)
    stored = store.put(_signed(pdf, proof, recipient, now))
    return Document.objects.create(
        delivery_id=delivery_id,
        document_type=DocumentType.PROOF_OF_DELIVERY,
        number=f"POD-{proof.number}",
        version=version,
        file_name=_file_name("proof-of-delivery", proof.number, version),
        media_type=rendering.PDF,
        sha256=stored.sha256,
        size=stored.size,
        path=stored.path,
        facts_sha256=facts,
        issued_by=actor.name,
        issued_at=now,
    )


def _signed(pdf: bytes, proof: ProofOfDelivery, recipient: Recipient | None, now: datetime) -> bytes:
    from apps.documents import signing  # pyHanko is large and for workers alone

    shipper_key = key_of_shipper(current_shipper(), now=now)
    pdf = signing.sign(
        pdf, shipper_key, field="Shipper", reason=f"Statement of handover {proof.number}", first=True
    )
    recipient_key = key_of_recipient(recipient)
    if recipient_key is None:
        return pdf
    reason = f"Statement of handover {proof.number}: {proof.outcome.replace('_', ' ')}"
    return signing.sign(pdf, recipient_key, field="Recipient", reason=reason, first=False)


def _one_at_a_time(delivery_id: UUID) -> None:
    """Two issues of one delivery's papers wait for each other until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"documents {delivery_id}"])


def _file_name(kind: str, number: str, version: int) -> str:
    """A name that any file system takes: delivery-note-DN-1042.pdf, from the second issue on …-v2.pdf."""
    safe = re.sub(r"[^\w.-]+", "-", number).strip("-.")
    suffix = f"-v{version}" if version > 1 else ""
    return f"{kind}-{safe}{suffix}.pdf"
