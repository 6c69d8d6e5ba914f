"""Watching in the background: when vehicles are expected, what is wrong, whom to tell, what helps."""

from datetime import datetime

from celery import shared_task

from apps.insights import services
from apps.tenancy.everywhere import at_each_shipper
from apps.tracking.services import expect_arrivals, settle_readings


@shared_task(name="insights.watch", ignore_result=True, expires=20)
def watch() -> None:
    """Tell when vehicles are expected, look for exceptions, escalate and weigh them, at each shipper."""
    at_each_shipper("look for exceptions", _look)


def _look(*, now: datetime) -> None:
    expect_arrivals(now=now)
    settle_readings(now=now)
    services.watch(now=now)
    services.escalate(now=now)
    services.weigh(now=now)
