"""Erasing personal values: what opens a commitment is deleted, the event and its proofs stay."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.custody.errors import RecordRefused
from apps.custody.models import Disclosure
from apps.custody.services.export_jobs import forget_exports
from apps.custody.services.recording import record
from apps.tenancy.doorway import current_shipper


@transaction.atomic
def erase(*, actor: Actor, fields: Iterable[tuple[UUID, str]], legal_basis: str, now: datetime) -> int:
    """Erase the personal values at these (event id, JSON pointer) and put that on record; returns how many.

    Bundles that are kept for download go as well; those that were handed out can't be called back.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
        RecordRefused: none of the fields holds a value, or there is no legal basis.
    """
    require(actor, "custody.erase", current_shipper())
    erased: dict[UUID, list[str]] = defaultdict(list)
    for event_id, path in sorted(set(fields)):
        count, _ = Disclosure.objects.filter(event_id=event_id, path=path).delete()
        if count:
            erased[event_id].append(path)
    if not erased:
        raise RecordRefused("There is nothing to erase there.")
    record(
        "pii_erased",
        actor=actor,
        now=now,
        event_time=now,
        consignments={},
        details={
            "erased": [{"event_id": str(event_id), "paths": paths} for event_id, paths in erased.items()],
            "legal_basis": legal_basis,
        },
    )
    forget_exports()
    return sum(map(len, erased.values()))
