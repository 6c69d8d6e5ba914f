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


@pytest.fixture
def whereabouts(monkeypatch):
    """Where the handlers "look", "stray" and "break" found themselves: (role, search path)."""
    seen: list[tuple[str, str]] = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('search_path')")
            seen.append(cursor.fetchone())

    def stray():
        look()
        connection.set_schema("t_globex")
        look()

    def break_off():
        look()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    for name, work in (("look", look), ("stray", stray), ("break", break_off)):
        monkeypatch.setitem(HANDLERS, name, Handler(work, "default", atomic=True))
        monkeypatch.setitem(HANDLERS, f"long {name}", Handler(work, "default", atomic=False))
    return look, seen


@pytest.mark.parametrize("length", ["", "long "])
def test_a_worker_takes_nothing_from_one_shipper_to_the_next(acme, globex, whereabouts, length):
    look, seen = whereabouts
    rows = []
    for shipper, name in ((acme, "look"), (globex, "look"), (acme, "stray"), (acme, "look")):
        with doorway.enter_shipper(shipper):
            rows.append(enqueue(f"{length}{name}"))

    for row in rows:
        tasks.deliver_row(row)
    look()

    at = {slug: (f"t_{slug}", f"t_{slug}, public, extensions") for slug in ("acme", "globex")}
    assert seen == [
        at["acme"],
        at["globex"],
        at["acme"],
        at["globex"],  # where the third strayed to, and out of which the next is not started
        at["acme"],
        ("dockside_hub", "public, extensions"),
    ]


def test_work_that_breaks_leaves_neither_role_nor_path_behind(acme, whereabouts):
    look, seen = whereabouts
    with doorway.enter_shipper(acme):
        row = enqueue("break")

    assert tasks.deliver_row(row) is False
    look()

    assert [role for role, _ in seen] == ["t_acme", "dockside_hub"]
    assert "division by zero" in Outbox.objects.get(pk=row).last_error


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
