"""A day is planned from what was agreed."""

from datetime import timedelta

from apps.core.models import Job
from apps.routing.services import request_plan
from tests.routing.conftest import DAY, NOW, RIGID, local, make_carrier


def test_first(warehouse, order, agree, planned, northern_site, southern_site):
    make_carrier("Swift", RIGID, RIGID, drivers=("Dan",))
    agree(order(northern_site), "Dock 2", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")
    order(northern_site)
    plan = planned()
    for r in plan.routes.all():
        print(r.number, r.vehicle, r.cost_cents, r.cost_parts, r.departs_at, r.returns_at, r.segments)
        for s in r.stops.all():
            print("  ", s.delivery, s.arrives_at, s.starts_at, s.departs_at, s.slot)
    for u in plan.unassigned.all():
        print(u.delivery, u.code, u.reasons, u.details)
    print(plan.notes, Job.objects.get(pk=plan.job_id).message)
    assert 0
