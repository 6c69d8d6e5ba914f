"""Dock time that became free: promised to whoever waits for it, in the transaction that frees it."""

from uuid import UUID

from apps.appointments.models import WaitingEntry
from apps.appointments.states import WaitingState
from apps.tenancy import doorway
from apps.tenancy.outbox import enqueue

OFFER_FREED = "deliveries.offer_freed"


def slot_freed(site_id: UUID) -> None:
    """Promise to look through the site's waiting list, if anybody waits there."""
    with doorway.network():
        somebody = WaitingEntry.objects.filter(site_id=site_id, state=WaitingState.WAITING).exists()
    if somebody:
        enqueue(OFFER_FREED, site_id=str(site_id))
