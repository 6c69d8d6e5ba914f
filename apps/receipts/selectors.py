"""What recipients hold of shippers' logs; asked in the network's role."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.receipts.models import HeldCheckpoint


def oldest_held(recipient_ids: Iterable[UUID], shipper_id: UUID) -> HeldCheckpoint | None:
    """The first head that one of these recipients was handed: what pins the most of the log's history."""
    return _held(recipient_ids, shipper_id).order_by("size", "id").first()


def newest_held(recipient_id: UUID, shipper_id: UUID) -> HeldCheckpoint | None:
    """The last head that the recipient was handed."""
    return _held([recipient_id], shipper_id).order_by("-size", "-id").first()


def first_contradiction(recipient_ids: Iterable[UUID], shipper_id: UUID) -> HeldCheckpoint | None:
    """The first head that did not go on from the one held before; None where the log only ever grew."""
    return _held(recipient_ids, shipper_id).filter(grew=False).order_by("id").first()


def _held(recipient_ids: Iterable[UUID], shipper_id: UUID) -> QuerySet[HeldCheckpoint]:
    return HeldCheckpoint.objects.filter(recipient_id__in=list(recipient_ids), shipper_id=shipper_id)
