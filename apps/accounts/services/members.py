"""Leaving: a role is taken from somebody or given up, an invitation is taken back. Either holds at once."""

from datetime import datetime
from uuid import UUID

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from apps.accounts.actors import Actor, Organisation, Side
from apps.accounts.models import Invitation, Membership, Role
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.tenancy import doorway

#: Who looks after an organisation's people; one of them always stays.
LEADING = {Side.SHIPPER: Role.SHIPPER_ADMIN, Side.RECIPIENT: Role.RECEIVING_MANAGER}


class UnknownMember(DomainError):
    """No such role or open invitation in that organisation."""

    code = "unknown-member"
    status = 404


class LastOfThem(DomainError):
    """Nobody would be left to look after the organisation's people."""

    code = "last-administrator"
    status = 409


@transaction.atomic
def end_membership(*, actor: Actor, membership_id: UUID, organisation: Organisation) -> Membership:
    """Take a role from somebody, or give up one's own; they are told by mail. Answers what it was.

    It holds with their next click: who acts is read with every request. What they recorded stays theirs.

    Raises:
        PermissionRefused: it is somebody else's, and ``actor`` does not look after these people.
        UnknownMember: the organisation has no such member.
        LastOfThem: nobody else is its administrator or receiving manager.
    """
    with doorway.network():
        held = list(
            Membership.objects.select_related("person")
            .filter(**organisation.own)
            .select_for_update(of=("self",))
            .order_by("id")
        )
        found = next((each for each in held if each.pk == membership_id), None)
        if found is None or found.person_id != actor.person_id:
            require(actor, "accounts.invite", organisation)
        if found is None:
            raise UnknownMember(f"{organisation.name} has no such member; they may have left already.")
        leading = LEADING[organisation.side]
        if found.role == leading and sum(each.role == leading for each in held) == 1:
            raise LastOfThem(
                f"{found.person.name} is the only one here with the role “{leading.label}”. "
                "Invite another one first."
            )
        Membership.objects.filter(pk=found.pk).delete()
    context = {"member": found, "organisation": organisation.name, "by": actor.name}
    subject = render_to_string("mail/membership_ended_subject.txt", context).strip()
    body = render_to_string("mail/membership_ended.txt", context)
    transaction.on_commit(lambda: send_mail(subject, body, None, [found.person.email]), robust=True)
    return found


@transaction.atomic
def withdraw_invitation(
    *, actor: Actor, invitation_id: UUID, organisation: Organisation, now: datetime
) -> Invitation:
    """Take an open invitation back: its link no longer works.

    Raises:
        PermissionRefused: ``actor`` does not look after these people.
        UnknownMember: it was accepted, has run out, or never was one of this organisation's.
    """
    require(actor, "accounts.invite", organisation)
    is_open = Invitation.objects.filter(**organisation.own, accepted_at=None, expires_at__gt=now)
    invitation = is_open.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if invitation is None:
        raise UnknownMember("This invitation is no longer open: it was accepted, or it ran out.")
    invitation.expires_at = now
    invitation.save(update_fields=["expires_at"])
    return invitation
