"""Inviting people by e-mail: a link that works once, for a while, for one role in one organisation."""

import secrets
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from apps.accounts.actors import Actor, Organisation, Side
from apps.accounts.models import RECIPIENT_ROLES, SHIPPER_ROLES, Invitation, Membership, Person, Role
from apps.accounts.permissions import require
from apps.accounts.services.links import token_hash
from apps.core.errors import DomainError, PermissionRefused
from apps.tenancy import doorway

VALID_FOR = timedelta(days=7)
ROLES_OF = {
    Side.SHIPPER: SHIPPER_ROLES,
    Side.RECIPIENT: RECIPIENT_ROLES,
    Side.NETWORK: frozenset({Role.OPERATOR}),
}


class InvitationClosed(DomainError):
    """The link was used, has run out, or never was one."""

    code = "invitation-closed"
    status = 410


class RoleMismatch(DomainError):
    """That role does not exist in that kind of organisation."""

    code = "role-mismatch"


@transaction.atomic
def invite(
    *,
    actor: Actor,
    email: str,
    role: Role,
    organisation: Organisation,
    link: str,
    now: datetime,
) -> Invitation:
    """Invite somebody to a role; ``link`` is the page's address with ``{token}`` where the token goes.

    When the mail can't be sent the invitation stands all the same and the log says why.

    Raises:
        PermissionRefused: only the organisation's administrator, or the network's operator, may invite.
        RoleMismatch: a shipper has planners, administrators and auditors; a recipient receiving managers,
            dock operators and auditors.
    """
    require(actor, "accounts.invite", organisation)
    if actor.person_id is None:
        raise PermissionRefused("An invitation is signed by a person.")
    fitting = ROLES_OF[organisation.side]
    if role not in fitting:
        raise RoleMismatch(f"Choose one of: {', '.join(sorted(str(r.label) for r in fitting))}.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email.strip().lower(),
        role=role,
        shipper_id=organisation.id if organisation.side == Side.SHIPPER else None,
        recipient_id=organisation.id if organisation.side == Side.RECIPIENT else None,
        token_hash=token_hash(token),
        invited_by_id=actor.person_id,
        expires_at=now + VALID_FOR,
    )
    context = {
        "invitation": invitation,
        "organisation": organisation.name,
        "inviter": actor.name,
        "link": link.format(token=token),
    }
    subject = render_to_string("mail/invitation_subject.txt", context).strip()
    body = render_to_string("mail/invitation.txt", context)
    transaction.on_commit(lambda: send_mail(subject, body, None, [invitation.email]), robust=True)
    return invitation


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """The open invitation behind a link.

    Raises:
        InvitationClosed: it was used, has run out, or never was one.
    """
    invitation = (
        Invitation.objects.select_related("shipper", "recipient").filter(token_hash=token_hash(token)).first()
    )
    if invitation is None or invitation.accepted_at is not None or invitation.expires_at <= now:
        raise InvitationClosed("This link no longer works. Ask whoever sent it for a new one.")
    return invitation


def is_known(invitation: Invitation) -> bool:
    """Whether somebody at that address has an account already, at whichever organisation."""
    with doorway.network():
        return Person.objects.filter(email__iexact=invitation.email).exists()


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str | None, now: datetime) -> Person:
    """Become a member; somebody who has an account keeps it, with its password. The network writes it down:
    a shipper can neither find nor make people of its own accord.

    Raises:
        InvitationClosed: it was used, has run out, or never was one.
    """
    invitation = find_invitation(token=token, now=now)
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if invitation.accepted_at is not None:
        raise InvitationClosed("This link no longer works. Ask whoever sent it for a new one.")
    with doorway.network():
        person = Person.objects.filter(email__iexact=invitation.email).first()
        if person is None:
            person = Person.objects.create_user(invitation.email, password, name=name)
        Membership.objects.get_or_create(
            person=person, role=invitation.role, shipper=invitation.shipper, recipient=invitation.recipient
        )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    return person
