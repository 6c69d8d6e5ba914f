"""Work of the custody room in the background: sequencing each shipper's log, making bundles."""

import logging
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.custody import services
from apps.custody.services.export_jobs import KIND, run_export
from apps.custody.services.scoping import ExportChoice, ExportScope
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from apps.tenancy.outbox import handles

log = logging.getLogger(__name__)


@shared_task(name="custody.sequence", ignore_result=True, expires=5)
def sequence() -> None:
    """Bring every shipper's committed events into its log; one that can't be signed stops no other."""
    with doorway.network():
        shippers = list(Shipper.objects.filter(state=Shipper.State.ACTIVE))
    for shipper in shippers:
        try:
            with doorway.enter_shipper(shipper):
                _sequence_all()
        except Exception:
            log.exception("the log of %s was not sequenced", shipper.slug)


def _sequence_all() -> None:
    while services.sequence(now=timezone.now()):
        pass


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
