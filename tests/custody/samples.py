"""A small custody log of made-up goods, and bundles of it, for the tests of this folder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.custody import bundle, canonical, commitments, events, merkle, notes, registers, sparse, verify
from apps.custody.network import entries

ORIGIN = "dockside.example/acme"
SHIPPER = "acme"
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SSCCS = {"C-1": "106141411234567897", "C-2": "006141411234567890"}
SITE = {"gln": "9501101530003", "name": "Chris Hani Baragwanath Hospital"}
PAPER = b"%PDF-1.7 delivery note 4711"
SIGNATORY = {"organisation": "Acme Medical", "assurance": "captured"}
SLOT = {
    "dock": "Dock 2",
    "start": "2026-11-20T08:00:00.000000Z",
    "end": "2026-11-20T09:00:00.000000Z",
}

DETAILS: dict[str, dict[str, Any]] = {
    "consignment_created": {"items": [{"article": "=HYPERLINK", "quantity": "12.50", "unit": "carton"}]},
    "packed": {"handling_units": [{"sscc": SSCCS["C-1"], "package": "pallet", "gross_weight_g": 412500}]},
    "delivery_grouped": {"load": {"pallets": 2, "weight_g": 825000, "volume_cm3": 3000000}},
    "slots_offered": {
        "offer": "O-1",
        "party": "shipper",
        "slots": [SLOT],
        "expires": "2026-11-19T12:00:00.000000Z",
    },
    "slots_countered": {
        "offer": "O-2",
        "answers": "O-1",
        "party": "recipient",
        "slots": [SLOT],
        "expires": "2026-11-19T13:00:00.000000Z",
    },
    "appointment_confirmed": {"appointment": "A-1", "slot": SLOT, "confirmation_number": "K7QW2"},
    "appointment_rescheduled": {
        "appointment": "A-1",
        "instead_of": SLOT,
        "slot": SLOT,
        "confirmation_number": "K7QW2",
    },
    "appointment_declined": {"offer": "O-1", "reason": "dock_full"},
    "appointment_cancelled": {"appointment": "A-1", "reason": "other"},
    "offer_expired": {"offer": "O-1", "expired_at": "2026-11-19T12:00:00.000000Z"},
    "planned": {"route": "R-1", "stop": 1, "carrier": "Swift Haul", "vehicle": "TRK 7 GP"},
    "document_issued": {
        "document_type": "delivery_note",
        "number": "DN-4711",
        "media_type": "application/pdf",
        "sha256": sha256(PAPER).hexdigest(),
        "size": len(PAPER),
    },
    "document_received": {
        "document_type": "coa",
        "number": "COA-9",
        "media_type": "application/pdf",
        "sha256": sha256(b"certificate").hexdigest(),
        "size": len(b"certificate"),
        "party": "shipper",
    },
    "document_waived": {"document_type": "insurance", "note": "c0" * 32},
    "loaded": {"seals": ["S-99"]},
    "departed": {"position": {"lat_e7": -262041000, "lon_e7": 280473000, "accuracy_m": 8, "source": "gnss"}},
    "arrived": {"dock": "Dock 2"},
    "unloading_started": {"dock": "Dock 2"},
    "unloaded": {},
    "handover_accepted": {"released_by": SIGNATORY, "received_by": SIGNATORY, "temperature_mc": -18500},
    "handover_accepted_with_reservation": {
        "released_by": SIGNATORY,
        "received_by": SIGNATORY,
        "discrepancies": [{"kind": "short", "quantity": "1", "unit": "carton"}],
    },
    "handover_partly_refused": {
        "released_by": SIGNATORY,
        "received_by": SIGNATORY,
        "condition": "packaging",
        "attempt": 2,
        "seals": ["S-98"],
        "seals_out": ["S-99"],
        "seals_after": ["S-100"],
        "doubts": ["seals_differ"],
        "discrepancies": [{"kind": "wrong_item", "article": "Vials", "reason": "wrong_batch"}],
    },
    "handover_unattended": {
        "released_by": SIGNATORY,
        "received_by": {"organisation": "Northern Hospital", "assurance": "absent"},
        "position": {"lat_e7": -262041000, "lon_e7": 280473000, "accuracy_m": 8, "source": "gnss"},
    },
    "handover_refused": {"released_by": SIGNATORY, "received_by": SIGNATORY, "reason": "damage"},
    "handover_own_site": {"released_by": SIGNATORY, "received_by": SIGNATORY, "place": "Dock 1"},
    "pickup_ready": {"dock": "Dock 1"},
    "drop_emptied": {
        "received_by": SIGNATORY,
        "place": "Locker 12",
        "counts": {"expected": 2, "received": 1, "over": 0, "short": 1, "damaged": 0, "refused": 0},
        "discrepancies": [{"kind": "short", "quantity": "1", "unit": "pallet"}],
    },
    "temperature_range_set": {"minimum_mc": 2000, "maximum_mc": 8000, "maximum_before_mc": -15000},
    "delivery_failed": {"reason": "receiverAbsent"},
    "seals_checked": {"seals": ["S-99"], "intact": True},
    "condition_reading": {
        "sensor": "T-7",
        "calibration": "CAL-2026-04",
        "from": "2026-11-20T06:00:00.000000Z",
        "to": "2026-11-20T09:00:00.000000Z",
        "readings": 36,
        "minimum_mc": 2100,
        "maximum_mc": 7900,
        "within_limits": True,
    },
    "excursion_decided": {
        "sensor": "T-7",
        "measure": "temperature",
        "from": "2026-11-20T06:00:00.000000Z",
        "to": "2026-11-20T06:40:00.000000Z",
        "minimum": 8100,
        "maximum": 9400,
        "cause": "door_open",
        "decision": "accept",
    },
    "clock_anomaly": {"device": "phone-1", "seq": 3, "kind": "rewind", "difference_ms": -120000},
    "access_viewed": {"what": "delivery D-1"},
    "correction": {
        "corrects": "00000000-0000-7000-8000-000000000001",
        "reason": "incorrect_data",
        "corrected_by": [],
    },
    "access_exported": {"purpose": "audit"},
    "access_granted": {
        "grant": "00000000-0000-7000-8000-000000000002",
        "what": "key of Swift TMS",
        "scopes": ["epcis.query"],
        "until": "2027-11-20T00:00:00.000000Z",
    },
    "access_revoked": {"grant": "00000000-0000-7000-8000-000000000002", "what": "key of Swift TMS"},
    "key_rotated": {"old_key": "a+b+c", "new_key": "a+d+e"},
    "register_closed": {"day": "2026-11-20", "first": 0, "end": 1, "salt": "ab" * 32, "root": "cd" * 32},
    "pii_erased": {
        "erased": [{"event_id": "00000000-0000-7000-8000-000000000001", "paths": ["/actor/name"]}],
        "legal_basis": "GDPR art. 17",
    },
}
LOG_TYPES = frozenset(
    {
        "access_exported",
        "access_granted",
        "access_revoked",
        "access_viewed",
        "clock_anomaly",
        "key_rotated",
        "pii_erased",
        "register_closed",
    }
)


@dataclass
class SampleNetwork:
    """The network's log in memory: on each day a log's head among leaves of strangers."""

    origin: str = "dockside.example"
    seed: int = 7
    tree: merkle.Tree = field(default_factory=merkle.Tree)
    entries: list[bundle.NetworkEntry] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # of the tree after each day
    changed_at: int | None = None

    def signer(self, size: int) -> notes.KeySigner:
        """Who signs this log at ``size`` leaves."""
        seed = self.seed + (self.changed_at is not None and size > self.changed_at)
        return notes.KeySigner(self.origin, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))

    @property
    def vkey(self) -> str:
        """The first key, which auditors were given."""
        return str(self.signer(0).key)

    def change_key(self) -> None:
        self.changed_at = self.tree.size

    def enter(self, log: SampleLog, size: int, day: date) -> None:
        """A day's batch of sixteen leaves, one of which says what ``log`` was at ``size`` events."""
        place = size % 16
        for number in range(16):
            salt = sha256(f"{self.tree.size}".encode()).digest()
            if number != place:
                self.tree.append(salt)
                continue
            self.entries.append(bundle.NetworkEntry(day, size, salt, self.tree.size, ()))
            root = log.tree.root(size)
            self.tree.append(
                entries.leaf(network=self.origin, log=log.origin, day=day, size=size, root=root, salt=salt)
            )
        self.sizes.append(self.tree.size)

    def checkpoint(self, size: int | None = None) -> bytes:
        size = self.tree.size if size is None else size
        head = notes.Checkpoint(self.origin, size, self.tree.root(size))
        return notes.sign_checkpoint(head, [self.signer(size)])

    def changes(self) -> list[bytes]:
        """The change of key, signed by both, if there was one."""
        size = self.changed_at
        if size is None:
            return []
        old, new = self.signer(size), self.signer(size + 1)
        text = notes.rotation_text(origin=self.origin, size=size, old=old.key, new=new.key)
        return [notes.sign_note(text, [old, new])]

    def proof(self) -> bundle.NetworkProof:
        """What a bundle takes along from this log."""
        proven = [replace(each, proof=self.tree.inclusion_proof(each.index)) for each in self.entries]
        grown = {size: self.tree.consistency_proof(size) for size in self.sizes[:-1]}
        return bundle.NetworkProof(self.checkpoint(), proven, grown, self.changes())

    def known(self, day: int = 0) -> verify.Network:
        """What an auditor has who kept the head of that day."""
        size = self.sizes[day]
        return verify.Network([verify.parse_key(self.vkey)], verify.Checkpoint(size, self.tree.root(size)))


@dataclass
class SampleRegister:
    """A register of a log in memory: its event's place, its stretch, what it says and what hides that."""

    index: int
    first: int
    end: int
    hidden: registers.Secrets
    held: registers.Held
    tree: sparse.SparseTree

    def said(self, mark: str, shown: Collection[str]) -> dict[str, Any]:
        path, _ = sparse.path(self.tree, registers.place(self.hidden.salt, mark))
        return registers.said_of(mark, self.held.get(mark), self.hidden.seed, path, shown)


@dataclass
class SampleLog:
    """A log in memory that numbers, commits and proves like the real one."""

    origin: str = ORIGIN
    shipper: str = SHIPPER
    seed: int = 1
    data: list[bytes] = field(default_factory=list)
    tree: merkle.Tree = field(default_factory=merkle.Tree)
    last_cseq: dict[str, int] = field(default_factory=dict)
    disclosures: list[commitments.Disclosure] = field(default_factory=list)
    network: SampleNetwork | None = None
    registers: list[SampleRegister] = field(default_factory=list)
    borne: dict[str, set[str]] = field(default_factory=dict)

    @property
    def signer(self) -> notes.KeySigner:
        return notes.KeySigner(self.origin, Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32))

    @property
    def vkey(self) -> str:
        return str(self.signer.key)

    def add(self, type_name: str, consignments: Sequence[str] = ("C-1",), **changes: Any) -> dict[str, Any]:
        event = self.event(type_name, consignments) | changes
        self.data.append(canonical.canonical_bytes(event))
        self.tree.append(merkle.leaf_hash(self.data[-1]))
        return event

    def event(self, type_name: str, consignments: Sequence[str] = ("C-1",)) -> dict[str, Any]:
        number = len(self.data) + 1
        event_id = str(UUID(f"00000000-0000-7000-8000-{number:012x}"))
        salt = sha256(f"{self.shipper}{number}".encode()).digest()
        self.disclosures.append(commitments.Disclosure(event_id, "/actor/name", salt, f"Zoë {number}"))
        for each in consignments:
            self.last_cseq[each] = self.last_cseq.get(each, 0) + 1
        moment = canonical.format_time(NOW - timedelta(hours=9) + timedelta(minutes=number))
        event = {
            "v": 1,
            "log": self.origin,
            "shipper": self.shipper,
            "event_id": event_id,
            "type": type_name,
            "consignments": [
                {"number": each, "cseq": self.last_cseq[each], "sscc": [SSCCS[each]] if each in SSCCS else []}
                for each in consignments
            ],
            "actor": {
                "id": "user-7",
                "role": "planner",
                "organisation": "Acme Medical",
                "name": commitments.commit(path="/actor/name", salt=salt, value=f"Zoë {number}"),
            },
            "event_time": moment,
            "received_time": moment,
            "why": events.why(type_name, [("po", "SCMS-4")]),
            "details": DETAILS[type_name],
        }
        return event if type_name in LOG_TYPES else event | {"delivery": "D-1", "site": SITE}

    def close_register(self) -> None:
        """Close a register of the events since the last one, all of one day; nothing where there are none."""
        first, end = self.registers[-1].end if self.registers else 0, len(self.data)
        if first + len(self.closed(first)) == end:
            return
        gathering = registers.Gathering(self.borne)
        for data in self.data[first:end]:
            gathering.take(json.loads(data))
        held = gathering.held()
        salt, seed = (sha256(f"{what}{first}".encode()).digest() for what in ("salt", "seed"))
        hidden = registers.Secrets(salt, seed)
        tree = registers.tree_of(held, hidden)
        said = {"day": NOW.date().isoformat(), "first": first, "end": end}
        self.add("register_closed", (), details={**said, "salt": salt.hex(), "root": tree.root.hex()})
        self.registers.append(SampleRegister(end, first, end, hidden, held, tree))

    def closed(self, since: int) -> list[SampleRegister]:
        """The registers whose events are at ``since`` or later."""
        return [each for each in self.registers if each.index >= since]

    def shown(
        self, conditions: Sequence[Sequence[str]], numbers: Collection[str]
    ) -> list[bundle.RegisterProof]:
        """What a bundle of these consignments says of the registers."""
        return [
            bundle.RegisterProof(
                each.index,
                self.data[each.index],
                self.tree.inclusion_proof(each.index),
                said=[each.said(mark, numbers) for marks in conditions for mark in marks],
            )
            for each in self.registers
        ]

    def with_seeds(self) -> list[bundle.RegisterProof]:
        """What a bundle of the whole log says of them."""
        return [
            bundle.RegisterProof(
                each.index,
                self.data[each.index],
                self.tree.inclusion_proof(each.index),
                seed=each.hidden.seed,
            )
            for each in self.registers
        ]

    def checkpoint(self, size: int | None = None) -> bytes:
        size = self.tree.size if size is None else size
        return notes.sign_checkpoint(notes.Checkpoint(self.origin, size, self.tree.root(size)), [self.signer])

    def logged(self, indices: Iterable[int], disclosed: Collection[int] = ()) -> list[bundle.LoggedEvent]:
        return [
            bundle.LoggedEvent(
                index,
                self.data[index],
                self.tree.inclusion_proof(index),
                [self.disclosures[index]] if index in disclosed else (),
            )
            for index in indices
        ]

    def older(self, size: int) -> bundle.OlderCheckpoint:
        return bundle.OlderCheckpoint(self.checkpoint(size), size, self.tree.consistency_proof(size))


def sample_log(**identity: Any) -> SampleLog:
    """Two consignments from order to handover, another one in between, and an export at the end."""
    log = SampleLog(**identity)
    both = ("C-1", "C-2")
    log.add("consignment_created")
    log.add("consignment_created", ("C-2",))
    log.add("packed")
    log.add("consignment_created", ("X-9",))
    for type_name in ("delivery_grouped", "slots_offered", "slots_countered", "appointment_confirmed"):
        log.add(type_name, both)
    log.add("document_issued", both)
    log.add("offer_expired", ("X-9",))
    for type_name in ("planned", "loaded", "departed", "arrived", "unloading_started", "unloaded"):
        log.add(type_name, both)
    log.add("handover_accepted", both)
    log.add("access_exported", ())
    log.close_register()
    return log


def paper(data: bytes = PAPER) -> bundle.BundleDocument:
    return bundle.BundleDocument(sha256(data).hexdigest(), len(data), "pdf", lambda: BytesIO(data))


def consignment_bundle(
    log: SampleLog,
    numbers: Sequence[str] = ("C-1",),
    conditions: Sequence[Sequence[str]] | None = None,
    **changes: Any,
) -> bytes:
    """The bundle of some consignments of ``log``, asked for by number or as ``conditions`` say; ``changes``
    replace arguments of ``write_bundle``."""
    if conditions is None:
        conditions = [[registers.mark("consignment", number) for number in numbers]]
    indices = [index for index, data in enumerate(log.data) if _concerns(data, numbers)]
    last = {number: log.last_cseq[number] for number in numbers}
    given = {
        "events": log.logged(indices, indices[:3]),
        "registers": log.shown(conditions, numbers),
        "scope": bundle.Scope("consignments", last, conditions=conditions),
    }
    return _write(log, given | changes)


def whole_log_bundle(log: SampleLog, **changes: Any) -> bytes:
    """The bundle of everything in ``log``."""
    given = {
        "events": log.logged(range(len(log.data))),
        "registers": log.with_seeds(),
        "scope": bundle.Scope("log", log.last_cseq),
    }
    return _write(log, given | changes)


def _write(log: SampleLog, changes: dict[str, Any]) -> bytes:
    arguments: dict[str, Any] = {
        "shipper": log.shipper,
        "checkpoint_note": log.checkpoint(),
        "signer": log.signer,
        "created": NOW,
        "documents": [paper()],
    }
    output = BytesIO()
    bundle.write_bundle(output, **(arguments | changes))
    return output.getvalue()


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as container:
        return {name: container.read(name) for name in container.namelist()}


def rebuild(files: dict[str, bytes], signer: notes.Signer | None = None) -> bytes:
    """A well-formed bundle of changed files: its manifest fits them, and is signed again by ``signer``."""
    files = dict(files)
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"size": len(data), "sha256": sha256(data).hexdigest()}
        for name, data in files.items()
        if name not in ("manifest.json", "manifest.note")
    }
    files["manifest.json"] = canonical.json_bytes(manifest)
    if signer:
        text = bundle.manifest_text(signer.key.name, files["manifest.json"])
        files["manifest.note"] = notes.sign_note(text, [signer])
    return pack(files)


def pack(files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> bytes:
    """The canonical container of ``files``, or one that differs in what ``change`` does to each header."""
    output = BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as container:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            change(info)
            container.writestr(info, files[name])
    return output.getvalue()


def _concerns(data: bytes, numbers: Sequence[str]) -> bool:
    return any(each["number"] in numbers for each in json.loads(data)["consignments"])
