#!/usr/bin/env python3
"""Checks a custody bundle offline: one file, Python 3.9 or newer, nothing else.

    python verify.py BUNDLE.zip --key KEY.vkey [--checkpoint OLDER.note] [--witness WITNESS.vkey]
                     [--network-key NETWORK.vkey [--network-checkpoint NETWORK.note]]

Exit code 0 is PASS, 1 is FAIL, 2 is INCOMPLETE or wrong usage. The verification key comes from whoever
checks, never from the bundle. The steps, each of which says where it failed:

1. container   the ZIP's bytes are exactly those that its file names and contents give; no byte is free
2. keys        changes of the log's key, signed by the old and the new one, lead to or from the given key
3. manifest    signed by the log; every file has the size and SHA-256 that it says; none is missing or added
4. checkpoint  signed by the log, and seen by the witness that whoever checks relies on
5. events      canonical, of the closed schema, of this log, in order, each proven to be in the tree of the
               checkpoint; events of a consignment numbered without gaps; the CSV says the same; personal
               values open their commitments
6. registers   what the log said of each mark (site, article, batch, carrier, …) when it closed a register:
               no other consignment belongs to the scope, and none of its consignments has more events;
               with the whole log at hand, that the registers are those of its events
7. documents   each named by an event
8. history     the log at older checkpoints is the beginning of this one
9. network     the network's log, of all its logs, holds this one as it was on earlier days

This file shares no code with the program that writes bundles: it is a second reading of the same rules.
It reads a bundle of any size line by line.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import functools
import hashlib
import hmac
import io
import json
import math
import os
import re
import struct
import sys
import time
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, BinaryIO, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

PASS, FAIL, INCOMPLETE = 0, 1, 2
FORMAT = "custody-bundle/v3"
ROTATION = "custody-key-rotation/v1"
COSIGNATURE = "cosignature/v1"
NETWORK = "custody-network/v1"
CHUNK = 1 << 18
MAX_LINE = 1 << 22
MAX_SHOWN = 30
MAX_INTEGER = 2**53 - 1


class Rejected(Exception):
    """Something in the bundle is not as it must be: ``where`` it is, and ``why`` it is wrong."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class Unusable(Exception):
    """What the caller gave (key, checkpoint, file) can't be used; says nothing about the bundle."""


class Report:
    """What was found: failures, what is missing, what is proven and what is not."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.missing: list[str] = []
        self.proven: list[str] = []
        self.unproven: list[str] = []

    def attempt(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """Run one step; a rejection becomes a failure and the answer None."""
        try:
            return step(*arguments)
        except Rejected as rejection:
            self.failures.append(str(rejection))
            return None

    @property
    def verdict(self) -> int:
        return FAIL if self.failures else INCOMPLETE if self.missing else PASS

    def lines(self) -> Iterator[str]:
        yield {PASS: "PASS", FAIL: "FAIL", INCOMPLETE: "INCOMPLETE"}[self.verdict]
        sections = [("Wrong", self.failures), ("Missing", self.missing)]
        # What was proven on the way to a failure would only mislead.
        sections += [] if self.failures else [("Proven", self.proven), ("Not proven", self.unproven)]
        for title, findings in sections:
            if findings:
                yield ""
                yield title
                for finding in findings[:MAX_SHOWN]:
                    yield "  - " + "".join(c if c.isprintable() else repr(c)[1:-1] for c in finding)
                if len(findings) > MAX_SHOWN:
                    yield f"  - and {len(findings) - MAX_SHOWN} more"


# --- Ed25519 (RFC 8032 section 5.1) -------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended homogeneous coordinates
NEUTRAL: Point = (0, 1, 1, 0)


def add_points(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply_point(scalar: int, point: Point) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        scalar >>= 1
    return result


def compress_point(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress_point(data: bytes) -> Point | None:
    """The point of a 32-byte encoding, None where RFC 8032 section 5.1.3 fails."""
    encoded = int.from_bytes(data, "little")
    sign, y = encoded >> 255, encoded & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def base_point() -> Point:
    point = decompress_point(bytes([0x58]) + bytes([0x66]) * 31)
    assert point is not None
    return point


def ed25519_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the Ed25519 signature of ``message``; plain Python, without cofactor."""
    key = decompress_point(public_key) if len(public_key) == 32 else None
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = (
        int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    )
    minus_key: Point = (P - key[0], key[1], key[2], P - key[3])
    expected = add_points(multiply_point(scalar, base_point()), multiply_point(challenge, minus_key))
    return compress_point(expected) == signature[:32]


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """As `ed25519_verify`, with the cryptography library where it is installed."""
    if not HAS_CRYPTOGRAPHY:
        return ed25519_verify(public_key, message, signature)
    if decompress_point(public_key) is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# --- Signed notes, checkpoints, keys (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ------------------

LOG_KEY, WITNESS_KEY = 1, 4


class Key(NamedTuple):
    """A verification key: its owner's name, the four-byte key id, the public key, and what it signs."""

    name: str
    key_id: bytes
    public_key: bytes
    kind: int = LOG_KEY

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


class Checkpoint(NamedTuple):
    """A tree head of the log: number of leaves and Merkle root."""

    size: int
    root: bytes


class Note(NamedTuple):
    """An opened note: its text, the known keys that signed it, when witnesses did, how many others did."""

    text: str
    keys: set[Key]
    times: dict[Key, int]
    others: int


def parse_key(text: str, kind: int = LOG_KEY) -> Key:
    """Read ``name+hex(id)+base64(kind || key)``."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise Unusable("a verification key looks like NAME+ID+KEY")
    try:
        material = strict_base64(parts[2], "key")
    except Rejected as rejection:
        raise Unusable(f"the verification key is damaged: {rejection.why}") from None
    if len(material) != 33 or material[0] != kind or decompress_point(material[1:]) is None:
        wanted = "Ed25519 verification keys" if kind == LOG_KEY else "Ed25519 cosignature keys of witnesses"
        raise Unusable(f"only {wanted} are understood here")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + material).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Unusable("the verification key is damaged: its id does not belong to it")
    return Key(parts[0], key_id, material[1:], kind)


@functools.lru_cache(maxsize=64)
def is_key_name(name: str) -> bool:
    return bool(name) and name.isprintable() and "+" not in name and not any(c.isspace() for c in name)


def open_note(note: bytes, keys: Iterable[Key], where: str) -> Note:
    """Take a note apart and check every signature that a known key claims to have made."""
    try:
        text, separator, tail = note.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise Rejected(f"{where}, byte {error.start}", "not UTF-8") from None
    if not separator or not tail.endswith("\n"):
        raise Rejected(where, "not a signed note: a text, an empty line, signatures")
    text += "\n"
    if any(c < " " and c != "\n" for c in text):
        raise Rejected(where, "a control character in the text")
    known = {(key.name, key.key_id): key for key in keys}
    lines = tail[:-1].split("\n")
    if len(lines) > 64:
        raise Rejected(where, "more than 64 signatures")
    opened = Note(text, set(), {}, 0)
    others = 0
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not is_key_name(parts[1]):
            raise Rejected(where, "a malformed signature line")
        signature = strict_base64(parts[2], where)
        key = known.get((parts[1], signature[:4]))
        if key is None:
            others += 1
            continue
        message, value = text.encode(), signature[4:]
        if key.kind == WITNESS_KEY:
            opened.times[key] = int.from_bytes(value[:8], "big")
            message, value = f"{COSIGNATURE}\ntime {opened.times[key]}\n".encode() + message, value[8:]
        if not verify_signature(key.public_key, message, value):
            raise Rejected(where, f"the signature of {key.name} does not belong to this text")
        opened.keys.add(key)
    return opened._replace(others=others)


def read_checkpoint(text: str, origin: str, where: str) -> Checkpoint:
    """The checkpoint in the text of a note."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Rejected(where, "a checkpoint has three lines: origin, size, root")
    if lines[0] != origin:
        raise Rejected(f"{where}, origin", f"a checkpoint of {lines[0]}, not of {origin}")
    if not re.fullmatch(r"0|[1-9][0-9]{0,14}", lines[1], re.ASCII):
        raise Rejected(f"{where}, size", "not a plain decimal number")
    return Checkpoint(int(lines[1]), strict_hash(lines[2], f"{where}, root"))


class Trust:
    """Whose signature counts: the keys that whoever checks gave, and those that they vouch for.

    ``reach`` says for each key of the log for which sizes of it the key signs: above the first number, up to
    the second. A key whose successor is known signs nothing beyond the change.
    """

    def __init__(self, keys: list[Key], witnesses: Iterable[Key] = ()) -> None:
        self.origin = keys[0].name
        self.given = keys
        self.witnesses = list(witnesses)
        self.reach: dict[Key, tuple[int, float]] = dict.fromkeys(keys, (-1, math.inf))

    def open_checkpoint(self, note: bytes, where: str) -> tuple[Checkpoint, dict[Key, int]]:
        """The checkpoint in a note that the log has signed, and which witnesses saw it when."""
        opened = open_note(note, [*self.reach, *self.witnesses], where)
        checkpoint = read_checkpoint(opened.text, self.origin, where)
        self.require_signed(opened, checkpoint.size, where)
        return checkpoint, opened.times

    def require_signed(self, opened: Note, size: int, where: str) -> None:
        """Refuse what no key signed that signs for the log at ``size``."""
        by_log = [key for key in opened.keys if key in self.reach]
        if not by_log:
            raise Rejected(where, "not signed by the given key")
        if not any(self.reach[key][0] < size <= self.reach[key][1] for key in by_log):
            raise Rejected(where, f"signed by a key of the log that does not sign at size {size}")

    def follow(self, notes: Iterable[tuple[str, bytes]]) -> int:
        """Take on the keys of a chain of changes in which a given key has its place; how many changes."""
        chain: list[Key] = []
        sizes: list[int] = []
        for where, note in notes:
            size, old, new = self.read_change(note, where)
            if chain and old != chain[-1]:
                raise Rejected(where, "does not go on from the key of the change before it")
            if sizes and size < sizes[-1]:
                raise Rejected(where, "is of an earlier log than the change before it")
            chain += [new] if chain else [old, new]
            sizes.append(size)
        if not chain:
            return 0
        if not set(chain) & set(self.given):
            raise Rejected(f"changes of the key of {self.origin}", "none of these keys is the given one")
        bounds = [-1, *sizes, math.inf]
        self.reach |= {key: (int(bounds[i]), bounds[i + 1]) for i, key in enumerate(chain)}
        return len(sizes)

    def read_change(self, note: bytes, where: str) -> tuple[int, Key, Key]:
        """The log's size at a change of key, the old key and the new one; both must have signed it."""
        lines = open_note(note, (), where).text.split("\n")
        if len(lines) != 6 or lines[:2] != [ROTATION, self.origin] or lines[5]:
            raise Rejected(where, f"not a change of the key of {self.origin}")
        if not re.fullmatch(r"[1-9][0-9]{0,14}", lines[2], re.ASCII):
            raise Rejected(where, "the log's size is not a plain decimal number")
        try:
            old, new = parse_key(lines[3]), parse_key(lines[4])
        except Unusable as unusable:
            raise Rejected(where, str(unusable)) from None
        if {old.name, new.name} != {self.origin} or old == new:
            raise Rejected(where, "not from one key of this log to another")
        if open_note(note, (old, new), where).keys != {old, new}:
            raise Rejected(where, "the old and the new key must both have signed it")
        return int(lines[2]), old, new


# --- Merkle tree (RFC 9162 section 2.1) ---------------------------------------------------------------------


hash_256, from_base64 = hashlib.sha256, binascii.a2b_base64


def leaf_hash(data: bytes) -> bytes:
    return hash_256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hash_256(b"\x01" + left + right).digest()


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when its length is wrong."""
    if index >= size:
        return None
    number, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return None
        if number & 1 or number == last:
            leaf = node_hash(sibling, leaf)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        number, last = number >> 1, last >> 1
    return leaf if last == 0 else None


class Inclusions:
    """Inclusion proofs under one root, one after the other; each is a list of hashes in canonical base64.

    Neighbours in the tree share the upper part of their proofs. Where two of them meet in one node, with one
    hash and the same hashes to follow, the second leads to the root as the first did: that is compared, not
    hashed again.
    """

    def __init__(self, head: Checkpoint) -> None:
        self.head = head
        self.index = 0
        self.proof: list[bytes] = []
        self.nodes: list[bytes] = []  # what the last proof led to on each level below the tree's right edge

    def holds(self, leaf: bytes, index: int, proof: list[bytes]) -> bool:
        """Whether ``proof`` leads from this leaf to the root."""
        meeting = (index ^ self.index).bit_length()
        if meeting < len(self.nodes) and len(proof) == len(self.proof):
            nodes = climb(leaf, index, proof[:meeting])
            if nodes[-1] == self.nodes[meeting] and proof[meeting:] == self.proof[meeting:]:
                self.index, self.proof = index, proof
                self.nodes[: meeting + 1] = nodes
                return True
        siblings = [from_base64(each) for each in proof]
        if root_from_inclusion(leaf, index, self.head.size, siblings) != self.head.root:
            return False
        whole = 0
        while (index >> whole + 1) + 1 << whole + 1 <= self.head.size:
            whole += 1
        self.index, self.proof, self.nodes = index, proof, climb(leaf, index, proof[:whole])
        return True


def climb(leaf: bytes, index: int, proof: list[bytes]) -> list[bytes]:
    """The leaf and the nodes above it, in a part of the tree where each has a sibling."""
    nodes = [leaf]
    for sibling in proof:
        pair = from_base64(sibling) + leaf if index & 1 else leaf + from_base64(sibling)
        leaf = hash_256(b"\x01" + pair).digest()
        nodes.append(leaf)
        index >>= 1
    return nodes


def is_consistent(older: Checkpoint, newer: Checkpoint, proof: list[bytes]) -> bool:
    """Whether ``proof`` shows that the log at ``newer`` begins with ``older``; never from an empty log."""
    if not 0 < older.size <= newer.size:
        return False
    if older.size == newer.size:
        return not proof and older.root == newer.root
    path = ([] if older.size & (older.size - 1) else [older.root]) + proof
    if not path:
        return False
    number, last = older.size - 1, newer.size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and old == older.root and new == newer.root


class Frontier:
    """Root of a log read from its first leaf on, without keeping the leaves."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        self.size += 1
        self.roots.append(leaf)
        carried = self.size
        while not carried & 1:
            right = self.roots.pop()
            self.roots[-1] = node_hash(self.roots[-1], right)
            carried >>= 1

    def root(self) -> bytes:
        root = self.roots[-1] if self.roots else hashlib.sha256(b"").digest()
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


# --- Canonical JSON (RFC 8785, without floats) --------------------------------------------------------------


# What is encoded was parsed before, so nothing in it holds itself.
COMPACT: dict[str, Any] = {
    "ensure_ascii": False,
    "separators": (",", ":"),
    "allow_nan": False,
    "check_circular": False,
}
encode_in_order = json.JSONEncoder(**COMPACT).encode
encode_sorted = json.JSONEncoder(**COMPACT, sort_keys=True).encode
decode_json = json.JSONDecoder().decode


def canonical_json(value: Any) -> bytes:
    """The one encoding of text, whole numbers, booleans, null, lists and objects."""
    return encode_in_order(_sorted(value)).encode()


def _sorted(value: Any) -> Any:
    """Objects in the order of their keys' UTF-16 code units."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def is_canonical(value: Any, data: bytes) -> bool:
    """Whether ``data`` encodes ``value`` canonically; the sort by code points is quick and mostly enough."""
    return encode_sorted(value).encode() == data or canonical_json(value) == data


def parse_json(data: bytes, where: str) -> Any:
    """The value of canonical JSON: no duplicate key, float, large number, blank or other order of keys."""

    try:
        value = DECODER.decode(data.decode("utf-8"))
        if is_canonical(value, data):
            return value
        encoded = canonical_json(value)
    except Unfit as unfit:
        raise Rejected(where, str(unfit)) from None
    except (ValueError, RecursionError) as error:
        raise Rejected(where, f"not JSON ({str(error)[:100]})") from None
    place = first_difference(encoded, data)
    raise Rejected(f"{where}, byte {place}", "the JSON is not in its canonical form")


def parse_closed(data: bytes, where: str) -> Any:
    """As `parse_json`, and quicker, for whoever checks next that no field holds a float or a large number."""
    try:
        text = data.decode("utf-8")
        value = decode_json(text)
        if encode_sorted(value) == text:
            return value
    except (ValueError, RecursionError):
        pass  # the careful reading says what is wrong
    return parse_json(data, where)


class Unfit(Exception):
    """JSON that has no canonical form here."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Unfit("a key appears twice in one object")
    return value


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise Unfit(f"the number {digits[:20]} is too large")
    return int(digits)


def _no_float(digits: str) -> Any:
    raise Unfit(f"the number {digits[:20]} is not a whole number")


DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_no_float, parse_constant=_no_float
)


def first_difference(expected: bytes, actual: bytes) -> int:
    """The first position at which two byte strings differ."""
    shorter = min(len(expected), len(actual))
    return next((i for i in range(shorter) if expected[i] != actual[i]), shorter)


def strict_base64(text: Any, where: str) -> bytes:
    try:
        data = binascii.a2b_base64(text)
    except (binascii.Error, ValueError, TypeError):
        raise Rejected(where, "not base64") from None
    if binascii.b2a_base64(data, newline=False).decode() != text:
        raise Rejected(where, "the base64 is not in its canonical form")
    return data


def strict_hash(text: Any, where: str) -> bytes:
    data = strict_base64(text, where)
    if len(data) != 32:
        raise Rejected(where, "not a hash of 32 bytes")
    return data


def list_of(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Rejected(where, "not a list")
    return value


def hash_list(value: Any, where: str) -> list[bytes]:
    return [strict_hash(each, where) for each in list_of(value, where)]


def require_fields(value: Any, names: str, where: str) -> dict[str, Any]:
    """``value`` as an object with exactly the fields in ``names``."""
    if not isinstance(value, dict):
        raise Rejected(where, "not an object")
    wanted = set(names.split())
    for name in sorted(wanted ^ set(value)):
        raise Rejected(f"{where}/{name}", "missing" if name in wanted else "unknown field")
    return value


# --- Container ----------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of a table's row."""
    return text.split()


LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_FIELDS = words("signature version flags method time date crc size size length extra name")
LOCAL_OFFSETS = (0, 4, 6, 8, 10, 12, 14, 18, 22, 26, 28, 30)
CENTRAL_FIELDS = words(
    "signature made-by version flags method time date crc size size length extra comment disk internal"
    " external offset name"
)
CENTRAL_OFFSETS = (0, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 30, 32, 34, 36, 38, 42, 46)
END_FIELDS = words("signature disk directory-disk entries entries directory-size directory-offset comment")
END_OFFSETS = (0, 4, 6, 8, 10, 12, 16, 20)
FIRST_ZIP_DATE = 0x21  # 1980-01-01
MODE_0644 = 0o100644 << 16
MADE_BY_UNIX = 3 << 8 | 20
REQUIRED = frozenset(
    words(
        "README.txt checkpoint.note custody.csv disclosed.jsonl events.jsonl manifest.json manifest.note"
        " proofs.jsonl registers.jsonl verify.py"
    )
)
OPTIONAL = frozenset(words("history.json network.json network.note verify.html"))
DOCUMENT_NAME = re.compile(r"documents/([0-9a-f]{64})\.[a-z0-9]{1,8}", re.ASCII)
HISTORY_NAME = re.compile(r"history/([1-9][0-9]{0,14})\.note", re.ASCII)
ROTATION_NAME = re.compile(r"rotations/([1-9][0-9]{0,3})\.note", re.ASCII)
NETWORK_ROTATION_NAME = re.compile(r"network-rotations/([1-9][0-9]{0,3})\.note", re.ASCII)
TIMESTAMP_NAME = re.compile(r"timestamps/([1-9][0-9]{0,14})\.tsr", re.ASCII)
COPY_NAME = re.compile(r"copies(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){1,2}", re.ASCII)
NUMBERED = (DOCUMENT_NAME, HISTORY_NAME, ROTATION_NAME, NETWORK_ROTATION_NAME, TIMESTAMP_NAME, COPY_NAME)


class Member(NamedTuple):
    """One file of the container: where its content starts, its size and SHA-256."""

    name: str
    start: int
    size: int
    sha256: str

    @property
    def place(self) -> str:
        return f"{self.name} (bytes {self.start}-{self.start + self.size - 1} of the bundle)"


class Container:
    """The strictly read ZIP."""

    def __init__(self, file: BinaryIO, members: dict[str, Member]) -> None:
        self.file = file
        self.members = members

    def read(self, name: str) -> bytes:
        member = self.members[name]
        self.file.seek(member.start)
        return self.file.read(member.size)

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Each line without its newline and the place of its first byte in the bundle."""
        member = self.members[name]
        position = read = member.start
        end, begun = member.start + member.size, b""
        while read < end:
            self.file.seek(read)
            block = self.file.read(min(CHUNK, end - read))
            read += len(block)
            *lines, begun = (begun + block).split(b"\n")
            for line in lines:
                length = len(line)
                if length >= MAX_LINE:
                    self.within(line, name, position)
                yield position, line
                position += length + 1
            if not block or (self.within(begun, name, position) and read == end):
                raise Rejected(f"{name}, byte {position} of the bundle", "a line without end")

    def within(self, line: bytes, name: str, position: int) -> bytes:
        """The line, if it is no longer than one may be."""
        if len(line) >= MAX_LINE:
            raise Rejected(f"{name}, byte {position} of the bundle", "a line without end")
        return line


def read_container(file: BinaryIO, report: Report) -> Container:
    """Read the ZIP and compare every byte outside the contents with the only one it may be.

    A content that does not match its CRC is reported without stopping: later steps can say more about where.
    """
    total = file.seek(0, os.SEEK_END)
    if total < END.size:
        raise Rejected("bundle", "not a ZIP archive")
    file.seek(total - END.size)
    end_record = file.read(END.size)
    directory_size, directory_start = END.unpack(end_record)[5:7]
    if end_record[:4] != b"PK\x05\x06" or directory_start + directory_size + END.size != total:
        raise Rejected(
            f"end record (bytes {total - END.size}-{total - 1} of the bundle)",
            "does not end the archive: bytes changed, cut off or added",
        )
    file.seek(directory_start)
    directory = file.read(directory_size)
    members: dict[str, Member] = {}
    position = cursor = 0
    previous = ""
    while cursor < len(directory):
        name, entry_size = read_entry(directory, cursor, directory_start, position)
        if name <= previous:
            raise Rejected(
                f"central directory entry of {name}", f"not after {previous}: names are sorted, each once"
            )
        crc, size = CENTRAL.unpack_from(directory, cursor)[7:9]
        local = local_header(name, crc, size)
        file.seek(position)
        found = file.read(len(local))
        if is_crc_of_contents(found, crc, file, size):
            where = directory_start + cursor + CENTRAL_OFFSETS[CENTRAL_FIELDS.index("crc")]
            place = f"central directory entry of {name}, crc (byte {where} of the bundle)"
            raise Rejected(place, "not as the contents require")
        require_bytes(local, found, position, LOCAL_FIELDS, LOCAL_OFFSETS, f"local header of {name}")
        start = position + len(local)
        if start + size > directory_start:
            raise Rejected(f"central directory entry of {name}, size", "reaches beyond the contents")
        members[name] = read_member(file, name, start, size, crc, report)
        previous, cursor, position = name, cursor + entry_size, start + size
    if position != directory_start:
        raise Rejected(f"bytes {position}-{directory_start - 1} of the bundle", "belong to no file")
    expected_end = END.pack(
        b"PK\x05\x06", 0, 0, len(members) & 0xFFFF, len(members) & 0xFFFF, directory_size, directory_start, 0
    )
    require_bytes(expected_end, end_record, total - END.size, END_FIELDS, END_OFFSETS, "end record")
    require_names(set(members))
    return Container(file, members)


def read_entry(directory: bytes, cursor: int, directory_start: int, position: int) -> tuple[str, int]:
    """The name in the directory entry at ``cursor`` and the entry's size, every byte of it checked."""
    where = f"central directory (byte {directory_start + cursor} of the bundle)"
    if cursor + CENTRAL.size > len(directory):
        raise Rejected(where, "ends in the middle of an entry")
    fields = CENTRAL.unpack_from(directory, cursor)
    raw_name = directory[cursor + CENTRAL.size : cursor + CENTRAL.size + fields[10]]
    name = raw_name.decode("ascii", "replace")
    expected = central_entry(raw_name, fields[7], fields[8], position)
    actual = directory[cursor : cursor + len(expected)]
    label = f"central directory entry of {name}"
    require_bytes(expected, actual, directory_start + cursor, CENTRAL_FIELDS, CENTRAL_OFFSETS, label)
    if not belongs(name):
        first = directory_start + cursor + CENTRAL.size
        place = f"{label}, name (bytes {first}-{first + len(name) - 1} of the bundle)"
        raise Rejected(place, "no file of this name belongs into a bundle")
    return name, len(expected)


def read_member(file: BinaryIO, name: str, start: int, size: int, crc: int, report: Report) -> Member:
    digest, computed, remaining = hashlib.sha256(), 0, size
    file.seek(start)
    while remaining:
        chunk = file.read(min(CHUNK, remaining))
        if not chunk:
            raise Rejected(name, "the bundle ends before this file does")
        digest.update(chunk)
        computed = zlib.crc32(chunk, computed)
        remaining -= len(chunk)
    member = Member(name, start, size, digest.hexdigest())
    if computed != crc:
        report.failures.append(f"{member.place}: the content does not match its CRC")
    return member


def is_crc_of_contents(header: bytes, crc: int, file: BinaryIO, size: int) -> bool:
    """Whether a local header says another CRC than the directory's ``crc``, and what follows has it."""
    if len(header) < LOCAL.size or (stated := LOCAL.unpack_from(header)[6]) == crc:
        return False
    computed, remaining = 0, size
    while remaining and (chunk := file.read(min(CHUNK, remaining))):
        computed = zlib.crc32(chunk, computed)
        remaining -= len(chunk)
    return bool(computed == stated)


def local_header(name: str, crc: int, size: int) -> bytes:
    fields = (b"PK\x03\x04", 20, 0, 0, 0, FIRST_ZIP_DATE, crc, size, size, len(name), 0)
    return LOCAL.pack(*fields) + name.encode()


def central_entry(raw_name: bytes, crc: int, size: int, offset: int) -> bytes:
    fixed = (b"PK\x01\x02", MADE_BY_UNIX, 20, 0, 0, 0, FIRST_ZIP_DATE)
    return CENTRAL.pack(*fixed, crc, size, size, len(raw_name), 0, 0, 0, 0, MODE_0644, offset) + raw_name


def require_bytes(
    expected: bytes, actual: bytes, start: int, fields: list[str], offsets: tuple[int, ...], label: str
) -> None:
    """Refuse the first byte that is not as expected, by the name of its field."""
    if expected != actual:
        place = first_difference(expected, actual)
        field = fields[sum(1 for offset in offsets if offset <= place) - 1]
        raise Rejected(
            f"{label}, {field} (byte {start + place} of the bundle)", "not as the contents require"
        )


def belongs(name: str) -> bool:
    """Whether a file of this name may be in a bundle."""
    return name in REQUIRED | OPTIONAL or any(each.fullmatch(name) for each in NUMBERED)


def require_names(names: set[str]) -> None:
    for name in sorted(REQUIRED - names):
        raise Rejected(name, "missing from the bundle")
    if any(map(HISTORY_NAME.fullmatch, names)) and "history.json" not in names:
        raise Rejected("history.json", "missing from the bundle: an older checkpoint needs its proof")
    if any(map(NETWORK_ROTATION_NAME.fullmatch, names)) and "network.note" not in names:
        raise Rejected("network.note", "missing from the bundle: the changes of its key belong to it")
    for name, other in (("network.json", "network.note"), ("network.note", "network.json")):
        if other in names and name not in names:
            raise Rejected(name, f"missing from the bundle: it belongs to {other}")


# --- Schema of events ---------------------------------------------------------------------------------------

STRUCTURES: dict[str, dict[str, str]] = {
    "event": {
        "v": "version",
        "log": "origin",
        "shipper": "text",
        "event_id": "uuid",
        "type": "code",
        "consignments": "consignment[]",
        "delivery": "text?",
        "site": "site?",
        "actor": "actor",
        "device": "device?",
        "event_time": "time",
        "received_time": "time",
        "why": "why",
    },
    "device": {"id": "text", "seq": "positive", "offset_minutes": "integer?", "skew_ms": "integer?"},
    "consignment": {"number": "text", "cseq": "positive", "sscc": "sscc[]"},
    "site": {"gln": "gln?", "name": "text"},
    "actor": {"id": "text", "role": "code", "organisation": "text", "name": "commitment?"},
    "why": {"biz_step": "code?", "disposition": "code?", "refs": "ref[]"},
    "ref": {"type": "code", "id": "text"},
    "item": {
        "article": "text",
        "description": "text?",
        "gtin": "gtin?",
        "quantity": "decimal",
        "unit": "text",
        "lot": "text?",
        "expiry": "date?",
    },
    "handling_unit": {"sscc": "sscc", "package": "text", "gross_weight_g": "count?", "items": "item[]?"},
    "load": {"pallets": "count", "weight_g": "count", "volume_cm3": "count"},
    "slot": {"dock": "text", "start": "time", "end": "time"},
    "position": {"lat_e7": "integer", "lon_e7": "integer", "accuracy_m": "count", "source": "code"},
    "signatory": {
        "organisation": "text",
        "name": "commitment?",
        "role": "commitment?",
        "stroke": "commitment?",
        "assurance": "code",
        "key": "text?",
        "signature": "text?",
    },
    "discrepancy": {
        "kind": "code",
        "sscc": "sscc?",
        "article": "text?",
        "quantity": "decimal?",
        "unit": "text?",
        "reason": "code?",
        "note": "commitment?",
        "photos": "file[]?",
    },
    "counts": {
        "expected": "count",
        "over": "count",
        "received": "count",
        "short": "count",
        "damaged": "count",
        "refused": "count",
    },
    "file": {"sha256": "sha256", "size": "count", "media_type": "text"},
    "erasure": {"event_id": "uuid", "paths": "pointer[+]"},
}


class EventType(NamedTuple):
    """What a type demands of the event, its CBV words, and the fields of its details."""

    requires: str
    biz_step: str | None
    disposition: str | None
    details: dict[str, str]


GOODS, DELIVERY, VISIT = "consignments", "consignments delivery", "consignments delivery site"
OFFER = {"offer": "text", "party": "code", "slots": "slot[+]", "expires": "time", "note": "commitment?"}
PAPER = {
    "document_type": "code",
    "number": "text",
    "media_type": "text",
    "sha256": "sha256",
    "size": "count",
}
HANDOVER = {
    "statement": "sha256?",
    "released_by": "signatory",
    "received_by": "signatory",
    "counts": "counts?",
    "seals": "text[]?",
    "seals_out": "text[]?",
    "seals_after": "text[]?",
    "temperature_mc": "integer?",
    "condition": "code?",
    "attempt": "positive?",
    "doubts": "code[]?",
    "position": "position?",
    "photos": "file[]?",
    "place": "text?",
}
EVENT_TYPES: dict[str, EventType] = {
    "consignment_created": EventType(
        GOODS, None, None, {"order": "text?", "ship_from": "site?", "items": "item[+]"}
    ),
    "packed": EventType(GOODS, "packing", "container_closed", {"handling_units": "handling_unit[+]"}),
    "delivery_grouped": EventType(DELIVERY, None, None, {"load": "load?"}),
    "slots_offered": EventType(VISIT, None, None, OFFER),
    "slots_countered": EventType(VISIT, None, None, {**OFFER, "answers": "text"}),
    "appointment_confirmed": EventType(
        VISIT,
        None,
        None,
        {"appointment": "text", "offer": "text?", "slot": "slot", "confirmation_number": "text"},
    ),
    "appointment_rescheduled": EventType(
        VISIT,
        None,
        None,
        {
            "appointment": "text",
            "offer": "text?",
            "instead_of": "slot",
            "slot": "slot",
            "confirmation_number": "text",
        },
    ),
    "appointment_declined": EventType(
        VISIT, None, None, {"offer": "text", "reason": "code", "note": "commitment?"}
    ),
    "appointment_cancelled": EventType(
        VISIT,
        None,
        None,
        {"appointment": "text", "reason": "code", "cutoff": "time?", "note": "commitment?"},
    ),
    "offer_expired": EventType(VISIT, None, None, {"offer": "text", "expired_at": "time"}),
    "planned": EventType(
        VISIT,
        None,
        None,
        {
            "route": "text",
            "stop": "positive?",
            "carrier": "text",
            "vehicle": "text",
            "driver": "commitment?",
            "arrival": "time?",
        },
    ),
    "document_issued": EventType(GOODS, None, None, PAPER),
    "document_received": EventType(GOODS, None, None, {**PAPER, "party": "code"}),
    "document_waived": EventType(VISIT, None, None, {"document_type": "code", "note": "commitment"}),
    "loaded": EventType(
        DELIVERY, "loading", "in_progress", {"vehicle": "text?", "seals": "text[]?", "position": "position?"}
    ),
    "departed": EventType(DELIVERY, "departing", "in_transit", {"vehicle": "text?", "position": "position?"}),
    "arrived": EventType(
        VISIT,
        "arriving",
        "in_progress",
        {"vehicle": "text?", "dock": "text?", "seals": "text[]?", "position": "position?"},
    ),
    "unloading_started": EventType(VISIT, "unloading", "in_progress", {"dock": "text?"}),
    "unloaded": EventType(VISIT, "unloading", "in_progress", {"dock": "text?"}),
    "handover_accepted": EventType(VISIT, "accepting", "completeness_verified", HANDOVER),
    "handover_accepted_with_reservation": EventType(
        VISIT,
        "accepting",
        "non_conformant",
        {**HANDOVER, "discrepancies": "discrepancy[]", "reservation": "commitment?"},
    ),
    "handover_partly_refused": EventType(
        VISIT,
        "accepting",
        "non_conformant",
        {**HANDOVER, "discrepancies": "discrepancy[+]", "reservation": "commitment?"},
    ),
    "handover_unattended": EventType(
        VISIT,
        "storing",
        "completeness_inferred",
        {**HANDOVER, "discrepancies": "discrepancy[]?", "note": "commitment?"},
    ),
    "handover_refused": EventType(
        VISIT,
        "void_shipping",
        "returned",
        {**HANDOVER, "reason": "code", "discrepancies": "discrepancy[]?", "note": "commitment?"},
    ),
    "handover_own_site": EventType(
        VISIT,
        "receiving",
        "in_progress",
        {**HANDOVER, "discrepancies": "discrepancy[]?", "reservation": "commitment?"},
    ),
    "pickup_ready": EventType(VISIT, "staging_outbound", "available", {"dock": "text?"}),
    "drop_emptied": EventType(
        VISIT,
        "receiving",
        None,
        {
            "received_by": "signatory",
            "place": "text?",
            "counts": "counts",
            "discrepancies": "discrepancy[]?",
            "note": "commitment?",
        },
    ),
    "delivery_failed": EventType(
        VISIT,
        "transporting",
        "in_transit",
        {"reason": "code", "note": "commitment?", "position": "position?", "photos": "file[]?"},
    ),
    "seals_checked": EventType(
        DELIVERY, "inspecting", None, {"seals": "text[+]", "intact": "boolean", "position": "position?"}
    ),
    "condition_reading": EventType(
        GOODS,
        "sensor_reporting",
        None,
        {
            "sensor": "text",
            "calibration": "text?",
            "from": "time",
            "to": "time",
            "readings": "positive",
            "minimum_mc": "integer",
            "maximum_mc": "integer",
            "within_limits": "boolean",
            "file": "file?",
        },
    ),
    "temperature_range_set": EventType(
        DELIVERY,
        None,
        None,
        {
            "minimum_mc": "integer?",
            "maximum_mc": "integer?",
            "minimum_before_mc": "integer?",
            "maximum_before_mc": "integer?",
        },
    ),
    "excursion_decided": EventType(
        GOODS,
        "inspecting",
        None,
        {
            "sensor": "text",
            "measure": "code",
            "from": "time",
            "to": "time",
            "minimum": "integer",
            "maximum": "integer",
            "cause": "code",
            "decision": "code",
            "note": "commitment?",
        },
    ),
    "correction": EventType(
        GOODS,
        None,
        None,
        {"corrects": "uuid", "reason": "code", "corrected_by": "uuid[]", "note": "commitment?"},
    ),
    "clock_anomaly": EventType(
        "",
        None,
        None,
        {
            "device": "text",
            "seq": "positive",
            "kind": "code",
            "event_id": "uuid?",
            "difference_ms": "integer?",
        },
    ),
    "access_viewed": EventType("", None, None, {"what": "text", "purpose": "text?"}),
    "access_exported": EventType("", None, None, {"purpose": "text?", "checkpoint_size": "count?"}),
    "access_granted": EventType(
        "", None, None, {"grant": "uuid", "what": "text", "scopes": "text[]", "until": "time?"}
    ),
    "access_revoked": EventType("", None, None, {"grant": "uuid", "what": "text"}),
    "key_rotated": EventType("", None, None, {"old_key": "text", "new_key": "text"}),
    "pii_erased": EventType("", None, None, {"erased": "erasure[+]", "legal_basis": "text"}),
    "register_closed": EventType(
        "",
        None,
        None,
        {"day": "date", "first": "count", "end": "positive", "salt": "sha256", "root": "sha256"},
    ),
}


UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_text(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= 2000:
        return False
    return (value.isascii() and value.isprintable()) or not UNPRINTABLE.search(value)


def matching(pattern: str) -> Callable[[Any], bool]:
    match = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and match(value) is not None


def whole_from(low: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= MAX_INTEGER


def gs1_key(length: int) -> Callable[[Any], bool]:
    """Digits of which the last is the mod-10 check digit of the GS1 General Specifications."""
    digits = matching(f"[0-9]{{{length}}}")

    @functools.lru_cache(maxsize=4096)
    def fits(text: str) -> bool:
        return digits(text) and (3 * sum(map(int, text[-2::-2])) + sum(map(int, text[-1::-2]))) % 10 == 0

    return lambda value: isinstance(value, str) and fits(value)


DAY, TIME = r"(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"
is_day, is_moment = matching(DAY), matching(f"{DAY}T{TIME}")


@functools.lru_cache(maxsize=1024)
def in_calendar(day: str) -> bool:
    """Whether a day that is written as one must be is one: every month has the first 28."""
    if day[8:] <= "28":
        return True
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": is_text,
    "code": matching(r"[A-Za-z][A-Za-z0-9_]{0,63}"),
    "origin": lambda value: is_text(value) and is_key_name(value),
    "uuid": matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "time": lambda value: is_moment(value) and in_calendar(value[:10]),
    "date": lambda value: is_day(value) and in_calendar(value),
    "count": whole_from(0),
    "positive": whole_from(1),
    "integer": whole_from(-MAX_INTEGER),
    "boolean": lambda value: value is True or value is False,
    "decimal": matching(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?"),
    "sscc": gs1_key(18),
    "gln": gs1_key(13),
    "gtin": gs1_key(14),
    "sha256": matching(r"[0-9a-f]{64}"),
    "commitment": matching(r"[0-9a-f]{64}"),
    "pointer": matching(r"(/[a-z0-9_]+)+"),
    "version": lambda value: type(value) is int and value == 1,
}


class Misfit(Exception):
    """A field of an event is not as its schema says."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class Findings(NamedTuple):
    """What a check comes across in an event: commitments by path, files (SHA-256, size) by path."""

    commitments: dict[str, str]
    files: dict[str, tuple[str, int]]


Check = Callable[[Any, str, Findings], None]


def compile_field(spec: str) -> Check:
    """The check of one field from its description in the tables above."""
    if spec.endswith("]"):
        each_is, may_be_empty = compile_field(spec.split("[")[0]), spec.endswith("[]")

        def check_list(value: Any, path: str, found: Findings) -> None:
            if not isinstance(value, list) or not (value or may_be_empty):
                raise Misfit(path, "not a list, or an empty one")
            for position, each in enumerate(value):
                each_is(each, f"{path}/{position}", found)

        return check_list
    if spec in STRUCTURES:
        return compile_structure(STRUCTURES[spec], is_file=spec == "file")
    fits, is_commitment = KINDS[spec], spec == "commitment"

    def check_scalar(value: Any, path: str, found: Findings) -> None:
        if not fits(value):
            raise Misfit(path, f"not a valid {spec}")
        if is_commitment:
            found.commitments[path] = value

    return check_scalar


def quick_check(spec: str) -> Callable[[Any], bool] | None:
    """Whether a field is as described, without saying where it is not; None where a check finds something."""
    if spec.endswith("]"):
        each_fits, may_be_empty = quick_check(spec.split("[")[0]), spec.endswith("[]")
        if each_fits is None:
            return None
        return lambda value: (
            isinstance(value, list) and (may_be_empty or bool(value)) and all(map(each_fits, value))
        )
    if spec not in STRUCTURES:
        return None if spec == "commitment" else KINDS[spec]
    fits = quick_checks(STRUCTURES[spec])
    if spec == "file" or len(fits) < len(STRUCTURES[spec]):
        return None
    required, fits_of = required_in(STRUCTURES[spec]), fits.get

    def structure_fits(value: Any) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for name, each in value.items():
            each_fits = fits_of(name)
            if each_fits is None or not each_fits(each):
                return False
        return True

    return structure_fits


def quick_checks(fields: dict[str, str]) -> dict[str, Callable[[Any], bool]]:
    """Of the fields of a structure those that have a quick check."""
    found = {name: quick_check(spec.rstrip("?")) for name, spec in fields.items()}
    return {name: check for name, check in found.items() if check}


def required_in(fields: dict[str, str]) -> frozenset[str]:
    return frozenset(name for name, spec in fields.items() if not spec.endswith("?"))


def compile_structure(fields: dict[str, str], is_file: bool = False) -> Check:
    checks = {name: compile_field(spec.rstrip("?")) for name, spec in fields.items()}
    required = required_in(fields)
    check_of, fits_of = checks.get, quick_checks(fields).get

    def check_structure(value: Any, path: str, found: Findings) -> None:
        if not isinstance(value, dict):
            raise Misfit(path, "not an object")
        for name, each in value.items():
            fits = fits_of(name)
            if fits is not None and fits(each):
                continue
            check = check_of(name)
            if check is None:
                raise Misfit(f"{path}/{name[:60]}", "unknown field")
            check(each, f"{path}/{name}", found)
        if not required <= value.keys():
            raise Misfit(f"{path}/{min(required - value.keys())}", "missing")
        if is_file:
            found.files[path] = (value["sha256"], value["size"])

    return check_structure


CHECKS = {name: compile_structure(event_type.details) for name, event_type in EVENT_TYPES.items()}
CHECK_ENVELOPE = compile_structure(STRUCTURES["event"])


def check_event(event: Any, where: str) -> Findings:
    """Check an event against the closed schema; answers its commitments and the files that it names."""
    found = Findings({}, {})
    try:
        check_fields(event, found)
    except Misfit as misfit:
        raise Rejected(f"{where}, {misfit.path}", misfit.why) from None
    return found


def check_fields(event: Any, found: Findings) -> None:
    if not isinstance(event, dict):
        raise Misfit("", "an event is an object")
    name = event.get("type")
    event_type = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if event_type is None:
        raise Misfit("/type", "unknown event type")
    envelope = event.copy()
    details: Any = envelope.pop("details", None)
    CHECK_ENVELOPE(envelope, "", found)
    CHECKS[event["type"]](details, "/details", found)
    for required in event_type.requires.split():
        if not event.get(required):
            raise Misfit(f"/{required}", f"an event of type {name} needs it")
    goods, why = event["consignments"], event["why"]
    if len(goods) > 1:
        numbers = [each["number"] for each in goods]
        if numbers != sorted(set(numbers)):
            raise Misfit("/consignments", "not sorted by number, each once")
    if why.get("biz_step") != event_type.biz_step:
        raise Misfit("/why/biz_step", f"not that of the type {name}")
    if why.get("disposition") != event_type.disposition:
        raise Misfit("/why/disposition", f"not that of the type {name}")
    check_counts(details.get("counts"))
    if name in ("document_issued", "document_received"):
        found.files["/details"] = (details["sha256"], details["size"])


def check_counts(counts: Any) -> None:
    """What came and what did not come add up to what was expected and what came beyond it."""
    if counts and (
        counts["received"] + counts["short"] + counts["damaged"] + counts["refused"]
        != counts["expected"] + counts["over"]
    ):
        raise Misfit("/details/counts", "received, short, damaged and refused are not expected and over")


# --- The reading copy ---------------------------------------------------------------------------------------

CSV_COLUMNS = words(
    "log_index event_id type event_time received_time consignments sscc delivery site_gln site_name actor_id"
    " actor_role actor_organisation biz_step disposition refs details"
)


FORMULA = "(?:'|[ \u00a0\u3000\"']*[-=+@\t\r\n\0\uff1d\uff0b\uff0d\uff20])"
LIKE_A_FORMULA = re.compile(FORMULA)
BETWEEN = "\x1f"  # cells: no text in an event holds it, and in JSON it is escaped
HOLDS_FORMULA = re.compile(BETWEEN + FORMULA)


def csv_event(index: int, event: dict[str, Any], details: str) -> list[str]:
    """The cells of an event's line in custody.csv; ``details`` in their canonical form."""
    site, actor, why, goods = event.get("site", {}), event["actor"], event["why"], event["consignments"]
    return [
        str(index),
        event["event_id"],
        event["type"],
        event["event_time"],
        event["received_time"],
        " | ".join([f"{each['number']} #{each['cseq']}" for each in goods]),
        " ".join([sscc for each in goods for sscc in each["sscc"]]),
        event.get("delivery", ""),
        site.get("gln", ""),
        site.get("name", ""),
        actor["id"],
        actor["role"],
        actor["organisation"],
        why.get("biz_step", ""),
        why.get("disposition", ""),
        " | ".join([f"{ref['type']}: {ref['id']}" for ref in why["refs"]]),
        details,
    ]


def details_in(data: bytes, event: dict[str, Any]) -> str:
    """The canonical text of a checked event's details: it lies between their key and the next."""
    end = data.rindex(b',"device":{' if "device" in event else b',"event_id":"')
    return data[data.index(b'"details":') + len('"details":') : end].decode()


def csv_line(cells: list[str]) -> bytes:
    """Quoted cells; an apostrophe before what begins like a formula, or with an apostrophe."""
    line = BETWEEN + BETWEEN.join(cells)
    if HOLDS_FORMULA.search(line) or line.count(BETWEEN) > len(cells):
        cells = ["'" + cell if LIKE_A_FORMULA.match(cell) else cell for cell in cells]
        return ('"' + '","'.join([cell.replace('"', '""') for cell in cells]) + '"\r').encode()
    quoted = line[1:].replace('"', '""').replace(BETWEEN, '","')
    return f'"{quoted}"\r'.encode()


# --- The steps ----------------------------------------------------------------------------------------------


class Manifest(NamedTuple):
    """What the log signed about the bundle. Of consignments registers show what was asked for: on ``days``
    something was recorded of them, and of each of ``conditions`` they bear one mark."""

    log: str
    shipper: str
    created: str
    checkpoint: Checkpoint
    events: int
    scope: str
    asked: list[Any]
    last_cseq: dict[str, int]
    files: dict[str, Any]
    conditions: list[list[str]]
    days: tuple[str, str]
    narrowed: bool


class Evidence:
    """What the events told, for the steps after them; nothing of it grows with an event but eight bytes."""

    def __init__(self, known_size: int) -> None:
        self.known_size = known_size
        self.known_root: bytes | None = None
        self.event_ids = array("Q")
        self.files: dict[str, tuple[int, str]] = {}
        self.erased_files: set[str] = set()
        self.file_fields: dict[tuple[str, str], str] = {}
        self.cseq: dict[str, int] = {}
        self.beginning = Frontier()
        self.anomalies = self.opened = self.committed = self.erased = 0

    def add_leaf(self, leaf: bytes) -> None:
        """The next leaf of the whole log, of which its beginning is known from elsewhere."""
        if self.beginning.size < self.known_size:
            self.beginning.append(leaf)
            if self.beginning.size == self.known_size:
                self.known_root = self.beginning.root()


def follow_keys(container: Container, trust: Trust, report: Report) -> None:
    """Take on the keys that followed the given one, or came before it."""
    changes = trust.follow(changes_in(container, ROTATION_NAME, "rotations"))
    if changes:
        report.proven.append(f"changes of the log's key, each signed by the old and the new one: {changes}")


def changes_in(container: Container, pattern: re.Pattern[str], folder: str) -> list[tuple[str, bytes]]:
    """The changes of key in a folder of the bundle, oldest first, each with its name."""
    numbers = sorted(int(match[1]) for match in map(pattern.fullmatch, container.members) if match)
    if numbers != list(range(1, len(numbers) + 1)):
        raise Rejected(folder, "are not numbered 1, 2, 3")
    names = [f"{folder}/{number}.note" for number in numbers]
    return [(name, container.read(name)) for name in names]


def check_signature(container: Container, trust: Trust) -> Note:
    """manifest.note is the log's signature, alone, over manifest.json as it is."""
    opened = open_note(container.read("manifest.note"), trust.reach, "manifest.note")
    if not opened.keys:
        raise Rejected("manifest.note", "not signed by the given key")
    if opened.others or len(opened.keys) > 1:
        raise Rejected("manifest.note", "carries signatures besides the log's")
    digest = container.members["manifest.json"].sha256
    if opened.text != f"{FORMAT}\n{trust.origin}\nmanifest.json sha256 {digest}\n":
        raise Rejected("manifest.json", "is not the manifest that the log signed in manifest.note")
    return opened


def read_manifest(container: Container, trust: Trust) -> Manifest:
    where = "manifest.json"
    names = "format log shipper created checkpoint events scope files"
    value = parse_json(container.read(where), where)
    if isinstance(value, dict) and value.get("format") != FORMAT:
        raise Rejected(f"{where}/format", f"this verifier understands {FORMAT}, take the one for this bundle")
    value = require_fields(value, names, where)
    scope = read_scope(value["scope"], f"{where}/scope")
    head = require_fields(value["checkpoint"], "size root", f"{where}/checkpoint")
    checks = {
        "log": value["log"] == trust.origin,
        "shipper": is_text(value["shipper"]),
        "created": KINDS["time"](value["created"]),
        "checkpoint/size": KINDS["count"](head["size"]),
        "events": KINDS["count"](value["events"]),
        "files": isinstance(value["files"], dict),
    }
    for field, fits in checks.items():
        if not fits:
            raise Rejected(f"{where}/{field}", "not what it must be")
    return Manifest(
        value["log"],
        value["shipper"],
        value["created"],
        Checkpoint(head["size"], strict_hash(head["root"], f"{where}/checkpoint/root")),
        value["events"],
        scope["kind"],
        scope["asked"],
        scope["last_cseq"],
        value["files"],
        [[canonical_json(mark).decode() for mark in marks] for marks in scope.get("marks", [])],
        (scope.get("first_day", ""), scope.get("last_day", "")),
        scope.get("narrowed", False),
    )


SCOPE_FIELDS = {
    "consignments": "last_cseq marks first_day last_day narrowed",
    "log": "last_cseq",
}


def read_scope(value: Any, where: str) -> dict[str, Any]:
    """What the bundle promises to be complete for."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in SCOPE_FIELDS:
        raise Rejected(f"{where}/kind", "not what it must be")
    scope = require_fields(value, f"kind asked {SCOPE_FIELDS[kind]}", where)
    if not isinstance(scope["asked"], list):
        raise Rejected(f"{where}/asked", "not a list")
    for position, each in enumerate(scope["asked"]):
        fields = require_fields(each, "by value", f"{where}/asked/{position}")
        if not KINDS["code"](fields["by"]) or not is_text(fields["value"]):
            raise Rejected(f"{where}/asked/{position}", "not what it must be")
    numbers = scope["last_cseq"]
    if not isinstance(numbers, dict) or not all(map(KINDS["positive"], numbers.values())):
        raise Rejected(f"{where}/last_cseq", "not what it must be")
    if kind == "consignments":
        check_asked_marks(scope, where)
    return scope


def check_asked_marks(scope: dict[str, Any], where: str) -> None:
    """The marks of a scope, of which a consignment bears one of each list, and its days."""
    for position, marks in enumerate(list_of(scope["marks"], f"{where}/marks")):
        for mark in list_of(marks, f"{where}/marks/{position}"):
            if not isinstance(mark, list) or not mark or not all(map(is_text, mark)):
                raise Rejected(f"{where}/marks/{position}", "not marks")
    for name in ("first_day", "last_day"):
        if scope[name] != "" and not KINDS["date"](scope[name]):
            raise Rejected(f"{where}/{name}", "not a day")
    if not KINDS["boolean"](scope["narrowed"]):
        raise Rejected(f"{where}/narrowed", "not what it must be")


def check_files(container: Container, manifest: Manifest, report: Report) -> None:
    """The container holds exactly the files of the manifest, each as it says."""
    present = set(container.members) - {"manifest.json", "manifest.note"}
    for name in sorted(present ^ set(manifest.files)):
        listed = name in manifest.files
        report.failures.append(f"{name}: {'missing from the bundle' if listed else 'not in the manifest'}")
    for name in sorted(present & set(manifest.files)):
        member = container.members[name]
        if manifest.files[name] != {"size": member.size, "sha256": member.sha256}:
            report.failures.append(f"{member.place}: not the file that the manifest names")
    copies = [name for name in sorted(present) if COPY_NAME.fullmatch(name)]
    if copies:
        report.unproven.append(
            "that the reading copies say what the events say, for the log's owner made them:"
            f" {', '.join(copies)}"
        )


class Head(NamedTuple):
    """The bundle's checkpoint and which witnesses cosigned it."""

    checkpoint: Checkpoint
    witnessed: dict[Key, int]


def check_checkpoint(container: Container, manifest: Manifest, trust: Trust, signed: Note | None) -> Head:
    checkpoint, witnessed = trust.open_checkpoint(container.read("checkpoint.note"), "checkpoint.note")
    if checkpoint != manifest.checkpoint:
        raise Rejected("manifest.json/checkpoint", "not that of checkpoint.note")
    if signed:
        trust.require_signed(signed, checkpoint.size, "manifest.note")
    return Head(checkpoint, witnessed)


def check_events(
    container: Container,
    manifest: Manifest,
    checkpoint: Checkpoint,
    known_size: int,
    rebuilding: Rebuilding,
    report: Report,
) -> Evidence:
    """Walk through events, proofs, CSV and disclosures side by side; every wrong event is reported."""
    evidence, failures = Evidence(known_size), len(report.failures)
    reader = EventReader(manifest, checkpoint, evidence, Disclosures(container), rebuilding)
    proofs, table = container.lines("proofs.jsonl"), container.lines("custody.csv")
    head = next(table, (0, b""))[1]
    if head != b"\xef\xbb\xbf" + csv_line(CSV_COLUMNS):
        report.failures.append("custody.csv line 1: not the head of the table")
    for number, (position, data) in enumerate(container.lines("events.jsonl"), start=1):
        proof, row = next(proofs, None), next(table, None)
        try:
            reader.read(number, position, data, proof and proof[1], row and row[1])
        except Rejected as rejection:
            report.failures.append(str(rejection))
    if number_of_lines(proofs) or number_of_lines(table):
        report.failures.append("proofs.jsonl, custody.csv: more lines than there are events")
    if reader.count != manifest.events:
        report.failures.append(f"events.jsonl: {reader.count} events, the manifest says {manifest.events}")
    if len(report.failures) == failures:
        report.attempt(reader.disclosures.require_end)
    report.failures += [
        f"events.jsonl: the same event twice, its id ends in {each}" for each in twice(evidence)
    ]
    return evidence


def number_of_lines(lines: Iterator[tuple[int, bytes]]) -> int:
    return sum(1 for _ in lines)


def twice(evidence: Evidence) -> list[str]:
    """The ends of event ids that come twice."""
    ids = sorted(evidence.event_ids)
    return [f"{ids[at]:016x}" for at in range(1, len(ids)) if ids[at] == ids[at - 1]]


HASH_TEXT = r'"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="'  # canonical base64 of 32 bytes


class Disclosures:
    """disclosed.jsonl: a line for each opened value, in the order of the events and of their fields."""

    FILE = "disclosed.jsonl"

    def __init__(self, container: Container) -> None:
        self.lines = enumerate(container.lines(self.FILE), start=1)
        self.next: Opening | None = None
        self.number = 0

    def advance(self) -> None:
        """Go to the next line; at the end there is none."""
        self.next = None
        for number, (_, line) in self.lines:
            self.number = number
            self.next = read_opening(line, f"{self.FILE} line {number}")
            break

    def open(self, event_id: str, commitments: dict[str, str]) -> int:
        """Check the values that this event's commitments are opened with; how many."""
        opened, last = 0, ""
        if self.number == 0:
            self.advance()
        while self.next and self.next.event_id == event_id:
            _, path, salt, value = self.next
            number, commitment = self.number, commitments.get(path)
            self.advance()
            where = f"{self.FILE} line {number}"
            if path <= last:
                raise Rejected(where, "not sorted by path, each once")
            if commitment is None:
                raise Rejected(where, f"event {event_id} has no commitment at {path}")
            if hash_256(b"custody/pii/v1" + path.encode() + salt + value).hexdigest() != commitment:
                raise Rejected(where, f"does not open the commitment of event {event_id} at {path}")
            opened, last = opened + 1, path
        return opened

    def require_end(self) -> None:
        if self.number == 0:
            self.advance()
        if self.next:
            where = f"{self.FILE} line {self.number}"
            raise Rejected(where, f"event {self.next.event_id} is not here, or not in its place")


class Opening(NamedTuple):
    """A line of disclosed.jsonl: the value is in its canonical JSON."""

    event_id: str
    path: str
    salt: bytes
    value: bytes


# Texts without an escape, which are their own canonical form.
OPENING_LINE = re.compile(
    r'\{"event_id":"([0-9a-f-]{36})","path":"([a-z0-9_/]+)",'
    rf'"salt":({HASH_TEXT}),"value":("[^"\\\x00-\x1f]*")\}}'
)


def read_opening(line: bytes, where: str) -> Opening:
    """A line of disclosed.jsonl: as a rule in the form that most have, else read with care."""
    try:
        match = OPENING_LINE.fullmatch(line.decode())
    except UnicodeDecodeError:
        match = None
    if match:
        event_id, path, salt, value = match.groups()
        return Opening(event_id, path, from_base64(salt[1:-1]), value.encode())
    fields = require_fields(parse_closed(line, where), "event_id path salt value", where)
    if not all(isinstance(fields[name], str) for name in ("event_id", "path", "value")):
        raise Rejected(where, "event_id, path and value are texts")
    salt_bytes = strict_hash(fields["salt"], f"{where}/salt")
    return Opening(fields["event_id"], fields["path"], salt_bytes, canonical_json(fields["value"]))


class EventReader:
    """Checks one event after the other and gathers what the later steps need."""

    def __init__(
        self,
        manifest: Manifest,
        checkpoint: Checkpoint,
        evidence: Evidence,
        disclosures: Disclosures,
        rebuilding: Rebuilding,
    ) -> None:
        self.manifest = manifest
        self.rebuilding = rebuilding
        self.evidence = evidence
        self.disclosures = disclosures
        self.proofs = Proofs()
        self.inclusions = Inclusions(checkpoint)
        self.count = 0
        self.last_index = -1

    def read(self, number: int, start: int, data: bytes, proof_line: bytes | None, row: bytes | None) -> None:
        self.count += 1
        where = f"events.jsonl line {number} (bytes {start}-{start + len(data) - 1} of the bundle)"
        if proof_line is None:
            raise Rejected(f"proofs.jsonl line {number}", "missing: this event has no proof")
        proof = self.proofs.read(proof_line, f"proofs.jsonl line {number}")
        index = proof["index"]
        where = f"{where}, log index {index}"
        self.check_place(index, data, proof["proof"], where, f"proofs.jsonl line {number}")
        event = parse_closed(data, where)
        found = check_event(event, where)
        self.check_identity(event, proof, where, number)
        self.check_sequence(event, where)
        self.remember(event, found)
        self.rebuilding.take(index, event)
        if row != csv_line(csv_event(index, event, details_in(data, event))):
            raise Rejected(
                f"custody.csv line {number + 1}", f"does not say what the event at log index {index} says"
            )
        self.evidence.committed += len(found.commitments)
        self.evidence.opened += self.disclosures.open(event["event_id"], found.commitments)

    def check_place(self, index: int, data: bytes, proof: list[bytes], where: str, proof_place: str) -> None:
        """In log order, without gaps where the whole log is promised, and in the checkpoint's tree."""
        previous, self.last_index = self.last_index, max(index, self.last_index)
        if index <= previous:
            raise Rejected(where, f"not in log order: it comes after index {previous}")
        leaf = leaf_hash(data)
        if self.manifest.scope == "log":
            self.evidence.add_leaf(leaf)
            if index != previous + 1:
                raise Rejected(where, f"the events before it, from log index {previous + 1}, are missing")
        if not self.inclusions.holds(leaf, index, proof):
            raise Rejected(
                where, f"the event is not proven to be in the log: it or its proof ({proof_place}) is changed"
            )

    def check_identity(self, event: dict[str, Any], proof: dict[str, Any], where: str, number: int) -> None:
        if event["event_id"] != proof["event_id"]:
            raise Rejected(f"proofs.jsonl line {number}/event_id", "the proof of another event")
        self.evidence.event_ids.append(int(event["event_id"][19:].replace("-", ""), 16))
        if event["log"] != self.manifest.log:
            raise Rejected(
                f"{where}, /log", f"an event of the log {event['log']}, not of {self.manifest.log}"
            )
        if event["shipper"] != self.manifest.shipper:
            raise Rejected(
                f"{where}, /shipper", f"an event of {event['shipper']}, not of {self.manifest.shipper}"
            )
        numbers = {each["number"] for each in event["consignments"]}
        if numbers and self.manifest.last_cseq.keys().isdisjoint(numbers):
            raise Rejected(f"{where}, /consignments", "none of them is in the bundle's scope")
        if self.manifest.scope == "log" and not numbers <= self.manifest.last_cseq.keys():
            raise Rejected(f"{where}, /consignments", "one is not in the scope of the whole log")

    def check_sequence(self, event: dict[str, Any], where: str) -> None:
        """The events of each promised consignment are numbered 1, 2, 3, … in log order."""
        gaps = []
        for each in event["consignments"]:
            number, cseq = each["number"], each["cseq"]
            if number not in self.manifest.last_cseq:
                continue
            expected = self.evidence.cseq.get(number, 0) + 1
            self.evidence.cseq[number] = cseq
            if cseq != expected:
                gaps.append(f"consignment {number} goes on with event {cseq} where {expected} is due")
        if gaps:
            raise Rejected(f"{where}, /consignments", "; ".join(gaps))

    def remember(self, event: dict[str, Any], found: Findings) -> None:
        details, evidence = event["details"], self.evidence
        for path, (digest, size) in found.files.items():
            label = f"{event['type']} {event['event_id']} {path}"
            if event["type"] in ("document_issued", "document_received"):
                label = f"{details['document_type']} {details['number']}"
            evidence.files[digest] = (size, label)
            evidence.file_fields[event["event_id"], path] = digest
        if event["type"] == "clock_anomaly":
            evidence.anomalies += 1
        if event["type"] == "pii_erased":
            for each in details["erased"]:
                fields = [(each["event_id"], path) for path in each["paths"]]
                files = {evidence.file_fields[field] for field in fields if field in evidence.file_fields}
                evidence.erased_files |= files
                evidence.erased += len(fields) - len(files)


PROOF_HEAD = re.compile(rb'\{"event_id":"([0-9a-f-]{36})","index":(0|[1-9][0-9]{0,14}),"proof":\[')
PROOF_PATH = re.compile(rf"(?:{HASH_TEXT}(?:,{HASH_TEXT})*)?".encode())
PROOF_END = b"]}"
HASH_LENGTH = 47  # of a hash in base64, with quotes and comma


class Proofs:
    """Lines of proofs.jsonl, one after the other. The hashes stay in base64.

    What is above the node where two neighbours meet is the same text in both, and was read once.
    """

    def __init__(self) -> None:
        self.index = 0
        self.line = b""
        self.path: list[bytes] = []

    def read(self, line: bytes, where: str) -> dict[str, Any]:
        """A line of proofs.jsonl: as a rule its one canonical form, else whatever is wrong with it."""
        head = PROOF_HEAD.match(line)
        if head and line.endswith(PROOF_END):
            event_id, index = head[1].decode(), int(head[2])
            below = (index ^ self.index).bit_length()
            above = self.path[below:]
            shared = HASH_LENGTH * len(above) + len(PROOF_END) if above else 0
            if not shared or line[-shared:] != self.line[-shared:]:
                above, shared = [], len(PROOF_END)
            own = line[head.end() : -shared]
            if PROOF_PATH.fullmatch(own):
                self.path = (own[1:-1].split(b'","') if own else []) + above
                self.index, self.line = index, line
                return {"event_id": event_id, "index": index, "proof": self.path}
        proof = require_fields(parse_json(line, where), "event_id index proof", where)
        if not KINDS["count"](proof["index"]):
            raise Rejected(f"{where}/index", "not a place in a log")
        hash_list(proof["proof"], f"{where}/proof")
        return {**proof, "proof": [each.encode() for each in proof["proof"]]}


def check_scope(manifest: Manifest, checkpoint: Checkpoint, evidence: Evidence, report: Report) -> None:
    """Nothing that the scope promises is missing at the end."""
    for number, last in sorted(manifest.last_cseq.items()):
        found = evidence.cseq.get(number, 0)
        if found != last:
            report.failures.append(
                f"events.jsonl: consignment {number} ends with event {found}, its last is {last}"
            )
    if manifest.scope == "log":
        if manifest.events != checkpoint.size:  # each proven to be at the next place of its tree
            report.failures.append(f"events.jsonl: not the whole log of {checkpoint.size} events")
        report.proven.append(f"all events of the log up to the checkpoint are here: {checkpoint.size}")
        return
    report.proven.append(
        "consignments whose events are numbered without a gap up to the last number that the log signed:"
        f" {len(manifest.last_cseq)}"
    )


# --- Registers ----------------------------------------------------------------------------------------------

REGISTER = b"custody/register/v1/"
PLACE_BITS = 32
NOTHING = bytes(32)
AFTER_NOTHING = b"\x01" + NOTHING
LEAST_FILLERS = 32


class Register(NamedTuple):
    """What a line of registers.jsonl tells: the event that closed the register, and what is shown of it."""

    where: str
    place: int
    day: str
    first: int
    end: int
    salt: bytes
    root: bytes
    said: list[Any]
    seed: bytes

    def is_within(self, days: tuple[str, str]) -> bool:
        return (days[0] or self.day) <= self.day <= (days[1] or self.day)


def read_registers(container: Container, manifest: Manifest, head: Checkpoint) -> Iterator[Register]:
    """The registers of the log, each closed by one of its events and going on where the one before ended."""
    end = 0
    for number, (_, line) in enumerate(container.lines("registers.jsonl"), start=1):
        where = f"registers.jsonl line {number}"
        fields = require_fields(parse_json(line, where), "event index proof said seed", where)
        event, index = fields["event"], fields["index"]
        check_event(event, f"{where}/event")
        if event["type"] != "register_closed":
            raise Rejected(f"{where}/event", "not an event that closed a register")
        if (event["log"], event["shipper"]) != (manifest.log, manifest.shipper):
            raise Rejected(f"{where}/event", f"not an event of {manifest.log}")
        if not KINDS["count"](index):
            raise Rejected(f"{where}/index", "not a place in a log")
        proof = hash_list(fields["proof"], f"{where}/proof")
        if root_from_inclusion(leaf_hash(canonical_json(event)), index, head.size, proof) != head.root:
            raise Rejected(where, "the register is not proven to be in the log: it or its proof is changed")
        details = event["details"]
        if details["first"] != end or not end < details["end"] <= index:
            raise Rejected(where, f"a register that goes on from log index {end} is due")
        end = details["end"]
        yield Register(
            where,
            index,
            details["day"],
            details["first"],
            end,
            bytes.fromhex(details["salt"]),
            bytes.fromhex(details["root"]),
            list_of(fields["said"], f"{where}/said"),
            strict_base64(fields["seed"], f"{where}/seed"),
        )


def place_of(salt: bytes, mark: str) -> int:
    """Where a mark lies in the register with this salt."""
    return int.from_bytes(hash_256(REGISTER + b"place" + salt + mark.encode()).digest()[:4], "big")


def over(left: bytes, right: bytes) -> bytes:
    """The node over two others of a register's tree: nothing over nothing."""
    return NOTHING if left == right == NOTHING else node_hash(left, right)


def entry_hash(salt: bytes, number: str, events: int) -> bytes:
    said = f'{{"consignment":{encode_in_order(number)},"events":{events}}}'
    return hash_256(REGISTER + b"entry" + salt + said.encode()).digest()


def mark_leaf(salt: bytes, mark: str, entries: list[bytes]) -> bytes:
    texts = '","'.join([base64.b64encode(each).decode() for each in entries])
    return leaf_hash(salt + f'{{"entries":["{texts}"],"mark":{mark}}}'.encode())


def read_said(register: Register, mark: str, value: Any) -> dict[bytes, tuple[str, int] | None]:
    """What a register says of a mark, proven to be at its place: the entries, those that are opened with the
    consignment and how many events it had."""
    where = f"{register.where}, {mark}"
    fields = require_fields(value, "entries path salt", where)
    path = hash_list(fields["path"], f"{where}/path")
    if len(path) > PLACE_BITS or (path and path[-1] == NOTHING):
        raise Rejected(f"{where}/path", "not a path in its one form")
    entries: dict[bytes, tuple[str, int] | None] = {}
    for each in list_of(fields["entries"], f"{where}/entries"):
        told, opened = read_bearer(each, f"{where}/entries")
        if entries and told <= next(reversed(entries)):
            raise Rejected(f"{where}/entries", "not sorted, each once")
        entries[told] = opened
    node = NOTHING
    if entries:
        node = mark_leaf(strict_hash(fields["salt"], f"{where}/salt"), mark, list(entries))
    elif fields["salt"] != "":
        raise Rejected(f"{where}/salt", "there is nothing that it could hide")
    place = place_of(register.salt, mark)
    for depth in range(PLACE_BITS, 0, -1):
        sibling = path[depth - 1] if depth <= len(path) else NOTHING
        node = over(sibling, node) if place >> PLACE_BITS - depth & 1 else over(node, sibling)
    if node != register.root:
        raise Rejected(where, "not what the register said when it was closed")
    return entries


def read_bearer(value: Any, where: str) -> tuple[bytes, tuple[str, int] | None]:
    """An entry's hash, and what it stands for where that is told."""
    if isinstance(value, dict) and "hidden" in value:
        return strict_hash(require_fields(value, "hidden", where)["hidden"], where), None
    fields = require_fields(value, "consignment events salt", where)
    number, events = fields["consignment"], fields["events"]
    if not is_text(number) or not KINDS["positive"](events):
        raise Rejected(where, "not a consignment and its number of events")
    return entry_hash(strict_hash(fields["salt"], where), number, events), (number, events)


class Bearers:
    """Which consignments bear a mark of each condition, register by register, and how many events."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.events: dict[str, int] = {}
        self.hidden = 0
        self.untold: list[str] = []
        self.end = 0
        self.closed_by: list[int] = []

    def take(self, register: Register) -> None:
        conditions = self.manifest.conditions
        shown = register.is_within(self.manifest.days)
        if len(register.said) != (sum(map(len, conditions)) if shown else 0) or register.seed:
            raise Rejected(register.where, "does not speak of each mark of the scope, or of others")
        self.end = register.end
        self.closed_by.append(register.place)
        if not shown:
            return
        said, opened = iter(register.said), dict[bytes, tuple[str, int] | None]()
        bearing: set[bytes] | None = None
        for marks in conditions:
            some = set[bytes]()
            for mark in marks:
                value = next(said)
                if value is None:
                    self.untold.append(f"what the register of {register.day} says of {mark}")
                    continue
                entries = read_said(register, mark, value)
                some |= entries.keys()
                opened |= {told: each for told, each in entries.items() if each}
            bearing = some if bearing is None else bearing & some
        for told in bearing or ():
            found = opened.get(told)
            if found is None:
                self.hidden += 1
            else:
                self.events[found[0]] = max(found[1], self.events.get(found[0], 0))


def check_registers(container: Container, manifest: Manifest, checkpoint: Checkpoint, report: Report) -> None:
    """No other consignment bears the marks that were asked for, and none in the bundle has more events."""
    bearers = Bearers(manifest)
    for register in read_registers(container, manifest, checkpoint):
        bearers.take(register)
    asked = " and ".join(" or ".join(marks) for marks in manifest.conditions)
    absent = sorted(bearers.events.keys() - manifest.last_cseq.keys())
    for number, events in sorted(bearers.events.items()):
        given = manifest.last_cseq.get(number, events)
        if given < events:
            report.failures.append(
                f"events.jsonl: consignment {number} has {events} events by the log's registers, {given} are"
                " here"
            )
    if absent and not manifest.narrowed:
        report.failures += [
            f"events.jsonl: consignment {number} bears {asked} by the log's registers and is not here"
            for number in absent
        ]
        return
    missing = [*bearers.untold]
    if not manifest.conditions or not all(manifest.conditions):
        missing.append("the marks of the scope: nothing shows which consignments belong to it")
    if absent:
        missing.append(
            f"consignments that bear {asked} and were left out of a narrower scope:"
            f" {', '.join(absent[:MAX_SHOWN])}"
        )
    if bearers.hidden:
        missing.append(
            f"consignments that bear {asked} and are not shown: {bearers.hidden} entries of the log's"
            " registers"
        )
    closing = sum(1 for place in bearers.closed_by if place >= bearers.end)
    if last := checkpoint.size - bearers.end - closing:
        missing.append(
            f"registers of the last {last} events of the log: these consignments may have more events, and"
            " others may belong to the scope"
        )
    report.missing += missing
    if not missing:
        report.proven.append(
            f"no other consignment bears {asked}{in_days(manifest.days)}, and none has more events: the log's"
            f" registers say so for all of its {checkpoint.size} events"
        )
        report.unproven.append(
            "that the registers say all that the events say: they were closed before this was asked for, and"
            " a bundle of the whole log shows whether they are right"
        )


def check_asked(manifest: Manifest, report: Report) -> None:
    """What was asked for is what the marks say; a recipient's sites are the log's word."""
    named = {word for marks in manifest.conditions for mark in marks for word in json.loads(mark)}
    days = {"first_day": manifest.days[0], "last_day": manifest.days[1]}
    for each in manifest.asked:
        by, value = each["by"], each["value"]
        if by == "recipient":
            report.unproven.append(
                f"that {value} has no other sites than those of the marks: the log's owner says so"
            )
        elif not (days[by] == value if by in days else value in named) and not manifest.narrowed:
            raise Rejected("manifest.json/scope", f"no mark stands for {by} {value}")


def in_days(days: tuple[str, str]) -> str:
    first, last = days
    return (
        f", recorded{' from ' + first if first else ''}{' to ' + last if last else ''}" if any(days) else ""
    )


class Rebuilding:
    """The registers made anew from the events of the whole log, as they are read."""

    def __init__(self, registers: Iterable[Register]) -> None:
        self.registers = list(registers)
        self.at = 0
        self.seen = 0
        self.borne: dict[str, str] = {}  # the marks of each consignment, a line each
        self.told: dict[str, tuple[str | None, ...]] = {}  # delivery and site that it last had them from
        self.counts: dict[str, int] = {}

    def take(self, index: int, event: dict[str, Any]) -> None:
        if event["type"] == "register_closed":
            self.seen += 1
        if self.at == len(self.registers):
            return
        register = self.registers[self.at]
        if event["received_time"][:10] != register.day:
            raise Rejected(register.where, f"the event at log index {index} was received on another day")
        told = event.get("delivery"), *event.get("site", {}).values()
        tells_more = event["type"] in ("consignment_created", "planned")
        for each in event["consignments"]:
            number = each["number"]
            self.counts[number] = each["cseq"]
            if tells_more or self.told.get(number) != told:
                self.borne[number] = "\n".join({*self.marks_borne(number), *marks_of(event)})
                self.told[number] = told
        if index + 1 == register.end:
            self.at += 1
            self.compare(register)

    def marks_borne(self, number: str) -> list[str]:
        known = self.borne.get(number)
        return known.split("\n") if known else []

    def compare(self, register: Register) -> None:
        """The register is the one that these events make."""
        if len(register.seed) != 32 or register.said:
            raise Rejected(register.where, "can't be made anew: its seed is not here")
        consignments: dict[str, list[str]] = {}
        for number in self.counts:
            marks = [
                '["any"]',
                canonical_json(["consignment", number]).decode(),
                *self.marks_borne(number),
            ]
            for mark in marks:
                consignments.setdefault(mark, []).append(number)
        if register_root(register, consignments, self.counts) != register.root:
            raise Rejected(
                register.where, f"not the register of the log's events {register.first} to {register.end - 1}"
            )
        self.counts = {}


def tell_registers(rebuilding: Rebuilding, report: Report) -> None:
    """Whether every register that the log closed is here, and right."""
    closed = len(rebuilding.registers)
    if rebuilding.seen > closed:
        report.missing.append(f"what {rebuilding.seen - closed} registers of the log are made of")
    if closed:
        report.proven.append(f"registers of the log that say what its events say: {closed}")


def register_root(register: Register, consignments: dict[str, list[str]], counts: dict[str, int]) -> bytes:
    """The root of a register that says this."""
    entries = {
        number: entry_hash(drawn(register.seed, b"entry", number.encode()), number, count)
        for number, count in counts.items()
    }
    nodes: dict[int, bytes] = {}
    for number in range(max(len(consignments), LEAST_FILLERS)):
        filler = drawn(register.seed, b"nobody", number.to_bytes(4, "big"))
        nodes[int.from_bytes(filler[:4], "big")] = leaf_hash(filler)
    for mark, bearers in consignments.items():
        told = sorted(entries[number] for number in bearers)
        salt = drawn(register.seed, b"mark", mark.encode())
        nodes[place_of(register.salt, mark)] = mark_leaf(salt, mark, told)
    return node_over(sorted(nodes.items()), PLACE_BITS)


def node_over(leaves: list[tuple[int, bytes]], bits: int) -> bytes:
    """The node over leaves whose places share all but the last ``bits``."""
    if not leaves:
        return NOTHING
    if len(leaves) == 1:
        [(place, node)] = leaves
        for _ in range(bits):
            node = hash_256(AFTER_NOTHING + node if place & 1 else b"\x01" + node + NOTHING).digest()
            place >>= 1
        return node
    middle = (leaves[0][0] >> bits << bits) + (1 << bits - 1)
    half = bisect_left(leaves, (middle, b""))
    return over(node_over(leaves[:half], bits - 1), node_over(leaves[half:], bits - 1))


def drawn(seed: bytes, about: bytes, what: bytes) -> bytes:
    """A secret of the register, from its seed."""
    return hmac.digest(seed, REGISTER + about + b"/" + what, "sha256")


def marks_of(event: dict[str, Any]) -> set[str]:
    """The marks that an event gives its consignments."""
    found: list[list[str]] = []
    if event.get("delivery"):
        found.append(["delivery", event["delivery"]])
    if event.get("site"):
        found += [[kind, event["site"][name]] for kind, name in SITE_MARKS if event["site"].get(name)]
    if event["type"] == "planned":
        found.append(["carrier", event["details"]["carrier"]])
    if event["type"] == "consignment_created":
        for item in event["details"]["items"]:
            batch = [item["lot"]] if item.get("lot") else []
            names = [item[name] for name in ("article", "gtin") if item.get(name)]
            found += [["article", name] for name in names]
            found += [["article", name, *batch] for name in names if batch]
            found += [["batch", *batch]] if batch else []
    return {canonical_json(mark).decode() for mark in found}


SITE_MARKS = (("site", "name"), ("gln", "gln"))


def check_documents(container: Container, evidence: Evidence, report: Report) -> None:
    """Every paper is one that an event names; a named paper that is absent makes the bundle incomplete."""
    present = set()
    for name, member in container.members.items():
        match = DOCUMENT_NAME.fullmatch(name)
        if not match:
            continue
        present.add(match[1])
        if member.sha256 != match[1]:
            report.failures.append(f"{member.place}: its SHA-256 is not its name")
        if match[1] not in evidence.files:
            report.failures.append(f"{name}: no event of this bundle names this document")
        elif evidence.files[match[1]][0] != member.size:
            report.failures.append(f"{name}: its size is not that of its event")
    for digest, (_, label) in sorted(evidence.files.items()):
        if digest not in present and digest not in evidence.erased_files:
            report.missing.append(f"documents/{digest}: {label} was issued but is not in the bundle")
    if present:
        report.proven.append(f"documents that are, byte for byte, those that were issued: {len(present)}")
    if erased := len(evidence.erased_files - present):
        report.unproven.append(f"files that have been erased: {erased}")


def tell_hidden(evidence: Evidence, report: Report) -> None:
    if evidence.opened:
        report.proven.append(f"disclosed personal values that the events committed to: {evidence.opened}")
    if hidden := evidence.committed - evidence.opened - evidence.erased:
        report.unproven.append(f"personal values that are not disclosed here: {max(hidden, 0)}")
    if evidence.erased:
        report.unproven.append(f"personal values that have been erased: {evidence.erased}")
    if evidence.anomalies:
        report.unproven.append(
            f"the time of devices whose clock was found wrong: {evidence.anomalies} warnings"
        )


class History(NamedTuple):
    """The log's name, its roots at earlier sizes, and which witnesses cosigned it at which size and time."""

    origin: str
    roots: dict[int, bytes]
    witnessed: dict[Key, tuple[int, int]]


def check_history(container: Container, head: Head, trust: Trust, report: Report) -> History:
    """Each older checkpoint in the bundle, proven to be the beginning of this log."""
    witnessed = {key: (head.checkpoint.size, seconds) for key, seconds in head.witnessed.items()}
    history = History(trust.origin, {}, witnessed)
    present = {int(match[1]) for match in map(HISTORY_NAME.fullmatch, container.members) if match}
    where = "history.json"
    entries = parse_json(container.read(where), where) if where in container.members else []
    if not isinstance(entries, list):
        raise Rejected(where, "not a list")
    for position, entry in enumerate(entries):
        place = f"{where}/{position}"
        fields = require_fields(entry, "size proof", place)
        size = fields["size"]
        if not KINDS["positive"](size) or size not in present or size <= max(history.roots, default=0):
            raise Rejected(f"{place}/size", "not sorted by size, each with its note")
        name = f"history/{size}.note"
        older, times = trust.open_checkpoint(container.read(name), name)
        if older.size != size:
            raise Rejected(name, "a checkpoint of another size")
        if not is_consistent(older, head.checkpoint, hash_list(fields["proof"], f"{place}/proof")):
            raise Rejected(
                place, f"the log was rewritten: it does not begin with the {size} events of {name}"
            )
        history.roots[size] = older.root
        for key, seconds in times.items():
            history.witnessed.setdefault(key, (size, seconds))
    if present != set(history.roots):
        raise Rejected(where, "says nothing about an older checkpoint in the bundle")
    if history.roots:
        sizes = ", ".join(map(str, history.roots))
        report.proven.append(f"the log only grew from size {sizes} to {head.checkpoint.size}")
    return history


def check_witnesses(head: Head, history: History, trust: Trust, report: Report) -> None:
    """Every witness that whoever checks relies on saw this log, at its head or before."""
    for witness in trust.witnesses:
        if witness not in history.witnessed:
            report.missing.append(f"a cosignature of the witness {witness.name}: nobody else saw this log")
            continue
        size, seconds = history.witnessed[witness]
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(min(seconds, 253402300799)))
        report.proven.append(f"the witness {witness.name} saw the log at size {size} on {when}")
        if size < head.checkpoint.size:
            report.unproven.append(f"that {witness.name} saw what came after the first {size} events")


def check_known(
    known: Checkpoint, checkpoint: Checkpoint, history: History, evidence: Evidence, report: Report
) -> None:
    """The checkpoint that the caller kept is a beginning of this log, as far as the bundle can prove it."""
    roots = {**history.roots, checkpoint.size: checkpoint.root}
    if evidence.known_root:
        roots[known.size] = evidence.known_root
    if known.size > 0 and known.size in roots:
        if roots[known.size] != known.root:
            raise Rejected(
                "your checkpoint", f"the log was rewritten: its first {known.size} events are not yours"
            )
        report.proven.append(f"the log still begins with the {known.size} events of your checkpoint")
    else:
        report.missing.append(
            f"a proof from your checkpoint ({known.size} events) to this one ({checkpoint.size}): ask for a"
            " bundle that has it, or for one of the whole log"
        )


class Network(NamedTuple):
    """What whoever checks knows of the network's log: its key or keys, and a head of it that was kept."""

    keys: list[Key]
    known: Checkpoint | None = None


UNKNOWN_NETWORK = Network([])


def check_network(
    container: Container, head: Head, history: History, network: Network, report: Report
) -> None:
    """The network's log holds this log as it was on earlier days, and begins as whoever checks knows it."""
    given, present = bool(network.keys), "network.note" in container.members
    if not given and present:
        report.unproven.append("what network.note says of this log: give the network's key to check it")
    if given and not present:
        report.missing.append("this log's entries in the network's log: ask again after its first whole day")
    if not given or not present:
        return
    trust = Trust(network.keys)
    changes = trust.follow(changes_in(container, NETWORK_ROTATION_NAME, "network-rotations"))
    if changes:
        report.proven.append(
            f"changes of the network's key, each signed by the old and the new one: {changes}"
        )
    top = trust.open_checkpoint(container.read("network.note"), "network.note")[0]
    value = require_fields(
        parse_json(container.read("network.json"), "network.json"), "entries grown", "network.json"
    )
    roots = {**history.roots, head.checkpoint.size: head.checkpoint.root}
    sizes: dict[int, int] = {}
    day = ""
    for position, entry in enumerate(list_of(value["entries"], "network.json/entries")):
        where = f"network.json/entries/{position}"
        fields = require_fields(entry, "day index proof salt size", where)
        index, size, day = fields["index"], fields["size"], fields["day"]
        if not KINDS["count"](index) or index <= max(sizes, default=-1):
            raise Rejected(f"{where}/index", "not a place in a log, or not after the one before it")
        if not KINDS["positive"](size) or size not in roots or not KINDS["date"](day):
            raise Rejected(where, "not of a day and of a checkpoint that is in the bundle")
        if not is_entered(fields, roots[size], top, (trust.origin, history.origin), where):
            raise Rejected(
                where, f"the network's log does not hold this log with {size} events as it is here"
            )
        sizes[index] = size
    if not sizes:
        raise Rejected("network.json/entries", "empty")
    last = sizes[max(sizes)]
    report.proven.append(
        f"{trust.origin}, the network's log, holds this log as it was with {last} events on {day}"
    )
    if last < head.checkpoint.size:
        report.unproven.append(f"that the network's log holds what came after the first {last} events")
    grown = read_grown(value["grown"], top)
    if network.known:
        check_known_network(network.known, top, grown, sizes, report)


def is_entered(
    fields: dict[str, Any], root: bytes, top: Checkpoint, names: tuple[str, str], where: str
) -> bool:
    """Whether the leaf that says this is in the network's log; ``names`` are the network's and this log's."""
    strict_hash(fields["salt"], f"{where}/salt")
    said = {
        "format": NETWORK,
        "network": names[0],
        "day": fields["day"],
        "log": names[1],
        "checkpoint": {"size": fields["size"], "root": base64.b64encode(root).decode()},
        "salt": fields["salt"],
    }
    proof = hash_list(fields["proof"], f"{where}/proof")
    return root_from_inclusion(leaf_hash(canonical_json(said)), fields["index"], top.size, proof) == top.root


def read_grown(value: Any, top: Checkpoint) -> dict[int, list[bytes]]:
    """Proofs that the network's log grew from earlier sizes, by size."""
    grown: dict[int, list[bytes]] = {}
    for position, each in enumerate(list_of(value, "network.json/grown")):
        where = f"network.json/grown/{position}"
        fields = require_fields(each, "size proof", where)
        if not KINDS["positive"](fields["size"]) or not max(grown, default=0) < fields["size"] < top.size:
            raise Rejected(f"{where}/size", "not sorted by size, each below that of network.note")
        grown[fields["size"]] = hash_list(fields["proof"], f"{where}/proof")
    return grown


def check_known_network(
    known: Checkpoint, top: Checkpoint, grown: dict[int, list[bytes]], sizes: dict[int, int], report: Report
) -> None:
    """The network's head that the caller kept, from whatever bundle, holds the beginning of this log."""
    proof = [] if known.size == top.size else grown.get(known.size)
    if proof is None:
        report.missing.append(
            f"a proof from your network checkpoint ({known.size} leaves) to this one ({top.size}): keep that"
            " of the first of a month"
        )
        return
    if not is_consistent(known, top, proof):
        raise Rejected(
            "your network checkpoint", "the network's log was rewritten: it does not begin as yours"
        )
    entered = [size for index, size in sizes.items() if index < known.size]
    if entered:
        report.proven.append(f"your network checkpoint holds this log as it was with {entered[-1]} events")
    else:
        report.missing.append("an entry of this log in your network checkpoint: it says nothing of this log")


def check_timestamps(container: Container, report: Report) -> None:
    """Tokens of a time-stamping service are over a note in the bundle; they are not checked here."""
    for name in sorted(container.members):
        match = TIMESTAMP_NAME.fullmatch(name)
        if match:
            note = f"history/{match[1]}.note"
            note = note if note in container.members else "checkpoint.note"
            report.unproven.append(
                f"the time in {name}: check with openssl ts -verify -data {note} -in {name}"
            )


def verify(
    file: BinaryIO,
    keys: list[Key],
    known: Checkpoint | None = None,
    witnesses: Iterable[Key] = (),
    network: Network = UNKNOWN_NETWORK,
) -> Report:
    """Check a bundle with the keys of one log, against a checkpoint of it that the caller trusts, for the
    cosignatures of witnesses that the caller relies on, and against what the caller knows of the network."""
    report, trust = Report(), Trust(keys, witnesses)
    container = report.attempt(read_container, file, report)
    if container is None:
        return report
    report.attempt(follow_keys, container, trust, report)
    signed = report.attempt(check_signature, container, trust)
    manifest = report.attempt(read_manifest, container, trust)
    if manifest is None:
        return report
    check_files(container, manifest, report)
    head = report.attempt(check_checkpoint, container, manifest, trust, signed)
    if head is None:
        return report
    checkpoint = head.checkpoint
    report.proven.append(f"{trust.origin} signed this bundle and its checkpoint at size {checkpoint.size}")
    known_size, failures = known.size if known else 0, len(report.failures)
    rebuilding = Rebuilding(())
    if manifest.scope == "log":
        registers = report.attempt(list, read_registers(container, manifest, checkpoint))
        rebuilding = Rebuilding(registers or ())
    evidence = report.attempt(check_events, container, manifest, checkpoint, known_size, rebuilding, report)
    if len(report.failures) > failures:
        return report  # the rest rests on the events: it would only repeat their failures
    report.proven.append(f"events that are in the log, unchanged and in this order: {manifest.events}")
    check_scope(manifest, checkpoint, evidence, report)
    if manifest.scope == "consignments":
        report.attempt(check_asked, manifest, report)
        report.attempt(check_registers, container, manifest, checkpoint, report)
    else:
        tell_registers(rebuilding, report)
    check_documents(container, evidence, report)
    tell_hidden(evidence, report)
    history = report.attempt(check_history, container, head, trust, report)
    if history:
        check_witnesses(head, history, trust, report)
        if known:
            report.attempt(check_known, known, checkpoint, history, evidence, report)
        report.attempt(check_network, container, head, history, network, report)
    check_timestamps(container, report)
    report.unproven += [
        "that what the events say happened; the log proves what was recorded by whom and in which order",
        "anything after the checkpoint",
    ]
    return report


# --- Command line -------------------------------------------------------------------------------------------


def read_keys(arguments: list[str], kind: int = LOG_KEY) -> list[Key]:
    """Keys from files or texts, one per line."""
    keys = []
    for argument in arguments:
        text = argument
        if os.path.exists(argument):
            with open(argument, encoding="utf-8") as file:
                text = file.read()
        keys += [parse_key(line, kind) for line in text.splitlines() if line.strip()]
    return keys


def read_known(path: str, trust: Trust) -> Checkpoint:
    """A checkpoint that was kept."""
    with open(path, "rb") as file:
        text = file.read(1 << 20)
    try:
        return trust.open_checkpoint(text, path)[0]
    except Rejected as rejection:
        raise Unusable(f"your checkpoint can't be used: {rejection}") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a custody bundle offline.")
    parser.add_argument("bundle", help="the ZIP file")
    parser.add_argument("--key", action="append", required=True, help="verification key: a file, or its text")
    parser.add_argument("--checkpoint", help="checkpoint.note of an earlier bundle or receipt that you kept")
    parser.add_argument(
        "--witness", action="append", default=[], help="key of a witness that must have seen the log"
    )
    parser.add_argument("--network-key", action="append", default=[], help="key of the network's log")
    parser.add_argument(
        "--network-checkpoint", help="network.note of any bundle of the network that you kept"
    )
    options = parser.parse_args(arguments)
    try:
        keys, network_keys = read_keys(options.key), read_keys(options.network_key)
        if not keys or any(len({key.name for key in each}) > 1 for each in (keys, network_keys)):
            raise Unusable("give the key or keys of one log")
        if options.network_checkpoint and not network_keys:
            raise Unusable("your network checkpoint takes the network's key: --network-key")
        witnesses = read_keys(options.witness, WITNESS_KEY)
        known = read_known(options.checkpoint, Trust(keys)) if options.checkpoint else None
        known_network = (
            read_known(options.network_checkpoint, Trust(network_keys))
            if options.network_checkpoint
            else None
        )
        with open(options.bundle, "rb") as file:
            report = verify(file, keys, known, witnesses, Network(network_keys, known_network))
    except (OSError, UnicodeDecodeError, Unusable) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return INCOMPLETE
    signatures = "cryptography" if HAS_CRYPTOGRAPHY else "built-in"
    print(f"{options.bundle}\nlog {keys[0].name}, Ed25519 {signatures}")
    for line in report.lines():
        print(line)
    return report.verdict


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names in the bundle may be in any script
    sys.exit(main())
