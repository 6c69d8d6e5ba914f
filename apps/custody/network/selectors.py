"""Shared reads of the network's log. Heads and key are everybody's, an entry is its shipper's alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from apps.custody import merkle, notes
from apps.custody.network.models import NetworkCheckpoint, NetworkEntry, NetworkKey, NetworkNode
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper


@dataclass(frozen=True)
class NetworkState:
    """What the current shipper sees of the network's log: its newest head and key, and its own last entry."""

    day: date
    leaves: int
    vkey: str
    entered: date | None
    size: int


#: Bundles lead from the heads and entries of these last days, and of the first day of each month before.
RECENT = timedelta(days=31)


def network_origin() -> str:
    """The name of the network's log; a shipper's has a slash and its name behind it."""
    return str(settings.NETWORK_HOST)


def network_key() -> str | None:
    """The key that the network's newest heads are checked with; None while there is none."""
    return NetworkKey.objects.order_by("-id").values_list("vkey", flat=True).first()


def network_key_at(size: int) -> notes.VerifierKey:
    """The key that signs the network's log at ``size`` leaves.

    Raises:
        NoteInvalid: there is none, or what is published is no key.
    """
    published = NetworkKey.objects.filter(since__lt=size).order_by("-since", "-id").first()
    return notes.VerifierKey.parse(published.vkey if published else "")


def network_key_changes() -> list[bytes]:
    """The changes of the network's key as signed notes, oldest first."""
    changes = NetworkKey.objects.exclude(note="").order_by("since", "id")
    return [note.encode() for note in changes.values_list("note", flat=True)]


def network_head() -> NetworkCheckpoint | None:
    """The newest signed head of the network's log."""
    return NetworkCheckpoint.objects.order_by("-size").first()


def network_state() -> NetworkState | None:
    """How the current shipper's log stands in the network's; None before the first day."""
    head = network_head()
    if head is None:
        return None
    entry = NetworkEntry.objects.filter(shipper_id=current_shipper().pk).order_by("-index").first()
    return NetworkState(
        day=head.day,
        leaves=head.size,
        vkey=network_key() or "",
        entered=entry.day if entry else None,
        size=entry.size if entry else 0,
    )


def kept_heads(newest: date) -> list[NetworkCheckpoint]:
    """The heads that a bundle leads from: see `RECENT`."""
    heads = NetworkCheckpoint.objects.filter(day__lte=newest)
    return [head for head in heads if is_kept(head.day, newest)]


def is_kept(day: date, newest: date) -> bool:
    return day > newest - RECENT or day.day == 1


def own_entries(head: NetworkCheckpoint) -> list[NetworkEntry]:
    """The current shipper's entries under ``head`` that bundles hold: see `RECENT`."""
    entries = NetworkEntry.objects.filter(shipper_id=current_shipper().pk, index__lt=head.size)
    return [entry for entry in entries if is_kept(entry.day, head.day)]


def inclusion_proofs(indices: Collection[int], size: int) -> dict[int, list[bytes]]:
    """Proof of each of these leaves in the network's log at ``size``; others' leaves are salted hashes."""
    with doorway.network():
        return {index: merkle.inclusion_proof(index, size, node) for index in indices}


def consistency_proofs(sizes: Collection[int], size: int) -> dict[int, list[bytes]]:
    """Proof that the network's log at ``size`` begins with what it was at each of ``sizes``."""
    with doorway.network():
        return {older: merkle.consistency_proof(older, size, node) for older in sizes}


def node(level: int, index: int) -> bytes:
    """Node of the network's tree, read as the hub.

    Raises:
        IndexError: its leaves are not all stored.
    """
    found = NetworkNode.objects.filter(level=level, index=index).values_list("hash", flat=True).first()
    if found is None:
        raise IndexError(f"the network's log has no node ({level}, {index})")
    return bytes(found)
