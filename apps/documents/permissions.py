"""Who may see a delivery's papers: the two parties of the delivery; and who sets a shipper's logo."""

from dataclasses import dataclass
from uuid import UUID

import rules

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.tenancy import doorway


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


@rules.predicate
def administers_here(actor: Actor, subject: object = None) -> bool:
    """An administrator of the shipper in whose schema the work is done."""
    return (
        actor.side == Side.SHIPPER
        and actor.has_role(Role.SHIPPER_ADMIN)
        and not doorway.in_network()
        and actor.shipper_id == doorway.current_shipper().pk
    )


rules.add_rule("documents.brand", administers_here)
