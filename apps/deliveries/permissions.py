"""Who may plan, move, hand over and read a delivery."""

import rules

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.accounts.permissions import is_planner, is_shipper_member
from apps.deliveries.models import Delivery


@rules.predicate
def works_the_site(actor: Actor, delivery: Delivery) -> bool:
    """Dock operator or receiving manager of the recipient whose site the delivery goes to."""
    recipient_id = delivery.site.recipient_id
    return recipient_id is not None and actor.has_role_at(
        recipient_id, Role.DOCK_OPERATOR, Role.RECEIVING_MANAGER
    )


@rules.predicate
def is_of_the_recipient(actor: Actor, delivery: Delivery) -> bool:
    return delivery.site.recipient_id in actor.recipient_ids


@rules.predicate
def manages_the_site(actor: Actor, delivery: Delivery) -> bool:
    """Receiving manager of the recipient whose site the delivery goes to."""
    recipient_id = delivery.site.recipient_id
    return recipient_id is not None and actor.has_role_at(recipient_id, Role.RECEIVING_MANAGER)


@rules.predicate
def works_the_own_site(actor: Actor, delivery: Delivery) -> bool:
    """Plans for the shipper that the site itself belongs to: a warehouse or a terminal."""
    owner = delivery.site.shipper_id
    return owner is not None and owner == actor.shipper_id and bool(is_planner(actor))


@rules.predicate
def hands_out(actor: Actor, delivery: Delivery) -> bool:
    """Plans for the shipper at whose own site the recipient collects the delivery."""
    owner = delivery.origin.shipper_id if delivery.format == Delivery.Format.PICKUP else None
    return owner is not None and owner == actor.shipper_id and bool(is_planner(actor))


@rules.predicate
def is_driver(actor: Actor, delivery: Delivery | None = None) -> bool:
    return actor.side == Side.SHIPPER and actor.is_driver


rules.add_rule("deliveries.plan", is_planner)
rules.add_rule("deliveries.view", is_shipper_member | is_of_the_recipient)
rules.add_rule("deliveries.move", is_planner | is_driver)  # loading and departure: the shipper's part
rules.add_rule("deliveries.bring", is_planner | is_driver | works_the_site)  # papers come from either side
rules.add_rule("deliveries.waive", manages_the_site)  # who demanded a paper may do without it
rules.add_rule(
    "deliveries.check_in", works_the_site | works_the_own_site | hands_out | is_driver
)  # whoever stands there first
rules.add_rule(
    "deliveries.receive", works_the_site | works_the_own_site
)  # arrival, unloading and handover: the recipient's part
