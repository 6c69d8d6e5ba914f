"""Keys for other systems: issued by an administrator, shown once, found by their hash."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor, Means, Side
from apps.accounts.permissions import require
from apps.accounts.services.links import token_hash
from apps.core.errors import DomainError
from apps.integrations.models import ApiKey, Scope
from apps.tenancy.doorway import current_shipper

VALID_FOR = timedelta(days=365)


class KeyInvalid(DomainError):
    """The key can't be issued as asked."""

    code = "api-key-invalid"


@transaction.atomic
def issue_key(
    *, actor: Actor, name: str, scopes: Sequence[str], now: datetime, valid_for: timedelta = VALID_FOR
) -> tuple[ApiKey, str]:
    """A key of the current shipper, and its token, which is kept nowhere and can't be shown again.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
        KeyInvalid: it has no name, or no scope that there is.
    """
    require(actor, "integrations.manage")
    if not name.strip():
        raise KeyInvalid("Name the system that the key is for; the name stands on record.")
    if not scopes or not set(scopes) <= set(Scope.values):
        raise KeyInvalid(f"A key is good for some of: {', '.join(Scope.values)}.")
    token = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name.strip()[:100],
        token_hash=token_hash(token),
        scopes=sorted(set(scopes)),
        expires_at=now + valid_for,
    )
    return key, token


def revoke_key(*, actor: Actor, key_id: UUID, now: datetime) -> bool:
    """Let a key open nothing from now on; whether there was such an open key.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
    """
    require(actor, "integrations.manage")
    return bool(ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=now))


def find_key(token: str, *, now: datetime) -> ApiKey | None:
    """The key with this token, if it opens anything at this shipper now."""
    return ApiKey.objects.filter(token_hash=token_hash(token), revoked_at=None, expires_at__gt=now).first()


def actor_of_key(key: ApiKey) -> Actor:
    """The system that the key was issued to, acting for the current shipper."""
    return Actor(Side.SHIPPER, name=key.name, shipper_id=current_shipper().pk, means=Means.KEY)
