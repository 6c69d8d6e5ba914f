"""Changing the log's key: the old one says which comes next, both sign it, and the log records it."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import SYSTEM
from apps.custody import keys, notes, selectors
from apps.custody.models import LogKey
from apps.custody.services.recording import record
from apps.custody.services.sequencing import lock_log, sequence
from apps.tenancy.doorway import current_shipper


@transaction.atomic
def rotate_key(*, now: datetime) -> LogKey:
    """Sign the current shipper's log with a new key from now on; the answer is that key, published.

    What was recorded so far enters the log under the old key; the change is the first event under the new.
    Call it where the log's key is: an operator's shell beside a worker.

    Raises:
        LogKeyMissing: the old key is not on this machine; without it nobody can tell who the new one is.
        LogDamaged: the stored log is not the one that was signed.
    """
    lock_log()
    while sequence(now=now):
        pass
    old, new = keys.signer(), keys.new_key(current_shipper())
    head = selectors.latest_checkpoint()
    size = head.size if head else 0
    record(
        "key_rotated",
        actor=SYSTEM,
        now=now,
        event_time=now,
        consignments={},
        details={"old_key": str(old.key), "new_key": str(new.key)},
    )
    if size == 0:  # a log that never signed anything: its first event comes under the old key
        sequence(now=now)
        size = 1
    text = notes.rotation_text(origin=old.key.name, size=size, old=old.key, new=new.key)
    published = LogKey(vkey=str(new.key), since=size, note=notes.sign_note(text, [old, new]).decode())
    LogKey.objects.bulk_create([published])
    sequence(now=now)
    return published
