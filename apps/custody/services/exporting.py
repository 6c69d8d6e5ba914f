"""Making one custody bundle: the access goes on record first, the bundle proves itself before it leaves."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from apps.accounts.actors import Actor
from apps.custody import bundle, commitments, keys, selectors, verify
from apps.custody.errors import ExportFailed, LogDamaged
from apps.custody.models import Checkpoint, ConsignmentSequence, Cosignature, CustodyEvent, LogLeaf
from apps.custody.network.proving import network_proof
from apps.custody.network.selectors import network_key
from apps.custody.services.completeness import registers_shown, registers_with_seeds
from apps.custody.services.copying import Copies, CopyFacts
from apps.custody.services.recording import record
from apps.custody.services.registering import close_all
from apps.custody.services.scoping import (
    ExportChoice,
    ExportScope,
    Proof,
    asked_for,
    in_words,
    numbers_in,
    places_in,
    proof_of,
    require_export,
)
from apps.custody.services.sequencing import sequence
from apps.custody.services.witnessing import ask_witnesses
from apps.custody.tiles import StoredTree
from apps.documents import store
from apps.documents.models import Document
from apps.facilities.models import Recipient
from apps.tenancy.doorway import current_shipper

Progress = Callable[[int, int], None]
REPORT_EVERY = 100
CHUNK = 500
SUFFIXES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/csv": "csv",
    "application/json": "json",
}


@dataclass(frozen=True)
class Export:
    """A bundle that was made and verified; ``missing`` says what it names and could not be given."""

    summary: bundle.BundleSummary
    missing: tuple[str, ...]


def export_bundle(
    *,
    actor: Actor,
    scope: ExportScope,
    output: BinaryIO,
    now: datetime,
    older_size: int | None = None,
    choice: ExportChoice | None = None,
    progress: Progress = lambda done, total: None,
) -> Export:
    """Write the bundle of ``scope`` to ``output``, a binary file open for reading and writing.

    The export is itself an event, in the log before the bundle's checkpoint. With ``older_size`` the bundle
    also proves that the log only grew since its checkpoint of that size. ``choice`` names the reading copies,
    all of them by default. ``progress`` is told events done and in all; what it raises ends the export.
    Documents that are gone from the store are left out and said so.

    Raises:
        PermissionRefused: ``actor`` may not take this away (`scoping.require_export`).
        ExportFailed: nothing is in scope, there is no such older checkpoint, or the bundle does not hold.
        LogDamaged: the stored log is not the one that was signed.
    """
    shipper = current_shipper()
    require_export(actor, scope)
    numbers = _in_scope(scope)
    older = _older(older_size)
    checkpoint = _put_on_record(actor, scope, numbers, now)
    if not scope.is_whole_log:
        checkpoint = close_all(now=now)
        numbers = _in_scope(scope)  # what came in meanwhile is in the registers too
    ask_witnesses(checkpoint)
    tree = _tree(checkpoint)
    network = network_proof(checkpoint)
    events = _events(scope, numbers, checkpoint.size)
    documents = list(_documents(events))
    proof = proof_of(scope)
    promise = _promise(scope, proof, numbers, checkpoint.size)
    about = CopyFacts(
        shipper=shipper,
        log=selectors.log_origin(shipper),
        checkpoint=checkpoint,
        vkey=str(selectors.verifier_key()),
        asked=in_words(scope, _delivery_number(scope)),
        completeness=_completeness(scope),
        consignments=len(promise.last_cseq),
        papers=len(documents),
        made_at=now,
        events=events,
        recipient=_asking_recipient(scope),
    )
    with Copies(choice or ExportChoice(), about) as copies:
        summary = bundle.write_bundle(
            output,
            shipper=shipper.slug,
            events=copies.passing(_logged(events, tree, progress)),
            history=_history(older, checkpoint, tree, network),
            network=network,
            rotations=selectors.key_changes(),
            scope=promise,
            registers=_registers(scope, proof, numbers, tree),
            checkpoint_note=selectors.cosigned(checkpoint),
            signer=keys.signer(),
            created=now,
            documents=documents,
            copies=copies.finished(),
        )
    return Export(summary, _verified(output))


def _asking_recipient(scope: ExportScope) -> Recipient | None:
    """Who asks for what it received; None where the shipper asks."""
    if not scope.received_only or scope.recipient_id is None:
        return None
    return Recipient.objects.filter(pk=scope.recipient_id).first()


def _in_scope(scope: ExportScope) -> list[str]:
    """The consignments in scope; empty for the whole log.

    Raises:
        ExportFailed: the record knows none.
    """
    numbers = numbers_in(scope)
    if not numbers and not scope.is_whole_log:
        raise ExportFailed(f"The custody record has no event of {in_words(scope, _delivery_number(scope))}.")
    if scope.received_only and (shared := _shared_with_others(scope, numbers)):
        raise ExportFailed(
            f"{', '.join(shared)} share events with goods of others, which can't be shown. Ask the shipper."
        )
    return numbers


def _shared_with_others(scope: ExportScope, numbers: list[str]) -> list[str]:
    """Consignments in scope with an event that also names goods the recipient did not receive."""
    received = places_in(ExportScope(recipient_id=scope.recipient_id, received_only=True))
    others = ConsignmentSequence.objects.exclude(consignment__in=received.values("consignment"))
    touched = ConsignmentSequence.objects.filter(consignment__in=numbers, event__in=others.values("event"))
    return sorted(set(touched.values_list("consignment", flat=True)))


def _delivery_number(scope: ExportScope) -> str:
    if scope.delivery_id is None:
        return ""
    numbers = CustodyEvent.objects.filter(delivery_id=scope.delivery_id).exclude(delivery="")
    return str(numbers.values_list("delivery", flat=True).first() or "this delivery")


def _completeness(scope: ExportScope) -> str:
    """What the verifier proves of the scope, in words for people."""
    if scope.is_whole_log:
        return "Every event of the log up to the checkpoint."
    return (
        "Every event of each consignment named here, from its first to its last in the log up to the"
        " checkpoint. The log's registers show that no other consignment belongs to what was asked for."
    )


def _older(size: int | None) -> Checkpoint | None:
    if size is None:
        return None
    older = Checkpoint.objects.filter(size=size).first()
    if older is None:
        raise ExportFailed(f"This log never signed a checkpoint of {size} events.")
    return older


def _put_on_record(actor: Actor, scope: ExportScope, numbers: list[str], now: datetime) -> Checkpoint:
    """Record who takes what away, bring it into the log, and return the head that covers it."""
    purpose = "whole log" if scope.is_whole_log else f"consignments {', '.join(numbers)}"
    with transaction.atomic():
        access = record(
            "access_exported",
            actor=actor,
            now=now,
            event_time=now,
            consignments={},
            details={"purpose": purpose},
            delivery_id=scope.delivery_id,
        )
    while not LogLeaf.objects.filter(event=access).exists():
        sequence(now=now)
    checkpoint = selectors.latest_checkpoint()
    assert checkpoint is not None
    return checkpoint


def _tree(checkpoint: Checkpoint) -> StoredTree:
    """The log as stored, which must be the one that was signed."""
    tree = StoredTree(checkpoint.size)
    try:
        sound = tree.root() == bytes(checkpoint.root)
    except IndexError:
        sound = False  # leaves are missing
    if not sound:
        raise LogDamaged("The stored events are not those that the last checkpoint was signed for.")
    return tree


def _events(scope: ExportScope, numbers: list[str], size: int) -> QuerySet[CustodyEvent]:
    """The events in scope, in log order; with them the erasures that concern them."""
    logged = CustodyEvent.objects.filter(leaf__index__lt=size).order_by("leaf__index")
    if scope.is_whole_log:
        return logged
    in_scope = selectors.events_of_consignments(numbers)
    named = {str(pk) for pk in in_scope.values_list("pk", flat=True)}
    erasures = [
        event.pk
        for event in logged.filter(type="pii_erased")
        if named & {each["event_id"] for each in _details(event)["erased"]}
    ]
    return logged.filter(Q(pk__in=in_scope.values("pk")) | Q(pk__in=erasures))


def _details(event: CustodyEvent) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], json.loads(bytes(event.canonical))["details"])


def _registers(
    scope: ExportScope, proof: Proof, numbers: list[str], tree: StoredTree
) -> Iterator[bundle.RegisterProof]:
    """What shows that nothing in scope is missing; a recipient may see what of its own was left out."""
    if scope.is_whole_log:
        return registers_with_seeds(tree)
    shown = numbers
    if proof.narrowed:
        shown = numbers_in(ExportScope(recipient_id=scope.recipient_id, received_only=True))
    return registers_shown(proof, frozenset(shown), tree)


def _promise(scope: ExportScope, proof: Proof, numbers: list[str], size: int) -> bundle.Scope:
    logged = ConsignmentSequence.objects.filter(event__leaf__index__lt=size)
    if not scope.is_whole_log:
        logged = logged.filter(consignment__in=numbers)
    last = logged.values_list("consignment").annotate(Max("position"))
    asked = asked_for(scope, _delivery_number(scope))
    return bundle.Scope(
        "log" if scope.is_whole_log else "consignments",
        dict(last),
        asked,
        conditions=proof.conditions,
        first_day=proof.first_day,
        last_day=proof.last_day,
        narrowed=proof.narrowed,
    )


def _logged(
    events: QuerySet[CustodyEvent], tree: StoredTree, progress: Progress
) -> Iterator[bundle.LoggedEvent]:
    total = events.count()
    progress(0, total)
    rows = events.prefetch_related("disclosures").select_related("leaf").iterator(chunk_size=CHUNK)
    for done, row in enumerate(rows, start=1):
        opened = [
            commitments.Disclosure(str(row.pk), each.path, bytes(each.salt), each.value)
            for each in row.disclosures.all()
        ]
        index = row.leaf.index
        yield bundle.LoggedEvent(index, bytes(row.canonical), tree.inclusion_proof(index), opened)
        if done % REPORT_EVERY == 0:
            progress(done, total)
    progress(total, total)


def _documents(events: QuerySet[CustodyEvent]) -> Iterator[bundle.BundleDocument]:
    """The papers that the events name and the store still has, each once."""
    named = events.filter(type__in=["document_issued", "document_received"])
    issued = {_details(event)["sha256"]: _details(event) for event in named}
    for document in Document.objects.filter(sha256__in=issued).order_by("sha256").distinct("sha256"):
        if not _is_in_store(document):
            continue
        yield bundle.BundleDocument(
            sha256=document.sha256,
            size=issued[document.sha256]["size"],
            suffix=SUFFIXES.get(document.media_type, "bin"),
            open=partial(store.open, document.path),
        )


def _is_in_store(document: Document) -> bool:
    try:
        store.open(document.path).close()
    except (store.FileNotInStore, store.FileAltered):
        return False
    return True


def _history(
    older: Checkpoint | None, head: Checkpoint, tree: StoredTree, network: bundle.NetworkProof | None
) -> list[bundle.OlderCheckpoint]:
    """The checkpoint that was asked for, for each witness the newest one before the head that it saw, and
    those that the network's log has."""
    seen = Cosignature.objects.filter(size__lt=head.size).values("witness").annotate(newest=Max("size"))
    sizes = {each["newest"] for each in seen} | ({older.size} if older else set())
    sizes |= {each.size for each in network.entries if each.size < head.size} if network else set()
    return [
        bundle.OlderCheckpoint(selectors.cosigned(each), each.size, tree.consistency_proof(each.size))
        for each in Checkpoint.objects.filter(size__in=sizes)
    ]


def _verified(output: BinaryIO) -> tuple[str, ...]:
    """What the offline verifier says is missing.

    Raises:
        ExportFailed: it says that something is wrong.
    """
    output.seek(0)
    network = network_key()
    keys_of_network = [verify.parse_key(network)] if network else []
    report = verify.verify(
        output, [verify.parse_key(str(selectors.verifier_key()))], network=verify.Network(keys_of_network)
    )
    if report.verdict == verify.FAIL:
        raise ExportFailed(f"The bundle does not prove itself: {report.failures[0]}")
    return tuple(report.missing)
