"""Keeping what a recipient was handed."""

from datetime import datetime
from uuid import UUID

from apps.custody.services.handing import Head
from apps.receipts.models import HeldCheckpoint

__all__ = ["keep"]


def keep(*, recipient_id: UUID, shipper_id: UUID, head: Head, paper: str, now: datetime) -> None:
    """Keep a head for the recipient, in the network's role; one that it has is kept already."""
    HeldCheckpoint.objects.bulk_create(
        [
            HeldCheckpoint(
                recipient_id=recipient_id,
                shipper_id=shipper_id,
                size=head.size,
                root=head.root,
                note=head.note,
                vkey=head.vkey,
                grew=head.grew,
                paper=paper[:60],
                handed_at=now,
            )
        ],
        ignore_conflicts=True,
    )
