"""Issue a paper: lay it out, keep its bytes, and remember that it was issued."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.core import turns
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
    return _issue(
        DocumentType.DELIVERY_NOTE,
        note.number,
        facts_sha256(note),
        lambda version: rendering.render_delivery_note(
            note, issued_at=now, version=version, attachments=attachments
        ),
        delivery_id=delivery_id,
        actor=actor,
        now=now,
    )


@transaction.atomic
def issue_consignment_note(*, note: DeliveryNote, delivery_id: UUID, actor: Actor, now: datetime) -> Document:
    """Issue the CMR consignment note of a delivery, from the facts of its delivery note; else as that one.

    Raises:
        PdfUnavailable: this machine lacks a library that lays out PDFs.
    """
    return _issue(
        DocumentType.CMR,
        note.number,
        facts_sha256(note),
        lambda version: rendering.render_consignment_note(note, issued_at=now, version=version),
        delivery_id=delivery_id,
        actor=actor,
        now=now,
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

    def lay_out(version: int) -> bytes:
        pdf = rendering.render_proof_of_delivery(proof, issued_at=now, attachments=attachments)
        return _signed(pdf, proof, recipient, now)

    return _issue(
        DocumentType.PROOF_OF_DELIVERY,
        proof.number,
        facts_sha256(proof),
        lay_out,
        delivery_id=delivery_id,
        actor=actor,
        now=now,
    )


def _issue(
    document_type: DocumentType,
    number: str,
    facts: str,
    lay_out: Callable[[int], bytes],
    *,
    delivery_id: UUID,
    actor: Actor,
    now: datetime,
) -> Document:
    """The issue in force if it says the same, else a new one, laid out with its version.

    ``number`` is the delivery's.
    """
    one_at_a_time(delivery_id)
    latest = latest_issue(delivery_id, document_type)
    if latest is not None and latest.facts_sha256 == facts:
        return latest
    version = latest.version + 1 if latest is not None else 1
    stored = store.put(lay_out(version))
    return Document.objects.create(
        delivery_id=delivery_id,
        document_type=document_type,
        number=_PREFIXES.get(document_type, "") + number,
        version=version,
        file_name=_file_name(document_type, number, version),
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


def one_at_a_time(delivery_id: UUID) -> None:
    """Two issues of one delivery's papers wait for each other until this transaction ends."""
    turns.one_at_a_time(f"documents {delivery_id}")


_PREFIXES = {DocumentType.PROOF_OF_DELIVERY: "POD-", DocumentType.CMR: "CMR-"}
_NAMES = {
    DocumentType.DELIVERY_NOTE: "delivery-note",
    DocumentType.PROOF_OF_DELIVERY: "proof-of-delivery",
    DocumentType.CMR: "consignment-note",
}


def _file_name(document_type: DocumentType, number: str, version: int) -> str:
    """A name that any file system takes: delivery-note-DN-1042.pdf, from the second issue on …-v2.pdf."""
    safe = re.sub(r"[^\w.-]+", "-", number).strip("-.")
    suffix = f"-v{version}" if version > 1 else ""
    return f"{_NAMES[document_type]}-{safe}{suffix}.pdf"
