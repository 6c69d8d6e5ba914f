"""How much it matters that deliveries are on the day's routes, as their planner says."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import Priority
from apps.core.errors import IllegalTransition
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery, PriorityChange
from apps.deliveries.states import State

#: Where a plan still decides about the goods.
PLANNABLE = (State.OPEN, State.FAILED)
NAMED_AT_MOST = 5


@transaction.atomic
def set_priority(
    *, actor: Actor, delivery_ids: Collection[UUID], priority: Priority, now: datetime
) -> list[Delivery]:
    """Say whether deliveries go before others or can wait, all or none; later plans heed it.

    It is the shipper's own business: kept in its own history and no part of the custody record. Returns
    those that changed.

    Raises:
        PermissionRefused: only the shipper's planners may.
        UnknownDelivery: one of them is not in this schema.
        IllegalTransition: goods of some are loaded or gone.
    """
    require(actor, "deliveries.plan")
    wanted = set(delivery_ids)
    found = list(Delivery.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if len(found) < len(wanted):
        raise UnknownDelivery("One of these deliveries is not there any more; choose anew.")
    settled = sorted(one.number for one in found if one.state not in PLANNABLE)
    if settled:
        raise IllegalTransition(
            f"{_named(settled)}: priority is set before goods are loaded. Nothing was changed."
        )
    changed = [one for one in found if one.priority != priority]
    PriorityChange.objects.bulk_create(
        PriorityChange(delivery=one, before=one.priority, after=priority, actor_name=actor.name, at=now)
        for one in changed
    )
    for one in changed:
        one.priority = priority
    Delivery.objects.bulk_update(changed, ["priority"])
    return changed


def _named(numbers: list[str]) -> str:
    rest = len(numbers) - NAMED_AT_MOST
    return ", ".join(numbers[:NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
