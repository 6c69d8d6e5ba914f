"""A driver's round from the phone: each step once, by whoever took it first, and refusals that are kept."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password

from apps.accounts.services import LinkClosed
from apps.appointments.dwell import Stage
from apps.appointments.models import Appointment
from apps.appointments.staying import stay_of
from apps.core.errors import PermissionRefused
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent
from apps.deliveries import services as deliveries
from apps.deliveries.models import Handover, HandoverCode
from apps.deliveries.states import State
from apps.driving.errors import ActionForked, ActionInvalid, RouteClosed
from apps.driving.models import DriverAction
from apps.driving.selectors import session_by_secret
from apps.driving.services import end_access, invite_driver, open_route, perform
from apps.facilities.models import DocumentRequirement, DocumentType, Site, Step
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.routing.conftest import local

RECEIVED = {"received_by": "Nomsa Nkosi", "received_by_role": "Stores clerk"}


def state(stop):
    stop.delivery.refresh_from_db()
    return stop.delivery.state


def types(stop):
    return list(
        CustodyEvent.objects.filter(delivery=stop.delivery.number)
        .order_by("ordinal")
        .values_list("type", flat=True)
    )


def test_a_round_goes_from_the_warehouse_to_the_last_handover(take, stops):
    take("set_off")
    for stop in stops:
        take("arrive", stop)
        take("at_door", stop)
        take("unload", stop)
        take("hand_over", stop, facts=RECEIVED)

    assert [state(stop) for stop in stops] == [State.DELIVERED, State.DELIVERED]
    assert types(stops[0])[-6:] == [
        "loaded",
        "departed",
        "arrived",
        "unloading_started",
        "unloaded",
        "handover_accepted",
    ]
    handover = Handover.objects.get(delivery=stops[0].delivery)
    assert (handover.released_by, handover.received_by) == ("Dineo Driver", "Nomsa Nkosi")


def test_the_phones_time_is_on_record_beside_ours_and_who_acted_by_link(take, stops):
    sent_late = local("11:00")
    take("set_off", device_time=local("07:00"), sent_at=sent_late, now=sent_late)

    departed = parse(bytes(CustodyEvent.objects.filter(type="departed").first().canonical))

    assert departed["event_time"] == "2026-03-04T05:00:00.000000Z"
    assert departed["received_time"] == "2026-03-04T09:00:00.000000Z"
    assert departed["actor"]["role"] == "driver"


def test_a_step_that_comes_twice_is_one(take, stops, phone):
    take("set_off")
    first, sent = take("arrive", stops[0])

    again = perform(session=phone, sent=sent, now=sent.device_time + timedelta(hours=2))

    assert again == first
    assert types(stops[0]).count("arrived") == 1


def test_the_same_id_with_other_content_is_refused_and_the_first_stands(take, stops, phone):
    take("set_off")
    _, sent = take("arrive", stops[0])

    with pytest.raises(ActionForked):
        perform(session=phone, sent=replace(sent, stop_id=stops[1].pk), now=sent.device_time)

    assert state(stops[1]) == State.IN_TRANSIT


def test_what_the_gate_recorded_first_is_known_already(take, stops, otto):
    take("set_off")
    deliveries.record_arrival(actor=otto, delivery_id=stops[0].delivery_id, now=local("08:50"))

    action, _ = take("arrive", stops[0])

    assert action.outcome == DriverAction.Outcome.KNOWN
    assert types(stops[0]).count("arrived") == 1


def test_at_the_door_the_wait_for_it_ends_once_and_only_after_the_check_in(take, stops):
    take("set_off")
    early, _ = take("at_door", stops[0])
    take("arrive", stops[0], now=local("08:40"))
    take("at_door", stops[0], now=local("08:55"))
    again, _ = take("at_door", stops[0], now=local("09:00"))
    take("unload", stops[0], now=local("09:10"))
    over, _ = take("at_door", stops[0], now=local("09:11"))

    appointment = Appointment.objects.get(delivery_id=stops[0].delivery_id)
    stay = stay_of(appointment, list(appointment.events.all()), now=local("09:20"))
    assert "after its check-in" in early.answer
    assert (again.outcome, over.outcome) == (DriverAction.Outcome.KNOWN, DriverAction.Outcome.KNOWN)
    assert appointment.events.filter(step="at_door").count() == 1
    assert dict(stay.spans) == {
        Stage.WAIT: timedelta(minutes=15),
        Stage.HANDLING: timedelta(minutes=25),
    }


def test_of_two_phones_that_hand_over_one_is_told_and_both_are_kept(take, stops, route, alice):
    second, _ = open_route(token=invite_driver(actor=alice, route_id=route.pk, now=NOW), now=NOW)
    take("set_off")
    take("arrive", stops[0])
    take("hand_over", stops[0], facts=RECEIVED)

    action, _ = take("hand_over", stops[0], session=second, facts={"received_by": "Somebody else"})

    assert action.outcome == DriverAction.Outcome.REFUSED
    assert "Delivered" in action.answer
    assert action.facts == {"received_by": "Somebody else"}
    assert Handover.objects.get(delivery=stops[0].delivery).received_by == "Nomsa Nkosi"


def test_a_refused_step_changes_nothing_and_is_kept_with_its_reason(take, stops, southern_site):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=southern_site, document_type=DocumentType.INSURANCE, step=Step.ARRIVAL
        )
    take("set_off")
    southern = next(stop for stop in stops if stop.delivery.site_id == southern_site.pk)

    action, _ = take("arrive", southern)

    assert (action.outcome, state(southern)) == (DriverAction.Outcome.REFUSED, State.IN_TRANSIT)
    assert "Insurance certificate" in action.answer


def test_findings_and_refusals_are_stated_by_unit(take, stops):
    take("set_off")
    take("arrive", stops[0])
    units = [
        unit.sscc for ride in stops[0].delivery.rides.all() for unit in ride.consignment.handling_units.all()
    ]

    take("hand_over", stops[0], facts={**RECEIVED, "findings": [{"sscc": units[0], "kind": "damaged"}]})

    handover = Handover.objects.get(delivery=stops[0].delivery)
    assert (handover.outcome, handover.discrepancies.get().kind) == ("accepted_with_reservation", "damaged")


def test_a_delivery_that_failed_says_why(take, stops):
    take("set_off")
    unsaid, _ = take("problem", stops[0], facts={})
    said, _ = take("problem", stops[0], facts={"reason": "receiverAbsent"})

    stops[0].delivery.refresh_from_db()
    assert (unsaid.outcome, said.outcome) == (DriverAction.Outcome.REFUSED, DriverAction.Outcome.DONE)
    assert stops[0].delivery.failure_reason == "receiverAbsent"


def test_a_phone_reaches_the_stops_of_its_route_alone(take, stops, order, agree, northern_site):
    elsewhere = agree(order(northern_site), "Dock 1", "14:00")

    with pytest.raises(ActionInvalid):
        take("arrive", None, stop_id=uuid4())
    with pytest.raises(ActionInvalid):
        take("arrive", None, stop_id=elsewhere.pk)
    with pytest.raises(ActionInvalid):
        take("teleport", stops[0])

    assert DriverAction.objects.count() == 0


def test_a_link_opens_one_phone_and_ends_with_the_planners_word(token, route, alice, rita, arthur):
    _, secret = open_route(token=token, now=NOW)
    with pytest.raises(LinkClosed):
        open_route(token=token, now=NOW)
    for nobody in (rita, arthur):
        with pytest.raises(PermissionRefused):
            end_access(actor=nobody, route_id=route.pk, now=NOW)

    assert end_access(actor=alice, route_id=route.pk, now=NOW) == 1

    with pytest.raises(RouteClosed):
        session_by_secret(secret, now=NOW)


def test_a_new_link_closes_the_one_before(token, route, alice):
    invite_driver(actor=alice, route_id=route.pk, now=NOW)

    with pytest.raises(LinkClosed):
        open_route(token=token, now=NOW)


def test_access_ends_three_days_after_the_day(token, phone):
    _, _ = phone, token
    assert phone.expires_at == local("00:00") + timedelta(days=4)


def test_another_shipper_opens_nothing_with_it(token, globex):
    with doorway.enter_shipper(globex), pytest.raises(LinkClosed):
        open_route(token=token, now=NOW)


def test_steps_that_nobody_took_are_recorded_with_the_handover(take, stops):
    take("set_off")

    action, _ = take("hand_over", stops[0], facts=RECEIVED)

    assert (action.outcome, state(stops[0])) == (DriverAction.Outcome.DONE, State.DELIVERED)
    assert types(stops[0])[-4:] == ["arrived", "unloading_started", "unloaded", "handover_accepted"]


def test_a_clock_that_is_hours_off_is_flagged_on_the_record_and_loses_nothing(take, stops):
    ahead = local("12:31")
    take("set_off", device_time=ahead, sent_at=ahead, now=local("08:31"))

    anomalies = [
        parse(bytes(e.canonical))["details"] for e in CustodyEvent.objects.filter(type="clock_anomaly")
    ]
    assert [state(stop) for stop in stops] == [State.IN_TRANSIT, State.IN_TRANSIT]
    assert {each["kind"]: each["difference_ms"] for each in anomalies} == {
        "skew": 4 * 3_600_000,
        "future": 4 * 3_600_000,
    }


def test_what_came_late_and_out_of_order_is_kept_by_the_phones_times(take, stops):
    late = local("18:00")
    take("set_off", number=1, device_time=local("07:00"), sent_at=late, now=late)
    take("hand_over", stops[0], number=3, device_time=local("09:20"), sent_at=late, now=late, facts=RECEIVED)

    known, _ = take("arrive", stops[0], number=2, device_time=local("09:00"), sent_at=late, now=late)

    assert known.outcome == DriverAction.Outcome.KNOWN
    handed = parse(bytes(CustodyEvent.objects.get(type="handover_accepted").canonical))
    assert (handed["event_time"][11:16], handed["received_time"][11:16]) == ("07:20", "16:00")
    assert not CustodyEvent.objects.filter(type="clock_anomaly").exists()


def test_a_phone_whose_storage_was_emptied_counts_from_one_again_and_loses_nothing(take, stops):
    take("set_off", number=1)

    action, _ = take("arrive", stops[0], number=1)

    assert (action.outcome, state(stops[0])) == (DriverAction.Outcome.DONE, State.ARRIVED)


def test_new_seals_are_those_that_the_next_stop_is_held_to(take, stops):
    take("set_off", facts={"seals": "S-1"})
    take("hand_over", stops[0], facts={**RECEIVED, "seals": "s-1", "seals_after": "S-2"})
    take("hand_over", stops[1], facts={**RECEIVED, "seals": "S-2"})

    found = Handover.objects.order_by("id").values_list("seals_out", "seals", "doubts")
    assert list(found) == [(["S-1"], ["S-1"], []), (["S-2"], ["S-2"], [])]


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"findings": {"a": 1}}, "findings could not be read"),
        ({"findings": ["short"]}, "A finding is"),
        ({"findings": [{"kind": "short", "item": "C-1/1", "quantity": "many"}]}, "no quantity"),
        ({"findings": [{"kind": "short", "item": "C-1/1", "quantity": "0.0001"}]}, "three decimals"),
        ({"scanned": "12"}, "no SSCC"),
        ({"temperatures": "warm"}, "no temperature"),
        ({"seals": ",".join(str(n) for n in range(30))}, "at most 20 seals"),
        ({"received_strokes": "10,10"}, "no signature"),
        ({"received_strokes": "[[1,2]]"}, "no strokes"),
        ({"received_by": {"name": "x"}}, "Both names"),
        ({"unattended": True}, "takes no goods unattended"),
    ],
)
def test_a_statement_that_can_not_be_read_is_answered_kept_and_changes_nothing(take, stops, facts, answer):
    take("set_off")

    action, _ = take("hand_over", stops[0], facts={**RECEIVED, **facts})

    assert (action.outcome, state(stops[0])) == (DriverAction.Outcome.REFUSED, State.IN_TRANSIT)
    assert answer in action.answer


def test_a_position_is_on_record_where_the_phone_says_one_that_can_be(take, stops):
    take("set_off", facts={"position": {"latitude": "north", "longitude": 28}})
    take("arrive", stops[0], facts={"position": {"latitude": -26.18, "longitude": 28.04, "accuracy": 11.6}})

    departed = parse(bytes(CustodyEvent.objects.filter(type="departed").first().canonical))["details"]
    arrived = parse(bytes(CustodyEvent.objects.get(type="arrived").canonical))["details"]
    assert ("position" in departed, arrived["position"]["accuracy_m"]) == (False, 12)


def test_a_wrong_code_from_the_phone_is_counted_though_the_statement_is_refused(take, stops, otto):
    with doorway.network():
        Site.objects.filter(pk=stops[0].delivery.site_id).update(asks_code=True)
    take("set_off")
    code = HandoverCode.objects.create(
        delivery=stops[0].delivery,
        person_name="Nomsa Nkosi",
        code_hash=make_password("042042"),
        sent_at=local("08:20"),
        expires_at=local("09:00"),
    )
    without, _ = take("hand_over", stops[0], facts=RECEIVED)
    wrong, _ = take("hand_over", stops[0], facts={**RECEIVED, "code": "111111"})
    late = local("12:00")
    typed = local("08:40")
    right, _ = take(
        "hand_over",
        stops[0],
        facts={**RECEIVED, "code": "042042"},
        device_time=typed,
        sent_at=late,
        now=late,
    )

    code.refresh_from_db()
    assert [each.outcome for each in (without, wrong, right)] == ["refused", "refused", "done"]
    assert ("4 tries" in wrong.answer, code.attempts, "code" in wrong.facts) == (True, 2, False)
    assert state(stops[0]) == State.DELIVERED
