"""Who may plan a shipper's days, and who may look at the plans."""

from typing import Any

import rules

from apps.accounts.actors import SYSTEM, Actor, Side
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


@rules.predicate
def is_dockside(actor: Actor, subject: Any = None) -> bool:
    """Dockside itself, at work for one shipper: by schedule, or when a plan in force needs a repair."""
    return actor == SYSTEM and not doorway.in_network()


rules.add_rule("routing.plan", is_here & is_planner)
rules.add_rule("routing.ask", is_here & is_planner | is_dockside)
rules.add_rule("routing.price", is_here & is_planner | is_dockside)
rules.add_rule("routing.view", is_here & is_shipper_member)
