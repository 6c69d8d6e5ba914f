"""How much it matters that deliveries are on the day's routes, as their planner says.

It is a matter of the goods and so one thing for all of their journey: a delivery, the legs that bring its
goods to a terminal or back, and the deliveries that bring again what was not taken.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import Priority
from apps.core.errors import IllegalTransition
from apps.core.turns import one_at_a_time
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

    What is not loaded yet of their journeys, legs and what brings goods again, gets the same; what is loaded
    or over keeps what it had. It is the shipper's own business: kept in the history of each and no part of
    the custody record. Returns those that changed, by number.

    Raises:
        PermissionRefused: only the shipper's planners may.
        UnknownDelivery: one of them is not in this schema.
        IllegalTransition: goods of some of ``delivery_ids`` are loaded or gone.
    """
    require(actor, "deliveries.plan")
    wanted = set(delivery_ids)
    journeys = _lock_journeys(wanted)
    if not wanted <= journeys.keys():
        raise UnknownDelivery("One of these deliveries is not there any more; choose anew.")
    settled = sorted(journeys[key].number for key in wanted if journeys[key].state not in PLANNABLE)
    if settled:
        raise IllegalTransition(
            f"{_named(settled)}: priority is set before goods are loaded. Nothing was changed."
        )
    changed = sorted(
        (one for one in journeys.values() if one.state in PLANNABLE and one.priority != priority),
        key=lambda one: one.number,
    )
    PriorityChange.objects.bulk_create(
        PriorityChange(delivery=one, before=one.priority, after=priority, actor_name=actor.name, at=now)
        for one in changed
    )
    for one in changed:
        one.priority = priority
    Delivery.objects.bulk_update(changed, ["priority"])
    return changed


def _lock_journeys(delivery_ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """All that is on the journeys of these deliveries, by id, under row locks.

    A leg or a delivery that brings goods again is made under the lock of the one it is made for, with that
    one's priority. So journeys are looked up once more when their rows are locked, until nothing was added.
    """
    one_at_a_time("priority of journeys")  # two that meet on one journey must not wait for each other
    locked: dict[UUID, Delivery] = {}
    while new := _on_journeys({*delivery_ids, *locked}) - locked.keys():
        rows = Delivery.objects.select_for_update().filter(pk__in=new).order_by("pk")
        locked |= {one.pk: one for one in rows}
        if not new <= locked.keys():  # ids that nobody has
            break
    return locked


def _on_journeys(delivery_ids: Collection[UUID]) -> set[UUID]:
    """These deliveries and whatever else is on the way of their goods, to both ends."""
    known: set[UUID] = set()
    ahead = set(delivery_ids)
    while ahead:
        known |= ahead
        near = Delivery.objects.filter(Q(pk__in=ahead) | Q(leg_for__in=ahead) | Q(follows__in=ahead))
        rows = near.values_list("pk", "leg_for_id", "follows_id")
        ahead = {key for row in rows for key in row if key} - known
    return known


def _named(numbers: list[str]) -> str:
    rest = len(numbers) - NAMED_AT_MOST
    return ", ".join(numbers[:NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
