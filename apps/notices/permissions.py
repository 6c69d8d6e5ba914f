"""Who may make calendar feeds."""

from dataclasses import dataclass
from uuid import UUID

import rules

from apps.accounts.actors import Actor
from apps.accounts.models import Role
from apps.accounts.permissions import is_planner


@dataclass(frozen=True)
class FeedOwner:
    """Whose calendar a feed shows: a shipper's or a recipient's."""

    shipper_id: UUID | None = None
    recipient_id: UUID | None = None


@rules.predicate
def owns_feed(actor: Actor, owner: FeedOwner) -> bool:
    if owner.shipper_id is not None:
        return bool(is_planner(actor)) and actor.shipper_id == owner.shipper_id
    return owner.recipient_id is not None and actor.has_role_at(
        owner.recipient_id, Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR
    )


rules.add_rule("notices.feed", owns_feed)
