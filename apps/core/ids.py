"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def first_id_at(moment: datetime) -> UUID:
    """The least UUIDv7 of a moment: ids of rows made since then are not below it, so the key finds them."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
