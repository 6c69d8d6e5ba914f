"""Exports as people ask for them: a job in the worker, its bundle in the private store for a while.

``<STORE_DIR>/<schema>/exports/<job>.zip``. A bundle opens personal values, so it does not stay for ever.
"""

import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.core.models import Job
from apps.custody.errors import ExportCancelled, UnknownExport
from apps.custody.services.exporting import export_bundle
from apps.custody.services.scoping import ExportChoice, ExportScope
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

log = logging.getLogger(__name__)

KIND = "custody.export"
KEPT_FOR = timedelta(days=7)


@transaction.atomic
def request_export(
    *,
    actor: Actor,
    scope: ExportScope,
    now: datetime,
    older_size: int | None = None,
    choice: ExportChoice | None = None,
) -> Job:
    """Have the worker make a bundle; the answer is the job to watch. Old bundles go at the same time.

    Raises:
        PermissionRefused: ``actor`` neither audits nor administers this shipper.
    """
    require(actor, "custody.export", current_shipper())
    _forget(Job.objects.filter(finished_at__lt=now - KEPT_FOR))
    job = Job.objects.create(
        kind=KIND, subject_id=scope.delivery_id, asked_by_id=actor.person_id, asked_by_name=actor.name
    )
    enqueue(
        KIND,
        job_id=str(job.pk),
        scope=scope.fact(),
        choice=(choice or ExportChoice()).fact(),
        older_size=older_size,
    )
    return job


def cancel_export(*, actor: Actor, job_id: UUID) -> None:
    """Ask the worker to stop; a job that is over stays as it is.

    Raises:
        PermissionRefused: as `request_export`.
        UnknownExport: there is no such job here.
    """
    require(actor, "custody.export", current_shipper())
    if not Job.objects.filter(pk=job_id, kind=KIND).update(cancel_requested=True):
        raise UnknownExport("There is no such export.")


def open_export(*, actor: Actor, job_id: UUID) -> BinaryIO:
    """The finished bundle of a job, open for reading.

    Raises:
        PermissionRefused: as `request_export`.
        UnknownExport: there is none, it is not finished, or it was kept long enough.
    """
    require(actor, "custody.export", current_shipper())
    finished = Job.objects.filter(pk=job_id, kind=KIND, state=Job.State.DONE).exclude(artefact="")
    try:
        if finished.exists():
            return _place(job_id).open("rb")
    except FileNotFoundError:
        log.warning("the bundle of export %s is gone", job_id)
    raise UnknownExport("There is no such bundle any more; export again.")


def forget_exports() -> None:
    """Remove every bundle that is kept: they hold personal values that were erased since."""
    _forget(Job.objects.all())


def run_export(
    *,
    job_id: UUID,
    scope: ExportScope,
    older_size: int | None,
    now: datetime,
    choice: ExportChoice | None = None,
) -> None:
    """Make the bundle of a job; how it went stands on the job. Doing it again after a crash is safe."""
    open_states = [Job.State.WAITING, Job.State.RUNNING]
    if not Job.objects.filter(pk=job_id, kind=KIND, state__in=open_states).update(state=Job.State.RUNNING):
        return
    try:
        missing = _make(job_id, scope, older_size, now, choice or ExportChoice())
    except ExportCancelled:
        _finish(job_id, Job.State.CANCELLED, "")
    except DomainError as error:
        _finish(job_id, Job.State.FAILED, error.message)
    except Exception:
        log.exception("the export %s failed", job_id)
        _finish(
            job_id,
            Job.State.FAILED,
            "Something went wrong on our side. Try again; if it stays, tell the operator.",
        )
    else:
        _finish(job_id, Job.State.DONE, "\n".join(missing), artefact=str(_relative(job_id)))


def _make(
    job_id: UUID, scope: ExportScope, older_size: int | None, now: datetime, choice: ExportChoice
) -> Sequence[str]:
    """Write the bundle beside its place and move it there when it is whole and proven."""
    _report(job_id, 0, 0)
    target = _place(job_id)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")  # what a crash leaves is overwritten when the job is done again
    try:
        with open(unfinished, "w+b", opener=_for_owner_alone) as file:
            export = export_bundle(
                actor=_asker(job_id),
                scope=scope,
                output=file,
                now=now,
                older_size=older_size,
                choice=choice,
                progress=lambda done, total: _report(job_id, done, total),
            )
            file.flush()
            os.fsync(file.fileno())
        _report(job_id, export.summary.events, export.summary.events)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return export.missing


def _for_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _asker(job_id: UUID) -> Actor:
    """Who asked, with the roles they hold now."""
    asked_by = Job.objects.filter(pk=job_id).values("asked_by_id")
    person = Person.objects.filter(pk__in=asked_by).first()
    actor = actor_at_shipper(person, current_shipper().pk) if person and person.is_active else None
    if actor is None:
        raise PermissionRefused("Whoever asked for this export is no member of this shipper any more.")
    return actor


def _report(job_id: UUID, done: int, total: int) -> None:
    """Put progress on the job.

    Raises:
        ExportCancelled: somebody wants it to stop.
    """
    if not Job.objects.filter(pk=job_id, cancel_requested=False).update(done=done, total=total):
        raise ExportCancelled("The export was cancelled.")


def _finish(job_id: UUID, state: Job.State, message: str, artefact: str = "") -> None:
    Job.objects.filter(pk=job_id).update(
        state=state, message=message, artefact=artefact, finished_at=timezone.now()
    )


def _forget(jobs: QuerySet[Job]) -> None:
    for job in jobs.filter(kind=KIND).exclude(artefact=""):
        _place(job.pk).unlink(missing_ok=True)
        Job.objects.filter(pk=job.pk).update(artefact="")


def _place(job_id: UUID) -> Path:
    return Path(settings.STORE_DIR) / _relative(job_id)


def _relative(job_id: UUID) -> Path:
    return Path(current_shipper().schema_name) / "exports" / f"{job_id}.zip"
