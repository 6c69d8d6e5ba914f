"""Work that is done at every active shipper in turn, each in its own schema and role."""

import logging
from collections.abc import Callable

from django.utils import timezone

from apps.tenancy import doorway
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)


def active_shippers() -> list[Shipper]:
    """The shippers that work can be done for, by slug."""
    with doorway.network():
        return list(Shipper.objects.filter(state=Shipper.State.ACTIVE).order_by("slug"))


def at_each_shipper(what: str, act: Callable[..., object]) -> None:
    """Call ``act(now=…)`` in each active shipper's schema; one at which it fails holds up no other.

    ``what`` completes the log's sentence “could not … at acme”.
    """
    for shipper in active_shippers():
        try:
            with doorway.enter_shipper(shipper):
                act(now=timezone.now())
        except Exception:
            log.exception("could not %s at %s", what, shipper.slug)
