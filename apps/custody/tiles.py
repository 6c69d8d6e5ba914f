"""The Merkle tree as the database keeps it: tiles of 256 hashes, so that a proof reads a few rows of any log.

Tile ``(level, i)`` holds 256 neighbouring nodes of the tree's level ``8 * level``, and their root, which is a
node of the next tile up. Only full tiles are stored, and they never change; the log's right edge is read from
its leaves. Tiles are no evidence: a wrong one makes proofs that lead nowhere.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from apps.custody import merkle
from apps.custody.models import LogLeaf, LogTile

HEIGHT = 8
WIDTH = 1 << HEIGHT
CACHED = 256  # tiles with what is above their hashes in them: 16 KiB each

Layers = Sequence[Sequence[bytes]]


class StoredTree:
    """The current shipper's log at ``size`` leaves; answers for any earlier size too."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._layers = lru_cache(CACHED)(self._read)

    def node(self, level: int, index: int) -> bytes:
        """Root of the perfect subtree ``(level, index)``.

        Raises:
            IndexError: its leaves are not all stored.
        """
        tier, height = divmod(level, HEIGHT)
        per_tile = WIDTH >> height
        return self._layers(tier, index // per_tile)[height][index % per_tile]

    def root(self, size: int | None = None) -> bytes:
        """The root when the log had ``size`` leaves, by default all of them."""
        return merkle.range_hash(0, self.size if size is None else size, self.node)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Proof that leaf ``index`` is in this log."""
        return merkle.inclusion_proof(index, self.size, self.node)

    def consistency_proof(self, older: int) -> list[bytes]:
        """Proof that this log begins with what it was at ``older`` leaves."""
        return merkle.consistency_proof(older, self.size, self.node)

    def _read(self, tier: int, tile: int) -> Layers:
        stored = LogTile.objects.filter(level=tier, index=tile).values_list("hashes", flat=True).first()
        return layers(split(bytes(stored)) if stored is not None else self._edge(tier, tile))

    def _edge(self, tier: int, tile: int) -> list[bytes]:
        """The hashes of a tile that is not full, or not stored yet."""
        first, end = tile * WIDTH, min((tile + 1) * WIDTH, self.size >> (HEIGHT * tier))
        if tier == 0:
            return leaf_hashes(first, end)
        below = LogTile.objects.filter(level=tier - 1, index__gte=first, index__lt=end)
        roots = {index: bytes(root) for index, root in below.values_list("index", "root")}
        return [roots.get(i) or self._layers(tier - 1, i)[HEIGHT][0] for i in range(first, end)]


def extend(size: int) -> None:
    """Store the tiles that are full at ``size`` leaves and not stored yet; under the log's lock."""
    tier = 0
    while (full := size >> (HEIGHT * (tier + 1))) > 0:
        newest = LogTile.objects.filter(level=tier).order_by("-index").values_list("index", flat=True).first()
        for tile in range(0 if newest is None else newest + 1, full):
            hashes = _below(tier, tile)
            root = layers(hashes)[HEIGHT][0]
            LogTile.objects.bulk_create([LogTile(level=tier, index=tile, hashes=b"".join(hashes), root=root)])
        tier += 1


def leaf_hashes(first: int, end: int) -> list[bytes]:
    """The hashes of the leaves ``[first, end)`` as their events have them."""
    leaves = LogLeaf.objects.filter(index__gte=first, index__lt=end).order_by("index")
    return [bytes(each) for each in leaves.values_list("event__leaf_hash", flat=True)]


def layers(hashes: Sequence[bytes]) -> Layers:
    """``hashes`` and, layer by layer, the nodes above pairs of them."""
    found: list[Sequence[bytes]] = [hashes]
    for _ in range(HEIGHT):
        below = found[-1]
        found.append([merkle.node_hash(*pair) for pair in list(pairwise(below))[::2]])
    return found


def split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + merkle.HASH_SIZE] for at in range(0, len(hashes), merkle.HASH_SIZE)]


def _below(tier: int, tile: int) -> list[bytes]:
    first = tile * WIDTH
    if tier == 0:
        return leaf_hashes(first, first + WIDTH)
    below = LogTile.objects.filter(level=tier - 1, index__gte=first, index__lt=first + WIDTH).order_by(
        "index"
    )
    return [bytes(root) for root in below.values_list("root", flat=True)]
