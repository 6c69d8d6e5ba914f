"""What others may ask of notices: tell somebody, read, choose how to be told, make and end calendar feeds."""

from apps.notices.services.audience import (
    Audience,
    one_person,
    outside,
    recipient_people,
    shipper_people,
)
from apps.notices.services.feeds import FeedNotFound, find_feed, open_feed, revoke_feed
from apps.notices.services.notify import notify
from apps.notices.services.reading import NoticeNotFound, choose, read_all, read_notice

__all__ = [
    "Audience",
    "FeedNotFound",
    "NoticeNotFound",
    "choose",
    "find_feed",
    "notify",
    "one_person",
    "open_feed",
    "outside",
    "read_all",
    "read_notice",
    "recipient_people",
    "revoke_feed",
    "shipper_people",
]
