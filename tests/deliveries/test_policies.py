"""Policies answer for a party: inside bounds, with the nearest slots, or not at all; one reminder."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from apps.accounts.actors import Actor, Side
from apps.appointments.models import AnswerPolicy, Appointment, AppointmentEvent, Offer
from apps.appointments.selectors import find_slots
from apps.appointments.services import ChangedMeanwhile, NoPartnership, drop_policy, set_policy
from apps.appointments.states import State
from apps.core.errors import PermissionRefused
from apps.deliveries import services
from apps.deliveries.selectors import load_of
from apps.deliveries.tasks import expire
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY
from tests.factories.cast import NOW


@pytest.fixture
def policy(rita: Actor, northern_site: Site, acme: Shipper) -> Callable[..., AnswerPolicy]:
    """``policy(accepts=True, …)``: Northern's policy for Acme at its site."""

    def make(actor: Actor = rita, side: Side = Side.RECIPIENT, **terms: Any) -> AnswerPolicy:
        with doorway.network():
            return set_policy(
                actor=actor,
                side=side,
                site=northern_site,
                shipper_id=acme.pk,
                terms=terms,
                version=None,
                now=NOW,
            )

    return make


@pytest.fixture
def ask(delivery, alice: Actor) -> Callable[[int], Appointment]:
    """``ask(9)``: Acme asks for Dock 1 at nine in the site's own time."""

    def at(hour: int) -> Appointment:
        found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
        slot = next(s for s in found.slots if s.start.astimezone(found.zone).hour == hour)
        return services.ask_for_slots(actor=alice, delivery=delivery, slots=[slot], now=NOW)

    return at


@pytest.fixture
def work(drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Do the promised work at the tests' moment."""

    def do(moment: datetime = NOW) -> None:
        monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda: moment)
        drain()

    return do


def steps(appointment: Appointment) -> list[tuple[str, str, str]]:
    events = AppointmentEvent.objects.filter(appointment=appointment).order_by("at", "id")
    return list(events.values_list("step", "side", "means"))


def test_a_slot_inside_the_bounds_is_accepted_and_the_record_says_by_what(policy, ask, work):
    policy(accepts=True, opens=time(8), closes=time(12), weekdays=[3], most_pallets=10, notice_hours=24)

    appointment = ask(9)
    work()

    fresh = Appointment.objects.get(pk=appointment.pk)
    assert fresh.state == State.CONFIRMED
    assert steps(fresh) == [("offered", "shipper", "person"), ("confirmed", "recipient", "policy")]
    news = next(each for each in mail.outbox if each.subject.startswith("Confirmed"))
    assert "A policy answered, without a person." in news.body


@pytest.mark.parametrize(
    "bound",
    [
        {"opens": time(10), "closes": time(15)},
        {"opens": time(7), "closes": time(9)},
        {"weekdays": [1, 2, 4, 5]},
        {"most_pallets": 2},
        {"notice_hours": 60},
    ],
    ids=lambda bound: next(iter(bound)),
)
def test_what_breaks_one_bound_is_left_to_a_person(policy, ask, work, bound):
    policy(accepts=True, **bound)

    appointment = ask(9)
    work()

    assert steps(appointment) == [("offered", "shipper", "person")]


def test_what_is_outside_is_answered_with_the_nearest_inside_once(policy, ask, work, alice, delivery):
    policy(counters=True, counter_slots=2, opens=time(11), closes=time(15))

    appointment = ask(9)
    work()

    offer = appointment.offers.get(state="open")
    zone = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW).zone
    starts = [slot.during.lower.astimezone(zone) for slot in offer.slots.order_by("index")]
    assert [(s.date(), s.hour, s.minute) for s in starts] == [(DAY, 11, 0), (DAY, 11, 30)]
    assert offer.side == "recipient"

    again = find_slots(
        site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW, appointment=appointment
    )
    services.counter_offer(
        actor=alice, delivery=delivery, appointment_id=appointment.pk, slots=[again.slots[0]], now=NOW
    )
    work()

    assert [step for step, _side, _means in steps(appointment)] == ["offered", "countered", "countered"]


def test_without_counters_inside_is_asked_of_a_person_too(policy, ask, work):
    policy(counters=True, opens=time(8), closes=time(12))

    appointment = ask(9)
    work()

    assert steps(appointment) == [("offered", "shipper", "person")]


def test_a_shippers_policy_accepts_what_is_near_to_what_it_asked(policy, ask, work, alice, rita, delivery):
    policy(actor=alice, side=Side.SHIPPER, accepts=True, most_shift_minutes=60)
    appointment = ask(9)
    found = find_slots(
        site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW, appointment=appointment
    )
    near = next(s for s in found.slots if s.start.astimezone(found.zone).strftime("%H:%M") == "10:00")
    services.counter_offer(
        actor=rita, delivery=delivery, appointment_id=appointment.pk, slots=[near], now=NOW
    )
    work()

    assert Appointment.objects.get(pk=appointment.pk).during.lower == near.start
    assert steps(appointment)[-1] == ("confirmed", "shipper", "policy")


def test_after_the_cut_off_a_person_consents_to_a_move(policy, confirmed, work, alice, delivery):
    policy(accepts=True)
    late = confirmed.during.lower - timedelta(hours=6)
    found = find_slots(
        site=delivery.site, load=confirmed.load, first_day=DAY, days=1, now=late, appointment=confirmed
    )
    services.propose_move(
        actor=alice, delivery=delivery, appointment_id=confirmed.pk, slots=[found.slots[-1]], now=late
    )
    work(late)

    assert Appointment.objects.get(pk=confirmed.pk).must_act == "recipient"


def test_the_policy_for_one_shipper_goes_before_the_one_for_all(policy, ask, work, rita, northern_site):
    policy(accepts=False)
    with doorway.network():
        set_policy(
            actor=rita,
            side=Side.RECIPIENT,
            site=northern_site,
            shipper_id=None,
            terms={"accepts": True},
            version=None,
            now=NOW,
        )

    appointment = ask(9)
    work()

    assert steps(appointment) == [("offered", "shipper", "person")]


def test_the_time_to_answer_is_the_policys_and_the_reminder_goes_out_once(policy, ask, work, monkeypatch):
    policy(answer_hours=6, remind_minutes=60, remind_also="boss@northern.example")
    appointment = ask(9)
    offer = appointment.offers.get()
    work()
    mail.outbox.clear()

    for moment in (NOW + timedelta(hours=4), NOW + timedelta(hours=5, minutes=1), NOW + timedelta(hours=5.5)):
        monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda moment=moment: moment)
        expire()
    work(NOW + timedelta(hours=5.5))

    assert offer.expires_at == NOW + timedelta(hours=6)
    assert Offer.objects.get(pk=offer.pk).escalate_at == NOW + timedelta(hours=5)
    assert sorted(each.to[0] for each in mail.outbox) == ["boss@northern.example", "dock@northern.example"]
    assert {each.subject for each in mail.outbox} == {f"Still without an answer: {appointment.reference}"}
    assert [step for step, _side, _means in steps(appointment)] == ["offered", "escalated"]


def test_without_a_policy_the_last_quarter_begins_with_a_reminder(ask):
    offer = ask(9).offers.get()

    assert offer.escalate_at == NOW + timedelta(hours=18)


def test_two_managers_never_overwrite_each_other(policy, rita, northern_site, acme):
    first = policy(accepts=True)
    again = {"actor": rita, "side": Side.RECIPIENT, "site": northern_site, "shipper_id": acme.pk, "now": NOW}
    with doorway.network():
        set_policy(**again, terms={"accepts": True, "most_pallets": 4}, version=first.version)
        for seen in (first.version, None):
            with pytest.raises(ChangedMeanwhile):
                set_policy(**again, terms={"accepts": False}, version=seen)

        assert AnswerPolicy.objects.get().most_pallets == 4


def test_nobody_sets_anothers_policy(policy, sam, otto, bob, alice, rita, northern_site, globex):
    for actor, side in ((sam, Side.RECIPIENT), (otto, Side.RECIPIENT), (alice, Side.RECIPIENT)):
        with pytest.raises(PermissionRefused):
            policy(actor=actor, side=side, accepts=True)
    for actor in (bob, rita):
        with pytest.raises(PermissionRefused):
            policy(actor=actor, side=Side.SHIPPER, accepts=True)
    with doorway.network(), pytest.raises(PermissionRefused):
        drop_policy(actor=sam, policy=AnswerPolicy(side="recipient", site=northern_site))


def test_a_policy_is_for_partners(sam, southern_site, globex):
    with doorway.network(), pytest.raises(NoPartnership):
        set_policy(
            actor=sam,
            side=Side.RECIPIENT,
            site=southern_site,
            shipper_id=globex.pk,
            terms={},
            version=None,
            now=NOW,
        )


def test_the_database_shows_a_shipper_its_own_policies_alone(policy, alice, acme, globex):
    policy(accepts=True)
    policy(actor=alice, side=Side.SHIPPER, accepts=True)

    with doorway.enter_shipper(acme):
        assert list(AnswerPolicy.objects.values_list("side", flat=True)) == ["shipper"]
    with doorway.enter_shipper(globex), connection.cursor() as cursor:
        assert not AnswerPolicy.objects.exists()
        cursor.execute("UPDATE public.appointments_answerpolicy SET accepts = false")
        assert cursor.rowcount == 0
