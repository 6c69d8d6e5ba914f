"""The reading copies of a bundle, made while its events pass by: EPCIS, UBL, workbook, signed dossier."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from django.db.models import QuerySet

from apps.custody import bundle, canonical, merkle, selectors, spreadsheet
from apps.custody import dossier as dossiers
from apps.custody.models import Checkpoint, CustodyEvent
from apps.custody.renditions import epcis, ubl
from apps.custody.renditions.shipments import Shipments
from apps.custody.renditions.workbook import Workbook
from apps.custody.services.scoping import ExportChoice
from apps.documents.rendering import Attachment
from apps.facilities.models import Recipient
from apps.tenancy.models import Shipper

IN_MEMORY = 1 << 20
CHUNK = 1 << 16
REVERSIBLE = (
    "Every cell is a text, exactly as it is in the event; nothing was added to keep it from being a formula."
    " A text that no cell can hold says where it stands whole. custody.csv puts an apostrophe before a cell"
    " that a spreadsheet could execute, and before one that begins with an apostrophe: drop one to restore."
    " events.jsonl holds the exact bytes that were signed."
)


@dataclass
class CopyFacts:
    """What the copies say about the bundle that they lie in.

    ``recipient`` is whoever asked for what it received: the dossier is then signed by both.
    """

    shipper: Shipper
    log: str
    checkpoint: Checkpoint
    vkey: str
    asked: str
    completeness: str
    consignments: int
    papers: int
    made_at: datetime
    events: QuerySet[CustodyEvent] = field(repr=False)
    recipient: Recipient | None = None


class Copies:
    """Takes each event as it is written, then gives the copies; closes what it holds when it is left."""

    def __init__(self, choice: ExportChoice, facts: CopyFacts) -> None:
        self._choice = choice
        self._facts = facts
        self._open = ExitStack()
        self._count = 0
        self._shipments = Shipments()
        self._converter = epcis.Converter(facts.log, selectors.event_as_recorded)
        self._created = canonical.format_time(facts.made_at)
        self._epcis = self._spool()
        self._epcis_parts = epcis.document_parts(facts.log, self._created)
        self._epcis.write(self._epcis_parts[0])
        self._epcis_count = 0
        self._sheet = self._spool()
        self._workbook = Workbook(
            self._sheet, columns=choice.columns, about=self._about(), created=facts.made_at.astimezone(UTC)
        )

    def __enter__(self) -> "Copies":
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def passing(self, events: Iterable[bundle.LoggedEvent]) -> Iterator[bundle.LoggedEvent]:
        """The same events, each taken into account on its way."""
        for logged in events:
            event = canonical.parse(logged.data)
            self._take(logged.index, event, merkle.leaf_hash(logged.data))
            yield logged

    def finished(self) -> Iterator[bundle.BundleCopy]:
        """The copies that were chosen; to be asked for when all events have passed."""
        chosen = set(self._choice.copies)
        self._epcis.write(b"\n" + self._epcis_parts[1] + b"\n")
        self._workbook.close()
        if "epcis" in chosen:
            yield _spooled("epcis.jsonld", self._epcis)
        if "workbook" in chosen:
            yield _spooled("custody.xlsx", self._sheet)
        if "ubl" in chosen:
            yield from self._advices()
        if "dossier" in chosen:
            yield bundle.BundleCopy.of("dossier.pdf", self._dossier())

    def _take(self, index: int, event: Mapping[str, Any], leaf_hash: bytes) -> None:
        self._count += 1
        self._shipments.add(event)
        for told in self._converter.convert(event, index=index, leaf_hash=leaf_hash):
            self._epcis.write((b",\n" if self._epcis_count else b"\n") + epcis.json_bytes(told))
            self._epcis_count += 1
        if "workbook" in self._choice.copies:
            self._workbook.append(spreadsheet.event_cells(index, event))

    def _advices(self) -> Iterator[bundle.BundleCopy]:
        written = self._spool()
        for shipment in self._shipments.gathered():
            name = re.sub(r"[^A-Za-z0-9_-]+", "-", shipment.number)[:60]
            advices = {
                "DespatchAdvice": ubl.despatch_advice(shipment, shipper=self._facts.shipper.name),
                "ReceiptAdvice": ubl.receipt_advice(shipment, shipper=self._facts.shipper.name),
            }
            for kind, advice in advices.items():
                if advice:
                    yield _part_of(written, f"ubl/{kind}-{name}.xml", advice)

    def _dossier(self) -> bytes:
        """Signed with the shipper's key for papers, and with the recipient's where that asked and has one."""
        from apps.documents import signing, signing_keys  # pyHanko is large and for workers alone

        facts = self._facts
        first = facts.events.values_list("pk", flat=True)[: dossiers.LISTED]
        entries = selectors.entries(CustodyEvent.objects.filter(pk__in=list(first)))
        pdf = dossiers.render(
            dossiers.Dossier(
                shipper=facts.shipper.name,
                log=facts.log,
                vkey=facts.vkey,
                asked=facts.asked,
                completeness=facts.completeness,
                events=self._count,
                consignments=facts.consignments,
                papers=facts.papers,
                size=facts.checkpoint.size,
                root=bytes(facts.checkpoint.root).hex(),
                signed_at=facts.checkpoint.created_at,
                made_at=facts.made_at,
                entries=entries,
                shipments=list(islice(self._shipments.gathered(), dossiers.LISTED)),
            ),
            attachments=self._attachments(),
        )
        key = signing_keys.key_of_shipper(facts.shipper, now=facts.made_at)
        reason = f"Custody dossier, log of {facts.checkpoint.size} events"
        pdf = signing.sign(pdf, key, field="Shipper", reason=reason, first=True)
        recipients = signing_keys.key_of_recipient(facts.recipient)
        if recipients is None:
            return pdf
        return signing.sign(pdf, recipients, field="Recipient", reason=reason, first=False)

    def _attachments(self) -> list[Attachment]:
        note = Attachment(
            "checkpoint.note",
            selectors.cosigned(self._facts.checkpoint),
            "Signed head of the log",
            "Supplement",
        )
        if "epcis" not in self._choice.copies or self._epcis.tell() > dossiers.ATTACHED:
            return [note]
        self._epcis.seek(0)
        told = self._epcis.read()
        return [Attachment("epcis.jsonld", told, "The same record as EPCIS 2.0", "Data"), note]

    def _about(self) -> list[tuple[str, str]]:
        facts = self._facts
        return [
            ("Shipper", facts.shipper.name),
            ("Log", facts.log),
            ("Scope", facts.asked),
            ("Completeness", facts.completeness),
            ("Checkpoint", f"{facts.checkpoint.size} events, root {bytes(facts.checkpoint.root).hex()}"),
            ("Made", self._created),
            ("Columns", ", ".join(self._choice.columns)),
            ("Reading it back", REVERSIBLE),
        ]

    def _spool(self) -> IO[bytes]:
        return self._open.enter_context(SpooledTemporaryFile(IN_MEMORY))


def _part_of(file: IO[bytes], path: str, data: bytes) -> bundle.BundleCopy:
    """A small copy among many: appended to ``file``, and read from there when it is its turn."""
    start = file.seek(0, os.SEEK_END)
    file.write(data)

    def read() -> BinaryIO:
        file.seek(start)
        return BytesIO(file.read(len(data)))

    return bundle.BundleCopy(path, hashlib.sha256(data).hexdigest(), len(data), read)


def _spooled(path: str, file: IO[bytes]) -> bundle.BundleCopy:
    def rewound() -> BinaryIO:
        file.seek(0)
        return cast(BinaryIO, file)

    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return bundle.BundleCopy(path, digest.hexdigest(), size, rewound)
