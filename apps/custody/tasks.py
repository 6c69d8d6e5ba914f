"""Work of the custody room in the background: sequencing logs, closing registers, making bundles."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.custody import services
from apps.custody.network.signing import sign_day
from apps.custody.sequencer import sequence_every_log
from apps.custody.services.export_jobs import KIND, run_export
from apps.custody.services.scoping import ExportChoice, ExportScope
from apps.tenancy.everywhere import at_each_shipper
from apps.tenancy.outbox import handles


@shared_task(name="custody.sequence", ignore_result=True, expires=30)
def sequence() -> None:
    """Bring every shipper's committed events into its log, should the sequencer be down."""
    sequence_every_log()


@shared_task(name="custody.witness", ignore_result=True, expires=60)
def witness() -> None:
    """Have the newest head of every shipper's log cosigned by each witness."""
    if not settings.CUSTODY_WITNESSES:
        return
    at_each_shipper("have the log cosigned", lambda **_: services.ask_witnesses())


@shared_task(name="custody.sign_network", ignore_result=True, expires=600)
def sign_network() -> None:
    """Enter each log's newest head in the network's log, once a day."""
    sign_day(now=timezone.now())


@shared_task(name="custody.close_registers", ignore_result=True, expires=3600)
def close_registers() -> None:
    """Close the registers of the days that are over, so that an export has little to catch up with."""
    at_each_shipper("close registers", services.close_days)


@handles(KIND, queue="documents", atomic=False)
def export(job_id: str, scope: dict[str, Any], choice: dict[str, list[str]], older_size: int | None) -> None:
    """Make the bundle that somebody asked for."""
    run_export(
        job_id=UUID(job_id),
        scope=ExportScope.from_fact(scope),
        choice=ExportChoice.from_fact(choice),
        older_size=older_size,
        now=timezone.now(),
    )
