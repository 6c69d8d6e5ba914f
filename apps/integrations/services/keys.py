"""Keys for other systems: issued by who may, shown once, found by their hash; each step is on record."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor, Means, Side
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.accounts.services.links import token_hash
from apps.core.errors import DomainError
from apps.custody.canonical import format_time
from apps.custody.services import record
from apps.integrations.models import ApiKey, Scope
from apps.tenancy.doorway import current_shipper

VALID_FOR = timedelta(days=365)
#: A use within this after the last one noted is not noted: reading writes no row each time.
USE_NOTED_AFTER = timedelta(minutes=1)


class KeyInvalid(DomainError):
    """The key can't be issued as asked."""

    code = "api-key-invalid"


class UnknownKey(DomainError):
    """There is no such open key that the actor may end."""

    code = "unknown-api-key"
    status = 404


@transaction.atomic
def issue_key(
    *,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    valid_for: timedelta = VALID_FOR,
    recipient_id: UUID | None = None,
) -> tuple[ApiKey, str]:
    """A key at the current shipper, and its token, which is kept nowhere and can't be shown again.

    With ``recipient_id`` it is that recipient's: good for asking alone, and only for what it received.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper, or does not speak for that recipient.
        KeyInvalid: it has no name, no scope that there is, or is to last longer than ``VALID_FOR``.
    """
    if recipient_id:
        require(actor, "integrations.manage_received", recipient_id)
    else:
        require(actor, "integrations.manage")
    if not name.strip():
        raise KeyInvalid(_("Name the system that the key is for; the name stands on record."))
    allowed = {Scope.QUERY.value} if recipient_id else set(Scope.values)
    if not scopes or not set(scopes) <= allowed:
        raise KeyInvalid(_("A key is good for some of: %(scopes)s.") % {"scopes": ", ".join(sorted(allowed))})
    if not timedelta() < valid_for <= VALID_FOR:
        raise KeyInvalid(_("A key lasts a year at most; make another before it ends."))
    token = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name.strip()[:100],
        token_hash=token_hash(token),
        scopes=sorted(set(scopes)),
        recipient_id=recipient_id,
        made_by=actor.name,
        expires_at=now + valid_for,
    )
    record(
        "access_granted",
        actor=_speaking(actor, key),
        now=now,
        event_time=now,
        consignments={},
        details={
            "grant": str(key.pk),
            "what": f"API key of {key.name}",
            "scopes": key.scopes,
            "until": format_time(key.expires_at),
        },
    )
    return key, token


@transaction.atomic
def revoke_key(*, actor: Actor, key_id: UUID, now: datetime) -> ApiKey:
    """Let a key open nothing from now on.

    Raises:
        UnknownKey: there is no such key that ``actor`` may see, or it was revoked before.
        PermissionRefused: ``actor`` sees the shipper's keys and may not end them.
    """
    key = keys_seen_by(actor).select_for_update().filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise UnknownKey(_("There is no such key to revoke."))
    require(actor, "integrations.revoke", key)
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    record(
        "access_revoked",
        actor=_speaking(actor, key),
        now=now,
        event_time=now,
        consignments={},
        details={"grant": str(key.pk), "what": f"API key of {key.name}"},
    )
    return key


def keys_seen_by(actor: Actor) -> QuerySet[ApiKey]:
    """The current shipper's keys for its own people, a recipient's own ones for its people; newest first."""
    if actor.side == Side.SHIPPER:
        require(actor, "integrations.view")
        return ApiKey.objects.all()
    roles = (Role.AUDITOR, Role.RECEIVING_MANAGER)
    spoken_for = [at for at, role in actor.recipient_roles if role in roles]
    return ApiKey.objects.filter(recipient_id__in=spoken_for)


def find_key(token: str, *, now: datetime) -> ApiKey | None:
    """The key with this token, if it opens anything at this shipper now; that it was used is noted."""
    open_keys = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now)
    key = open_keys.filter(token_hash=token_hash(token)).first()
    if key is not None:
        long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_AFTER)
        ApiKey.objects.filter(long_ago, pk=key.pk).update(last_used_at=now)
    return key


def actor_of_key(key: ApiKey) -> Actor:
    """The system that the key was issued to, acting for the current shipper or for the key's recipient."""
    if key.recipient_id:
        held = ((key.recipient_id, Role.AUDITOR),)
        return Actor(Side.RECIPIENT, name=key.name, recipient_roles=held, means=Means.KEY)
    return Actor(Side.SHIPPER, name=key.name, shipper_id=current_shipper().pk, means=Means.KEY)


def _speaking(actor: Actor, key: ApiKey) -> Actor:
    """The actor with the roles at the key's recipient alone, so that the record names that one."""
    return actor.at_recipient(key.recipient_id) or actor
