"""Where the goods stood at a moment, by when it happened and by when it was known; and what differs."""

from datetime import timedelta

from apps.custody import selectors
from apps.custody import services as custody
from apps.custody.moments import Clock, differences, state_at
from tests.custody.conftest import SSCC
from tests.custody.samples import DETAILS


def test_a_step_that_was_reported_late_counts_then_or_when_it_was_known(record, delivery_id, now):
    item = {"article": "A", "quantity": "2", "unit": "box"}
    record("consignment_created", details={"items": [item]})
    record(
        "departed",
        details={"vehicle": "GP 1"},
        event_time=now + timedelta(hours=1),
        now=now + timedelta(hours=3),
    )
    told = selectors.timeline(delivery_id)
    noon = now + timedelta(hours=2)

    happened, recorded = (state_at(told, noon, clock) for clock in (Clock.HAPPENED, Clock.RECORDED))

    assert happened["holder", "C-1"] == {"holder": "carrier", "since": now + timedelta(hours=1)}
    assert happened["vehicle", ""] == "GP 1"
    assert recorded["holder", "C-1"] == {"holder": "shipper", "since": None}
    assert ("vehicle", "") not in recorded
    assert {d.field for d in differences(recorded, happened)} == {"holder", "vehicle", "step"}
    assert differences(happened, happened) == []


def test_a_correction_takes_back_what_happened_and_not_what_was_read(record, ada, delivery_id, now):
    wrong = record("departed")
    custody.correct(actor=ada, event_id=wrong.pk, reason="did_not_occur", now=now + timedelta(hours=2))
    told = selectors.timeline(delivery_id)
    between, later = now + timedelta(hours=1), now + timedelta(hours=3)

    assert state_at(told, between, Clock.RECORDED)["step", ""] == "departed"
    assert state_at(told, between, Clock.HAPPENED) == {}
    assert state_at(told, later, Clock.RECORDED) == {}


def test_a_handover_passes_what_did_not_come_short(record, delivery_id, now):
    other = "106141411234567880"
    units = {"C-1": [SSCC, other]}
    record("departed", consignments=units)
    record(
        "handover_accepted_with_reservation",
        consignments=units,
        details={
            **DETAILS["handover_accepted_with_reservation"],
            "discrepancies": [{"kind": "short", "sscc": other}],
        },
        event_time=now + timedelta(hours=1),
    )

    state = state_at(selectors.timeline(delivery_id), now + timedelta(hours=1), Clock.HAPPENED)

    assert (state["holder", "C-1"]["holder"], state["handed_over", "C-1"]) == ("recipient", 1)
    assert state["finding", other] == "short"
