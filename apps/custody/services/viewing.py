"""Who read what of the custody record: each access is an event in the log like any other."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.custody.models import CustodyEvent
from apps.custody.services.recording import record
from apps.facilities.models import Site

#: Reading the same thing again within this counts as the same access.
ONE_ACCESS = timedelta(minutes=10)


@transaction.atomic
def note_access(
    *,
    actor: Actor,
    what: str,
    now: datetime,
    delivery_id: UUID | None = None,
    delivery: str = "",
    site: Site | None = None,
    purpose: str = "",
) -> CustodyEvent | None:
    """Put on record that ``actor`` reads ``what``; None where the same person just did.

    Call it after what is shown was read, in the shipper's schema. ``site`` is the one that a recipient's
    person acts for.

    Raises:
        PermissionRefused: ``actor`` may not read the record.
    """
    require(actor, "custody.view")
    who = str(actor.person_id) if actor.person_id else f"system {actor.name}"
    lately = CustodyEvent.objects.filter(
        type="access_viewed", recorded_at__gt=now - ONE_ACCESS, delivery_id=delivery_id
    )
    for canonical in lately.values_list("canonical", flat=True):
        said = json.loads(bytes(canonical))
        if (said["actor"]["id"], said["details"]["what"]) == (who, what):
            return None
    return record(
        "access_viewed",
        actor=actor,
        now=now,
        event_time=now,
        consignments={},
        details={"what": what, "purpose": purpose},
        delivery_id=delivery_id,
        delivery=delivery,
        site=site,
    )
