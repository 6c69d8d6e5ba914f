"""The head of the log as the other party is handed it: signed, and with all that it comes with under it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.custody import merkle, notes, selectors
from apps.custody.errors import LogDamaged
from apps.custody.models import Checkpoint, CustodyEvent
from apps.custody.services.sequencing import sequence
from apps.custody.tiles import StoredTree
from apps.tenancy.doorway import current_shipper

BATCHES = 1000  # more than any log is behind


@dataclass(frozen=True)
class Head:
    """A signed head: size, root, the note with what witnesses added, the key that signed it.

    ``grew`` is whether the log begins with the head that the other party had before; true where it had none.
    """

    size: int
    root: bytes
    note: str
    vkey: str
    grew: bool


def head_covering(*, delivery_id: UUID, now: datetime, held_size: int = 0, held_root: bytes = b"") -> Head:
    """The newest head, once every event of the delivery is in the log; for workers, in a short transaction.

    ``held_size`` and ``held_root`` are what the other party was handed last; 0 for nothing.

    Raises:
        LogDamaged: the head is not one that the log's published key signed.
        LogKeyMissing: events wait for their place and the log's key is not on this machine.
    """
    for _batch in range(BATCHES):
        if not CustodyEvent.objects.filter(delivery_id=delivery_id, leaf=None).exists():
            break
        sequence(now=now)
    checkpoint = selectors.latest_checkpoint()
    if checkpoint is None:
        raise LogDamaged("The delivery is on record and the log has no head.")
    key = selectors.key_at(checkpoint.size)
    try:
        signed = notes.open_checkpoint(
            checkpoint.note.encode(), origin=selectors.log_origin(current_shipper()), trusted=[key]
        )
    except notes.NoteInvalid as error:
        raise LogDamaged(f"The head at {checkpoint.size} events is not signed by the log's key.") from error
    return Head(
        size=signed.size,
        root=signed.root,
        note=selectors.cosigned(checkpoint).decode(),
        vkey=str(key),
        grew=not held_size or _began_with(held_size, held_root, checkpoint),
    )


def agrees_with_held(size: int, root: bytes) -> bool:
    """Whether the log signed this root at this size, by what is stored of it now."""
    stored = Checkpoint.objects.filter(size=size).values_list("root", flat=True).first()
    return stored is not None and bytes(stored) == root


def _began_with(size: int, root: bytes, checkpoint: Checkpoint) -> bool:
    """Whether the log at ``checkpoint`` begins with that of ``size`` and ``root`` (RFC 9162 2.1.4.2)."""
    if size > checkpoint.size:
        return False
    try:
        merkle.verify_consistency(
            older=size,
            newer=checkpoint.size,
            older_root=root,
            newer_root=bytes(checkpoint.root),
            proof=StoredTree(checkpoint.size).consistency_proof(size),
        )
    except (merkle.ProofInvalid, IndexError):
        return False
    return True
