"""What others may ask of accounts."""

from apps.accounts.services.invitations import InvitationClosed, accept_invitation, find_invitation, invite

__all__ = ["InvitationClosed", "accept_invitation", "find_invitation", "invite"]
