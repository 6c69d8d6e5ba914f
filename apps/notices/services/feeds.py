"""Calendar feeds: made for a site, dock or shipper, read by whoever holds the address, revoked for good."""

import secrets
from datetime import datetime
from uuid import UUID

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services.links import token_hash
from apps.core.errors import DomainError
from apps.notices.models import CalendarFeed
from apps.notices.permissions import FeedOwner
from apps.notices.selectors import feeds_of
from apps.tenancy.doorway import in_network


class FeedNotFound(DomainError):
    """The address is no feed, or was revoked."""

    code = "feed-not-found"
    status = 404


def open_feed(
    *, actor: Actor, scope: CalendarFeed.Scope, subject_id: UUID, label: str, owner: FeedOwner
) -> str:
    """Make a feed and return its token, which is kept nowhere: it can be shown now and never again.

    The caller has looked ``subject_id`` up among what belongs to ``owner``.

    Raises:
        PermissionRefused: the actor neither plans for the shipper nor works at the recipient's sites.
    """
    require(actor, "notices.feed", owner)
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.create(
        scope=scope,
        subject_id=subject_id,
        label=label,
        shipper_id=owner.shipper_id,
        recipient_id=owner.recipient_id,
        made_by=actor.name,
        token_hash=token_hash(token),
    )
    return token


def find_feed(token: str, *, now: datetime) -> CalendarFeed:
    """The live feed behind a token, with the note that it was read.

    Raises:
        FeedNotFound: it was revoked, belongs to another host, or never was one.
    """
    here = CalendarFeed.objects.filter(token_hash=token_hash(token), revoked_at=None)
    feed = (here.filter(shipper=None) if in_network() else here).first()
    if feed is None:
        raise FeedNotFound("This calendar's address no longer works. Ask whoever gave it for a new one.")
    CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
    return feed


def revoke_feed(*, actor: Actor, feed_id: UUID, now: datetime) -> None:
    """End a feed for good.

    Raises:
        FeedNotFound: there is no such live feed of the actor's organisations.
    """
    if not feeds_of(actor).filter(pk=feed_id).update(revoked_at=now):
        raise FeedNotFound("There is no such calendar.")
