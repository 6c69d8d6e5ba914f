"""Registers: what the log fixes of marks, and that a bundle of a part of it is shown to lack nothing."""

import io
import json
import random
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.accounts.actors import actor_in_network
from apps.accounts.models import Person
from apps.custody import registers, selectors, sparse, verify
from apps.custody import services as custody
from apps.custody.errors import LogDamaged
from apps.custody.models import Register, RegisterEntry
from apps.custody.registers import mark
from apps.custody.services import ExportChoice, ExportFailed, ExportScope, close_days, sequence
from apps.custody.services.registering import close_all
from apps.tenancy import doorway

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 6, tzinfo=UTC)


# --- The tree -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 40, 700])
def test_a_path_leads_to_the_root_from_every_leaf_and_from_nothing(size):
    rng = random.Random(size)
    leaves = {rng.randrange(2**32): rng.randbytes(32) for _ in range(size)}
    tree = sparse.build(leaves)

    for place in [*leaves, *(rng.randrange(2**32) for _ in range(50)), *(place ^ 1 for place in leaves)]:
        path, leaf = sparse.path(tree, place)
        assert leaf == leaves.get(place, sparse.EMPTY)
        assert sparse.root_from_path(place, leaf, path) == tree.root
        assert path[-1] != sparse.EMPTY if path else size == 1


def test_nothing_can_be_shown_where_a_leaf_lies_nor_another_leaf():
    rng = random.Random(7)
    leaves = {rng.randrange(2**32): rng.randbytes(32) for _ in range(100)}
    tree = sparse.build(leaves)

    for place in leaves:
        path, _ = sparse.path(tree, place)
        assert sparse.root_from_path(place, sparse.EMPTY, path) != tree.root
        assert sparse.root_from_path(place, rng.randbytes(32), path) != tree.root


def test_what_hides_a_register_hides_it_anew_each_time():
    held = {mark("batch", "B-7"): {"C-1": 3}}
    one, other = registers.Secrets.new(), registers.Secrets.new()

    first, second = registers.tree_of(held, one), registers.tree_of(held, other)

    assert first.root != second.root
    assert registers.place(one.salt, mark("batch", "B-7")) != registers.place(
        other.salt, mark("batch", "B-7")
    )
    leaves = (len(first.stored) - 64 * (1 << first.top)) // 36
    assert leaves > registers.LEAST_FILLERS  # how few marks there are does not show


# --- Closing ------------------------------------------------------------------------------------------------


@pytest.fixture
def goods(record, northern_site, southern_site):
    """Batch B-7 in C-1 to Northern and C-2 to Southern, B-8 in C-3 to Northern, each on a day of its own."""

    def told(number, batch, site, day):
        one = {
            "consignments": {number: []},
            "delivery": f"D-{number}",
            "delivery_id": uuid4(),
            "site": site,
            "now": datetime(2026, 3, day, 12, tzinfo=UTC),
        }
        item = {"article": "Zidovudine", "quantity": "2", "unit": "box", "lot": batch}
        record("consignment_created", details={"items": [item]}, **one)
        record("planned", details={"route": "1", "carrier": "Swift", "vehicle": "V"}, **one)

    told("C-1", "B-7", northern_site, 2)
    told("C-2", "B-7", southern_site, 3)
    told("C-3", "B-8", northern_site, 4)


def held_by(name: str, *words: str) -> dict[str, int]:
    found = RegisterEntry.objects.filter(mark=mark(name, *words)).values_list("consignments", flat=True)
    return {number: count for each in found for number, count in each.items()}


def test_a_day_that_is_over_is_closed_once_and_the_next_goes_on_from_it(goods, record):
    sequence(now=LATER)

    assert close_days(now=datetime(2026, 3, 4, 23, tzinfo=UTC)) == 2
    assert close_days(now=LATER) == 1
    assert close_days(now=LATER) == 0

    closed = list(Register.objects.values_list("first", "end", "day"))
    assert [(first, end, day.day) for first, end, day in closed] == [(0, 2, 2), (2, 4, 3), (4, 8, 4)]
    assert held_by("batch", "B-7") == {"C-1": 2, "C-2": 2}
    assert held_by("article", "Zidovudine", "B-8") == {"C-3": 2}
    assert held_by("site", "Northern Hospital stores") == {"C-1": 2, "C-3": 2}


def test_goods_bear_their_marks_in_later_registers_too(goods, record, now):
    close_all(now=LATER)
    record("departed", now=LATER)
    close_all(now=LATER)

    assert held_by("batch", "B-7")["C-1"] == 3


def test_a_register_that_nobody_closed_stops_the_log(goods, record):
    told = {"day": "2026-03-02", "first": 0, "end": 2, "salt": "ab" * 32, "root": "cd" * 32}
    record("register_closed", consignments={}, details=told, delivery=None, delivery_id=None, site=None)

    with pytest.raises(LogDamaged, match="nobody closed it"):
        sequence(now=LATER)


def test_nothing_is_closed_day_after_day_where_nothing_happens(goods):
    sequence(now=LATER)
    close_days(now=LATER)
    sequence(now=LATER)

    assert [close_days(now=LATER + timedelta(days=days)) for days in (1, 2, 30)] == [0, 0, 0]


# --- What a bundle shows ------------------------------------------------------------------------------------


def bundle_of(actor, scope, now=LATER) -> tuple[bytes, custody.Export]:
    output = io.BytesIO()
    export = custody.export_bundle(
        actor=actor, scope=scope, output=output, now=now, choice=ExportChoice(copies=())
    )
    return output.getvalue(), export


def report_of(data: bytes) -> verify.Report:
    return verify.verify(io.BytesIO(data), [verify.parse_key(str(selectors.verifier_key()))])


def test_a_recall_is_shown_to_be_whole(arthur, goods):
    data, export = bundle_of(arthur, ExportScope(batch="B-7"))

    report = report_of(data)
    assert (report.verdict, export.missing) == (verify.PASS, ())
    [proven] = [each for each in report.proven if each.startswith("no other consignment")]
    assert '["batch","B-7"]' in proven


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"carrier": "Swift", "batch": "B-7"}, {"C-1", "C-2"}),
        ({"article": "Zidovudine", "batch": "B-8"}, {"C-3"}),
        ({"first_day": DAY.date(), "last_day": DAY.date()}, {"C-1"}),
        ({"consignments": ("C-1", "C-3")}, {"C-1", "C-3"}),
    ],
)
def test_each_scope_is_shown_to_be_whole(arthur, goods, asked, numbers):
    data, _ = bundle_of(arthur, ExportScope(**asked))

    assert report_of(data).verdict == verify.PASS
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("manifest.json"))
    assert manifest["scope"]["last_cseq"].keys() == numbers


def test_a_consignment_that_the_search_overlooks_is_missed(arthur, goods, monkeypatch):
    monkeypatch.setattr("apps.custody.services.exporting.numbers_in", lambda scope: ["C-1"])

    data, export = bundle_of(arthur, ExportScope(batch="B-7"))

    assert report_of(data).verdict == verify.INCOMPLETE
    assert export.missing == (
        'consignments that bear ["batch","B-7"] and are not shown: 1 entries of the log\'s registers',
    )


def test_what_comes_in_while_registers_are_closed_is_in_them_or_after_the_bundle(arthur, goods, record):
    data, _ = bundle_of(arthur, ExportScope(batch="B-7"))
    record("departed", now=LATER)
    again, _ = bundle_of(arthur, ExportScope(batch="B-7"))

    assert report_of(data).verdict == report_of(again).verdict == verify.PASS


def test_the_whole_log_shows_whether_registers_were_right(arthur, goods):
    bundle_of(arthur, ExportScope(batch="B-7"))
    data, _ = bundle_of(arthur, ExportScope())

    report = report_of(data)
    assert report.verdict == verify.PASS
    assert any(each.startswith("registers of the log that say") for each in report.proven)


def test_a_register_that_lied_is_found_with_the_whole_log(arthur, goods, monkeypatch):
    told = registers.Gathering.held
    monkeypatch.setattr(
        registers.Gathering,
        "held",
        lambda self: {each: who for each, who in told(self).items() if "B-7" not in each},
    )
    close_all(now=LATER)
    monkeypatch.undo()

    with pytest.raises(ExportFailed, match="not the register of the log's events 0 to 1"):
        bundle_of(arthur, ExportScope())


def test_a_recipients_bundle_tells_nothing_of_what_went_to_others(goods, northern):
    with doorway.network():
        nadia = actor_in_network(Person.objects.get(email="nadia@northern.example"))
        actor = nadia.at_recipient(northern.pk)

    data, export = bundle_of(actor, ExportScope(recipient_id=northern.pk, received_only=True))

    assert report_of(data).verdict == verify.PASS, export.missing
    assert (b"C-2" in data, b"B-7" in data) == (False, True)
    narrow, export = bundle_of(actor, ExportScope(recipient_id=northern.pk, received_only=True, batch="B-7"))
    assert report_of(narrow).verdict == verify.INCOMPLETE
    assert export.missing[0].endswith("were left out of a narrower scope: C-3")
    assert b"C-2" not in narrow
