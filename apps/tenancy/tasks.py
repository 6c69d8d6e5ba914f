"""Delivering what was promised: takes an outbox row, enters its schema, does its work, marks it done."""

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.tenancy import doorway
from apps.tenancy.connection import connection
from apps.tenancy.models import Outbox, Shipper
from apps.tenancy.outbox import DELIVER, GIVE_UP_AFTER, HANDLERS, handles, send

log = logging.getLogger(__name__)

RESEND_AFTER = timedelta(seconds=20)
SWEEP_BATCH = 500


@shared_task(name=DELIVER, ignore_result=True)
def deliver(row_id: str) -> None:
    """Do the work of one outbox row; a second delivery of the same row does nothing."""
    deliver_row(UUID(row_id))


@shared_task(name="tenancy.sweep", ignore_result=True, expires=5)
def sweep() -> None:
    """Send again what is due and not done: lost by the broker, never sent, or put off."""
    connection.set_schema_to_public()
    now = timezone.now()
    with transaction.atomic():
        rows = list(
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(done_at=None, due_at__lte=now, attempts__lt=GIVE_UP_AFTER)
            .exclude(sent_at__gt=now - RESEND_AFTER)
            .order_by("due_at")[:SWEEP_BATCH]
        )
        Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(sent_at=now)
    for row in rows:
        send(row.pk, row.name)


def deliver_row(row_id: UUID) -> bool:
    """Do one row's work here and now; False when there was nothing to do or it failed."""
    connection.set_schema_to_public()
    name = Outbox.objects.filter(pk=row_id, done_at=None).values_list("name", flat=True).first()
    if name is None:
        return False
    handler = HANDLERS.get(name)
    if handler is None:
        log.error("nobody handles %s", name)
        return False
    try:
        return _deliver_atomically(row_id) if handler.atomic else _deliver_long(row_id)
    except Exception as error:
        log.exception("%s failed", name)
        _put_off(row_id, error)
        return False


def _deliver_atomically(row_id: UUID) -> bool:
    with transaction.atomic():
        row = Outbox.objects.select_for_update(skip_locked=True).filter(pk=row_id, done_at=None).first()
        if row is None:
            return False
        _work(row)
        Outbox.objects.filter(pk=row_id).update(done_at=timezone.now())
    return True


def _deliver_long(row_id: UUID) -> bool:
    with _session_lock(row_id) as held:
        row = Outbox.objects.filter(pk=row_id, done_at=None).first() if held else None
        if row is None:
            return False
        _work(row)
        Outbox.objects.filter(pk=row_id).update(done_at=timezone.now())
    return True


def _work(row: Outbox) -> None:
    work = HANDLERS[row.name].work
    if row.schema_name == "public":
        work(**row.payload)
    else:
        with doorway.enter_shipper(doorway.shipper_by_schema(row.schema_name)):
            work(**row.payload)


@contextlib.contextmanager
def _session_lock(row_id: UUID) -> Iterator[bool]:
    """A lock that ends with the session, so a worker that dies frees its row at once."""
    key = row_id.int & 0x7FFF_FFFF_FFFF_FFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _put_off(row_id: UUID, error: Exception) -> None:
    connection.set_schema_to_public()
    row = Outbox.objects.filter(pk=row_id).first()
    if row is not None:
        row.attempts += 1
        row.due_at = timezone.now() + timedelta(seconds=min(2**row.attempts * 5, 6 * 3600))
        row.last_error = f"{type(error).__name__}: {error}"[:2000]
        row.save(update_fields=["attempts", "due_at", "last_error"])


@handles("tenancy.provision_shipper", atomic=False)
def provision_shipper(slug: str) -> None:
    """Set a requested shipper up in a process that acts as the owner; this one does not."""
    if Shipper.objects.filter(slug=slug, state=Shipper.State.REQUESTED).exists():
        subprocess.run(  # noqa: S603 our own command; the slug was validated
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "provision_shipper", slug],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "DOCKSIDE_DATABASE": connection.settings_dict["NAME"]},
        )
