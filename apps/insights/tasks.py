"""Watching in the background: when vehicles are expected, then what is wrong."""

from datetime import datetime

from celery import shared_task

from apps.insights import services
from apps.tenancy.everywhere import at_each_shipper
from apps.tracking.services import expect_arrivals


@shared_task(name="insights.watch", ignore_result=True, expires=20)
def watch() -> None:
    """Tell when vehicles are expected and look for exceptions, at each shipper."""
    at_each_shipper("look for exceptions", _look)


def _look(*, now: datetime) -> None:
    expect_arrivals(now=now)
    services.watch(now=now)
