"""Sixteen people at once and a sequencer among them: no event is lost, no history out of order."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from io import BytesIO

import pytest
from django.db import connection, transaction

from apps.custody import merkle, selectors, verify
from apps.custody import services as custody
from apps.custody.models import CustodyEvent, LogLeaf
from apps.tenancy import doorway

THREADS, EVENTS = 16, 20


class _Stop(Exception):
    """What a change fails with after its event was recorded."""


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_sixteen_record_and_two_sequence(acme, alice, arthur, northern_site, now):
    finished = threading.Event()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(EVENTS):
            try:
                with transaction.atomic():
                    _record(alice, northern_site, now, chance)
                    if number % 10 == 9:
                        raise _Stop
            except _Stop:
                continue

    def keep_sequencing() -> None:
        while not finished.is_set():
            custody.sequence(now=now, limit=7)
            finished.wait(0.005)

    recorders = [_start(acme, lambda seed=seed: work(seed)) for seed in range(THREADS)]
    sequencers = [_start(acme, keep_sequencing) for _ in range(2)]
    errors = _join(recorders)
    finished.set()
    errors += _join(sequencers)

    with doorway.enter_shipper(acme):
        while custody.sequence(now=now):
            pass
        leaves = [
            (index, bytes(leaf))
            for index, leaf in LogLeaf.objects.order_by("index").values_list("index", "event__leaf_hash")
        ]
        histories = defaultdict(list)
        for number, position in LogLeaf.objects.order_by("index").values_list(
            "event__sequences__consignment", "event__sequences__position"
        ):
            histories[number].append(position)
        events, root = CustodyEvent.objects.count(), bytes(selectors.latest_checkpoint().root)
        output = BytesIO()
        export = custody.export_bundle(actor=arthur, scope=custody.ExportScope(), output=output, now=now)
        report = verify.verify(output, [verify.parse_key(selectors.verifier_key())])

    assert errors == []
    assert events == len(leaves) == THREADS * EVENTS * 9 // 10
    assert [index for index, _ in leaves] == list(range(events))
    assert root == merkle.Tree(leaf for _, leaf in leaves).root()
    assert histories == {number: list(range(1, len(seen) + 1)) for number, seen in histories.items()}
    assert (report.verdict, export.summary.events) == (verify.PASS, events + 1)


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused(record):
    with pytest.raises(transaction.TransactionManagementError):
        record("departed")


def _record(actor, site, now, chance: random.Random) -> None:
    numbers = chance.sample([f"C-{n}" for n in range(6)], chance.randint(1, 3))
    custody.record(
        "departed",
        actor=actor,
        now=now,
        event_time=now,
        consignments=dict.fromkeys(numbers, ()),
        details={},
        delivery="D1",
        site=site,
    )


def _start(shipper, work: Callable[[], None]) -> tuple[threading.Thread, list[Exception]]:
    errors: list[Exception] = []

    def run() -> None:
        try:
            with doorway.enter_shipper(shipper):
                work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def _join(started: list[tuple[threading.Thread, list[Exception]]]) -> list[Exception]:
    for thread, _ in started:
        thread.join(timeout=120)
    return [error for _, errors in started for error in errors]
