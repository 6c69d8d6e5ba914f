"""Closing registers: stretch by stretch, what the log says of marks is fixed in an event of the log itself.

Whole days are closed in the background, the rest when somebody exports. Before a register says anything of
an event, the event's bytes have led to the signed head, and so have those of all events of its goods from
before: rows that were changed, taken out or put in since stop it. The register's own event enters the log in
the same transaction; the sequencer takes none from elsewhere.
"""

import json
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.actors import SYSTEM
from apps.core.turns import one_at_a_time
from apps.custody import checking, merkle, registers, selectors, sparse
from apps.custody.errors import LogDamaged
from apps.custody.models import (
    Checkpoint,
    ConsignmentSequence,
    CustodyEvent,
    LogLeaf,
    Register,
    RegisterEntry,
    SiteMark,
)
from apps.custody.services.recording import record
from apps.custody.services.sequencing import lock_log, sequence
from apps.custody.tiles import WIDTH, StoredTree

TURN = "custody register"
LEFT_FOR_THE_LOCK = 200  # events that may be worked through while the log waits


@dataclass(frozen=True)
class _Logged:
    """An event at its place in the log, with what it says."""

    index: int
    row: CustodyEvent
    said: Mapping[str, Any]

    @property
    def day(self) -> date:
        return date.fromisoformat(self.said["received_time"][:10])


def close_days(*, now: datetime) -> int:
    """Close the registers of the UTC days before today, as far as goods had events then; how many.

    Raises:
        LogDamaged: the stored events are not those that were signed.
        LogKeyMissing: the log's key is not on this machine.
    """
    closed = 0
    while _has_goods_before(now.date()) and _close_next(now, before=now.date()):
        closed += 1
    return closed


def close_all(*, now: datetime) -> Checkpoint:
    """Close registers for everything in the log; the answer is a head after which only registers come.

    The log's lock is held for what came in last alone.

    Raises:
        LogDamaged: the stored events are not those that were signed.
        LogKeyMissing: the log's key is not on this machine.
    """
    _sequence_all(now)
    while _size() - _end() > LEFT_FOR_THE_LOCK and _close_next(now):
        pass
    with transaction.atomic():
        one_at_a_time(TURN)
        lock_log()
        _sequence_all(now)
        size = _size()
        while _close_next(now, size=size):
            pass
    checkpoint = selectors.latest_checkpoint()
    assert checkpoint is not None
    return checkpoint


def _sequence_all(now: datetime) -> None:
    while sequence(now=now):
        pass


def _end() -> int:
    """Up to which leaf registers are closed."""
    return Register.objects.order_by("-first").values_list("end", flat=True).first() or 0


def _size() -> int:
    return Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0


def _has_goods_before(day: date) -> bool:
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    later = LogLeaf.objects.filter(index__gte=_end(), event__sequences__isnull=False)
    return later.filter(event__recorded_at__lt=midnight).exists()


@transaction.atomic
def _close_next(now: datetime, *, before: date | None = None, size: int | None = None) -> bool:
    """Close one register where the last one ended: the events of one day, `registers.MOST_EVENTS` at most.

    Only a day ``before`` another, only events below ``size``; False where there is nothing to close.
    """
    one_at_a_time(TURN)
    head, first = selectors.latest_checkpoint(), _end()
    if head is None:
        return False
    end = min(head.size if size is None else size, first + registers.MOST_EVENTS)
    if end <= first:
        return False
    stretch = _of_one_day(LogLeaf.objects.filter(index__gte=first, index__lt=end))
    if before and stretch[0].day >= before:
        return False
    active = {number for each in stretch for number in _numbers(each)}
    earlier = _earlier(active, first)
    _require_signed(head, [*earlier, *stretch])
    _require_whole([*earlier, *stretch], active)
    gathering = registers.Gathering()
    for each in earlier:
        gathering.know(each.said)
    for each in stretch:
        gathering.take(each.said)
    _keep(stretch, gathering.held(), now)
    return True


def _of_one_day(leaves: QuerySet[LogLeaf]) -> list[_Logged]:
    """The first of these leaves, as long as they are of the same UTC day."""
    found = list[_Logged]()
    for each in _logged(leaves):
        if found and each.day != found[0].day:
            break
        found.append(each)
    return found


def _earlier(numbers: Collection[str], first: int) -> list[_Logged]:
    """All that the log has of these consignments below leaf ``first``."""
    places = ConsignmentSequence.objects.filter(consignment__in=numbers)
    return list(_logged(LogLeaf.objects.filter(event__in=places.values("event"), index__lt=first)))


def _logged(leaves: QuerySet[LogLeaf]) -> Iterator[_Logged]:
    for leaf in leaves.select_related("event").order_by("index"):
        yield _Logged(leaf.index, leaf.event, json.loads(bytes(leaf.event.canonical)))


def _numbers(logged: _Logged) -> list[str]:
    return [each["number"] for each in logged.said["consignments"]]


def _require_signed(head: Checkpoint, logged: Sequence[_Logged]) -> None:
    """The events' bytes lead to the head that the log's key signed.

    Within a tile one proof is enough: it is worked out from all hashes of the tile.

    Raises:
        LogDamaged: they don't.
    """
    tree, root, tile = StoredTree(head.size), bytes(head.root), -1
    try:
        checking.require_signed(head)
        for each in logged:
            leaf = merkle.leaf_hash(bytes(each.row.canonical))
            if leaf != tree.node(0, each.index):
                raise LogDamaged(f"Event {each.index} is not the one that was signed.")
            if each.index // WIDTH != tile:
                tile, proof = each.index // WIDTH, tree.inclusion_proof(each.index)
                merkle.verify_inclusion(leaf=leaf, index=each.index, size=head.size, proof=proof, root=root)
    except (checking.Broken, merkle.ProofInvalid, IndexError) as error:
        raise LogDamaged(f"No register can be closed up to event {logged[-1].index}: {error}") from error


def _require_whole(logged: Sequence[_Logged], active: Container[str]) -> None:
    """The events of each ``active`` consignment are all there: numbered 1, 2, 3, …

    Raises:
        LogDamaged: one is missing.
    """
    last = dict[str, int]()
    for each in logged:
        for consignment in each.said["consignments"]:
            number, due = consignment["number"], last.get(consignment["number"], 0) + 1
            last[number] = consignment["cseq"]
            if consignment["cseq"] != due and number in active:
                raise LogDamaged(f"Event {due} of consignment {number} is missing from the log.")


def _keep(stretch: Sequence[_Logged], held: registers.Held, now: datetime) -> None:
    """Put the register on record, into the log, and down with what proofs are made from."""
    first, end, day = stretch[0].index, stretch[-1].index + 1, stretch[0].day
    hidden, tree = _tree_of(held)
    told = {
        "day": day.isoformat(),
        "first": first,
        "end": end,
        "salt": hidden.salt.hex(),
        "root": tree.root.hex(),
    }
    lock_log()
    event = record("register_closed", actor=SYSTEM, now=now, event_time=now, consignments={}, details=told)
    sequence(now=now, only=[event.pk], limit=1)
    if json.loads(bytes(CustodyEvent.objects.get(pk=event.pk).canonical))["details"] != told:
        raise LogDamaged("The database wrote another register down than the one that was closed.")
    register = Register.objects.create(
        first=first,
        end=end,
        day=day,
        event=event,
        salt=hidden.salt,
        seed=hidden.seed,
        root=tree.root,
        top=tree.top,
        tree=tree.stored,
    )
    RegisterEntry.objects.bulk_create(
        [RegisterEntry(mark=mark, register=register, consignments=held[mark]) for mark in sorted(held)],
        batch_size=registers.MOST_EVENTS,
    )
    SiteMark.objects.bulk_create(_site_marks(stretch), ignore_conflicts=True)


def _tree_of(held: registers.Held) -> tuple[registers.Secrets, sparse.SparseTree]:
    while True:
        hidden = registers.Secrets.new()
        try:
            return hidden, registers.tree_of(held, hidden)
        except registers.PlaceTaken:
            continue


def _site_marks(stretch: Sequence[_Logged]) -> list[SiteMark]:
    found = {
        (each.row.site_id, mark)
        for each in stretch
        if each.row.site_id
        for mark in registers.marks_of_site(each.said["site"])
    }
    return [SiteMark(site_id=site_id, mark=mark) for site_id, mark in sorted(found, key=str)]
