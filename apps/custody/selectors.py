"""Shared reads of a shipper's custody log. Called in the shipper's schema, by whoever checked who asks."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import Role
from apps.custody import canonical, notes
from apps.custody.labels import DETAIL_LABELS, ERASED, EVENT_LABELS, ROLE_LABELS, VALUE_LABELS
from apps.custody.models import (
    LOG_TYPES,
    Checkpoint,
    ConsignmentSequence,
    Cosignature,
    CustodyEvent,
    Disclosure,
    LogKey,
    LogLeaf,
)
from apps.documents.models import Document
from apps.tenancy.models import Shipper

HASH_PREFIX = 12
# `unsequenced` from `search_from` on, by itself. Between two limits that it can't know, the planner expects
# few rows and takes the index; above one it expects a third of all, and read the whole log at each look.
_BEHIND = """
    SELECT EXISTS (
        SELECT FROM custody_custodyevent AS event
         WHERE xid BETWEEN coalesce(
                   (SELECT settled
                      FROM (SELECT settled FROM custody_checkpoint ORDER BY size DESC LIMIT 1) AS last
                     WHERE settled <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint), 0)
               AND (SELECT 9223372036854775807)
           AND NOT EXISTS (SELECT FROM custody_logleaf AS leaf WHERE leaf.event_id = event.id))"""
_HASH = re.compile(r"[0-9a-f]{8,64}")
_EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOLD = ("name", "organisation", "kind", "sscc", "article", "quantity", "note")


@dataclass(frozen=True)
class TimelineEntry:
    """One event as people read it.

    ``units`` are its consignments with their SSCCs. ``index`` is its place in the log, None while the
    sequencer has not come to it. ``details`` are those of the event with personal values opened, or `ERASED`;
    ``summary`` are those worth showing, with labels.
    """

    event_id: UUID
    type: str
    label: str
    at: datetime
    received: datetime
    actor: str
    role: str
    organisation: str
    units: Mapping[str, tuple[str, ...]]
    delivery: str
    index: int | None
    hash: str
    summary: tuple[tuple[str, str], ...]
    details: Mapping[str, Any]

    @property
    def consignments(self) -> tuple[str, ...]:
        return tuple(self.units)


@dataclass(frozen=True)
class LogState:
    """How far the log is: events in it, events that wait for the sequencer, its newest head and its key."""

    logged: int
    waiting: int
    waiting_since: datetime | None
    checkpoint: Checkpoint | None
    vkey: str | None


def log_origin(shipper: Shipper) -> str:
    """The name of a shipper's log, in every event, checkpoint and key of it."""
    return f"{settings.NETWORK_HOST}/{shipper.slug}"


def latest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head; None while nothing is in the log."""
    return Checkpoint.objects.order_by("-size").first()


def verifier_key() -> str | None:
    """The key that checkpoints are checked with, as auditors pin it; None while nothing is in the log."""
    return LogKey.objects.order_by("-id").values_list("vkey", flat=True).first()


def key_at(size: int) -> notes.VerifierKey:
    """The key that signs this log at ``size`` events.

    Raises:
        NoteInvalid: there is none, or what is published is no key.
    """
    published = LogKey.objects.filter(since__lt=max(size, 1)).order_by("-since", "-id").first()
    return notes.VerifierKey.parse(published.vkey if published else "")


def verifier_keys() -> list[str]:
    """Every key that this log was ever signed with, oldest first; the last one signs now."""
    return list(LogKey.objects.order_by("since", "id").values_list("vkey", flat=True))


def key_changes() -> list[bytes]:
    """The log's changes of key as signed notes, oldest first."""
    changes = LogKey.objects.exclude(note="").order_by("since", "id")
    return [note.encode() for note in changes.values_list("note", flat=True)]


def cosigned(checkpoint: Checkpoint) -> bytes:
    """A checkpoint's note with the signature lines of those who witnessed it."""
    lines = Cosignature.objects.filter(size=checkpoint.size).order_by("witness")
    return (checkpoint.note + "".join(lines.values_list("line", flat=True))).encode()


def log_state() -> LogState:
    checkpoint = latest_checkpoint()
    waiting = unsequenced(search_from(checkpoint, settled_transaction()))
    oldest = waiting.first()
    return LogState(
        logged=checkpoint.size if checkpoint else 0,
        waiting=waiting.count() if oldest else 0,
        waiting_since=oldest.recorded_at if oldest else None,
        checkpoint=checkpoint,
        vkey=verifier_key(),
    )


def unsequenced(since: int = 0) -> QuerySet[CustodyEvent]:
    """Committed events that are not in the log, written by transaction ``since`` or a later one, in order.

    An anti-join: "after the last one" would lose events whose transactions commit late.
    """
    in_log = LogLeaf.objects.filter(event_id=OuterRef("pk"))
    return CustodyEvent.objects.filter(~Exists(in_log), xid__gte=since).order_by("ordinal")


def is_behind() -> bool:
    """Whether an event waits for the sequencer: one statement, for whoever asks several times a second."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND)
        return bool(cursor.fetchone()[0])


def settled_transaction() -> int:
    """The oldest transaction that still runs: what those before it committed is visible from now on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def search_from(last: Checkpoint | None, settled: int) -> int:
    """The transaction from which `unsequenced` has to look.

    Transaction numbers start again in a database that was restored elsewhere: then look everywhere.
    """
    return last.settled if last and last.settled <= settled else 0


def consignments_of_delivery(delivery_id: UUID) -> list[str]:
    """The numbers of the consignments that events of this delivery name, sorted."""
    named = ConsignmentSequence.objects.filter(event__delivery_id=delivery_id)
    return list(named.order_by("consignment").values_list("consignment", flat=True).distinct())


def events_of_consignments(numbers: Iterable[str]) -> QuerySet[CustodyEvent]:
    """Every event of any of these consignments."""
    named = ConsignmentSequence.objects.filter(event=OuterRef("pk"), consignment__in=list(numbers))
    return CustodyEvent.objects.filter(Exists(named))


def events_of_delivery(delivery_id: UUID) -> QuerySet[CustodyEvent]:
    """The delivery's events and those of its consignments from before they rode in it."""
    before = events_of_consignments(consignments_of_delivery(delivery_id)).filter(delivery_id=None)
    return CustodyEvent.objects.filter(Q(delivery_id=delivery_id) | Q(pk__in=before.values("pk")))


def event_by_hash(text: str) -> CustodyEvent | None:
    """The one event whose leaf hash, or whose paper's SHA-256, begins like this, or whose id it is.

    ``text`` may be anything; of a hash it takes at least 8 digits. None where none or several are meant.
    """
    digits = text.strip().lower()
    if _EVENT_ID.fullmatch(digits):
        return CustodyEvent.objects.filter(pk=digits).first()
    if not _HASH.fullmatch(digits):
        return None
    span = [bytes.fromhex(digits.ljust(64, filler)) for filler in "0f"]
    found = list(CustodyEvent.objects.filter(leaf_hash__gte=span[0], leaf_hash__lte=span[1])[:2])
    if len(found) != 1:
        found = _events_of_papers(digits)
    return found[0] if len(found) == 1 else None


def _events_of_papers(digits: str) -> list[CustodyEvent]:
    """The events that put papers with such a hash on record."""
    papers = Document.objects.filter(sha256__startswith=digits)[:2]
    named = CustodyEvent.objects.filter(
        delivery_id__in=[paper.delivery_id for paper in papers],
        type__in=["document_issued", "document_received"],
    )
    return [
        event
        for event in named.order_by("ordinal")
        if json.loads(bytes(event.canonical))["details"]["sha256"].startswith(digits)
    ][:1]


def event_as_recorded(event_id: str) -> dict[str, Any] | None:
    """What the event with this id says, every field as it was hashed; None where there is none."""
    found = CustodyEvent.objects.filter(pk=event_id).values_list("canonical", flat=True).first()
    return canonical.parse(bytes(found)) if found is not None else None


def has_event(delivery_id: UUID, event_type: str) -> bool:
    """Whether an event of that type of the delivery is on record."""
    return CustodyEvent.objects.filter(delivery_id=delivery_id, type=event_type).exists()


def search_events(text: str) -> QuerySet[CustodyEvent]:
    """Events of the consignment or delivery with exactly this number; none for an empty one."""
    number = text.strip()
    if not number:
        return CustodyEvent.objects.none()
    of_consignment = events_of_consignments([number])
    return CustodyEvent.objects.filter(Q(delivery=number) | Q(pk__in=of_consignment.values("pk")))


def timeline(delivery_id: UUID) -> list[TimelineEntry]:
    """What happened to a delivery and its goods, in the order it was recorded."""
    return entries(events_of_delivery(delivery_id))


def log_events() -> QuerySet[CustodyEvent]:
    """The events about the record itself: who looked, who took what away, keys, erasures, doubtful clocks."""
    return CustodyEvent.objects.filter(type__in=LOG_TYPES).order_by("-recorded_at")


def entries(events: QuerySet[CustodyEvent]) -> list[TimelineEntry]:
    """Events as people read them, in the order they were recorded; three queries however many."""
    rows = list(events.select_related("leaf").order_by("ordinal"))
    opened: dict[UUID, dict[str, Any]] = {row.pk: {} for row in rows}
    for disclosure in Disclosure.objects.filter(event__in=[row.pk for row in rows]):
        opened[disclosure.event_id][disclosure.path] = disclosure.value
    return [_entry(row, opened[row.pk]) for row in rows]


def _entry(row: CustodyEvent, opened: Mapping[str, Any]) -> TimelineEntry:
    said = json.loads(bytes(row.canonical))
    hidden = canonical.commitments(said)
    actor = _open(said["actor"], "/actor", hidden, opened)
    details = _open(said["details"], "/details", hidden, opened)
    role = str(_role_label(actor["role"]))
    return TimelineEntry(
        event_id=row.pk,
        type=row.type,
        label=str(EVENT_LABELS.get(row.type, row.type)),
        at=row.event_time,
        received=row.recorded_at,
        actor=actor.get("name", role),
        role=role,
        organisation=actor["organisation"],
        units={each["number"]: tuple(each["sscc"]) for each in said["consignments"]},
        delivery=row.delivery,
        index=row.leaf.index if hasattr(row, "leaf") else None,
        hash=bytes(row.leaf_hash).hex()[:HASH_PREFIX],
        summary=tuple(
            (str(label), _told(name, details[name]))
            for name, label in DETAIL_LABELS.items()
            if name in details
        ),
        details=details,
    )


def _role_label(role: str) -> Any:
    return ROLE_LABELS.get(role) or (Role(role).label if role in Role.values else role)


def _open(value: Any, path: str, hidden: Mapping[str, str], opened: Mapping[str, Any]) -> Any:
    """``value`` with what is known instead of commitments."""
    if path in hidden:
        return opened.get(path, str(ERASED))
    if isinstance(value, dict):
        return {name: _open(each, f"{path}/{name}", hidden, opened) for name, each in value.items()}
    if isinstance(value, list):
        return [_open(each, f"{path}/{place}", hidden, opened) for place, each in enumerate(value)]
    return value


def _told(name: str, value: Any) -> str:
    """A detail as people say it: a code by its label."""
    labels = VALUE_LABELS.get(name, {})
    return str(labels[value]) if isinstance(value, str) and value in labels else _in_words(value)


def _in_words(value: Any) -> str:
    """A detail in one line: a signatory by name, a discrepancy by kind and unit, a list by its members."""
    if isinstance(value, list):
        return ", ".join(_in_words(each) for each in value)
    if isinstance(value, dict):
        return " · ".join(str(value[name]) for name in TOLD if name in value)
    return str(value)
