"""Who manages a site and its rules, and who says that a shipper and a recipient trade."""

from typing import Any

import rules

from apps.accounts.actors import Actor
from apps.accounts.models import Role
from apps.accounts.permissions import is_operator


@rules.predicate
def manages(actor: Actor, subject: Any = None) -> bool:
    """Receiving manager of the recipient that ``subject`` is or belongs to; without a subject, of any."""
    if subject is None:
        return actor.has_role(Role.RECEIVING_MANAGER)
    recipient_id = subject.recipient_id if hasattr(subject, "recipient_id") else subject.pk
    return recipient_id is not None and actor.has_role_at(recipient_id, Role.RECEIVING_MANAGER)


rules.add_rule("facilities.manage", manages)
rules.add_rule("facilities.keep_recipient", manages | is_operator)
rules.add_rule("facilities.see_partnership", manages | is_operator)
rules.add_rule("facilities.agree", is_operator)
