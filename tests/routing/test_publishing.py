"""A plan in force: still true, on record, in the papers, with drivers; one per site and day."""

from datetime import date, time, timedelta
from io import BytesIO

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from pypdf import PdfReader

from apps.appointments.models import Appointment
from apps.carriers.models import Driver, Qualification, Shift, Vehicle
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries.services import cancel_appointment
from apps.deliveries.states import State
from apps.documents import store
from apps.documents.models import Document
from apps.routing.errors import PlanOutdated, UnknownPlan
from apps.routing.models import RoutePlan
from apps.routing.selectors import published_plan
from apps.routing.services import publish_plan
from tests.routing.conftest import DAY, RIGID, make_carrier


@pytest.fixture
def visits(warehouse, order, agree, northern_site, southern_site):
    """Two deliveries at the same hour, so that each needs a vehicle of its own."""
    make_carrier("Swift", RIGID, RIGID, drivers=("Ben", "Ann"))
    return [
        agree(order(northern_site), "Dock 1", "09:00"),
        agree(order(southern_site), "Dock 1", "09:00"),
    ]


@pytest.fixture
def publish(alice, now):
    return lambda plan: publish_plan(actor=alice, plan_id=plan.pk, now=now)


def text_of(document):
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(store.read(document.path))).pages)


def test_a_published_plan_is_in_force_with_drivers_in_order_of_their_names(
    visits, warehouse, planned, publish, now
):
    publish(planned())

    plan = published_plan(site=warehouse, day=DAY)
    assert (plan.state, plan.published_at, plan.published_by) == (
        RoutePlan.State.PUBLISHED,
        now,
        "Alice Adams",
    )
    assert [route.driver.name for route in plan.routes.all()] == ["Ann", "Ben"]


def test_routes_beyond_the_carrier_s_active_drivers_have_none(visits, planned, publish):
    Driver.objects.filter(name="Ann").update(active=False)

    plan = publish(planned())

    assert [route.driver and route.driver.name for route in plan.routes.all()] == ["Ben", None]


def test_each_stop_is_on_the_custody_record(visits, planned, publish):
    plan = publish(planned())

    events = CustodyEvent.objects.filter(type="planned").order_by("delivery")
    assert [event.delivery for event in events] == sorted(delivery.number for delivery in visits)
    stops = {stop.delivery.number: route for route in plan.routes.all() for stop in route.stops.all()}
    for event in events:
        said = bytes(event.canonical).decode()
        assert f'"vehicle":"{stops[event.delivery].vehicle.plate}"' in said
        assert '"carrier":"Swift"' in said


@pytest.mark.papers
def test_delivery_notes_are_issued_anew_with_who_brings_the_goods(visits, planned, publish, drain):
    plan = publish(planned())
    drain()

    for route in plan.routes.all():
        for stop in route.stops.all():
            latest = Document.objects.filter(delivery_id=stop.delivery_id).order_by("-version").first()
            words = text_of(latest)
            assert latest.version == 2
            assert all(word in words for word in ("Swift", route.vehicle.plate, route.driver.name))


def test_publishing_again_replaces_the_former_plan(visits, warehouse, planned, publish):
    first = publish(planned())
    second = publish(planned())

    states = dict(RoutePlan.objects.values_list("version", "state"))
    assert states == {1: RoutePlan.State.REPLACED, 2: RoutePlan.State.PUBLISHED}
    assert published_plan(site=warehouse, day=DAY) == second != first


def test_the_note_of_a_delivery_that_the_new_plan_leaves_out_names_no_vehicle(
    visits, planned, publish, drain
):
    publish(planned())
    drain()
    Vehicle.objects.filter(plate="SWI2").update(active=False)

    plan = publish(planned())
    drain()

    (dropped,) = plan.unassigned.all()
    latest = Document.objects.filter(delivery_id=dropped.delivery_id).order_by("-version").first()
    assert latest.version == 3
    assert "Swift" not in text_of(latest)


def test_a_plan_is_not_published_twice(visits, planned, publish):
    plan = publish(planned())

    with pytest.raises(IllegalTransition):
        publish(plan)


def test_a_moved_appointment_refuses_the_plan_and_names_the_delivery(visits, planned, publish):
    plan = planned()
    moved = Appointment.objects.get(delivery_id=visits[0].pk)
    hour = timedelta(hours=1)
    moved.during = DateTimeTZRange(moved.during.lower + hour, moved.during.upper + hour)
    moved.save(update_fields=["during"])

    with pytest.raises(PlanOutdated) as refusal:
        publish(plan)

    assert refusal.value.details == {"deliveries": [visits[0].number]}
    assert refusal.value.message.startswith(f"{visits[0].number}: the appointment")
    assert RoutePlan.objects.get().state == RoutePlan.State.DRAFT
    assert CustodyEvent.objects.filter(type="planned").count() == 0


def test_a_cancelled_appointment_refuses_the_plan(visits, planned, publish, alice, now):
    plan = planned()
    appointment = Appointment.objects.get(delivery_id=visits[1].pk)
    cancel_appointment(
        actor=alice, delivery=visits[1], appointment_id=appointment.pk, reason_code="other", now=now
    )

    with pytest.raises(PlanOutdated) as refusal:
        publish(plan)

    assert refusal.value.details == {"deliveries": [visits[1].number]}


def test_goods_that_are_loaded_refuse_a_plan_that_puts_them_on_another_vehicle(visits, planned, publish):
    first = publish(planned())
    Vehicle.objects.filter(plate="SWI1").update(active=False)
    newer = planned()
    Vehicle.objects.filter(plate="SWI1").update(active=True)
    (was_on_swi1,) = first.routes.get(vehicle__plate="SWI1").stops.all()
    loaded = was_on_swi1.delivery
    type(loaded).objects.filter(pk=loaded.pk).update(state=State.LOADED)

    with pytest.raises(PlanOutdated) as refusal:
        publish(newer)

    assert refusal.value.details == {"deliveries": [loaded.number]}
    assert refusal.value.message.startswith(f"{loaded.number}: loaded already")
    assert RoutePlan.objects.get(pk=first.pk).state == RoutePlan.State.PUBLISHED


def test_a_route_that_is_the_same_as_before_is_told_to_nobody_again(visits, planned, publish):
    publish(planned())
    told = CustodyEvent.objects.filter(type="planned").count()

    publish(planned())

    assert (told, CustodyEvent.objects.filter(type="planned").count()) == (2, 2)


def test_who_drove_a_vehicle_still_does_in_the_next_plan(
    visits, order, agree, planned, publish, southern_site
):
    first = publish(planned())
    swap = {route.pk: route.driver for route in first.routes.all()}
    one, other = swap
    first.routes.filter(pk=one).update(driver=None)
    first.routes.filter(pk=other).update(driver=swap[one])
    first.routes.filter(pk=one).update(driver=swap[other])

    second = publish(planned())

    drivers = [(route.vehicle.plate, route.driver.name) for route in second.routes.all()]
    assert sorted(drivers) == [("SWI1", "Ben"), ("SWI2", "Ann")]


def test_a_vehicle_that_was_taken_out_of_service_refuses_the_plan(visits, planned, publish):
    plan = planned()
    Vehicle.objects.filter(plate="SWI1").update(active=False)

    with pytest.raises(PlanOutdated) as refusal:
        publish(plan)

    assert refusal.value.message == "SWI1 can't drive on this day any more. Plan the day anew."


def test_only_planners_of_this_shipper_publish(visits, planned, arthur, bob, rita, now):
    plan = planned()

    for outsider in (arthur, bob, rita, None):
        with pytest.raises(PermissionRefused):
            publish_plan(actor=outsider, plan_id=plan.pk, now=now)


def test_what_is_no_plan_is_unknown(warehouse, publish):
    with pytest.raises(UnknownPlan):
        publish(RoutePlan(site=warehouse, day=date(2026, 1, 1)))


def test_who_lapsed_is_away_or_off_shift_is_not_given_a_route(visits, planned, publish):
    ann, ben = Driver.objects.get(name="Ann"), Driver.objects.get(name="Ben")
    Qualification.objects.create(driver=ann, kind="professional", valid_until=DAY - timedelta(days=1))
    Shift.objects.create(driver=ben, weekday=DAY.isoweekday(), starts=time(18), ends=time(23))

    plan = publish(planned())

    assert [route.driver for route in plan.routes.all()] == [None, None]
