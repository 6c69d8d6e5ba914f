"""What a person does with notices: reads them, and chooses how to be told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.core.errors import DomainError, PermissionRefused
from apps.notices.kinds import Kind
from apps.notices.models import Notice, Preference
from apps.notices.selectors import notices_for, unread, wishes_of


class NoticeNotFound(DomainError):
    """There is no such notice for this person here."""

    code = "notice-not-found"
    status = 404


def read_notice(*, actor: Actor, notice_id: UUID, now: datetime) -> Notice:
    """Mark one of the person's notices as read.

    Raises:
        NoticeNotFound: it isn't theirs, or not at this host.
    """
    notice = notices_for(actor).filter(pk=notice_id).first()
    if notice is None:
        raise NoticeNotFound("There is no such notice.")
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now)
    return notice


def read_all(*, actor: Actor, now: datetime) -> int:
    """Mark everything as read that the person was told at this host; how many there were."""
    return unread(actor).update(read_at=now)


@transaction.atomic
def choose(*, actor: Actor, wishes: Mapping[Kind, tuple[bool, bool]]) -> None:
    """Keep how the person wants to hear of each kind: in the portal, by mail.

    Kinds that this host has no notices of keep what was chosen before.

    Raises:
        PermissionRefused: the actor is no person.
    """
    if actor.person_id is None:
        raise PermissionRefused("Somebody without an account has no choice to keep.")
    here: Iterable[Kind] = {wish.kind for wish in wishes_of(actor)}
    for kind in here:
        in_portal, by_mail = wishes.get(kind, (False, False))
        Preference.objects.update_or_create(
            person_id=actor.person_id, kind=kind, defaults={"in_portal": in_portal, "by_mail": by_mail}
        )
