"""Who may see a delivery's papers: the two parties of the delivery, each with any role they hold there."""

from dataclasses import dataclass
from uuid import UUID

import rules

from apps.accounts.actors import Actor, Side


@dataclass(frozen=True)
class Parties:
    """The two sides of the delivery that the papers belong to; what ``documents.view`` is asked about."""

    shipper_id: UUID
    recipient_id: UUID | None


@rules.predicate
def is_party(actor: Actor, parties: Parties) -> bool:
    """A member of the delivery's shipper or of its recipient. A driver's link reaches no papers by this."""
    if actor.is_driver:
        return False
    if actor.side == Side.SHIPPER:
        return actor.shipper_id == parties.shipper_id
    return actor.side == Side.RECIPIENT and parties.recipient_id in actor.recipient_ids


rules.add_rule("documents.view", is_party)
