"""Promising work inside a transaction: the row is the promise, the broker only carries its number.

``enqueue`` is called by services; handlers are registered by name in an app's ``tasks.py`` and run by
``apps.tenancy.tasks.deliver``.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.tenancy.connection import connection
from apps.tenancy.models import Outbox

log = logging.getLogger(__name__)

Work = Callable[..., None]
DELIVER = "tenancy.deliver"  # the one task, in apps.tenancy.tasks
GIVE_UP_AFTER = 12  # attempts; with doubling pauses the last one comes after some six hours


@dataclass(frozen=True)
class Handler:
    """How one kind of work is done.

    ``atomic`` work runs in the transaction that marks its row done: its effect happens exactly once.
    Other work (minutes long, or outside the database) opens its own transactions and must be
    idempotent; a session lock keeps two workers from doing it at once.
    """

    work: Work
    queue: str
    atomic: bool


HANDLERS: dict[str, Handler] = {}


def handles(name: str, *, queue: str = "default", atomic: bool = True) -> Callable[[Work], Work]:
    """Register the function that does the work called ``name``, in the schema it was asked from."""

    def register(work: Work) -> Work:
        if name in HANDLERS:
            raise ValueError(f"two handlers for {name}")
        HANDLERS[name] = Handler(work, queue, atomic)
        return work

    return register


def enqueue(name: str, *, due_at: datetime | None = None, **payload: Any) -> UUID:
    """Promise that ``name`` will be done with ``payload`` (JSON values) in the current schema.

    The promise commits or vanishes with the caller's transaction. When the broker can't be reached
    the row waits and the sweep sends it later.
    """
    row = Outbox(
        schema_name=connection.schema_name, name=name, payload=payload, due_at=due_at or timezone.now()
    )
    Outbox.objects.bulk_create([row])  # no RETURNING: a shipper's role may add rows but not read them
    if due_at is None:
        transaction.on_commit(lambda: send(row.pk, name))
    return row.pk


def send(row_id: UUID, name: str) -> None:
    """Tell the worker that a row waits. With the broker away nothing is lost: the sweep sends it later."""
    handler = HANDLERS.get(name)
    queue = handler.queue if handler else "default"
    try:
        current_app.send_task(DELIVER, args=[str(row_id)], queue=queue, retry=False)
    except (OperationalError, OSError):
        log.warning("broker unreachable: %s waits for the sweep", name)
