"""What a bundle of the current shipper's log takes along from the network's log."""

from apps.custody import bundle
from apps.custody.models import Checkpoint
from apps.custody.network.models import NetworkCheckpoint
from apps.custody.network.selectors import (
    consistency_proofs,
    inclusion_proofs,
    kept_heads,
    network_head,
    network_key_changes,
    own_entries,
)


def network_proof(checkpoint: Checkpoint) -> bundle.NetworkProof | None:
    """The network's newest head, with the entries of this log's heads up to ``checkpoint``; None before the
    first day on which this log was entered."""
    head = network_head()
    entries = own_entries(head) if head else []
    entries = [entry for entry in entries if entry.size <= checkpoint.size]
    if head is None or not entries:
        return None
    paths = inclusion_proofs([entry.index for entry in entries], head.size)
    return bundle.NetworkProof(
        note=head.note.encode(),
        entries=[
            bundle.NetworkEntry(entry.day, entry.size, bytes(entry.salt), entry.index, paths[entry.index])
            for entry in entries
        ],
        grown=consistency_proofs(_earlier(head), head.size),
        rotations=network_key_changes(),
    )


def _earlier(head: NetworkCheckpoint) -> list[int]:
    return [each.size for each in kept_heads(head.day) if each.size < head.size]
