"""Promising work inside a transaction: the row is the promise, the broker only carries its number.

``enqueue`` is called by services; handlers are registered by name in an app's ``tasks.py`` and run by
``apps.tenancy.tasks.deliver``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.tenancy.connection import connection
from apps.tenancy.models import Outbox

Work = Callable[..., None]


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
        transaction.on_commit(lambda: _send(row.pk, name))
    return row.pk


def _send(row_id: UUID, name: str) -> None:
    from apps.tenancy.tasks import send  # the task module needs this one

    send(row_id, name)
