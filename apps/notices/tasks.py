"""Work of the notices room in the background: who is told how, and the mails themselves."""

import contextlib
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.notices.kinds import Kind
from apps.notices.mailing import compose, send
from apps.notices.models import Notice
from apps.notices.services.audience import Audience, addressees
from apps.notices.services.notify import MAIL, TELL
from apps.tenancy import doorway
from apps.tenancy.outbox import enqueue, handles


@handles(TELL)
def tell(kind: str, audience: dict[str, Any], **said: Any) -> None:
    """Write a notice for each of an audience and promise its mail; once, with the mark that it is done."""
    wanted = Audience.from_payload(audience)
    with doorway.network():
        for each in list(addressees(wanted, Kind(kind))):
            notice = Notice.objects.create(
                kind=kind,
                person_id=each.person_id,
                address=each.address,
                in_portal=each.in_portal,
                shipper_id=wanted.shipper_id or None,
                recipient_id=wanted.recipient_id or None,
                **said,
            )
            if each.address:
                enqueue(MAIL, notice_id=str(notice.pk))


@handles(MAIL, atomic=False)
def mail(notice_id: str) -> None:
    """Write and send one notice's mail; one that was sent is not sent again."""
    notice = Notice.objects.select_related("shipper").get(pk=UUID(notice_id))
    if notice.mailed_at is not None:
        return
    there = doorway.enter_shipper(notice.shipper) if notice.shipper else contextlib.nullcontext()
    with there:
        written = compose(notice)
    if written is not None:
        send(written, notice.address)
    Notice.objects.filter(pk=notice.pk).update(mailed_at=timezone.now())
