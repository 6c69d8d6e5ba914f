"""The sequencer: gives committed events their place in the log and signs what the log has become."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.custody import keys, merkle, notes, selectors, tiles
from apps.custody.errors import LogDamaged
from apps.custody.models import Checkpoint, LogLeaf
from apps.tenancy.doorway import current_shipper

BATCH = 5000

# An anti-join, as `selectors.unsequenced`: "after the last one" would lose events that commit late.
_APPEND = """
    WITH due AS MATERIALIZED (
        SELECT id, leaf_hash, type, row_number() OVER (ORDER BY ordinal) AS place
          FROM custody_custodyevent AS event
         WHERE xid >= %s
           AND NOT EXISTS (SELECT FROM custody_logleaf AS leaf WHERE leaf.event_id = event.id)
           AND (%s::uuid[] IS NULL OR id = ANY(%s))
         ORDER BY ordinal LIMIT %s
    ), appended AS (
        INSERT INTO custody_logleaf (index, event_id) SELECT %s + place - 1, id FROM due)
    SELECT id, type, leaf_hash FROM due ORDER BY place"""


@transaction.atomic
def sequence(*, now: datetime, limit: int = BATCH, only: Sequence[UUID] | None = None) -> Checkpoint | None:
    """Append up to ``limit`` committed events to the current shipper's log and sign its new head.

    Events of one consignment enter in the order of their positions. Repeating it is harmless, and a second
    worker waits for the first; None when there was nothing to append. With ``only``, these events come before
    others that wait: they are of the log itself, and their place among those of goods is free. A register
    enters so alone, in the transaction of whoever worked it out.

    Raises:
        LogDamaged: the last head is not what the log's key signed, or a register waits unclosed.
        LogKeyMissing: the key is not on this machine.
    """
    lock_log()
    last = selectors.latest_checkpoint()
    settled = selectors.settled_transaction()  # before looking: what is settled now can't be overlooked below
    since = selectors.search_from(last, settled)
    if not selectors.unsequenced(since).exists():
        return None
    signer = keys.signer()
    frontier = _frontier(last, signer)
    before, leaves = frontier.size, _append(since, frontier.size, limit, only)
    for leaf in leaves:
        frontier.append(leaf)
    if before >> tiles.HEIGHT != frontier.size >> tiles.HEIGHT:
        tiles.extend(frontier.size)
    all_are_in = only is None and len(leaves) < limit
    return _sign(frontier, signer, settled=settled if all_are_in else since, now=now)


def lock_log() -> None:
    """Let one transaction at a time append to the current shipper's log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"custody.log {current_shipper().schema_name}"],
        )


def _append(since: int, size: int, limit: int, only: Sequence[UUID] | None) -> list[bytes]:
    """Give events that are not in the log the places from ``size`` on; answers their leaf hashes in order."""
    chosen = None if only is None else list(only)
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [since, chosen, chosen, limit, size])
        appended = cursor.fetchall()
    for event_id, event_type, _ in appended:
        if event_type == "register_closed" and event_id not in (only or ()):
            raise LogDamaged(f"Event {event_id} says that a register was closed, and nobody closed it.")
    return [bytes(leaf) for *_, leaf in appended]


def _frontier(last: Checkpoint | None, signer: notes.Signer) -> merkle.Frontier:
    """The log as it was last signed; signing on would otherwise cover up what was changed since."""
    if last is None:
        if LogLeaf.objects.exists():
            raise LogDamaged("The log has events but no checkpoint.")
        return merkle.Frontier()
    stored = bytes(last.frontier)
    roots = [stored[start : start + merkle.HASH_SIZE] for start in range(0, len(stored), merkle.HASH_SIZE)]
    try:
        frontier = merkle.Frontier(last.size, roots)
        signed = notes.open_checkpoint(
            last.note.encode(), origin=signer.key.name, trusted=[selectors.key_at(last.size), signer.key]
        )
    except ValueError as error:
        raise LogDamaged(f"The checkpoint at {last.size} events can't be used: {error}.") from error
    if (signed.size, signed.root) != (frontier.size, frontier.root()):
        raise LogDamaged(f"The checkpoint at {last.size} events is not the one that was signed.")
    return frontier


def _sign(frontier: merkle.Frontier, signer: notes.Signer, *, settled: int, now: datetime) -> Checkpoint:
    root = frontier.root()
    note = notes.sign_checkpoint(notes.Checkpoint(signer.key.name, frontier.size, root), [signer])
    checkpoint = Checkpoint(
        size=frontier.size,
        root=root,
        frontier=b"".join(frontier.roots),
        note=note.decode(),
        settled=settled,
        created_at=now,
    )
    Checkpoint.objects.bulk_create([checkpoint])
    return checkpoint
