"""The only writer of a delivery's state."""

from datetime import datetime
from uuid import UUID

from apps.accounts.actors import Actor
from apps.core.errors import IllegalTransition
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery, DeliveryEvent
from apps.deliveries.states import TRANSITIONS, State
from apps.deliveries.stock import follow_step


def lock(delivery_id: UUID) -> Delivery:
    """The delivery under its row lock, to be called in a transaction.

    Raises:
        UnknownDelivery: there is none with that id in this schema.
    """
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("site", "origin")
        .filter(pk=delivery_id)
        .first()
    )
    if delivery is None:
        raise UnknownDelivery("There is no such delivery.")
    return delivery


def try_again(delivery: Delivery, *, actor: Actor, now: datetime) -> None:
    """After an attempt that failed the goods are at the shipper again; anything else stays as it is."""
    if delivery.state == State.FAILED:
        locked = lock(delivery.pk)
        locked.failure_reason = ""
        transition(locked, State.OPEN, actor=actor, at=now)
        delivery.state, delivery.version = locked.state, locked.version


def transition(delivery: Delivery, to: State, *, actor: Actor, at: datetime) -> None:
    """Move a locked delivery on and write its history; stock follows its goods.

    Raises:
        IllegalTransition: ``to`` can't follow the state that the delivery is in.
    """
    before = State(delivery.state)
    if to not in TRANSITIONS[before]:
        raise IllegalTransition(
            f"{delivery.number} is “{before.label}”; it can't become “{to.label}”.", state=before.value
        )
    delivery.state = to
    delivery.version += 1
    delivery.save(update_fields=["state", "version", "failure_reason"])
    DeliveryEvent.objects.create(
        delivery=delivery, from_state=before, to_state=to, actor_name=actor.name, at=at
    )
    follow_step(delivery, before, to, now=at)
