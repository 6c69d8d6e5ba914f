"""Who may read the custody record, take a bundle of it away, and erase personal values."""

from typing import Any
from uuid import UUID

import rules

from apps.accounts.actors import Actor, Means, Side
from apps.accounts.models import Role
from apps.accounts.permissions import is_shipper_admin
from apps.tenancy.models import Shipper


@rules.predicate
def has_desk_role(actor: Actor, subject: Any = None) -> bool:
    """Plans, administers or audits for the shipper; a driver's link does not."""
    return actor.side == Side.SHIPPER and bool(actor.roles)


@rules.predicate
def oversees_receiving(actor: Actor, subject: Any = None) -> bool:
    """Audits for a recipient or manages its receiving; which deliveries those are the doorway decides."""
    return actor.side == Side.RECIPIENT and actor.has_role(Role.AUDITOR, Role.RECEIVING_MANAGER)


@rules.predicate
def is_a_system(actor: Actor, subject: Any = None) -> bool:
    """A system with the shipper's key; what the key is good for is checked where it comes in."""
    return actor.side == Side.SHIPPER and actor.means == Means.KEY


@rules.predicate
def audits_for_shipper(actor: Actor, subject: Any = None) -> bool:
    return actor.side == Side.SHIPPER and Role.AUDITOR in actor.roles


@rules.predicate
def is_of_shipper(actor: Actor, shipper: Shipper | None = None) -> bool:
    """Whose log it is; pages that only ask whether to show a button name no shipper."""
    return shipper is None or actor.shipper_id == shipper.pk


@rules.predicate
def audits_for_recipient(actor: Actor, recipient_id: UUID | None = None) -> bool:
    """Audits for that recipient; for any at all where pages only ask whether to show a button."""
    if actor.side != Side.RECIPIENT:
        return False
    return (
        actor.has_role(Role.AUDITOR)
        if recipient_id is None
        else actor.has_role_at(recipient_id, Role.AUDITOR)
    )


rules.add_rule("custody.view", has_desk_role | oversees_receiving | is_a_system)
rules.add_rule("custody.export", is_of_shipper & (audits_for_shipper | is_shipper_admin))
rules.add_rule("custody.export_received", audits_for_recipient)
rules.add_rule("custody.correct", is_of_shipper & is_shipper_admin)
rules.add_rule("custody.erase", is_of_shipper & is_shipper_admin)
