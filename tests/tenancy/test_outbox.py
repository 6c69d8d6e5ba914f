"""Promised work is done once it is promised, once, in the schema it was promised from, and by nobody else."""

import pytest
from django.db import connection, transaction

from apps.tenancy import doorway, outbox, tasks
from apps.tenancy.models import Outbox, Shipper
from apps.tenancy.outbox import HANDLERS, Handler, enqueue


@pytest.fixture
def done(monkeypatch):
    """What the handlers called "note" and "fail" were asked to do: (schema, payload)."""
    seen: list[tuple[str, dict[str, str]]] = []

    def note(**payload):
        seen.append((connection.schema_name, payload))

    def fail(**payload):
        note(**payload)
        raise RuntimeError("no luck")

    monkeypatch.setitem(HANDLERS, "note", Handler(note, "default", atomic=True))
    monkeypatch.setitem(HANDLERS, "long note", Handler(note, "default", atomic=False))
    monkeypatch.setitem(HANDLERS, "fail", Handler(fail, "default", atomic=True))
    return seen


@pytest.mark.parametrize("name", ["note", "long note"])
def test_work_is_done_once_in_the_schema_it_was_promised_from(acme, done, name):
    with doorway.enter_shipper(acme):
        row = enqueue(name, text="hello")

    answers = [tasks.deliver_row(row), tasks.deliver_row(row)]

    assert answers == [True, False]
    assert done == [("t_acme", {"text": "hello"})]
    assert connection.schema_name == "public"


def test_a_promise_vanishes_with_its_transaction(acme, done):
    with pytest.raises(ZeroDivisionError):
        with transaction.atomic(), doorway.enter_shipper(acme):
            enqueue("note", text="never")
            raise ZeroDivisionError

    assert list(Outbox.objects.all()) == []


def test_work_that_fails_is_put_off_and_says_why(acme, done):
    with doorway.enter_shipper(acme):
        row = enqueue("fail")

    assert tasks.deliver_row(row) is False
    after = Outbox.objects.get(pk=row)
    assert (after.attempts, after.last_error, after.done_at) == (1, "RuntimeError: no luck", None)
    assert after.due_at > after.created_at


def test_work_for_a_shipper_that_is_gone_runs_nowhere(acme, done):
    with doorway.enter_shipper(acme):
        row = enqueue("note")
    Shipper.objects.filter(pk=acme.pk).update(state=Shipper.State.RETIRED)

    assert tasks.deliver_row(row) is False
    assert done == []


def test_a_broker_that_is_away_loses_nothing(acme, done, monkeypatch, django_capture_on_commit_callbacks):
    def unreachable(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(outbox.current_app, "send_task", unreachable)
    with django_capture_on_commit_callbacks(execute=True), doorway.enter_shipper(acme):
        row = enqueue("note", text="later")

    sent = []
    monkeypatch.setattr(outbox.current_app, "send_task", lambda name, args, **options: sent.append(args[0]))
    tasks.sweep()

    assert sent == [str(row)]


def test_a_shipper_can_promise_work_but_not_read_what_others_promised(acme, globex, done):
    with doorway.enter_shipper(acme):
        enqueue("note", text="secret of acme")

    with doorway.enter_shipper(globex), connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('public.tenancy_outbox', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_one_name_has_one_handler(done):
    with pytest.raises(ValueError, match="two handlers"):
        outbox.handles("note")(lambda: None)
