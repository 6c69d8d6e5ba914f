"""Does the stored log still say what was signed? Read at the press of a button, without the private key.

The events of one delivery are hashed anew from their bytes, and each must lead to the root in the newest
checkpoint, signed by the published key. Where one does not, or when the whole log is asked about, the tree is
built anew from all leaves to say what was changed. An independent answer takes a bundle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.custody import merkle, notes, selectors
from apps.custody.models import Checkpoint, CustodyEvent, LogLeaf
from apps.custody.tiles import StoredTree
from apps.tenancy.doorway import current_shipper

CHUNK = 5000


@dataclass(frozen=True)
class Verdict:
    """Whether a delivery's events are those that were signed.

    ``checked`` events are in the log of ``size`` events, ``waiting`` ones not yet. Where it does not hold,
    ``reason`` says why and ``bad_event`` is the first event that was changed, if that can be told.
    """

    holds: bool
    checked: int
    waiting: int
    size: int
    reason: str = ""
    bad_event: UUID | None = None


class Broken(Exception):
    """The stored log is not what was signed: why, and which event it is where that can be told."""

    def __init__(self, reason: str, event_id: UUID | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event_id = event_id


def verify_now(delivery_id: UUID) -> Verdict:
    """Check a delivery's events in the log as it is stored at this moment."""
    checkpoint = selectors.latest_checkpoint()
    size = checkpoint.size if checkpoint else 0
    events = selectors.events_of_delivery(delivery_id)
    logged = events.filter(leaf__index__lt=size)
    checked = logged.count()
    waiting = events.count() - checked
    try:
        if checkpoint:
            require_signed(checkpoint)
            _check_proofs(checkpoint, _hash_anew(logged))
        elif checked:
            raise Broken("The log has no checkpoint.")
    except Broken as broken:
        return Verdict(False, checked, waiting, size, broken.reason, broken.event_id)
    return Verdict(True, checked, waiting, size)


def verify_log() -> Verdict:
    """Check the current shipper's whole log: every event's bytes, every checkpoint's root and signature."""
    checkpoint = selectors.latest_checkpoint()
    size = checkpoint.size if checkpoint else 0
    waiting = selectors.unsequenced().count()
    try:
        for each in Checkpoint.objects.iterator(chunk_size=CHUNK):
            require_signed(each)
        if checkpoint:
            _check_tree(checkpoint, _hash_anew(CustodyEvent.objects.filter(leaf__index__lt=size)))
    except Broken as broken:
        return Verdict(False, 0, waiting, size, broken.reason, broken.event_id)
    return Verdict(True, size, waiting, size)


def require_signed(checkpoint: Checkpoint) -> None:
    """Refuse a head of the current shipper's log that its key did not sign as it is stored.

    Raises:
        Broken: it did not.
    """
    try:
        key = selectors.key_at(checkpoint.size)
        signed = notes.open_checkpoint(
            checkpoint.note.encode(), origin=selectors.log_origin(current_shipper()), trusted=[key]
        )
    except notes.NoteInvalid as error:
        raise Broken(
            f"The checkpoint at {checkpoint.size} is not signed by the log's key: {error}."
        ) from error
    if (signed.size, signed.root) != (checkpoint.size, bytes(checkpoint.root)):
        raise Broken(f"The checkpoint at {checkpoint.size} was changed after it was signed.")


def _hash_anew(events: QuerySet[CustodyEvent]) -> dict[int, bytes]:
    """Leaf hashes by place, from the events' bytes; the first whose stored hash differs was changed."""
    anew: dict[int, bytes] = {}
    for event in events.select_related("leaf").order_by("leaf__index").iterator(chunk_size=CHUNK):
        anew[event.leaf.index] = merkle.leaf_hash(bytes(event.canonical))
        if anew[event.leaf.index] != bytes(event.leaf_hash):
            raise Broken(f"Event {event.leaf.index} was changed after it was recorded.", event.pk)
    return anew


def _check_proofs(checkpoint: Checkpoint, anew: dict[int, bytes]) -> None:
    """Each of these leaves leads to the checkpoint's root; a few rows of the tree are read for each."""
    tree, root = StoredTree(checkpoint.size), bytes(checkpoint.root)
    try:
        for index, leaf in anew.items():
            proof = tree.inclusion_proof(index)
            merkle.verify_inclusion(leaf=leaf, index=index, size=checkpoint.size, proof=proof, root=root)
    except (merkle.ProofInvalid, IndexError):
        _check_tree(checkpoint, anew)  # says which event it is
        raise Broken(
            "The stored tiles of the tree do not lead to the signed root, though the events do."
        ) from None


def _check_tree(checkpoint: Checkpoint, anew: dict[int, bytes]) -> None:
    """Build the tree and compare it with every checkpoint on the way: so the place of a change is known."""
    roots = {c.size: bytes(c.root) for c in Checkpoint.objects.filter(size__lte=checkpoint.size)}
    frontier, sound = merkle.Frontier(), 0
    for index, event_id, stored in _leaves(checkpoint.size):
        if index != frontier.size:
            raise Broken(f"Event {frontier.size} is missing from the log.")
        frontier.append(anew.get(index, stored))
        if frontier.size in roots:
            if frontier.root() != roots[frontier.size]:
                raise _changed(sound, frontier.size, anew, event_id)
            sound = frontier.size
    if frontier.size != checkpoint.size:
        raise Broken(f"Event {frontier.size} is missing from the log.")


def _changed(first: int, end: int, anew: dict[int, bytes], last_event: UUID) -> Broken:
    """What is known about a change between two checkpoints: the event itself where there is only one."""
    alone = end == first + 1
    place = f"Event {first}" if alone else f"One of the events {first} to {end - 1}"
    concerned = any(first <= index < end for index in anew)
    reason = f"{place} was changed after it was signed{'' if concerned else '; none of this delivery'}."
    return Broken(reason, last_event if alone else None)


def _leaves(size: int) -> Iterator[tuple[int, UUID, bytes]]:
    leaves = LogLeaf.objects.filter(index__lt=size).order_by("index")
    for index, event_id, leaf in leaves.values_list("index", "event_id", "event__leaf_hash").iterator(
        chunk_size=CHUNK
    ):
        yield index, event_id, bytes(leaf)
