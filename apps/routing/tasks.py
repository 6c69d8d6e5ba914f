"""Planning in the background, on the workers that take the queue ``routing``."""

from datetime import date
from uuid import UUID

from django.utils import timezone

from apps.routing import services
from apps.tenancy.outbox import handles


@handles("routing.plan", queue="routing", atomic=False)
def plan_day(job_id: str, site_id: str, day: str, seed: int) -> None:
    """Plan one site and day for a job; the second time it finds the job over and does nothing."""
    services.run_plan_job(
        job_id=UUID(job_id),
        site_id=UUID(site_id),
        day=date.fromisoformat(day),
        seed=seed,
        clock=timezone.now,
    )
