"""A leaf of the network's log: what one shipper's log was on a day, hidden by a salt from all others. Pure.

Nobody can tell from a leaf's hash whose it is or what it says, not by guessing either, without its salt; and
equal heads of two days have unlike leaves.
"""

from __future__ import annotations

import base64
from datetime import date

from apps.custody import canonical, merkle

FORMAT = "custody-network/v1"
SALT_SIZE = 32


def leaf(*, network: str, log: str, day: date, size: int, root: bytes, salt: bytes) -> bytes:
    """The hash of the leaf that says: on ``day`` the log ``log`` had ``size`` events and this root."""
    said = {
        "format": FORMAT,
        "network": network,
        "day": day.isoformat(),
        "log": log,
        "checkpoint": {"size": size, "root": base64.b64encode(root).decode()},
        "salt": base64.b64encode(salt).decode(),
    }
    return merkle.leaf_hash(canonical.json_bytes(said))
