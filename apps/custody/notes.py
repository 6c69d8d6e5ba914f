"""Signed notes and checkpoints: how the log puts its name to a text (C2SP signed-note, tlog-checkpoint).

Pure computation; keys are Ed25519. Base64 is RFC 4648 section 4 and accepted only in its canonical form.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
ROTATION = "custody-key-rotation/v1"
MAX_SIGNATURES = 64
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteInvalid(ValueError):
    """A key, note or checkpoint is malformed, or nobody trusted has signed it."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public side of a signer, as handed to auditors: ``name+hex(key id)+base64(0x01 || public key)``."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell this key from others of its name."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey.

        Raises:
            NoteInvalid: it is malformed, not Ed25519, or its key id is not that of name and key.
        """
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise NoteInvalid("a verifier key is name+id+key")
        require_key_name(parts[0])
        material = _decode(parts[2])
        if len(material) != 33 or material[:1] != ED25519:
            raise NoteInvalid("only Ed25519 verifier keys are understood")
        key = cls(name=parts[0], public_key=material[1:])
        if key.key_id.hex() != parts[1]:
            raise NoteInvalid("the key id does not belong to this name and key")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """Whoever holds a log key: this process, another one, or a key service."""

    @property
    def key(self) -> VerifierKey: ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of ``message``."""
        ...


class KeySigner:
    """A signer whose private key is in this process."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        require_key_name(name)
        self._private_key = private_key
        self._key = VerifierKey(name=name, public_key=private_key.public_key().public_bytes_raw())

    @property
    def key(self) -> VerifierKey:
        return self._key

    def sign(self, message: bytes) -> bytes:
        return self._private_key.sign(message)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log ``origin`` had ``size`` leaves and this Merkle ``root``."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note text of exactly three lines; extension lines are refused, we never write them.

        Raises:
            NoteInvalid: it is not a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteInvalid("a checkpoint has three lines: origin, size, root")
        if not _SIZE.fullmatch(lines[1]):
            raise NoteInvalid("a checkpoint's size is a plain decimal number")
        root = _decode(lines[2])
        if len(root) != 32:
            raise NoteInvalid("a checkpoint's root has 32 bytes")
        return cls(origin=lines[0], size=int(lines[1]), root=root)


def sign_note(text: str, signers: Sequence[Signer]) -> bytes:
    """The signed note of ``text``, one signature line per signer.

    Raises:
        NoteInvalid: the text does not end in a newline or has control characters, or nobody signs.
    """
    _require_note_text(text)
    if not signers:
        raise NoteInvalid("a note needs a signature")
    message = text.encode()
    lines = [
        f"\u2014 {signer.key.name} {_encode(signer.key.key_id + signer.sign(message))}\n"
        for signer in signers
    ]
    return (text + "\n" + "".join(lines)).encode()


def open_note(note: bytes, trusted: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """The text of a note and the trusted keys that signed it.

    Raises:
        NoteInvalid: malformed, a trusted key's signature is wrong, or no trusted key has signed.
    """
    text, signatures = _split(note)
    keys = {(key.name, key.key_id): key for key in trusted}
    signed_by: list[VerifierKey] = []
    for name, signature in signatures:
        key = keys.get((name, signature[:4]))
        if key is None or key in signed_by:
            continue
        if not key.verifies(text.encode(), signature[4:]):
            raise NoteInvalid(f"the signature of {name} is wrong")
        signed_by.append(key)
    if not signed_by:
        raise NoteInvalid("no trusted key has signed this note")
    return text, signed_by


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> bytes:
    """The checkpoint as a signed note."""
    return sign_note(checkpoint.text, signers)


def open_checkpoint(note: bytes, *, origin: str, trusted: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in a signed note of the log ``origin``.

    Raises:
        NoteInvalid: as ``open_note`` and ``Checkpoint.parse``, or it is another log's.
    """
    text, _ = open_note(note, trusted)
    checkpoint = Checkpoint.parse(text)
    if checkpoint.origin != origin:
        raise NoteInvalid(f"this is a checkpoint of {checkpoint.origin}, not of {origin}")
    return checkpoint


def rotation_text(*, origin: str, size: int, old: VerifierKey, new: VerifierKey) -> str:
    """What both keys sign when the log changes its key at ``size`` events; the old one signs none above."""
    return f"{ROTATION}\n{origin}\n{size}\n{old}\n{new}\n"


def require_key_name(name: str) -> None:
    """A key name, and so a log's origin, is not empty and has neither spaces, control characters nor a plus.

    Raises:
        NoteInvalid: otherwise.
    """
    if not name or not name.isprintable() or "+" in name or any(character.isspace() for character in name):
        raise NoteInvalid("a key name has neither spaces nor a plus")


def _split(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("a note is UTF-8") from error
    text, separator, tail = whole.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise NoteInvalid("a note is a text, an empty line and signatures")
    text += "\n"
    _require_note_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteInvalid(f"a note has at most {MAX_SIGNATURES} signatures")
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014":
        raise NoteInvalid("a signature line is a dash, a key name and base64")
    require_key_name(parts[1])
    signature = _decode(parts[2])
    if len(signature) <= 4:
        raise NoteInvalid("a signature has a key id and a value")
    return parts[1], signature


def _require_note_text(text: str) -> None:
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise NoteInvalid("a note's text ends in a newline and has no other control character")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not base64") from error
    if _encode(data) != text:
        raise NoteInvalid("base64 is not in its canonical form")
    return data
