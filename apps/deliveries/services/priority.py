"""How much it matters that a delivery is on the day's routes, as its planner says."""

from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.errors import IllegalTransition
from apps.deliveries.models import Delivery
from apps.deliveries.services.transitions import lock
from apps.deliveries.states import State


@transaction.atomic
def set_priority(*, actor: Actor, delivery_id: UUID, priority: Delivery.Priority) -> Delivery:
    """Say whether a delivery goes before others or can wait; plans that are made from now on heed it.

    It is the shipper's own business and no part of the custody record.

    Raises:
        PermissionRefused: only the shipper's planners may.
        IllegalTransition: the goods are loaded or gone; no plan decides about them any more.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    if delivery.state not in (State.OPEN, State.FAILED):
        raise IllegalTransition(
            f"{delivery.number} is “{State(delivery.state).label}”; its priority is set before it is loaded.",
            state=delivery.state,
        )
    delivery.priority = priority
    delivery.save(update_fields=["priority"])
    return delivery
