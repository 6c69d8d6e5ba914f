"""Bad input to a day: a clear message on the plan each time, and no delivery is dropped in silence."""

from datetime import date, time

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.appointments.models import Appointment
from apps.carriers.models import Carrier, Tariff, Vehicle
from apps.core.models import Job
from apps.facilities.models import Site
from apps.routing.selectors import latest_plan
from apps.routing.services import request_plan
from apps.tenancy import doorway
from tests.routing.conftest import DAY, NOW, PRICES, RIGID, local, make_carrier


@pytest.fixture
def planned_with(warehouse, order, agree, alice, drain, northern_site, southern_site):
    """``planned_with(fault)``: the plan of a day with two agreed deliveries after ``fault()``."""

    def make(fault=lambda: None, *, now=NOW):
        make_carrier("Swift", RIGID)
        agreed = [
            agree(order(northern_site), "Dock 1", "09:00"),
            agree(order(southern_site), "Dock 1", "13:00"),
        ]
        fault()
        job = request_plan(actor=alice, site=warehouse, day=DAY, now=now)
        drain()
        job.refresh_from_db()
        plan = latest_plan(site=warehouse, day=DAY)
        assert job.state == Job.State.DONE, job.message
        assert named(plan) == sorted(one.number for one in agreed)
        return plan

    return make


def named(plan):
    """Every delivery that the plan speaks of, on a route or left out with a reason."""
    on_routes = [stop.delivery.number for route in plan.routes.all() for stop in route.stops.all()]
    return sorted(on_routes + [one.delivery.number for one in plan.unassigned.all() if one.reasons])


def only(**changes):
    """The one vehicle of the day is like that."""
    return lambda: Vehicle.objects.update(**changes)


def told(plan):
    reasons = [sentence for one in plan.unassigned.all() for sentence in one.reasons]
    return " ".join([*plan.notes, *reasons])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (only(capacity_pallets=0), "SWI1 stays out: it has room for no pallet."),
        (only(shift_start=time(9), shift_end=time(9, 5)), "With Rigid truck SWI1 (Swift)"),
        (lambda: Tariff.objects.update(valid=DateRange(date(2025, 1, 1), DAY)), "has no tariff for"),
        (lambda: Vehicle.objects.update(active=False), "Swift has no active vehicle."),
        (lambda: Carrier.objects.all().update(active=False), "No vehicle is offered for this day."),
    ],
)
def test_a_fault_of_the_fleet_leaves_everything_out_and_says_why(planned_with, fault, message):
    plan = planned_with(fault)

    assert not plan.routes.exists()
    assert message in told(plan)


def test_a_carrier_without_vehicles_is_noted_and_the_others_drive(planned_with):
    plan = planned_with(lambda: Carrier.objects.create(name="Paper Haulage"))

    assert "Paper Haulage has no active vehicle." in told(plan)
    assert not plan.unassigned.exists()


def test_two_tariffs_at_once_can_not_be(planned_with):
    plan = planned_with()
    one = Tariff.objects.get()
    with pytest.raises(IntegrityError, match="tariff_valid_once"), transaction.atomic():
        Tariff.objects.create(
            carrier=one.carrier, vehicle_class=one.vehicle_class, valid=DateRange(DAY, None), **PRICES
        )
    assert not plan.unassigned.exists()


def test_an_appointment_in_the_past_is_left_out_and_the_later_one_is_planned(planned_with):
    plan = planned_with(now=local("11:00"))

    (gone,) = plan.unassigned.all()
    assert (gone.code, gone.reasons[0][:25]) == ("slot-in-the-past", "Its slot 09:00–09:30 is o")
    assert plan.routes.get().stops.count() == 1


def test_a_site_that_is_nowhere_leaves_its_delivery_out_and_no_other(planned_with, northern_site):
    def lose():
        with doorway.network():
            assert Site.objects.filter(pk=northern_site.pk).update(latitude=float("nan")) == 1

    plan = planned_with(lose)

    (lost,) = plan.unassigned.all()
    assert (lost.code, lost.delivery.site) == ("no-coordinates", northern_site)
    assert Appointment.objects.get(delivery_id=lost.delivery_id).state == "confirmed"


def test_a_day_without_deliveries_is_an_empty_plan_that_says_so(warehouse, alice, drain):
    make_carrier("Swift", RIGID)

    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()

    plan = latest_plan(site=warehouse, day=DAY)
    assert plan.notes[0] == "There is nothing to plan: no delivery has a confirmed slot on this day."
    assert named(plan) == []
