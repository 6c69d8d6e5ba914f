"""Signs once a day what every shipper's log has become: the log of logs.

Whoever keeps a head of this log, got with whatever shipper's bundle, pins the history of all shippers up to
that day. From a shipper's own proof nobody learns of another: leaves are salted, each day's come in random
order, and leaves of nobody fill up the batch, so that it doesn't tell how many shippers there are.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from apps.custody import checking, keys, merkle, notes, selectors
from apps.custody.errors import LogDamaged
from apps.custody.network import entries
from apps.custody.network.models import NetworkCheckpoint, NetworkEntry, NetworkNode
from apps.custody.network.selectors import network_head, network_key_at, network_origin, node
from apps.tenancy import doorway
from apps.tenancy.everywhere import active_shippers
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)

BATCH = 16  # each day's leaves are filled up to a multiple of it
_Leaf = tuple[NetworkEntry | None, bytes]


@dataclass(frozen=True)
class _Head:
    shipper: Shipper
    origin: str
    size: int
    root: bytes


def sign_day(*, now: datetime) -> NetworkCheckpoint | None:
    """Append the newest head of each shipper's log to the network's log and sign it; once a day (UTC).

    A log that has no head yet waits for another day. One whose head is not what its key signed is left out
    and said so; it stops no other. None where this day is signed already or there is nothing to sign.

    Raises:
        LogDamaged: the network's last head is not what its key signed.
        LogKeyMissing: the network's key is not on this machine.
    """
    day = now.date()
    with doorway.network():
        if NetworkCheckpoint.objects.filter(day=day).exists():
            return None
    heads = _heads()
    with doorway.network(), transaction.atomic():
        lock_network()
        if not heads or NetworkCheckpoint.objects.filter(day=day).exists():
            return None
        return _append(heads, day, now)


def _heads() -> list[_Head]:
    found = []
    for shipper in active_shippers():
        with doorway.enter_shipper(shipper):
            checkpoint = selectors.latest_checkpoint()
            if checkpoint is None:
                continue
            try:
                checking.require_signed(checkpoint)
            except checking.Broken as broken:
                log.error("the log of %s is not in the network's log: %s", shipper.slug, broken.reason)
                continue
            origin = selectors.log_origin(shipper)
            found.append(_Head(shipper, origin, checkpoint.size, bytes(checkpoint.root)))
    return found


def _append(heads: list[_Head], day: date, now: datetime) -> NetworkCheckpoint:
    signer, last = keys.network_signer(), network_head()
    size = last.size if last else 0
    require_unchanged(last)
    leaves = [_leaf(head, day) for head in heads]
    leaves += [(None, secrets.token_bytes(merkle.HASH_SIZE)) for _ in range(-len(leaves) % BATCH)]
    secrets.SystemRandom().shuffle(leaves)
    nodes: dict[tuple[int, int], bytes] = {}
    for index, (entry, leaf) in enumerate(leaves, start=size):
        if entry:
            entry.index = index
        _grow(nodes, index, leaf)
    NetworkNode.objects.bulk_create(
        [NetworkNode(level=level, index=index, hash=value) for (level, index), value in nodes.items()]
    )
    NetworkEntry.objects.bulk_create([entry for entry, _ in leaves if entry])
    size += len(leaves)
    root = merkle.range_hash(0, size, node)
    note = notes.sign_checkpoint(notes.Checkpoint(signer.key.name, size, root), [signer])
    head = NetworkCheckpoint(size=size, day=day, root=root, note=note.decode(), created_at=now)
    NetworkCheckpoint.objects.bulk_create([head])
    return head


def _leaf(head: _Head, day: date) -> _Leaf:
    salt = secrets.token_bytes(entries.SALT_SIZE)
    entry = NetworkEntry(shipper=head.shipper, day=day, size=head.size, root=head.root, salt=salt)
    leaf = entries.leaf(
        network=network_origin(), log=head.origin, day=day, size=head.size, root=head.root, salt=salt
    )
    return entry, leaf


def _grow(nodes: dict[tuple[int, int], bytes], index: int, leaf: bytes) -> None:
    """Add the next leaf and the nodes that are whole with it."""
    nodes[0, index] = leaf
    for level in range(merkle.trailing_zeros(index + 1)):
        right = (index + 1 >> level) - 1
        left = nodes.get((level, right - 1)) or node(level, right - 1)
        nodes[level + 1, right >> 1] = merkle.node_hash(left, nodes[level, right])


def require_unchanged(last: NetworkCheckpoint | None) -> None:
    """Refuse to sign on after the tree or the last head was changed: that would cover it up.

    Raises:
        LogDamaged: it was.
    """
    if last is None:
        if NetworkNode.objects.exists():
            raise LogDamaged("The network's log has leaves but no head.")
        return
    try:
        key = network_key_at(last.size)
        signed = notes.open_checkpoint(last.note.encode(), origin=network_origin(), trusted=[key])
        sound = (signed.size, signed.root) == (last.size, merkle.range_hash(0, last.size, node))
    except (ValueError, IndexError) as error:
        raise LogDamaged(f"The network's head at {last.size} leaves can't be used: {error}.") from error
    if not sound:
        raise LogDamaged(f"The network's head at {last.size} leaves is not the one that was signed.")


def lock_network() -> None:
    """Let one transaction at a time go on with the network's log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('custody.network', 0))")
