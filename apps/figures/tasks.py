"""Counting, telling risks, training and reporting in the background."""

from functools import partial

from celery import shared_task

from apps.figures import services
from apps.tenancy.everywhere import at_each_shipper

#: So long, in seconds, a look counts further back at one shipper, so that the others' work is not held up.
COUNTS_BACK = 5.0


@shared_task(name="figures.count", ignore_result=True, expires=60)
def count() -> None:
    """Count each shipper's figures."""
    at_each_shipper("count the figures", partial(services.count, seconds=COUNTS_BACK))


@shared_task(name="figures.foresee", ignore_result=True, expires=300)
def foresee() -> None:
    """Tell the risk of what comes at each shipper."""
    at_each_shipper("tell the risks", services.foresee)


@shared_task(name="figures.learn", ignore_result=True, expires=3600)
def learn() -> None:
    """Train each shipper's model where it is due."""
    at_each_shipper("learn from the past", services.learn)


@shared_task(name="figures.report", ignore_result=True, expires=3600)
def report() -> None:
    """Send each shipper the last week's figures, once the week is over and counted."""
    at_each_shipper("report the week", services.report_week)
