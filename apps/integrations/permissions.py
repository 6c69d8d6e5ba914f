"""Who may see, issue and revoke keys for other systems."""

from typing import Any
from uuid import UUID

import rules

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.accounts.permissions import is_shipper_admin
from apps.custody.permissions import audits_for_shipper


@rules.predicate
def speaks_for_recipient(actor: Actor, recipient_id: UUID | None = None) -> bool:
    """Audits for that recipient or manages its receiving; for any at all where a page only asks for a button.

    A key reads what the recipient received at one shipper, as those two roles do.
    """
    if actor.side != Side.RECIPIENT:
        return False
    roles = (Role.AUDITOR, Role.RECEIVING_MANAGER)
    return actor.has_role(*roles) if recipient_id is None else actor.has_role_at(recipient_id, *roles)


@rules.predicate
def may_end(actor: Actor, key: Any = None) -> bool:
    """The recipient whose key it is; `is_shipper_admin` may end every key of the shipper's."""
    return bool(key and key.recipient_id) and speaks_for_recipient(actor, key.recipient_id)


rules.add_rule("integrations.view", is_shipper_admin | audits_for_shipper)
rules.add_rule("integrations.manage", is_shipper_admin)
rules.add_rule("integrations.manage_received", speaks_for_recipient)
rules.add_rule("integrations.revoke", is_shipper_admin | may_end)
