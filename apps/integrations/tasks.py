"""Work of integrations in the background: trying what was captured, reporting to subscribers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.integrations.services import run_capture
from apps.integrations.services.capturing import KIND
from apps.integrations.services.subscribing import SEND, report_what_is_new, send_report
from apps.tenancy.everywhere import at_each_shipper
from apps.tenancy.outbox import handles


@handles(KIND)
def capture(capture_id: str) -> None:
    """Try the events of one capture."""
    run_capture(capture_id=UUID(capture_id))


@shared_task(name="integrations.report", ignore_result=True, expires=15)
def report() -> None:
    """Promise, for each shipper, the reports that its subscribers are due."""
    at_each_shipper("report to subscribers", report_what_is_new)


@handles(SEND, atomic=False)
def send(report_id: str) -> None:
    """Post one report to its subscriber."""
    send_report(report_id=UUID(report_id), now=timezone.now())
