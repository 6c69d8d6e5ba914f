"""Putting an event on record: what goes in, what stays out, what is refused."""

import json
from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.actors import SYSTEM
from apps.custody import canonical, commitments, merkle
from apps.custody.models import CustodyEvent, Disclosure
from apps.custody.services import Personal, RecordRefused, site_fact
from apps.custody.services import record as record_event
from apps.tenancy.doorway import UnknownShipper
from tests.custody.conftest import SSCC


def _said(event: CustodyEvent) -> dict:
    return json.loads(bytes(event.canonical))


def test_an_event_is_stored_as_the_canonical_bytes_that_its_leaf_hashes(record, alice, now):
    event = record("departed", event_time=now - timedelta(minutes=5), details={"vehicle": "TRK 7 GP"})

    stored = CustodyEvent.objects.get()
    said = canonical.parse(bytes(stored.canonical))
    name = said["actor"].pop("name")
    assert said == {
        "v": 1,
        "log": "localhost/acme",
        "shipper": "acme",
        "event_id": str(event.pk),
        "type": "departed",
        "consignments": [{"number": "C-1", "cseq": 1, "sscc": [SSCC]}],
        "delivery": "D000001",
        "site": {"name": "Northern Hospital stores"},
        "actor": {"id": str(alice.person_id), "role": "planner", "organisation": "Acme Medical"},
        "event_time": "2026-03-02T05:55:00.000000Z",
        "received_time": "2026-03-02T06:00:00.000000Z",
        "why": {"biz_step": "departing", "disposition": "in_transit", "refs": []},
        "details": {"vehicle": "TRK 7 GP"},
    }
    opened = Disclosure.objects.get()
    assert (opened.path, opened.value) == ("/actor/name", "Alice Adams")
    assert commitments.commit(path="/actor/name", salt=bytes(opened.salt), value="Alice Adams") == name
    assert bytes(stored.leaf_hash) == merkle.leaf_hash(bytes(stored.canonical))


def test_a_personal_value_is_kept_apart_wherever_it_stands(record):
    people = {
        "released_by": {"organisation": "Acme", "name": Personal("Dan Driver"), "assurance": "captured"},
        "received_by": {"organisation": "Northern", "name": Personal("Zoë"), "assurance": "captured"},
        "discrepancies": [{"kind": "damaged", "sscc": SSCC, "note": Personal("wet\0 corner \ud800")}],
    }

    event = record("handover_accepted_with_reservation", details=people)

    text = bytes(event.canonical).decode()
    assert not any(word in text for word in ("Dan", "Zoë", "corner", "Alice"))
    assert dict(Disclosure.objects.values_list("path", "value")) == {
        "/actor/name": "Alice Adams",
        "/details/released_by/name": "Dan Driver",
        "/details/received_by/name": "Zoë",
        "/details/discrepancies/0/note": "wet\ufffd corner \ufffd",
    }
    assert set(canonical.commitments(_said(event))) == set(Disclosure.objects.values_list("path", flat=True))


def test_text_that_people_typed_is_brought_into_the_schemas_form(record):
    event = record(
        "loaded", details={"vehicle": "TRK\t7\x00", "seals": ["", "S" * 2001, "\x07"], "position": None}
    )

    assert _said(event)["details"] == {"vehicle": "TRK 7", "seals": ["S" * 1999 + "…"]}


def test_a_gtin_is_padded_and_a_wrong_one_left_out(record):
    items = [
        {"article": "A", "quantity": "1", "unit": "box", "gtin": "4012345678901"},
        {"article": "B", "quantity": "1", "unit": "box", "gtin": "4012345678902"},
    ]

    event = record("consignment_created", details={"order": "", "items": items})

    assert _said(event)["details"] == {
        "items": [
            {"article": "A", "quantity": "1", "unit": "box", "gtin": "04012345678901"},
            {"article": "B", "quantity": "1", "unit": "box"},
        ]
    }


def test_a_site_is_named_with_its_gln_only_where_that_is_one(northern_site):
    northern_site.gln = "6009000000010"
    wrong = site_fact(northern_site)
    northern_site.gln = "9501101530003"

    assert wrong == {"name": "Northern Hospital stores"}
    assert site_fact(northern_site) == {"name": "Northern Hospital stores", "gln": "9501101530003"}


def test_each_consignment_numbers_its_own_events(record):
    record(consignments={"C-2": [], "C-1": [SSCC]})
    record(consignments={"C-1": []})
    last = record(consignments={"C-3": [], "C-2": []})

    assert _said(last)["consignments"] == [
        {"number": "C-2", "cseq": 2, "sscc": []},
        {"number": "C-3", "cseq": 1, "sscc": []},
    ]
    assert sorted(
        (s.consignment, s.position) for e in CustodyEvent.objects.all() for s in e.sequences.all()
    ) == [
        ("C-1", 1),
        ("C-1", 2),
        ("C-2", 1),
        ("C-2", 2),
        ("C-3", 1),
    ]


@pytest.mark.parametrize(
    ("event_type", "changes"),
    [
        ("teleported", {}),
        ("departed", {"details": {"mood": "good"}}),
        ("departed", {"consignments": {}}),
        ("departed", {"consignments": {"C-1": ["106141411234567890"]}}),
        ("delivery_failed", {"details": {}}),
        ("delivery_failed", {"details": {"reason": "other", "note": Personal("x" * 100_001)}}),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_and_leaves_no_gap(record, event_type, changes):
    with pytest.raises(RecordRefused):
        record(event_type, **changes)

    assert not CustodyEvent.objects.exists()
    assert _said(record("departed"))["consignments"][0]["cseq"] == 1


def test_each_side_is_named_as_what_it_is(rita, record, arthur, now):
    actors = [_said(record("departed", actor=actor))["actor"] for actor in (rita, arthur, SYSTEM)]

    assert [(a["role"], a["organisation"], a["id"], "name" in a) for a in actors] == [
        ("receiving_manager", "Northern Hospital", str(rita.person_id), True),
        ("auditor", "Acme Medical", str(arthur.person_id), True),
        ("system", "Dockside network", "dockside", False),
    ]


def test_an_event_vanishes_with_the_change_it_tells_of(record):
    with transaction.atomic():
        record("departed")
        transaction.set_rollback(True)

    assert (CustodyEvent.objects.count(), Disclosure.objects.count()) == (0, 0)


def test_an_event_needs_a_shipper(acme, alice, now):
    with pytest.raises(UnknownShipper):
        record_event("departed", actor=alice, now=now, event_time=now, consignments={"C-1": []}, details={})
