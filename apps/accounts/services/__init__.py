"""What others may ask of accounts."""

from apps.accounts.services.invitations import (
    InvitationClosed,
    accept_invitation,
    find_invitation,
    invite,
    is_known,
)
from apps.accounts.services.links import LinkClosed, find_link, issue_link, revoke_links, use_link
from apps.accounts.services.members import LastOfThem, UnknownMember, end_membership, withdraw_invitation

__all__ = [
    "InvitationClosed",
    "LastOfThem",
    "LinkClosed",
    "UnknownMember",
    "accept_invitation",
    "end_membership",
    "find_invitation",
    "find_link",
    "invite",
    "is_known",
    "issue_link",
    "revoke_links",
    "use_link",
    "withdraw_invitation",
]
