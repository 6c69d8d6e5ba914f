"""Links that let somebody without an account do one thing: scoped, expiring, once where once is right.

A page behind a link shows on GET and acts on POST: mail scanners open every link they see. The page asks
``find_link`` to show and, inside the transaction of its effect, ``use_link`` to act.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Link
from apps.core.errors import DomainError


class LinkClosed(DomainError):
    """The link was used, was revoked, has run out, or never was one for this."""

    code = "link-closed"
    status = 410


def issue_link(
    purpose: str,
    *,
    subject_id: UUID,
    issued_to: str,
    expires_at: datetime,
    shipper_id: UUID | None = None,
    facts: dict[str, Any] | None = None,
) -> str:
    """Make a link and return its token, which is kept nowhere: it can be sent now and never again."""
    token = secrets.token_urlsafe(32)
    Link.objects.create(
        purpose=purpose,
        subject_id=subject_id,
        shipper_id=shipper_id,
        issued_to=issued_to,
        facts=facts or {},
        token_hash=token_hash(token),
        expires_at=expires_at,
    )
    return token


def find_link(token: str, purpose: str, *, now: datetime) -> Link:
    """The open link behind a token, unchanged.

    Raises:
        LinkClosed: it was used, was revoked, has run out, or is no link for this purpose.
    """
    return _open(Link.objects.select_related("shipper"), token, purpose, now)


def use_link(token: str, purpose: str, *, now: datetime) -> Link:
    """The open link, closed by this use; call it in the transaction of what it allows.

    Raises:
        LinkClosed: as ``find_link``; of two who use it at once, one gets this.
    """
    with transaction.atomic():
        link = _open(Link.objects.select_for_update(of=("self",)), token, purpose, now)
        link.used_at = now
        link.save(update_fields=["used_at"])
    return link


def revoke_links(purpose: str, *, subject_id: UUID, now: datetime) -> int:
    """Close every open link to one subject, as when it was answered elsewhere; how many there were."""
    return Link.objects.filter(purpose=purpose, subject_id=subject_id, used_at=None, revoked_at=None).update(
        revoked_at=now
    )


def token_hash(token: str) -> bytes:
    """What is kept of a token. It has 256 random bits, so one plain SHA-256 can't be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def _open(links: Any, token: str, purpose: str, now: datetime) -> Link:
    link: Link | None = links.filter(token_hash=token_hash(token), purpose=purpose).first()
    if link is None or link.used_at or link.revoked_at or link.expires_at <= now:
        raise LinkClosed("This link no longer works. Ask whoever sent it for a new one.")
    return link
