"""The sequencer: brings every shipper's committed events into its log, several times a second.

Should it be down, the worker does the same every half minute. A log that can't be signed stops no other and
is tried again after a while.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from apps.custody import selectors
from apps.custody.hostile import require_guarded
from apps.custody.services.sequencing import BATCH, sequence
from apps.tenancy import doorway
from apps.tenancy.everywhere import active_shippers
from apps.tenancy.models import Shipper

log = logging.getLogger(__name__)

PAUSE = 0.2  # seconds between two passes
AGAIN_AFTER = 30.0  # seconds until a log that can't be signed, or a database that is away, is tried again
RECONNECT_AFTER = 1.0
AWAY = (OperationalError, InterfaceError)  # what a statement raises while the database goes, and after


def run(stop: Event) -> None:
    """Pass after pass until ``stop`` is set; a pass that has begun ends first.

    Raises:
        Unguarded: the database lets a record be changed.
    """
    resting: dict[str, float] = {}
    guarded = False
    while not stop.is_set():
        try:
            if not guarded:
                require_guarded()
                guarded = True
            sequence_every_log(resting)
        except AWAY as error:
            log.warning("the database is away: %s", error)
            connection.close()
            stop.wait(RECONNECT_AFTER)
        stop.wait(PAUSE)


def sequence_every_log(resting: dict[str, float] | None = None) -> None:
    """One pass over all shippers; those in ``resting`` (schema, monotonic time) wait until their time."""
    resting = {} if resting is None else resting
    for shipper in active_shippers():
        if resting.get(shipper.schema_name, 0.0) > time.monotonic():
            continue
        with _apart(shipper, resting), doorway.enter_shipper(shipper):
            _catch_up()


def _catch_up() -> None:
    """The current shipper's events that wait, and on while full batches come.

    What was committed meanwhile waits for the next pass: with many writers there would always be something,
    and heads for a handful of events each would take the processors that the writers need.
    """
    full = selectors.is_behind()
    while full:
        last = selectors.latest_checkpoint()
        head = sequence(now=timezone.now())
        full = head is not None and head.size - (last.size if last else 0) >= BATCH


@contextmanager
def _apart(shipper: Shipper, resting: dict[str, float]) -> Iterator[None]:
    """What goes wrong with one log is said, and it rests."""
    try:
        yield
    except AWAY:
        raise
    except Exception:
        resting[shipper.schema_name] = time.monotonic() + AGAIN_AFTER
        log.exception("the log of %s was not sequenced", shipper.slug)
