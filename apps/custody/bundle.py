"""Writes a custody bundle: one ZIP of events, papers, proofs and checkpoint that `verify` checks offline.

The container is deterministic, byte for byte: members sorted by name, stored without compression, one fixed
time and mode, no extra fields, no comments. `verify` rebuilds it and compares, so that no byte of the file
is free.

======================  ====================================================================================
README.txt              what this is and how to check it
checkpoint.note         signed tree head that all proofs lead to, with the cosignatures of witnesses
copies/…                reading copies made from the events, as epcis.jsonld, dossier.pdf, ubl/….xml
custody.csv             reading copy of the events that the verifier makes anew (see `spreadsheet`)
disclosed.jsonl         salts and values that open commitments, a line each, in the order of the events
documents/<sha256>.*    papers and photos that an event names by their SHA-256
events.jsonl            the canonical bytes of each event, a line each, in log order
history.json            proofs that the log only grew since the checkpoints history/<size>.note
manifest.json           size and SHA-256 of every other file, scope, checkpoint; canonical JSON
manifest.note           signed note over manifest.json by the log's key
network.json            proofs that checkpoints of this log are in the network's log under network.note, and
                        that it only grew from earlier heads
network.note            signed head of the network's log
network-rotations/…     changes of the network's key, as rotations/<n>.note
proofs.jsonl            inclusion proof of each event, line by line
registers.jsonl         the log's registers, a line each: what shows that the scope is complete
rotations/<n>.note      changes of the log's key, signed by the old and the new one
timestamps/<size>.tsr   RFC 3161 tokens over the checkpoint note of that size
verify.py, verify.html  the verifiers, the same files as in this package
======================  ====================================================================================
"""

from __future__ import annotations

import base64
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Literal

from apps.custody import canonical, notes, spreadsheet
from apps.custody.commitments import Disclosure

FORMAT = "custody-bundle/v3"
SPOOL_IN_MEMORY = 1 << 20
CHUNK = 1 << 16
MAX_MEMBERS, MAX_BYTES = 0xFFFF, 0xFFFFFFFF
NO_TIMESTAMPS: Mapping[int, bytes] = {}
Said = Mapping[str, object]
_COPY_NAME = re.compile(r"copies(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){1,2}", re.ASCII)
_HERE = Path(__file__).parent


class BundleInvalid(ValueError):
    """What was given cannot become a bundle; the output is to be thrown away."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event: its place in the log, its canonical bytes, its inclusion proof at the bundle's checkpoint.

    ``disclosures`` open those of its commitments that the bundle may tell.
    """

    index: int
    data: bytes
    proof: Sequence[bytes]
    disclosures: Sequence[Disclosure] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What the bundle promises to hold completely, as of its checkpoint.

    ``consignments``: every event of the consignments in ``last_cseq``, numbered 1 to the given last number.
    ``log``: every event of the log; ``last_cseq`` then names all its consignments.
    ``asked`` says in pairs what was asked for, as ``("recipient", "Northern Clinic")``: a claim, no proof.
    Of consignments the registers prove what was asked for: those with an event on a day from ``first_day`` to
    ``last_day`` that bear one of the marks of each of ``conditions``. A scope that is ``narrowed`` besides
    leaves some of these out by the log's word.
    """

    kind: Literal["consignments", "log"]
    last_cseq: Mapping[str, int]
    asked: Sequence[tuple[str, str]] = ()
    conditions: Sequence[Sequence[str]] = ()
    first_day: date | None = None
    last_day: date | None = None
    narrowed: bool = False

    def fact(self) -> dict[str, object]:
        """The scope as the manifest says it."""
        asked = [{"by": by, "value": value} for by, value in self.asked]
        fact: dict[str, object] = {"kind": self.kind, "asked": asked, "last_cseq": dict(self.last_cseq)}
        if self.kind == "log":
            return fact
        return fact | {
            "marks": [[json.loads(mark) for mark in marks] for marks in self.conditions],
            "first_day": self.first_day.isoformat() if self.first_day else "",
            "last_day": self.last_day.isoformat() if self.last_day else "",
            "narrowed": self.narrowed,
        }


@dataclass(frozen=True, slots=True)
class RegisterProof:
    """A register: the event that closed it, with its place in the log and inclusion proof.

    A bundle of consignments has what the register says of each mark of the scope, in its order
    (`registers.said_of`; None where it can't be told), and nothing where the register is of another day. One
    of the whole log has the ``seed``, so that the register can be made anew.
    """

    index: int
    data: bytes
    proof: Sequence[bytes]
    said: Sequence[Said | None] = ()
    seed: bytes = b""


@dataclass(frozen=True, slots=True)
class BundleDocument:
    """A paper or photo that an event names; ``suffix`` is the ending of its file name, as ``pdf``."""

    sha256: str
    size: int
    suffix: str
    open: Callable[[], BinaryIO]

    @property
    def name(self) -> str:
        return f"documents/{self.sha256}.{self.suffix}"


@dataclass(frozen=True, slots=True)
class BundleCopy:
    """A reading copy made from the events: ``path`` below ``copies/``, as ``ubl/despatch-1.xml``."""

    path: str
    sha256: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def of(cls, path: str, data: bytes) -> BundleCopy:
        """A copy that is in memory."""
        return cls(path, sha256(data).hexdigest(), len(data), lambda: BytesIO(data))

    @property
    def name(self) -> str:
        return f"copies/{self.path}"


@dataclass(frozen=True, slots=True)
class OlderCheckpoint:
    """A checkpoint note from before, at ``size`` > 0 leaves, and the consistency proof from it."""

    note: bytes
    size: int
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """That this log's checkpoint of ``size`` is leaf ``index`` of the network's log, entered on ``day``."""

    day: date
    size: int
    salt: bytes
    index: int
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class NetworkProof:
    """A head of the network's log, this log's entries under it, proofs that it grew from earlier sizes, and
    the changes of its key, oldest first."""

    note: bytes
    entries: Sequence[NetworkEntry]
    grown: Mapping[int, Sequence[bytes]]
    rotations: Sequence[bytes] = ()


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
    copies: Iterable[BundleCopy] = (),
    history: Iterable[OlderCheckpoint] = (),
    rotations: Sequence[bytes] = (),
    timestamps: Mapping[int, bytes] = NO_TIMESTAMPS,
    network: NetworkProof | None = None,
    registers: Iterable[RegisterProof] = (),
) -> BundleSummary:
    """Write the bundle of one shipper's log to ``output``, a seekable binary file opened for writing.

    The same arguments give the same bytes. ``events`` come in log order and are streamed; documents and
    copies are asked for once all events are written, and opened when they are. The scope is held in memory.
    ``rotations`` are all changes of the log's key, oldest first. The checkpoints that ``network`` has entries
    of are the bundle's own or in ``history``. The log's origin is the signer's name.
    Proofs and event bytes are written as they are: judging them is the verifier's work.

    Raises:
        BundleInvalid: events out of order, a file that is not what its hash or size says, a copy of an
            impossible name, or more than a ZIP without extensions can hold (65,535 files, 4 GiB).
        NoteInvalid: ``checkpoint_note`` is not a checkpoint of this log signed by ``signer``.
        EventInvalid: the bytes of an event are not canonical.
    """
    origin = signer.key.name
    checkpoint = notes.open_checkpoint(checkpoint_note, origin=origin, trusted=[signer.key])
    with (
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as lines,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as proofs,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as table,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as opened,
        SpooledTemporaryFile(SPOOL_IN_MEMORY) as closed,
    ):
        members, count = _event_members(events, _Spool(lines), _Spool(proofs), _Spool(table), _Spool(opened))
        papers = {document.name: _file_member(document) for document in documents}
        members |= papers
        members |= {_copy_name(each): _file_member(each) for each in copies}
        members |= _fixed_members(checkpoint_note)
        members |= {"registers.jsonl": _register_member(registers, _Spool(closed))}
        members |= _history_members(checkpoint, history)
        members |= {f"rotations/{n}.note": _in_memory(note) for n, note in enumerate(rotations, start=1)}
        members |= _network_members(network) if network else {}
        members |= {f"timestamps/{size}.tsr": _in_memory(token) for size, token in timestamps.items()}
        manifest = canonical.json_bytes(
            {
                "format": FORMAT,
                "log": origin,
                "shipper": shipper,
                "created": canonical.format_time(created),
                "checkpoint": {"size": checkpoint.size, "root": _base64(checkpoint.root)},
                "events": count,
                "scope": scope.fact(),
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
    events: Iterable[LoggedEvent], lines: _Spool, proofs: _Spool, table: _Spool, opened: _Spool
) -> tuple[dict[str, _Member], int]:
    """Write the four files that go along with the events, in one pass."""
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
        for each in sorted(logged.disclosures, key=lambda each: each.path):
            opened.append(canonical.json_bytes(_opening(each)) + b"\n")
        count, last = count + 1, logged.index
    members = {
        "events.jsonl": lines.member(),
        "proofs.jsonl": proofs.member(),
        "custody.csv": table.member(),
        "disclosed.jsonl": opened.member(),
    }
    return members, count


def _register_member(registers: Iterable[RegisterProof], lines: _Spool) -> _Member:
    for each in registers:
        line = {
            "event": json.loads(each.data),
            "index": each.index,
            "proof": [_base64(sibling) for sibling in each.proof],
            "said": list(each.said),
            "seed": _base64(each.seed),
        }
        lines.append(canonical.encode(line) + b"\n")
    return lines.member()


def _opening(disclosure: Disclosure) -> dict[str, str]:
    return {
        "event_id": disclosure.event_id,
        "path": disclosure.path,
        "salt": _base64(disclosure.salt),
        "value": disclosure.value,
    }


def _fixed_members(checkpoint_note: bytes) -> dict[str, _Member]:
    return {
        "README.txt": _in_memory((_HERE / "bundle_readme.txt").read_bytes()),
        "checkpoint.note": _in_memory(checkpoint_note),
        "verify.html": _in_memory((_HERE / "verify.html").read_bytes()),
        "verify.py": _in_memory((_HERE / "verify.py").read_bytes()),
    }


def _history_members(checkpoint: notes.Checkpoint, history: Iterable[OlderCheckpoint]) -> dict[str, _Member]:
    """The older checkpoints, each once and by size, and the proofs that lead from them to ``checkpoint``."""
    by_size = {each.size: each for each in history}
    if not by_size:
        return {}
    if not all(0 < size <= checkpoint.size for size in by_size):
        raise BundleInvalid(f"an older checkpoint has more events than the bundle's {checkpoint.size}")
    proofs = [
        {"size": size, "proof": [_base64(each) for each in by_size[size].proof]} for size in sorted(by_size)
    ]
    members = {f"history/{size}.note": _in_memory(each.note) for size, each in by_size.items()}
    return members | {"history.json": _in_memory(canonical.json_bytes(proofs))}


def _network_members(network: NetworkProof) -> dict[str, _Member]:
    entries = [
        {
            "day": each.day.isoformat(),
            "size": each.size,
            "salt": _base64(each.salt),
            "index": each.index,
            "proof": [_base64(sibling) for sibling in each.proof],
        }
        for each in sorted(network.entries, key=lambda each: each.index)
    ]
    grown = [
        {"size": size, "proof": [_base64(each) for each in network.grown[size]]}
        for size in sorted(network.grown)
    ]
    told = canonical.json_bytes({"entries": entries, "grown": grown})
    changes = {
        f"network-rotations/{number}.note": _in_memory(note)
        for number, note in enumerate(network.rotations, start=1)
    }
    return {"network.json": _in_memory(told), "network.note": _in_memory(network.note), **changes}


def _copy_name(copy: BundleCopy) -> str:
    if not _COPY_NAME.fullmatch(copy.name):
        raise BundleInvalid(f"{copy.name} can't be the name of a reading copy")
    return copy.name


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


def _file_member(file: BundleDocument | BundleCopy) -> _Member:
    return _Member(open=file.open, size=file.size, sha256=file.sha256)


def _in_memory(data: bytes) -> _Member:
    return _Member(open=lambda: BytesIO(data), size=len(data), sha256=sha256(data).hexdigest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
