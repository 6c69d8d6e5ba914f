"""Counting in the background."""

from celery import shared_task

from apps.figures import services
from apps.tenancy.everywhere import at_each_shipper


@shared_task(name="figures.count", ignore_result=True, expires=60)
def count() -> None:
    """Count each shipper's figures."""
    at_each_shipper("count the figures", services.count)
