"""Personal data in the log: a salted commitment stays in the event, the value is kept apart and erasable.

``commitment = SHA-256("custody/pii/v1" || path || salt || JCS(value))`` with a random salt of 32 bytes and
the JSON pointer of the field as path. Whoever has salt and value can open it; without the salt it can't be
guessed. Pure.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

import rfc8785

DOMAIN = b"custody/pii/v1"
SALT_SIZE = 32


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What opens a commitment: the field ``path`` of the event ``event_id`` held ``value``."""

    event_id: str
    path: str
    salt: bytes
    value: str


def new_salt() -> bytes:
    """32 random bytes, to be used for one field of one event."""
    return secrets.token_bytes(SALT_SIZE)


def commit(*, path: str, salt: bytes, value: str) -> str:
    """The commitment to ``value`` as 64 hex digits, as it goes into the event at ``path``.

    Raises:
        ValueError: the salt does not have 32 bytes, or the value is no valid Unicode text.
    """
    if len(salt) != SALT_SIZE:
        raise ValueError("a salt has 32 bytes")
    return sha256(DOMAIN + path.encode() + salt + rfc8785.dumps(value)).hexdigest()
