"""Changing the key of the network's log: the old one says which comes next, and both sign it."""

from datetime import datetime

from django.db import transaction

from apps.custody import keys, notes
from apps.custody.errors import NothingSigned
from apps.custody.network.models import NetworkKey
from apps.custody.network.selectors import network_head
from apps.custody.network.signing import lock_network, require_unchanged, sign_day
from apps.tenancy import doorway


def rotate_network_key(*, now: datetime) -> NetworkKey:
    """Sign the network's log with a new key from its next head on; the answer is that key, published.

    Should this day not be signed yet, it is signed first, with the old key. Bundles carry the change along.
    Call it where the network's key is: an operator's shell beside a worker.

    Raises:
        NothingSigned: the network's log has no head that the old key could vouch from.
        LogKeyMissing: the old key is not on this machine; without it nobody can tell who the new one is.
        LogDamaged: the network's last head is not what its key signed.
    """
    sign_day(now=now)
    with doorway.network(), transaction.atomic():
        lock_network()
        head = network_head()
        if head is None:
            raise NothingSigned(
                "The network's log has no head yet; its key can be changed after the first day."
            )
        require_unchanged(head)
        old, new = keys.network_signer(), keys.new_network_key()
        text = notes.rotation_text(origin=old.key.name, size=head.size, old=old.key, new=new.key)
        published = NetworkKey(
            vkey=str(new.key), since=head.size, note=notes.sign_note(text, [old, new]).decode()
        )
        NetworkKey.objects.bulk_create([published])
        return published
