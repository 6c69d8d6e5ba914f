"""Slots for many deliveries: found in the background, sent one by one, each with an answer of its own."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from apps.accounts.actors import Actor
from apps.accounts.models import Membership
from apps.appointments import bulk as engine
from apps.appointments.bulk import Place
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, DockOccupancy, SiteTerms
from apps.appointments.states import State
from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import BulkLine, BulkRequest, Delivery
from apps.deliveries.services import bulk
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

Outcome = BulkLine.Outcome


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    """The worker asks the clock; it says the tests' moment."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of deliveries needs no minute, even where nothing proves that the best is found."""
    monkeypatch.setattr("apps.deliveries.services.bulk.finding.SECONDS", 2.0)


@pytest.fixture
def many(at_acme: Shipper, alice: Actor) -> list[Delivery]:
    """Twelve deliveries of one pallet to Northern on ``DAY``, each 25 minutes at a dock."""
    for number in range(12):
        order = order_file(f"C-{number},PO-{number},NH1,{DAY},1,Tablets,5,pack,,50,1")
        services.import_orders(actor=alice, file_name=f"{number}.csv", content=order, now=NOW)
        services.group_consignments(actor=alice, now=NOW)
    return list(Delivery.objects.order_by("number"))


@pytest.fixture
def ask(alice: Actor, drain: Callable[[], int]) -> Callable[..., BulkRequest]:
    """``ask(deliveries, …)``: Alice asks, the worker has looked."""

    def make(asked: list[Delivery], **how: object) -> BulkRequest:
        request = bulk.request_bulk(actor=alice, delivery_ids=[each.pk for each in asked], **how)  # type: ignore[arg-type]  # one helper for all
        drain()
        request.refresh_from_db()
        return request

    return make


def send(actor: Actor, request: BulkRequest, drain: Callable[[], int]) -> Job:
    job = bulk.send_bulk(
        actor=actor, request_id=request.pk, delivery_ids=request.lines.values_list("delivery_id", flat=True)
    )
    drain()
    job.refresh_from_db()
    return job


def outcomes(request: BulkRequest) -> list[str]:
    return list(request.lines.order_by("delivery__number").values_list("outcome", flat=True))


def starts(request: BulkRequest) -> list[tuple[str, datetime]]:
    return sorted(
        (slot["dock"], datetime.fromisoformat(slot["start"]))
        for line in request.lines.all()
        for slot in line.slots
    )


def test_all_find_their_slots_and_nothing_is_held_before_it_is_sent(
    many: list[Delivery], ask: Callable[..., BulkRequest]
) -> None:
    request = ask(many, wanted_from=time(9), days=1)

    job = Job.objects.get(pk=request.job_id)
    assert (job.state, job.message) == (Job.State.DONE, "Slots for 12 of 12 deliveries.")
    assert len(set(starts(request))) == 12
    assert request.figures["proven"]
    assert not DockOccupancy.objects.exists()


def test_sending_offers_each_delivery_its_slots_and_records_it(
    many: list[Delivery], ask: Callable[..., BulkRequest], alice: Actor, drain: Callable[[], int]
) -> None:
    request = ask(many, slots_each=2)

    job = send(alice, request, drain)

    assert (job.state, job.message) == (Job.State.DONE, "12 offers are sent.")
    assert outcomes(request) == [Outcome.SENT] * 12
    assert Appointment.objects.filter(state=State.OFFERED).count() == 12
    assert DockOccupancy.objects.count() == len(starts(request)) == 24
    assert CustodyEvent.objects.filter(type="slots_offered").count() == 12


def test_a_slot_that_was_taken_meanwhile_is_answered_for_its_delivery_alone(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    alice: Actor,
    bob: Actor,
    globex: Shipper,
    drain: Callable[[], int],
) -> None:
    request = ask(many[:3], days=1)
    lost = request.lines.order_by("delivery__number")[1]
    _take(globex, bob, lost.delivery.site, lost.slots[0])

    job = send(alice, request, drain)

    assert outcomes(request) == [Outcome.SENT, Outcome.LOST, Outcome.SENT]
    assert job.message == "2 offers are sent. 1 could not be sent; each says why and what is free instead."
    lost.refresh_from_db()
    assert "taken" in lost.answer
    assert len(lost.alternatives) == 3
    assert not Appointment.objects.filter(delivery_id=lost.delivery_id).exists()


def test_of_several_slots_those_that_are_left_are_offered(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    alice: Actor,
    bob: Actor,
    globex: Shipper,
    drain: Callable[[], int],
) -> None:
    request = ask(many[:1], slots_each=3)
    (line,) = request.lines.all()
    _take(globex, bob, line.delivery.site, line.slots[0])

    send(alice, request, drain)

    line.refresh_from_db()
    assert (line.outcome, line.answer) == (Outcome.SENT, "1 of 3 slots were taken meanwhile.")
    assert DockOccupancy.objects.filter(appointment__delivery_id=line.delivery_id).count() == 2


def _take(shipper: Shipper, planner: Actor, site: Site, slot: dict[str, str]) -> None:
    """Another shipper's delivery is offered that slot first."""
    with doorway.enter_shipper(shipper):
        order = order_file(f"C-1,PO-1,NH1,{DAY},1,Tablets,5,pack,,50,1")
        services.import_orders(actor=planner, file_name="theirs.csv", content=order, now=NOW)
        (theirs,) = services.group_consignments(actor=planner, now=NOW)
        start, end = (datetime.fromisoformat(slot[name]) for name in ("start", "end"))
        services.ask_for_slots(
            actor=planner, delivery=theirs, slots=[Slot(UUID(slot["dock_id"]), start, end)], now=NOW
        )


def test_who_has_no_slot_is_told_what_is_in_the_way(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    alice: Actor,
    drain: Callable[[], int],
    northern_site: Site,
) -> None:
    booked, *rest = many
    first = ask([booked], days=1)
    send(alice, first, drain)
    with doorway.network():
        Site.objects.filter(pk=northern_site.pk).update(appointments_per_day=6)

    request = ask([booked, *rest[:7]], days=1)

    reasons = list(
        request.lines.filter(slots=[]).order_by("delivery__number").values_list("why_not", flat=True)
    )
    assert request.figures["placed"] == 5  # six a day, and one of them is booked
    assert (
        reasons[0]
        == f"{booked.number} is “Waiting for the recipient”; only deliveries to book are asked for."
    )
    assert len(reasons) == 3
    assert all("own limits leave no start" in reason for reason in reasons[1:])


def test_a_closed_site_says_so(
    many: list[Delivery], ask: Callable[..., BulkRequest], northern_site: Site
) -> None:
    Delivery.objects.filter(pk=many[0].pk).update(day=DAY + timedelta(days=3))  # a Saturday

    request = ask(many[:1], days=1)

    (line,) = request.lines.all()
    assert (line.slots, line.why_not) == ([], "No receiving hours on Saturday 7 March.")


def test_held_slots_are_as_few_as_the_sites_terms_allow(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    alice: Actor,
    drain: Callable[[], int],
    northern_site: Site,
) -> None:
    with doorway.network():
        SiteTerms.objects.create(site=northern_site, live_holds_per_shipper=5)

    request = ask(many, slots_each=2)
    send(alice, request, drain)

    assert sorted(outcomes(request), reverse=True) == [Outcome.SENT] * 5 + [Outcome.OPEN] * 7


def test_counted_limits_hold_when_all_is_sent(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    alice: Actor,
    drain: Callable[[], int],
    northern_site: Site,
) -> None:
    """What the search counts by itself is what the calendar counts: nothing that is sent is refused."""
    with doorway.network():
        limits = {"vehicles_at_once": 1, "appointments_per_hour": 1, "pallets_per_day": 4}
        Site.objects.filter(pk=northern_site.pk).update(**limits)

    for some in (many[:2], many[2:]):
        send(alice, ask(some, days=2), drain)

    sent = BulkLine.objects.filter(outcome=Outcome.SENT).count()
    assert (sent, BulkLine.objects.exclude(outcome__in=(Outcome.SENT, Outcome.OPEN)).count()) == (8, 0)


def test_a_search_is_done_once_however_often_it_is_delivered(
    many: list[Delivery], ask: Callable[..., BulkRequest]
) -> None:
    request = ask(many[:2])
    before = starts(request)
    assert request.job_id is not None

    bulk.run_bulk_search(job_id=request.job_id, request_id=request.pk, clock=lambda: NOW + timedelta(days=9))

    assert starts(request) == before


def test_a_worker_that_died_over_the_sending_goes_on_where_it_was(
    many: list[Delivery], ask: Callable[..., BulkRequest], alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(many[:3])
    job = bulk.send_bulk(actor=alice, request_id=request.pk, delivery_ids=[each.pk for each in many])
    sent: list[object] = []
    really = services.ask_for_slots

    def dies_after_one(**asked: object) -> object:
        if sent:
            raise SystemExit
        sent.append(asked["delivery"])
        return really(**asked)  # type: ignore[arg-type]  # as it was asked

    with monkeypatch.context() as dying, pytest.raises(SystemExit):
        dying.setattr("apps.deliveries.services.bulk.sending.ask_for_slots", dies_after_one)
        bulk.run_bulk_sending(job_id=job.pk, request_id=request.pk, clock=lambda: NOW)
    bulk.run_bulk_sending(job_id=job.pk, request_id=request.pk, clock=lambda: NOW)

    assert outcomes(request) == [Outcome.SENT] * 3
    assert Appointment.objects.count() == 3
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


def test_a_search_may_be_stopped_before_it_begins(
    many: list[Delivery], alice: Actor, drain: Callable[[], int]
) -> None:
    request = bulk.request_bulk(actor=alice, delivery_ids=[each.pk for each in many])
    assert request.job_id is not None

    bulk.cancel_bulk_job(actor=alice, job_id=request.job_id, now=NOW)
    drain()

    job = Job.objects.get(pk=request.job_id)
    assert (job.state, job.message) == (Job.State.CANCELLED, "Stopped by Alice Adams.")
    assert starts(request) == []


def test_an_answer_that_breaks_a_rule_is_thrown_away(
    many: list[Delivery], alice: Actor, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(problem: engine.Problem, **_: object) -> engine.Answer:
        answer = assign(problem)
        moved = {key: (Place(p.dock_id, 7, p.start, p.end),) for key, (p,) in answer.slots.items()}
        return engine.Answer(moved, answer.why_not, answer.figures)

    assign = engine.assign
    monkeypatch.setattr(engine, "assign", wrong)
    request = bulk.request_bulk(actor=alice, delivery_ids=[each.pk for each in many])
    drain()

    assert Job.objects.get(pk=request.job_id).state == Job.State.FAILED
    assert starts(request) == []


def test_whoever_is_no_planner_any_more_sends_nothing(
    many: list[Delivery], ask: Callable[..., BulkRequest], alice: Actor, drain: Callable[[], int]
) -> None:
    request = ask(many[:2])
    with doorway.network():
        Membership.objects.filter(person_id=alice.person_id).delete()

    job = send(alice, request, drain)

    assert job.state == Job.State.FAILED
    assert not Appointment.objects.exists()


def test_nobody_else_may_ask_and_nobody_reaches_anothers(
    many: list[Delivery],
    ask: Callable[..., BulkRequest],
    arthur: Actor,
    rita: Actor,
    bob: Actor,
    globex: Shipper,
) -> None:
    request = ask(many[:2])

    for actor in (arthur, rita):
        with pytest.raises(PermissionRefused):
            bulk.request_bulk(actor=actor, delivery_ids=[many[0].pk])
    with doorway.enter_shipper(globex):
        with pytest.raises(UnknownDelivery):
            bulk.request_bulk(actor=bob, delivery_ids=[many[0].pk])
        with pytest.raises(bulk.UnknownBulk):
            bulk.send_bulk(actor=bob, request_id=request.pk, delivery_ids=[many[0].pk])
        assert not BulkRequest.objects.exists()


@pytest.mark.parametrize(
    "how", [{"delivery_ids": []}, {"days": 0}, {"days": 15}, {"slots_each": 6}, {"delivery_ids": range(901)}]
)
def test_what_can_not_be_meant_is_refused(at_acme: Shipper, alice: Actor, how: dict[str, object]) -> None:
    with pytest.raises(bulk.BulkInvalid):
        bulk.request_bulk(**{"actor": alice, "delivery_ids": [uuid4()]} | how)  # type: ignore[arg-type]  # wrong on purpose
