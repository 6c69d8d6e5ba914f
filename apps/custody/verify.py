#!/usr/bin/env python3
"""Checks a custody bundle offline: one file, Python 3.9 or newer, nothing else.

    python verify.py BUNDLE.zip --key KEY.vkey [--key ANOTHER] [--checkpoint OLDER.note]

Exit code 0 is PASS, 1 is FAIL, 2 is INCOMPLETE or wrong usage. The verification key comes from whoever
checks, never from the bundle. The steps, each of which says where it failed:

1. container   the ZIP's bytes are exactly those that its file names and contents give; no byte is free
2. manifest    signed by the log; every file has the size and SHA-256 that it says; none is missing or added
3. checkpoint  signed by the log
4. events      canonical, of the closed schema, of this log, in order, each proven to be in the tree of the
               checkpoint; events of a consignment numbered without gaps; the CSV says the same
5. documents   each named by an event
6. disclosed   personal values open their commitments
7. history     the log at an older checkpoint is the beginning of this one

This file shares no code with the program that writes bundles: it is a second reading of the same rules.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import io
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

PASS, FAIL, INCOMPLETE = 0, 1, 2
FORMAT = "custody-bundle/v1"
CHUNK = 1 << 16
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


# --- Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) ---------------------------------------


class Key(NamedTuple):
    """A verification key: the log's name, the four-byte key id, the public key."""

    name: str
    key_id: bytes
    public_key: bytes


class Checkpoint(NamedTuple):
    """A tree head of the log: number of leaves and Merkle root."""

    size: int
    root: bytes


def parse_key(text: str) -> Key:
    """Read ``name+hex(id)+base64(0x01 || key)``."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise Unusable("a verification key looks like NAME+ID+KEY")
    try:
        material = strict_base64(parts[2], "key")
    except Rejected as rejection:
        raise Unusable(f"the verification key is damaged: {rejection.why}") from None
    if len(material) != 33 or material[:1] != b"\x01" or decompress_point(material[1:]) is None:
        raise Unusable("only Ed25519 verification keys are understood")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + material).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Unusable("the verification key is damaged: its id does not belong to it")
    return Key(parts[0], key_id, material[1:])


def is_key_name(name: str) -> bool:
    return bool(name) and name.isprintable() and "+" not in name and not any(c.isspace() for c in name)


def open_note(note: bytes, keys: list[Key], where: str) -> tuple[str, int]:
    """The text of a note that a known key has signed, and the number of signatures by others."""
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
    signed_by = set()
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not is_key_name(parts[1]):
            raise Rejected(where, "a malformed signature line")
        signature = strict_base64(parts[2], where)
        key = known.get((parts[1], signature[:4]))
        if key and not verify_signature(key.public_key, text.encode(), signature[4:]):
            raise Rejected(where, f"the signature of {key.name} does not belong to this text")
        if key:
            signed_by.add(key)
    if not signed_by:
        raise Rejected(where, "not signed by the given key")
    return text, len(lines) - len(signed_by)


def open_checkpoint(note: bytes, keys: list[Key], where: str) -> Checkpoint:
    """The checkpoint in a note that the log has signed."""
    lines = open_note(note, keys, where)[0].split("\n")
    if len(lines) != 4 or lines[3]:
        raise Rejected(where, "a checkpoint has three lines: origin, size, root")
    if lines[0] != keys[0].name:
        raise Rejected(f"{where}, origin", f"a checkpoint of {lines[0]}, not of {keys[0].name}")
    if not re.fullmatch(r"0|[1-9][0-9]{0,14}", lines[1], re.ASCII):
        raise Rejected(f"{where}, size", "not a plain decimal number")
    return Checkpoint(int(lines[1]), strict_hash(lines[2], f"{where}, root"))


# --- Merkle tree (RFC 9162 section 2.1) ---------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


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


def canonical_json(value: Any) -> bytes:
    """The one encoding of text, whole numbers, booleans, null, lists and objects."""
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _sorted(value: Any) -> Any:
    """Objects in the order of their keys' UTF-16 code units."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def parse_json(data: bytes, where: str) -> Any:
    """The value of canonical JSON: no duplicate key, float, large number, blank or other order of keys."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            raise Rejected(where, "a key appears twice in one object")
        return value

    def whole(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
            raise Rejected(where, f"the number {digits[:20]} is too large")
        return int(digits)

    def no_float(digits: str) -> Any:
        raise Rejected(where, f"the number {digits[:20]} is not a whole number")

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique,
            parse_int=whole,
            parse_float=no_float,
            parse_constant=no_float,
        )
        encoded = canonical_json(value)
    except (ValueError, RecursionError) as error:
        raise Rejected(where, f"not JSON ({str(error)[:100]})") from None
    if encoded != data:
        raise Rejected(
            f"{where}, byte {first_difference(encoded, data)}", "the JSON is not in its canonical form"
        )
    return value


def first_difference(expected: bytes, actual: bytes) -> int:
    """The first position at which two byte strings differ."""
    shorter = min(len(expected), len(actual))
    return next((i for i in range(shorter) if expected[i] != actual[i]), shorter)


def strict_base64(text: Any, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Rejected(where, "not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Rejected(where, "the base64 is not in its canonical form")
    return data


def strict_hash(text: Any, where: str) -> bytes:
    data = strict_base64(text, where)
    if len(data) != 32:
        raise Rejected(where, "not a hash of 32 bytes")
    return data


def hash_list(value: Any, where: str) -> list[bytes]:
    if not isinstance(value, list):
        raise Rejected(where, "not a list of hashes")
    return [strict_hash(each, where) for each in value]


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
        "README.txt checkpoint.note custody.csv disclosed.json events.jsonl manifest.json manifest.note"
        " proofs.jsonl verify.py"
    )
)
HISTORY = frozenset(["older.note", "consistency.json"])
DOCUMENT_NAME = re.compile(r"documents/([0-9a-f]{64})\.[a-z0-9]{1,8}", re.ASCII)


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
        position, end = member.start, member.start + member.size
        while position < end:
            self.file.seek(position)
            line = self.file.readline(min(MAX_LINE, end - position))
            if not line.endswith(b"\n"):
                raise Rejected(f"{name}, byte {position} of the bundle", "a line without end")
            yield position, line[:-1]
            position += len(line)


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
        require_bytes(
            local, file.read(len(local)), position, LOCAL_FIELDS, LOCAL_OFFSETS, f"local header of {name}"
        )
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
    if name not in REQUIRED | HISTORY and not DOCUMENT_NAME.fullmatch(name):
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


def require_names(names: set[str]) -> None:
    for name in sorted(REQUIRED - names):
        raise Rejected(name, "missing from the bundle")
    if len(HISTORY & names) == 1:
        raise Rejected(
            sorted(HISTORY - names)[0], "missing from the bundle: an older checkpoint needs its proof"
        )


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
        "event_time": "time",
        "received_time": "time",
        "why": "why",
    },
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
    },
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
HANDOVER = {
    "statement": "sha256?",
    "released_by": "signatory",
    "received_by": "signatory",
    "seals": "text[]?",
    "temperature_mc": "integer?",
    "position": "position?",
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
    "document_issued": EventType(
        GOODS,
        None,
        None,
        {
            "document_type": "code",
            "number": "text",
            "media_type": "text",
            "sha256": "sha256",
            "size": "count",
        },
    ),
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
    "handover_refused": EventType(
        VISIT,
        "void_shipping",
        "returned",
        {**HANDOVER, "reason": "code", "discrepancies": "discrepancy[]?", "note": "commitment?"},
    ),
    "delivery_failed": EventType(
        VISIT,
        "transporting",
        "in_transit",
        {"reason": "code", "note": "commitment?", "position": "position?"},
    ),
    "correction": EventType(
        GOODS,
        None,
        None,
        {"corrects": "uuid", "reason": "code", "corrected_by": "uuid[]", "note": "commitment?"},
    ),
    "access_exported": EventType("", None, None, {"purpose": "text?", "checkpoint_size": "count?"}),
    "key_rotated": EventType("", None, None, {"old_key": "text", "new_key": "text"}),
    "pii_erased": EventType("", None, None, {"erased": "erasure[+]", "legal_basis": "text"}),
}


def is_text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 2000
        and not any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in value)
    )


def matching(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def whole_from(low: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= MAX_INTEGER


def gs1_key(length: int) -> Callable[[Any], bool]:
    """Digits of which the last is the mod-10 check digit of the GS1 General Specifications."""

    def check(value: Any) -> bool:
        if not matching(f"[0-9]{{{length}}}")(value):
            return False
        weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(value)))
        return weighted % 10 == 0

    return check


def is_time(value: Any) -> bool:
    if not matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")(value):
        return False
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


def is_date(value: Any) -> bool:
    if not matching(r"\d{4}-\d{2}-\d{2}")(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": is_text,
    "code": matching(r"[A-Za-z][A-Za-z0-9_]{0,63}"),
    "origin": lambda value: is_text(value) and "+" not in value and not any(c.isspace() for c in value),
    "uuid": matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "time": is_time,
    "date": is_date,
    "count": whole_from(0),
    "positive": whole_from(1),
    "integer": whole_from(-MAX_INTEGER),
    "decimal": matching(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?"),
    "sscc": gs1_key(18),
    "gln": gs1_key(13),
    "gtin": gs1_key(14),
    "sha256": matching(r"[0-9a-f]{64}"),
    "commitment": matching(r"[0-9a-f]{64}"),
    "pointer": matching(r"(/[a-z0-9_]+)+"),
    "version": lambda value: type(value) is int and value == 1,
}


def check_event(event: Any, where: str) -> dict[str, str]:
    """Check an event against the closed schema; answers its commitments by path."""
    if not isinstance(event, dict):
        raise Rejected(where, "an event is an object")
    event_type = EVENT_TYPES.get(event["type"]) if isinstance(event.get("type"), str) else None
    if event_type is None:
        raise Rejected(f"{where}, /type", "unknown event type")
    commitments: dict[str, str] = {}
    envelope = {name: value for name, value in event.items() if name != "details"}
    check_structure(envelope, STRUCTURES["event"], "", where, commitments)
    check_structure(event.get("details"), event_type.details, "/details", where, commitments)
    for name in event_type.requires.split():
        if not event.get(name):
            raise Rejected(f"{where}, /{name}", f"an event of type {event['type']} needs it")
    numbers = [each["number"] for each in event["consignments"]]
    if numbers != sorted(set(numbers)):
        raise Rejected(f"{where}, /consignments", "not sorted by number, each once")
    for name in ("biz_step", "disposition"):
        if event["why"].get(name) != getattr(event_type, name):
            raise Rejected(f"{where}, /why/{name}", f"not that of the type {event['type']}")
    return commitments


def check_structure(
    value: Any, fields: dict[str, str], path: str, where: str, commitments: dict[str, str]
) -> None:
    if not isinstance(value, dict):
        raise Rejected(f"{where}, {path}", "not an object")
    for name in value:
        if name not in fields:
            raise Rejected(f"{where}, {path}/{name[:60]}", "unknown field")
    for name, spec in fields.items():
        if name in value:
            check_field(value[name], spec.rstrip("?"), f"{path}/{name}", where, commitments)
        elif not spec.endswith("?"):
            raise Rejected(f"{where}, {path}/{name}", "missing")


def check_field(value: Any, spec: str, path: str, where: str, commitments: dict[str, str]) -> None:
    if spec.endswith("]"):
        if not isinstance(value, list) or (spec.endswith("[+]") and not value):
            raise Rejected(f"{where}, {path}", "not a list, or an empty one")
        for position, each in enumerate(value):
            check_field(each, spec.split("[")[0], f"{path}/{position}", where, commitments)
    elif spec in STRUCTURES:
        check_structure(value, STRUCTURES[spec], path, where, commitments)
    elif not KINDS[spec](value):
        raise Rejected(f"{where}, {path}", f"not a valid {spec}")
    elif spec == "commitment":
        commitments[path] = value


# --- The reading copy ---------------------------------------------------------------------------------------

CSV_COLUMNS = words(
    "log_index event_id type event_time received_time consignments sscc delivery site_gln site_name actor_id"
    " actor_role actor_organisation biz_step disposition refs details"
)


LIKE_A_FORMULA = re.compile("'|[ \u00a0\u3000\"']*[-=+@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")


def csv_event(index: int, event: dict[str, Any]) -> list[str]:
    """The cells of an event's line in custody.csv."""
    site, actor, why, goods = event.get("site", {}), event["actor"], event["why"], event["consignments"]
    return [
        str(index),
        *(event[name] for name in ("event_id", "type", "event_time", "received_time")),
        " | ".join(f"{each['number']} #{each['cseq']}" for each in goods),
        " ".join(sscc for each in goods for sscc in each["sscc"]),
        event.get("delivery", ""),
        site.get("gln", ""),
        site.get("name", ""),
        *(actor[name] for name in ("id", "role", "organisation")),
        why.get("biz_step", ""),
        why.get("disposition", ""),
        " | ".join(f"{ref['type']}: {ref['id']}" for ref in why["refs"]),
        canonical_json(event["details"]).decode(),
    ]


def csv_line(cells: list[str]) -> bytes:
    """Quoted cells; an apostrophe before what begins like a formula, or with an apostrophe."""
    escaped = ("'" + cell if LIKE_A_FORMULA.match(cell) else cell for cell in cells)
    return (",".join('"' + cell.replace('"', '""') + '"' for cell in escaped) + "\r").encode()


# --- The steps ----------------------------------------------------------------------------------------------


class Manifest(NamedTuple):
    """What the log signed about the bundle."""

    log: str
    shipper: str
    created: str
    checkpoint: Checkpoint
    events: int
    scope: str
    last_cseq: dict[str, int]
    files: dict[str, Any]


class Evidence:
    """What the events told, for the steps after them; of past roots only that at ``known_size`` is kept."""

    def __init__(self, known_size: int) -> None:
        self.known_size = known_size
        self.known_root: bytes | None = None
        self.commitments: dict[str, dict[str, str]] = {}
        self.documents: dict[str, tuple[int, str]] = {}
        self.erased: set[tuple[str, str]] = set()
        self.cseq: dict[str, int] = {}
        self.frontier = Frontier()

    def add_leaf(self, leaf: bytes) -> None:
        self.frontier.append(leaf)
        if self.frontier.size == self.known_size:
            self.known_root = self.frontier.root()


def check_signature(container: Container, keys: list[Key]) -> None:
    """manifest.note is the log's signature, alone, over manifest.json as it is."""
    text, others = open_note(container.read("manifest.note"), keys, "manifest.note")
    if others:
        raise Rejected("manifest.note", "carries signatures besides the log's")
    if (
        text
        != f"{FORMAT}\n{keys[0].name}\nmanifest.json sha256 {container.members['manifest.json'].sha256}\n"
    ):
        raise Rejected("manifest.json", "is not the manifest that the log signed in manifest.note")


def read_manifest(container: Container, keys: list[Key]) -> Manifest:
    where = "manifest.json"
    names = "format log shipper created checkpoint events scope files"
    value = require_fields(parse_json(container.read(where), where), names, where)
    scope = require_fields(value["scope"], "kind last_cseq", f"{where}/scope")
    head = require_fields(value["checkpoint"], "size root", f"{where}/checkpoint")
    last_cseq, files = scope["last_cseq"], value["files"]
    checks = {
        "format": value["format"] == FORMAT,
        "log": value["log"] == keys[0].name,
        "shipper": is_text(value["shipper"]),
        "created": is_time(value["created"]),
        "checkpoint/size": whole_from(0)(head["size"]),
        "events": whole_from(0)(value["events"]),
        "scope/kind": scope["kind"] in ("consignments", "log"),
        "scope/last_cseq": isinstance(last_cseq, dict)
        and all(whole_from(1)(last) for last in last_cseq.values()),
        "files": isinstance(files, dict),
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
        last_cseq,
        files,
    )


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


def check_checkpoint(container: Container, manifest: Manifest, keys: list[Key]) -> Checkpoint:
    checkpoint = open_checkpoint(container.read("checkpoint.note"), keys, "checkpoint.note")
    if checkpoint != manifest.checkpoint:
        raise Rejected("manifest.json/checkpoint", "not that of checkpoint.note")
    return checkpoint


def check_events(
    container: Container, manifest: Manifest, checkpoint: Checkpoint, known_size: int, report: Report
) -> Evidence:
    """Walk through events, proofs and CSV side by side; every wrong event is reported by itself."""
    evidence = Evidence(known_size)
    reader = EventReader(manifest, checkpoint, evidence)
    proofs, table = container.lines("proofs.jsonl"), container.lines("custody.csv")
    head = next(table, (0, b""))[1]
    if head != b"\xef\xbb\xbf" + csv_line(CSV_COLUMNS):
        report.failures.append("custody.csv line 1: not the head of the table")
    for number, (position, data) in enumerate(container.lines("events.jsonl"), start=1):
        where = f"events.jsonl line {number} (bytes {position}-{position + len(data) - 1} of the bundle)"
        proof, row = next(proofs, None), next(table, None)
        report.attempt(reader.read, number, where, data, proof and proof[1], row and row[1])
    if number_of_lines(proofs) or number_of_lines(table):
        report.failures.append("proofs.jsonl, custody.csv: more lines than there are events")
    if reader.count != manifest.events:
        report.failures.append(f"events.jsonl: {reader.count} events, the manifest says {manifest.events}")
    return evidence


def number_of_lines(lines: Iterator[tuple[int, bytes]]) -> int:
    return sum(1 for _ in lines)


class EventReader:
    """Checks one event after the other, with what the events before it left behind."""

    def __init__(self, manifest: Manifest, checkpoint: Checkpoint, evidence: Evidence) -> None:
        self.manifest = manifest
        self.checkpoint = checkpoint
        self.evidence = evidence
        self.count = 0
        self.last_index = -1

    def read(self, number: int, where: str, data: bytes, proof_line: bytes | None, row: bytes | None) -> None:
        self.count += 1
        if proof_line is None:
            raise Rejected(f"proofs.jsonl line {number}", "missing: this event has no proof")
        proof = read_proof(proof_line, f"proofs.jsonl line {number}")
        index = proof["index"]
        where = f"{where}, log index {index}"
        self.check_place(index, data, proof["proof"], where, f"proofs.jsonl line {number}")
        event = parse_json(data, where)
        commitments = check_event(event, where)
        self.check_identity(event, proof, where, number)
        self.check_sequence(event, where)
        self.remember(event, commitments, number)
        if row != csv_line(csv_event(index, event)):
            raise Rejected(
                f"custody.csv line {number + 1}", f"does not say what the event at log index {index} says"
            )

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
        if root_from_inclusion(leaf, index, self.checkpoint.size, proof) != self.checkpoint.root:
            raise Rejected(
                where, f"the event is not proven to be in the log: it or its proof ({proof_place}) is changed"
            )

    def check_identity(self, event: dict[str, Any], proof: dict[str, Any], where: str, number: int) -> None:
        if event["event_id"] != proof["event_id"]:
            raise Rejected(f"proofs.jsonl line {number}/event_id", "the proof of another event")
        if event["event_id"] in self.evidence.commitments:
            raise Rejected(f"{where}, /event_id", "the same event twice")
        if event["log"] != self.manifest.log:
            raise Rejected(
                f"{where}, /log", f"an event of the log {event['log']}, not of {self.manifest.log}"
            )
        if event["shipper"] != self.manifest.shipper:
            raise Rejected(
                f"{where}, /shipper", f"an event of {event['shipper']}, not of {self.manifest.shipper}"
            )
        numbers = {each["number"] for each in event["consignments"]}
        if numbers and not numbers & set(self.manifest.last_cseq):
            raise Rejected(f"{where}, /consignments", "none of them is in the bundle's scope")
        if self.manifest.scope == "log" and not numbers <= set(self.manifest.last_cseq):
            raise Rejected(f"{where}, /consignments", "one is not in the scope of the whole log")

    def check_sequence(self, event: dict[str, Any], where: str) -> None:
        """The events of each promised consignment are numbered 1, 2, 3, … in log order."""
        gaps = []
        for each in event["consignments"]:
            number, cseq = each["number"], each["cseq"]
            expected = self.evidence.cseq.get(number, 0) + 1
            if number in self.manifest.last_cseq:
                self.evidence.cseq[number] = cseq
                if cseq != expected:
                    gaps.append(f"consignment {number} goes on with event {cseq} where {expected} is due")
        if gaps:
            raise Rejected(f"{where}, /consignments", "; ".join(gaps))

    def remember(self, event: dict[str, Any], commitments: dict[str, str], number: int) -> None:
        details = event["details"]
        self.evidence.commitments[event["event_id"]] = commitments
        if event["type"] == "document_issued":
            self.evidence.documents[details["sha256"]] = (
                details["size"],
                f"{details['document_type']} {details['number']}",
            )
        if event["type"] == "pii_erased":
            self.evidence.erased |= {
                (each["event_id"], path) for each in details["erased"] for path in each["paths"]
            }


def read_proof(line: bytes, where: str) -> dict[str, Any]:
    proof = require_fields(parse_json(line, where), "event_id index proof", where)
    if not whole_from(0)(proof["index"]):
        raise Rejected(f"{where}/index", "not a place in a log")
    return {**proof, "proof": hash_list(proof["proof"], f"{where}/proof")}


def check_scope(manifest: Manifest, checkpoint: Checkpoint, evidence: Evidence, report: Report) -> None:
    """Nothing that the scope promises is missing at the end."""
    for number, last in sorted(manifest.last_cseq.items()):
        found = evidence.cseq.get(number, 0)
        if found != last:
            report.failures.append(
                f"events.jsonl: consignment {number} ends with event {found}, its last is {last}"
            )
    if manifest.scope == "log":
        frontier = evidence.frontier
        if Checkpoint(frontier.size, frontier.root()) != checkpoint:
            report.failures.append(f"events.jsonl: not the whole log of {checkpoint.size} events")
        report.proven.append(f"all events of the log up to the checkpoint are here: {checkpoint.size}")
        return
    report.proven.append(
        "consignments whose events are numbered without a gap up to the last number that the log signed:"
        f" {len(manifest.last_cseq)}"
    )
    report.unproven.append(
        "that a consignment has no event after the last one signed for it: the log's owner says so (a bundle"
        " of the whole log proves it)"
    )


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
        if match[1] not in evidence.documents:
            report.failures.append(f"{name}: no event of this bundle names this document")
        elif evidence.documents[match[1]][0] != member.size:
            report.failures.append(f"{name}: its size is not that of its event")
    for digest, (_, label) in sorted(evidence.documents.items()):
        if digest not in present:
            report.missing.append(f"documents/{digest}: {label} was issued but is not in the bundle")
    if present:
        report.proven.append(f"documents that are, byte for byte, those that were issued: {len(present)}")


def check_disclosures(container: Container, evidence: Evidence, report: Report) -> None:
    """Every disclosed value opens the commitment of its field."""
    where = "disclosed.json"
    opened: list[tuple[str, str]] = []
    disclosures = parse_json(container.read(where), where)
    if not isinstance(disclosures, list):
        raise Rejected(where, "not a list")
    for position, value in enumerate(disclosures):
        place = f"{where}/{position}"
        fields = require_fields(value, "event_id path salt value", place)
        key = (fields["event_id"], fields["path"])
        salt = strict_hash(fields["salt"], f"{place}/salt")
        if not all(isinstance(fields[name], str) for name in ("event_id", "path", "value")):
            raise Rejected(place, "event_id, path and value are texts")
        if opened and key <= opened[-1]:
            raise Rejected(place, "not sorted by event and path, each once")
        commitment = evidence.commitments.get(key[0], {}).get(key[1])
        if commitment is None:
            raise Rejected(place, f"event {key[0]} has no commitment at {key[1]}")
        preimage = b"custody/pii/v1" + key[1].encode() + salt + canonical_json(fields["value"])
        if hashlib.sha256(preimage).hexdigest() != commitment:
            raise Rejected(place, f"does not open the commitment of event {key[0]} at {key[1]}")
        opened.append(key)
    tell_hidden(evidence, set(opened), report)


def tell_hidden(evidence: Evidence, opened: set[tuple[str, str]], report: Report) -> None:
    hidden = {(event, path) for event, paths in evidence.commitments.items() for path in paths} - opened
    erased = hidden & evidence.erased
    if opened:
        report.proven.append(f"disclosed personal values that the events committed to: {len(opened)}")
    if hidden - erased:
        report.unproven.append(f"personal values that are not disclosed here: {len(hidden - erased)}")
    if erased:
        report.unproven.append(f"personal values that have been erased: {len(erased)}")


def check_history(
    container: Container, checkpoint: Checkpoint, keys: list[Key], report: Report
) -> Checkpoint | None:
    """The older checkpoint in the bundle, if there is one, proven to be the beginning of this log."""
    if "older.note" not in container.members:
        return None
    older = open_checkpoint(container.read("older.note"), keys, "older.note")
    where = "consistency.json"
    value = require_fields(parse_json(container.read(where), where), "from to proof", where)
    if not KINDS["positive"](value["from"]) or (value["from"], value["to"]) != (older.size, checkpoint.size):
        raise Rejected(where, "not between older.note and checkpoint.note")
    if not is_consistent(older, checkpoint, hash_list(value["proof"], f"{where}/proof")):
        raise Rejected(
            where, f"the log was rewritten: it does not begin with the {older.size} events of older.note"
        )
    report.proven.append(f"the log only grew from size {older.size} (older.note) to {checkpoint.size}")
    return older


def check_known(
    known: Checkpoint, checkpoint: Checkpoint, older: Checkpoint | None, evidence: Evidence, report: Report
) -> None:
    """The checkpoint that the caller kept is a beginning of this log, as far as the bundle can prove it."""
    roots = {checkpoint.size: checkpoint.root}
    if older:
        roots[older.size] = older.root
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


def verify(file: BinaryIO, keys: list[Key], known: Checkpoint | None = None) -> Report:
    """Check a bundle with the keys of one log, and against a checkpoint of it that the caller trusts."""
    report = Report()
    container = report.attempt(read_container, file, report)
    if container is None:
        return report
    report.attempt(check_signature, container, keys)
    manifest = report.attempt(read_manifest, container, keys)
    if manifest is None:
        return report
    check_files(container, manifest, report)
    checkpoint = report.attempt(check_checkpoint, container, manifest, keys)
    if checkpoint is None:
        return report
    report.proven.append(f"{keys[0].name} signed this bundle and its checkpoint at size {checkpoint.size}")
    known_size, failures = known.size if known else 0, len(report.failures)
    evidence = report.attempt(check_events, container, manifest, checkpoint, known_size, report)
    if len(report.failures) > failures:
        return report  # the rest rests on the events: it would only repeat their failures
    report.proven.append(f"events that are in the log, unchanged and in this order: {manifest.events}")
    check_scope(manifest, checkpoint, evidence, report)
    check_documents(container, evidence, report)
    report.attempt(check_disclosures, container, evidence, report)
    older = report.attempt(check_history, container, checkpoint, keys, report)
    if known:
        report.attempt(check_known, known, checkpoint, older, evidence, report)
    report.unproven += [
        "that what the events say happened; the log proves what was recorded by whom and in which order",
        "anything after the checkpoint",
    ]
    return report


# --- Command line -------------------------------------------------------------------------------------------


def read_keys(arguments: list[str]) -> list[Key]:
    """Keys from files or texts, one per line; all of one log."""
    keys = []
    for argument in arguments:
        text = argument
        if os.path.exists(argument):
            with open(argument, encoding="utf-8") as file:
                text = file.read()
        keys += [parse_key(line) for line in text.splitlines() if line.strip()]
    if not keys or len({key.name for key in keys}) > 1:
        raise Unusable("give the key or keys of one log")
    return keys


def read_known(path: str, keys: list[Key]) -> Checkpoint:
    with open(path, "rb") as file:
        try:
            return open_checkpoint(file.read(1 << 20), keys, path)
        except Rejected as rejection:
            raise Unusable(f"your checkpoint can't be used: {rejection}") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a custody bundle offline.")
    parser.add_argument("bundle", help="the ZIP file")
    parser.add_argument("--key", action="append", required=True, help="verification key: a file, or its text")
    parser.add_argument("--checkpoint", help="checkpoint.note of an earlier bundle or receipt that you kept")
    options = parser.parse_args(arguments)
    try:
        keys = read_keys(options.key)
        known = read_known(options.checkpoint, keys) if options.checkpoint else None
        with open(options.bundle, "rb") as file:
            report = verify(file, keys, known)
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
