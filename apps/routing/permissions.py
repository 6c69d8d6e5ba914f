"""Who may plan a shipper's days, and who may look at the plans."""

from typing import Any

import rules

from apps.accounts.actors import Actor, Side
from apps.accounts.permissions import is_planner, is_shipper_member
from apps.tenancy import doorway


@rules.predicate
def is_here(actor: Actor, subject: Any = None) -> bool:
    """Acts for the shipper in whose schema the work is done."""
    return (
        actor.side == Side.SHIPPER
        and not doorway.in_network()
        and actor.shipper_id == doorway.current_shipper().pk
    )


rules.add_rule("routing.plan", is_here & is_planner)
rules.add_rule("routing.view", is_here & is_shipper_member)
