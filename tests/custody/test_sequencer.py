"""The process that brings events into the logs: every shipper's, whatever becomes of another's."""

import threading

import psycopg
import pytest
from django.db import OperationalError, connection

from apps.custody import selectors, sequencer
from apps.custody.services import record as record_event
from apps.tenancy import doorway


@pytest.fixture
def both(record, now, globex, bob):
    """An event of Acme's and one of Globex's wait."""
    record("departed")
    with doorway.enter_shipper(globex):
        record_event(
            "access_viewed",
            actor=bob,
            now=now,
            event_time=now,
            consignments={},
            details={"what": "D-1"},
        )


def _waiting(shipper):
    with doorway.enter_shipper(shipper):
        return selectors.is_behind()


def test_a_pass_brings_in_what_waits_at_every_shipper(both, acme, globex):
    waited = _waiting(acme), _waiting(globex)

    sequencer.sequence_every_log()

    assert (waited, _waiting(acme), _waiting(globex)) == ((True, True), False, False)


@pytest.mark.parametrize(("batch", "waits"), [(1, False), (5, True)], ids=["full", "not full"])
def test_what_comes_during_a_pass_is_brought_in_at_once_only_while_batches_are_full(
    acme, record, monkeypatch, batch, waits
):
    real = sequencer.sequence
    late = iter(["arrived"])

    def sequence(**arguments):
        head = real(limit=batch, **arguments)
        for event_type in late:
            record(event_type)
        return head

    monkeypatch.setattr(sequencer, "sequence", sequence)
    monkeypatch.setattr(sequencer, "BATCH", batch)
    record("departed")

    sequencer.sequence_every_log()
    waited = _waiting(acme)
    sequencer.sequence_every_log()

    assert (waited, _waiting(acme)) == (waits, False)


def test_a_log_that_cant_be_signed_rests_and_stops_no_other(both, acme, globex, now, monkeypatch):
    tried, real = [], sequencer.sequence

    def sequence(**arguments):
        tried.append(doorway.current_shipper().slug)
        if tried[-1] == "acme":
            raise RuntimeError("its key is away")
        return real(**arguments)

    monkeypatch.setattr(sequencer, "sequence", sequence)
    resting = {}
    for _ in range(3):
        sequencer.sequence_every_log(resting)

    assert (tried.count("acme"), set(resting)) == (1, {"t_acme"})
    assert not _waiting(globex)


def test_a_pass_that_finds_the_database_away_is_followed_by_another(db, monkeypatch):
    stop, passes = threading.Event(), []

    def one_pass(resting):
        passes.append(len(passes))
        if len(passes) == 1:
            raise OperationalError("away")
        stop.set()

    monkeypatch.setattr(sequencer, "require_guarded", lambda: None)
    monkeypatch.setattr(sequencer, "sequence_every_log", one_pass)
    monkeypatch.setattr(sequencer, "RECONNECT_AFTER", 0)
    monkeypatch.setattr(sequencer.connection, "close", lambda: None)
    sequencer.run(stop)

    assert passes == [0, 1]


def test_a_database_that_goes_while_a_schema_is_entered_is_away_and_nothing_worse(acme, monkeypatch):
    def gone(self, statement):
        raise psycopg.errors.AdminShutdown("terminating connection due to unexpected postmaster exit")

    with doorway.enter_shipper(acme):
        monkeypatch.setattr(psycopg.ClientCursor, "execute", gone)
        with pytest.raises(OperationalError, match="cannot enter schema"):
            connection.cursor()
        monkeypatch.undo()
