"""Writes a custody bundle: one ZIP of events, papers, proofs and checkpoint that `verify` checks offline.

The container is deterministic, byte for byte: members sorted by name, stored without compression, one fixed
time and mode, no extra fields, no comments. `verify` rebuilds it and compares, so that no byte of the file
is free.

=====================  =====================================================================================
README.txt             what this is and how to check it
checkpoint.note        signed tree head that all proofs lead to
consistency.json       with older.note: proof that the log only grew since (both optional)
custody.csv            reading copy of the events (see `spreadsheet`)
disclosed.json         salts and values that open commitments (see `commitments`)
documents/<sha256>.*   papers that an event names, issued or received
events.jsonl           the canonical bytes of each event, a line each, in log order
manifest.json          size and SHA-256 of every other file, scope, checkpoint; canonical JSON
manifest.note          signed note over manifest.json by the log's key
proofs.jsonl           inclusion proof of each event, line by line
verify.py              the verifier, the same file as in this package
=====================  =====================================================================================
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Literal

from apps.custody import canonical, notes, spreadsheet
from apps.custody.commitments import Disclosure

FORMAT = "custody-bundle/v1"
SPOOL_IN_MEMORY = 1 << 20
CHUNK = 1 << 16
MAX_MEMBERS, MAX_BYTES = 0xFFFF, 0xFFFFFFFF
_HERE = Path(__file__).parent


class BundleInvalid(ValueError):
    """What was given cannot become a bundle; the output is to be thrown away."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event: its place in the log, its canonical bytes, its inclusion proof at the bundle's checkpoint."""

    index: int
    data: bytes
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the bundle promises to hold completely, as of its checkpoint.

    ``consignments``: every event of the consignments in ``last_cseq``, numbered 1 to the given last number.
    ``log``: every event of the log; ``last_cseq`` then names all its consignments.
    """

    kind: Literal["consignments", "log"]
    last_cseq: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BundleDocument:
    """A paper named by an event; ``suffix`` is the ending of its file name, as ``pdf``."""

    sha256: str
    size: int
    suffix: str
    open: Callable[[], BinaryIO]

    @property
    def name(self) -> str:
        return f"documents/{self.sha256}.{self.suffix}"


@dataclass(frozen=True, slots=True)
class OlderCheckpoint:
    """A checkpoint note from before, at ``size`` > 0 leaves, and the consistency proof from it."""

    note: bytes
    size: int
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """What was written: number of events and documents, the checkpoint, and the SHA-256 of manifest.json."""

    events: int
    documents: int
    checkpoint: notes.Checkpoint
    manifest_sha256: str


@dataclass(slots=True)
class _Member:
    """A file of the bundle: where its bytes come from, and what they have to be."""

    open: Callable[[], IO[bytes]]
    size: int
    sha256: str


class _Spool:
    """A member that grows line by line, on disk once it is large."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = 0
        self._digest = sha256()

    def append(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def member(self) -> _Member:
        return _Member(open=self._rewound, size=self._size, sha256=self._digest.hexdigest())

    def _rewound(self) -> IO[bytes]:
        self._file.seek(0)
        return self._file


def write_bundle(
    output: BinaryIO,
    *,
    shipper: str,
    events: Iterable[LoggedEvent],
    scope: Scope,
    checkpoint_note: bytes,
    signer: notes.Signer,
    created: datetime,
    documents: Iterable[BundleDocument] = (),
    disclosures: Iterable[Disclosure] = (),
    older: OlderCheckpoint | None = None,
) -> BundleSummary:
    """Write the bundle of one shipper's log to ``output``, a seekable binary file opened for writing.

    The same arguments give the same bytes. ``events`` come in log order and, like documents, are streamed;
    scope and disclosures are held in memory. The log's origin is the signer's name. Proofs and event bytes
    are written as they are: judging them is the verifier's work.

    Raises:
        BundleInvalid: events out of order, a document that is not what its hash or size says, or more than a
            ZIP without extensions can hold (65,535 files, 4 GiB).
        NoteInvalid: ``checkpoint_note`` is not a checkpoint of this log signed by ``signer``.
        EventInvalid: the bytes of an event are not canonical.
    """
    origin = signer.key.name
    checkpoint = notes.open_checkpoint(checkpoint_note, origin=origin, trusted=[signer.key])
    with (
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as lines,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as proofs,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as table,
    ):
        members, count = _event_members(events, _Spool(lines), _Spool(proofs), _Spool(table))
        papers = {document.name: _document_member(document) for document in documents}
        members |= papers
        members |= _fixed_members(checkpoint_note, checkpoint, disclosures, older)
        manifest = canonical.json_bytes(
            {
                "format": FORMAT,
                "log": origin,
                "shipper": shipper,
                "created": canonical.format_time(created),
                "checkpoint": {"size": checkpoint.size, "root": _base64(checkpoint.root)},
                "events": count,
                "scope": {"kind": scope.kind, "last_cseq": dict(scope.last_cseq)},
                "files": {name: {"size": each.size, "sha256": each.sha256} for name, each in members.items()},
            }
        )
        members["manifest.json"] = _in_memory(manifest)
        members["manifest.note"] = _in_memory(notes.sign_note(manifest_text(origin, manifest), [signer]))
        _write_container(output, members)
    return BundleSummary(
        events=count,
        documents=len(papers),
        checkpoint=checkpoint,
        manifest_sha256=members["manifest.json"].sha256,
    )


def manifest_text(origin: str, manifest: bytes) -> str:
    """The text that the log's key signs for a manifest; its second line keeps it from being a checkpoint."""
    return f"{FORMAT}\n{origin}\nmanifest.json sha256 {sha256(manifest).hexdigest()}\n"


def _event_members(
    events: Iterable[LoggedEvent], lines: _Spool, proofs: _Spool, table: _Spool
) -> tuple[dict[str, _Member], int]:
    """Write the three files that have a line per event, in one pass."""
    table.append(spreadsheet.header())
    count, last = 0, -1
    for logged in events:
        if logged.index <= last:
            raise BundleInvalid(f"the event at log index {logged.index} comes after index {last}")
        event = canonical.parse(logged.data)
        proof = {
            "event_id": event["event_id"],
            "index": logged.index,
            "proof": [_base64(each) for each in logged.proof],
        }
        lines.append(logged.data + b"\n")
        proofs.append(canonical.json_bytes(proof) + b"\n")
        table.append(spreadsheet.event_line(logged.index, event))
        count, last = count + 1, logged.index
    members = {"events.jsonl": lines.member(), "proofs.jsonl": proofs.member(), "custody.csv": table.member()}
    return members, count


def _fixed_members(
    checkpoint_note: bytes,
    checkpoint: notes.Checkpoint,
    disclosures: Iterable[Disclosure],
    older: OlderCheckpoint | None,
) -> dict[str, _Member]:
    opened = [
        {"event_id": each.event_id, "path": each.path, "salt": _base64(each.salt), "value": each.value}
        for each in sorted(disclosures, key=lambda each: (each.event_id, each.path))
    ]
    members = {
        "README.txt": _in_memory((_HERE / "bundle_readme.txt").read_bytes()),
        "checkpoint.note": _in_memory(checkpoint_note),
        "disclosed.json": _in_memory(canonical.json_bytes(opened)),
        "verify.py": _in_memory((_HERE / "verify.py").read_bytes()),
    }
    if older:
        if not 0 < older.size <= checkpoint.size:
            raise BundleInvalid(
                f"a checkpoint of {older.size} leaves is not older than one of {checkpoint.size}"
            )
        proof = {"from": older.size, "to": checkpoint.size, "proof": [_base64(each) for each in older.proof]}
        members["older.note"] = _in_memory(older.note)
        members["consistency.json"] = _in_memory(canonical.json_bytes(proof))
    return members


def _write_container(output: BinaryIO, members: Mapping[str, _Member]) -> None:
    """Stored members, sorted, all with the first time a ZIP knows and mode 0644."""
    overhead = sum(2 * len(name) + 76 for name in members) + 22
    if len(members) > MAX_MEMBERS or sum(each.size for each in members.values()) + overhead > MAX_BYTES:
        raise BundleInvalid("the bundle would be larger than a ZIP can be: export fewer consignments at once")
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as container:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.file_size = members[name].size
            with container.open(info, "w") as target, members[name].open() as source:
                _copy(source, target, expected=members[name], name=name)


def _copy(source: IO[bytes], target: IO[bytes], *, expected: _Member, name: str) -> None:
    digest, size = sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        target.write(chunk)
    if (size, digest.hexdigest()) != (expected.size, expected.sha256):
        raise BundleInvalid(f"{name} is not what its hash and size say")


def _document_member(document: BundleDocument) -> _Member:
    return _Member(open=document.open, size=document.size, sha256=document.sha256)


def _in_memory(data: bytes) -> _Member:
    return _Member(open=lambda: BytesIO(data), size=len(data), sha256=sha256(data).hexdigest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
