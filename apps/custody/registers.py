"""Registers: which consignments bear which marks, closed stretch by stretch: they prove an export complete.

A *mark* is what an export may ask for: a site, an article, a batch, a carrier, a delivery, a consignment. The
register of a stretch of the log says of each mark which consignments with an event in that stretch bear it by
its end, and how many events each of them has then. Its root is an event of the log (``register_closed``), so
that a register can't be changed once somebody asks. What a bundle is shown of it tells nothing of others:

- a mark's leaf is SHA-256(0x00 || salt || JCS({entries, mark})), each entry SHA-256(salt || JCS({consignment,
  events})), with salts that only whoever keeps the register can work out;
- as many leaves of nobody lie among the marks, at least `LEAST_FILLERS`;
- where a mark lies depends on the register's own salt, so that neighbours of one day are none on another.

Pure. Marks are canonical JSON texts, as ``["batch","B-7"]``.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from apps.custody import canonical, merkle, sparse

DOMAIN = b"custody/register/v1/"
SECRET_SIZE = 32
LEAST_FILLERS = 32
MOST_EVENTS = 5000  # in one register

#: By mark the consignments that bear it, and how many events each of them has.
Held = Mapping[str, Mapping[str, int]]


class PlaceTaken(ValueError):
    """Two leaves of a register have one place: it takes another salt."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """``salt`` is published and says where marks lie; ``seed`` is not, and hides what the leaves say."""

    salt: bytes
    seed: bytes

    @classmethod
    def new(cls) -> Secrets:
        return cls(secrets.token_bytes(SECRET_SIZE), secrets.token_bytes(SECRET_SIZE))


@dataclass(slots=True)
class Gathering:
    """What a stretch of the log says; ``borne`` are the marks of consignments, those of before among them."""

    borne: dict[str, set[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def know(self, event: Mapping[str, Any]) -> None:
        """Add the marks of an event from before the stretch."""
        marks = marks_of(event)
        for each in event["consignments"]:
            self.borne.setdefault(each["number"], set()).update(marks)

    def take(self, event: Mapping[str, Any]) -> None:
        """Add the next event of the stretch."""
        self.know(event)
        self.counts |= {each["number"]: each["cseq"] for each in event["consignments"]}

    def held(self) -> Held:
        """What the register says: each mark with those of its consignments that had an event here."""
        held: dict[str, dict[str, int]] = {}
        for number, count in self.counts.items():
            for each in (*self.borne[number], mark("any"), mark("consignment", number)):
                held.setdefault(each, {})[number] = count
        return held


def mark(*words: str) -> str:
    """A mark from its kind and what it names."""
    return canonical.encode(list(words)).decode()


def marks_of(event: Mapping[str, Any]) -> set[str]:
    """The marks that an event gives each of its consignments, beside their number and that they were there.

    A site is marked by name and by GLN, an article by name and by GTIN, alone and with its batch.
    """
    marks = set()
    if delivery := event.get("delivery"):
        marks.add(mark("delivery", delivery))
    if site := event.get("site"):
        marks |= marks_of_site(site)
    if event["type"] == "consignment_created":
        for item in event["details"]["items"]:
            marks |= set(_marks_of_item(item))
    if event["type"] == "planned":
        marks.add(mark("carrier", event["details"]["carrier"]))
    return marks


def marks_of_site(site: Mapping[str, str]) -> set[str]:
    """The marks of goods that had to do with a site."""
    return {mark("site", site["name"])} | ({mark("gln", site["gln"])} if site.get("gln") else set())


def _marks_of_item(item: Mapping[str, str]) -> Iterator[str]:
    batch = item.get("lot")
    if batch:
        yield mark("batch", batch)
    for name in (item["article"], item.get("gtin")):
        if name:
            yield mark("article", name)
        if name and batch:
            yield mark("article", name, batch)


def tree_of(held: Held, hidden: Secrets) -> sparse.SparseTree:
    """The register's tree.

    Raises:
        PlaceTaken: with this salt two leaves have one place.
    """
    leaves: dict[int, bytes] = {}
    for each, consignments in held.items():
        entries = sorted(entry(hidden.seed, *one) for one in consignments.items())
        leaves[place(hidden.salt, each)] = _leaf(hidden.seed, each, entries)
    fillers = max(len(held), LEAST_FILLERS)
    for number in range(fillers):
        drawn = _drawn(hidden.seed, b"nobody", number.to_bytes(4, "big"))
        leaves[int.from_bytes(drawn[: sparse.PLACE_SIZE], "big")] = merkle.leaf_hash(drawn)
    if len(leaves) < len(held) + fillers:
        raise PlaceTaken
    return sparse.build(leaves)


def place(salt: bytes, told_mark: str) -> int:
    """Where a mark lies in the register with this salt."""
    digest = sha256(DOMAIN + b"place" + salt + told_mark.encode()).digest()
    return int.from_bytes(digest[: sparse.PLACE_SIZE], "big")


def entry(seed: bytes, number: str, count: int) -> bytes:
    """What hides that a consignment has so many events."""
    return _entry(_drawn(seed, b"entry", number.encode()), number, count)


def said_of(
    told_mark: str,
    consignments: Mapping[str, int] | None,
    seed: bytes,
    path: Sequence[bytes],
    shown: Container[str],
) -> dict[str, Any]:
    """What a bundle says of one mark: its path, and if it lies there its entries, those ``shown`` opened."""
    if not consignments:
        return {"entries": [], "path": _texts(path), "salt": ""}
    entries = [(entry(seed, number, count), number, count) for number, count in consignments.items()]
    told = [
        {"consignment": number, "events": count, "salt": _text(_drawn(seed, b"entry", number.encode()))}
        if number in shown
        else {"hidden": _text(hidden)}
        for hidden, number, count in sorted(entries)
    ]
    return {"entries": told, "path": _texts(path), "salt": _text(_drawn(seed, b"mark", told_mark.encode()))}


def _leaf(seed: bytes, told_mark: str, entries: Sequence[bytes]) -> bytes:
    salt = _drawn(seed, b"mark", told_mark.encode())
    said = b'{"entries":' + canonical.encode(_texts(entries)) + b',"mark":' + told_mark.encode() + b"}"
    return merkle.leaf_hash(salt + said)


def _entry(salt: bytes, number: str, count: int) -> bytes:
    return sha256(
        DOMAIN + b"entry" + salt + canonical.encode({"consignment": number, "events": count})
    ).digest()


def _drawn(seed: bytes, about: bytes, what: bytes) -> bytes:
    return hmac.digest(seed, DOMAIN + about + b"/" + what, "sha256")


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [_text(each) for each in hashes]


def _text(data: bytes) -> str:
    return b64encode(data).decode()
