"""The closed schema of events, their canonical bytes, and the commitments in them."""

from __future__ import annotations

import copy
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.custody import canonical, commitments, verify
from apps.custody.canonical import EventInvalid, canonical_bytes, parse
from apps.custody.events import EVENT_TYPES, STRUCTURES
from tests.custody.samples import DETAILS, LOG_TYPES, SampleLog


@pytest.fixture
def event():
    return SampleLog().event("loaded")


def changed(event, path, value):
    """A copy of ``event`` with the field at ``path`` set to ``value``, or removed where that is None."""
    answer = copy.deepcopy(event)
    *parents, last = path.strip("/").split("/")
    target = answer
    for name in parents:
        target = target[int(name) if isinstance(target, list) else name]
    if value is None:
        del target[last]
    else:
        target[int(last) if isinstance(target, list) else last] = value
    return answer


def accepts(check, event):
    try:
        check(event)
    except (EventInvalid, verify.Rejected):
        return False
    return True


@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_every_type_has_canonical_bytes_that_parse_back(type_name):
    event = SampleLog().event(type_name, () if type_name in LOG_TYPES else ("C-1",))

    assert parse(canonical_bytes(event)) == event


def test_the_canonical_bytes_of_an_event_are_these_for_ever(event):
    data = canonical_bytes(event)

    assert data.startswith(b'{"actor":{"id":"user-7","name":"')
    assert sha256(data).hexdigest() == "8e11612e36d2df14913aab70734b1c6ce3b7c8473e50fdba2786dded36739fd0"


def test_writer_and_verifier_read_the_same_schema():
    verifier = {
        name: (frozenset(each.requires.split()), each.biz_step, each.disposition, each.details)
        for name, each in verify.EVENT_TYPES.items()
    }
    writer = {
        name: (
            each.requires,
            each.epcis and each.epcis.biz_step,
            each.epcis and each.epcis.disposition,
            dict(each.details),
        )
        for name, each in EVENT_TYPES.items()
    }

    assert verifier == writer
    assert verify.STRUCTURES == STRUCTURES


def test_every_kind_that_the_tables_name_is_known_to_both():
    tables = [*STRUCTURES.values(), *(each.details for each in EVENT_TYPES.values())]
    kinds = {spec.rstrip("?").split("[")[0] for table in tables for spec in table.values()} - set(STRUCTURES)

    assert kinds == set(verify.KINDS) == set(canonical._KINDS)


REFUSED = [
    ("/v", 2),
    ("/v", True),
    ("/v", "1"),
    ("/type", "teleported"),
    ("/type", ["loaded"]),
    ("/log", "dockside.example/with space"),
    ("/shipper", ""),
    ("/shipper", "line\nbreak"),
    ("/shipper", "\ud800"),
    ("/shipper", "x" * 2001),
    ("/event_id", "00000000-0000-7000-8000-00000000000G"),
    ("/event_id", "00000000-0000-7000-8000-00000000000A"),
    ("/event_time", "2026-11-20T08:00:00Z"),
    ("/event_time", "2026-02-30T08:00:00.000000Z"),
    ("/event_time", "2026-11-20T08:00:60.000000Z"),
    ("/event_time", "2026-11-20T08:00:00.000000+00:00"),
    ("/received_time", None),
    ("/consignments", []),
    ("/consignments", {}),
    ("/consignments/0/cseq", 0),
    ("/consignments/0/cseq", 1.0),
    ("/consignments/0/cseq", 2**53),
    ("/consignments/0/sscc", ["106141411234567898"]),
    ("/delivery", None),
    ("/site/gln", "9501101530004"),
    ("/actor/name", "Thandi Nkosi"),
    ("/actor/nickname", "T"),
    ("/why/biz_step", "receiving"),
    ("/why/disposition", None),
    ("/why/refs", "po"),
    ("/details", None),
    ("/details", []),
    ("/details/temperature", "-18.5"),
    ("/details/seals", [7]),
    ("/details/position", {"lat_e7": 1.5, "lon_e7": 0, "accuracy_m": 0, "source": "gnss"}),
    ("/note", "extra"),
]


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_what_the_schema_does_not_know_is_refused_at_its_path(event, path, value):
    with pytest.raises(EventInvalid) as refusal:
        canonical_bytes(changed(event, path, value))

    assert refusal.value.path.startswith(path)


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_the_verifier_refuses_what_the_writer_refuses(event, path, value):
    with pytest.raises(verify.Rejected):
        verify.check_event(changed(event, path, value), "line 1")


@given(
    path=st.sampled_from(sorted({path for path, _ in REFUSED})),
    value=st.recursive(
        st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_writer_and_verifier_agree_on_any_change(path, value):
    candidate = changed(SampleLog().event("loaded"), path, value)

    assert accepts(canonical.validate, candidate) == accepts(
        lambda each: verify.check_event(each, ""), candidate
    )


def test_consignments_are_sorted_and_each_named_once(event):
    [one] = event["consignments"]

    for wrong in ([one, one], [one | {"number": "D"}, one]):
        with pytest.raises(EventInvalid, match="sorted"):
            canonical_bytes(event | {"consignments": wrong})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"v":1', b'"v": 1'),
        lambda data: data.replace(b'"v":1', b'"v":1,"v":1'),
        lambda data: data.replace(b'"v":1', b'"v":1.0'),
        lambda data: data.replace(b"user-7", b"\\u0075ser-7"),
        lambda data: json.dumps(dict(reversed(json.loads(data).items()))).encode(),
        lambda data: data[:-1],
        lambda data: b"[" * 100_000,
        lambda data: b"\xff",
        lambda data: b"[]",
    ],
)
def test_bytes_that_are_not_canonical_are_refused_by_writer_and_verifier(event, spoil):
    data = spoil(canonical_bytes(event))

    with pytest.raises(EventInvalid):
        parse(data)
    with pytest.raises(verify.Rejected):
        verify.check_event(verify.parse_json(data, ""), "")


def test_commitments_are_found_wherever_they_stand(event):
    handover = DETAILS["handover_accepted"]
    name = "a" * 64
    signed = SampleLog().event("handover_accepted") | {
        "details": handover | {"received_by": handover["received_by"] | {"name": name}}
    }

    found = canonical.commitments(signed)

    assert found == {"/actor/name": signed["actor"]["name"], "/details/received_by/name": name}
    assert verify.check_event(signed, "").commitments == found


def test_a_commitment_is_the_hash_of_domain_path_salt_and_value():
    salt = bytes(range(32))

    assert (
        commitments.commit(path="/actor/name", salt=salt, value="Zoë")
        == sha256(b"custody/pii/v1/actor/name" + salt + '"Zoë"'.encode()).hexdigest()
    )


def test_equal_values_with_other_salts_or_paths_have_unequal_commitments():
    salts = [commitments.new_salt(), commitments.new_salt()]
    paths = ["/actor/name", "/details/driver"]

    assert (
        len({commitments.commit(path=path, salt=salt, value="Zoë") for path in paths for salt in salts}) == 4
    )


def test_a_short_salt_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        commitments.commit(path="/actor/name", salt=b"short", value="Zoë")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
        ),
    )
)
def test_the_verifiers_canonical_json_is_that_of_the_library(value):
    assert verify.canonical_json(value) == canonical.json_bytes(value)


@given(
    st.recursive(
        st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), inner)
        ),
    )
)
def test_the_quick_encoding_of_events_is_that_of_the_library(value):
    assert canonical.encode(value) == canonical.json_bytes(value)
