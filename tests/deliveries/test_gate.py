"""The gate's steps: each once, on record with its custody event, by whoever works the site."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.accounts.actors import Actor
from apps.appointments.at_gate import Verdict, found_at_gate, judge
from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.services import NoDockYet
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import DocumentsMissing
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.tenancy import doorway
from tests.factories.cast import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def at_gate(confirmed: Appointment, delivery: Delivery, drain: Callable[[], int]) -> Delivery:
    """The vehicle stands at the gate; its shipper has recorded nothing yet, the delivery note is there."""
    drain()
    return delivery


def steps_of(appointment: Appointment) -> list[str]:
    events = AppointmentEvent.objects.filter(appointment=appointment).order_by("at", "id")
    return list(events.values_list("step", flat=True))


def test_a_vehicle_goes_through_the_gate_step_by_step(
    at_gate: Delivery, confirmed: Appointment, otto: Actor
) -> None:
    begun = confirmed.during.lower - 3 * MINUTE

    def now(minutes: int) -> dict[str, object]:
        return {"actor": otto, "delivery_id": at_gate.pk, "now": begun + minutes * MINUTE}

    services.check_in(**now(2), vehicle="gp 12-ab", begun_at=begun)  # type: ignore[arg-type]  # as above
    services.call_to_dock(**now(4))  # type: ignore[arg-type]
    services.call_to_dock(**now(5))  # type: ignore[arg-type]  # the driver had not heard
    services.start_unloading(**now(8))  # type: ignore[arg-type]
    services.end_unloading(**now(30))  # type: ignore[arg-type]
    services.end_unloading(**now(31))  # type: ignore[arg-type]  # a second tap

    confirmed.refresh_from_db()
    assert confirmed.plate == "GP12AB"
    assert steps_of(confirmed)[-6:] == [
        "checking_in",
        "arrived",
        "called",
        "called",
        "in_progress",
        "unloaded",
    ]
    kinds = list(CustodyEvent.objects.order_by("id").values_list("type", flat=True))
    assert kinds[-3:] == ["arrived", "unloading_started", "unloaded"]


def test_nobody_leaves_before_the_handover(unloading: Delivery, otto: Actor) -> None:
    with pytest.raises(IllegalTransition, match="leaves after the handover"):
        services.check_out(actor=otto, delivery_id=unloading.pk, now=NOW)


def test_a_vehicle_without_a_dock_is_not_called(
    at_gate: Delivery, confirmed: Appointment, otto: Actor
) -> None:
    services.check_in(actor=otto, delivery_id=at_gate.pk, now=confirmed.during.lower)
    Appointment.objects.filter(pk=confirmed.pk).update(dock=None, lane=None, during=None, is_planned=False)

    with pytest.raises(NoDockYet):
        services.call_to_dock(actor=otto, delivery_id=at_gate.pk, now=confirmed.during.lower)


def test_a_missing_paper_keeps_the_vehicle_out(
    confirmed: Appointment, delivery: Delivery, otto: Actor
) -> None:
    """The delivery note was promised and not yet issued."""
    with pytest.raises(DocumentsMissing):
        services.check_in(actor=otto, delivery_id=delivery.pk, now=confirmed.during.lower, begun_at=NOW)

    assert steps_of(confirmed)[-1] == "confirmed"
    assert Delivery.objects.get(pk=delivery.pk).state == State.OPEN


def test_a_check_in_that_was_left_lying_has_no_beginning(
    at_gate: Delivery, confirmed: Appointment, otto: Actor
) -> None:
    now = confirmed.during.lower

    services.check_in(actor=otto, delivery_id=at_gate.pk, now=now, begun_at=now - timedelta(hours=2))

    assert "checking_in" not in steps_of(confirmed)


def test_only_the_sites_own_people_take_these_steps(
    at_gate: Delivery, confirmed: Appointment, alice: Actor, sam: Actor
) -> None:
    for step in (services.check_in, services.call_to_dock, services.end_unloading, services.check_out):
        for actor in (alice, sam):
            with pytest.raises(PermissionRefused):
                step(actor=actor, delivery_id=at_gate.pk, now=NOW)


@pytest.mark.parametrize("how", ["number", "number in lower case", "reference", "plate", "paper", "link"])
def test_whatever_is_scanned_or_typed_finds_the_visit(
    at_gate: Delivery, confirmed: Appointment, alice: Actor, otto: Actor, northern_site: Site, how: str
) -> None:
    services.record_loading(actor=alice, delivery_id=at_gate.pk, now=NOW)
    services.record_departure(actor=alice, delivery_id=at_gate.pk, vehicle="GP 12-AB", now=NOW)
    number = confirmed.confirmation_number or ""
    text = {
        "number": number,
        "number in lower case": f"  {number.lower()} ",
        "reference": at_gate.number,
        "plate": "gp12 ab",
        "paper": f"{number} {at_gate.number}",
        "link": f"http://localhost:8000/g/{number}/",
    }[how]

    with doorway.network():
        found = found_at_gate(actor=otto, site=northern_site, text=text, now=confirmed.during.lower)

    assert found == [confirmed]


def test_nobody_finds_what_comes_to_others(
    at_gate: Delivery, confirmed: Appointment, sam: Actor, southern_site: Site
) -> None:
    with doorway.network():
        found = found_at_gate(
            actor=sam, site=southern_site, text=confirmed.confirmation_number or "", now=NOW
        )

    assert found == []


@pytest.mark.parametrize(
    ("minutes", "verdict", "by"),
    [
        (0, Verdict.ON_TIME, 0),
        (-40, Verdict.EARLY, 10),
        (45, Verdict.LATE, 15),
        (24 * 60, Verdict.OTHER_DAY, 0),
    ],
)
def test_a_vehicle_is_judged_by_its_arrival_window(
    confirmed: Appointment, northern_site: Site, minutes: int, verdict: Verdict, by: int
) -> None:
    judged = judge(confirmed, site=northern_site, now=confirmed.during.lower + minutes * MINUTE)

    assert (judged.verdict, judged.minutes) == (verdict, by)


def test_a_vehicle_at_another_site_and_one_without_a_slot_are_told_so(
    asked: Appointment, northern_site: Site, southern_site: Site
) -> None:
    assert judge(asked, site=southern_site, now=NOW).verdict == Verdict.WRONG_SITE
    assert judge(asked, site=northern_site, now=NOW).verdict == Verdict.NOT_AGREED
