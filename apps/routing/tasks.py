"""Planning in the background, on the workers that take the queue ``routing``; watching plans in force."""

from datetime import date, datetime
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.deliveries.services import bulk
from apps.routing import services
from apps.tenancy.everywhere import at_each_shipper
from apps.tenancy.outbox import handles


@handles("routing.plan", queue="routing", atomic=False)
def plan_day(
    job_id: str, site_id: str, day: str, seed: int, asked_at: str | None = None, repairs: str | None = None
) -> None:
    """Plan one site and day for a job; the second time it finds the job over and does nothing."""
    services.run_plan_job(
        job_id=UUID(job_id),
        site_id=UUID(site_id),
        day=date.fromisoformat(day),
        seed=seed,
        clock=timezone.now,
        asked_at=datetime.fromisoformat(asked_at) if asked_at else None,
        repairs=UUID(repairs) if repairs else None,
    )


@handles(bulk.FINDING, queue="routing", atomic=False)
def find_slots(job_id: str, request_id: str) -> None:
    """Look for the slots of a bulk request, what the planned routes would pay weighed as well.

    The second time it finds the job over and does nothing.
    """
    bulk.run_bulk_search(
        job_id=UUID(job_id), request_id=UUID(request_id), clock=timezone.now, pricing=services.route_costs
    )


@shared_task(name="routing.watch", ignore_result=True, expires=55)
def watch() -> None:
    """For each shipper: plan what is due by schedule, and see what in force needs re-planning."""
    at_each_shipper("watch the plans", _watch)


def _watch(*, now: datetime) -> None:
    services.run_schedules(now=now)
    services.watch_plans(now=now)
