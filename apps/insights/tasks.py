"""Watching in the background."""

import logging

from celery import shared_task
from django.utils import timezone

from apps.insights import services
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)


@shared_task(name="insights.watch", ignore_result=True, expires=20)
def watch() -> None:
    """Look for exceptions at each shipper; one at which it fails holds up no other."""
    with doorway.network():
        shippers = list(Shipper.objects.filter(state=Shipper.State.ACTIVE))
    for shipper in shippers:
        try:
            with doorway.enter_shipper(shipper):
                services.watch(now=timezone.now())
        except Exception:
            log.exception("the exceptions of %s were not looked for", shipper.slug)
