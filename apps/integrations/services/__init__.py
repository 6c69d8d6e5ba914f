"""What others may ask of integrations: keys for other systems, and taking their EPCIS events."""

from apps.integrations.services.capturing import accept_capture, capture_one, run_capture
from apps.integrations.services.keys import find_key, issue_key, keys_seen_by, revoke_key

__all__ = [
    "accept_capture",
    "capture_one",
    "find_key",
    "issue_key",
    "keys_seen_by",
    "revoke_key",
    "run_capture",
]
