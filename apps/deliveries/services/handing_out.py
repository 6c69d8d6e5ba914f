"""Handing out a proof of delivery: both parties get it, with the head of the log that covers it, to keep."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.accounts.models import Role
from apps.appointments.models import Appointment
from apps.custody.services.handing import Head, head_covering
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id
from apps.documents.models import Document
from apps.facilities.models import Recipient
from apps.notices.kinds import Kind
from apps.notices.services import Audience, notify, recipient_people, shipper_people
from apps.receipts.selectors import newest_held
from apps.receipts.services import keep
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper

HAND_OUT = "deliveries.hand_out_proof"
COMPOSER = "deliveries.proof"


@transaction.atomic
def hand_out_proof(*, delivery_id: UUID, document_id: UUID, now: datetime) -> None:
    """Mail a proof of delivery to both parties, and keep its checkpoint at the hub for the recipient.

    The checkpoint covers the proof itself. Where the log no longer begins with what the recipient was handed
    before, its auditors are told so, and the new head is kept beside the old one.

    Raises:
        LogDamaged, LogKeyMissing: there is no sound head to hand out; nothing was handed out.
    """
    delivery, shipper = delivery_by_id(delivery_id), current_shipper()
    document = Document.objects.get(pk=document_id, delivery_id=delivery_id)
    recipient = delivery.site.recipient
    head = _head(delivery, recipient, shipper, now)
    _tell(shipper_people(shipper.pk), delivery, document, head, path=f"/deliveries/{delivery.pk}/")
    if recipient is None:
        return
    with doorway.network():
        keep(recipient_id=recipient.pk, shipper_id=shipper.pk, head=head, paper=document.number, now=now)
    receiving = recipient_people(recipient.pk, Role.RECEIVING_MANAGER, Role.AUDITOR, mailbox=recipient.email)
    visit = Appointment.objects.filter(delivery_id=delivery.pk).order_by("-id").first()
    page = (
        f"/appointments/{visit.pk}/" if visit else ""
    )  # what was collected had no visit; its proof is enclosed
    _tell(receiving, delivery, document, head, path=page)
    if not head.grew:
        notify(
            kind=Kind.PROOF,
            audience=recipient_people(recipient.pk, Role.AUDITOR, Role.RECEIVING_MANAGER),
            title=_("%(shipper)s’s custody log was changed afterwards") % {"shipper": shipper.name},
            body=_(
                "Its newest checkpoint does not go on from the one that %(recipient)s was handed before. Both"
                " are kept under “Custody bundles”. Export what you need and have it checked."
            )
            % {"recipient": recipient.name},
            path="/custody/exports/",
        )


def _head(delivery: Delivery, recipient: Recipient | None, shipper: Shipper, now: datetime) -> Head:
    held = None
    if recipient is not None:
        with doorway.network():
            held = newest_held(recipient.pk, shipper.pk)
    return head_covering(
        delivery_id=delivery.pk,
        now=now,
        held_size=held.size if held else 0,
        held_root=bytes(held.root) if held else b"",
    )


def _tell(audience: Audience, delivery: Delivery, document: Document, head: Head, *, path: str) -> None:
    words = {"delivery": delivery, "handover": delivery.handover, "document": document}
    notify(
        kind=Kind.PROOF,
        audience=audience,
        title=" ".join(render_to_string("mail/proof_subject.txt", words).split()),
        body=render_to_string("mail/handover.txt", words).strip(),
        path=path,
        subject_id=delivery.pk,
        composer=COMPOSER,
        facts={
            "shipper_id": str(current_shipper().pk),
            "document_id": str(document.pk),
            "checkpoint": head.note,
            "size": head.size,
        },
    )
