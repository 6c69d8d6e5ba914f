"""Work of tracking in the background: forgetting where vehicles were."""

from celery import shared_task

from apps.tenancy.everywhere import at_each_shipper
from apps.tracking import services


@shared_task(name="tracking.forget", ignore_result=True, expires=3600)
def forget() -> None:
    """Delete positions that were kept for long enough, at each shipper."""
    at_each_shipper("forget old positions", services.forget_positions)
