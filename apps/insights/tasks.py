"""Watching in the background."""

from celery import shared_task

from apps.insights import services
from apps.tenancy.everywhere import at_each_shipper


@shared_task(name="insights.watch", ignore_result=True, expires=20)
def watch() -> None:
    """Look for exceptions at each shipper."""
    at_each_shipper("look for exceptions", services.watch)
