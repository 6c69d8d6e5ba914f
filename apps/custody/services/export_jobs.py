"""Exports as people ask for them: a job in the worker, its bundle in the private store for a while.

``<STORE_DIR>/<schema>/exports/<job>.zip``. A bundle opens personal values, so it does not stay for ever.
"""

import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.actors import Actor, Side, actor_at_shipper, actor_in_network
from apps.accounts.models import Person, Role
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.core.jobs import Reporter, end, fail, stop, take_up
from apps.core.models import Job
from apps.custody.errors import ExportCancelled, UnknownExport
from apps.custody.services.exporting import export_bundle
from apps.custody.services.scoping import ExportChoice, ExportScope, require_export
from apps.tenancy import doorway
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
        PermissionRefused: ``actor`` may not take this away (`scoping.require_export`).
    """
    require_export(actor, scope)
    _forget(Job.objects.filter(finished_at__lt=now - KEPT_FOR))
    asked: dict[str, Any] = {
        "scope": scope.fact(),
        "choice": (choice or ExportChoice()).fact(),
        "older_size": older_size,
    }
    job = Job.objects.create(
        kind=KIND,
        subject_id=scope.delivery_id,
        asked_by_id=actor.person_id,
        asked_by_name=actor.name,
        facts=asked,
    )
    enqueue(KIND, job_id=str(job.pk), **asked)
    return job


def exports_of(actor: Actor) -> QuerySet[Job]:
    """The exports that ``actor`` may watch, stop and download: a shipper's people those asked for at the
    shipper, a recipient's auditors those of what their recipient received. The newest first.

    Raises:
        PermissionRefused: ``actor`` exports nothing here.
    """
    jobs = Job.objects.filter(kind=KIND)
    if actor.side != Side.RECIPIENT:
        require(actor, "custody.export", current_shipper())
        return jobs.exclude(facts__scope__has_key="received_only")
    require(actor, "custody.export_received")
    audited = [str(at) for at, role in actor.recipient_roles if role == Role.AUDITOR]
    return jobs.filter(facts__scope__received_only=True, facts__scope__recipient_id__in=audited)


@transaction.atomic
def cancel_export(*, actor: Actor, job_id: UUID, now: datetime) -> None:
    """Stop an export: one that waits is over at once, one that runs soon; one that is over stays as it is.

    Raises:
        PermissionRefused: as `exports_of`.
        UnknownExport: there is no such job here.
    """
    job = exports_of(actor).select_for_update().filter(pk=job_id).first()
    if job is None:
        raise UnknownExport("There is no such export.")
    stop(job, by=actor.name, now=now)


def open_export(*, actor: Actor, job_id: UUID) -> BinaryIO:
    """The finished bundle of a job, open for reading.

    Raises:
        PermissionRefused: as `exports_of`.
        UnknownExport: there is none, it is not finished, or it was kept long enough.
    """
    job = exports_of(actor).filter(pk=job_id).first()
    bundle = bundle_of(job) if job else None
    if bundle is None:
        raise UnknownExport("There is no such bundle any more; export again.")
    return bundle


def bundle_of(job: Job) -> BinaryIO | None:
    """The bundle of a job that whoever asks may see; None where it is not finished or not kept any more."""
    if job.state != Job.State.DONE or not job.artefact:
        return None
    try:
        return _place(job.pk).open("rb")
    except FileNotFoundError:
        log.warning("the bundle of export %s is gone", job.pk)
        return None


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
    if take_up(job_id, message="", now=now) is None:
        return
    try:
        missing = _make(job_id, scope, older_size, now, choice or ExportChoice())
    except ExportCancelled:
        end(job_id, Job.State.CANCELLED, "", now=timezone.now())
    except DomainError as error:
        fail(job_id, error.message, now=timezone.now())
    except Exception:
        log.exception("the export %s failed", job_id)
        message = "Something went wrong on our side. Try again; if it stays, tell the operator."
        fail(job_id, message, now=timezone.now())
    else:
        message, artefact = "\n".join(missing), str(_relative(job_id))
        end(job_id, Job.State.DONE, message, now=timezone.now(), artefact=artefact)


def _make(
    job_id: UUID, scope: ExportScope, older_size: int | None, now: datetime, choice: ExportChoice
) -> Sequence[str]:
    """Write the bundle beside its place and move it there when it is whole and proven."""
    reporter = Reporter(job_id)
    target = _place(job_id)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")  # what a crash leaves is overwritten when the job is done again
    try:
        with open(unfinished, "w+b", opener=_for_owner_alone) as file:
            export = export_bundle(
                actor=_asker(job_id, scope),
                scope=scope,
                output=file,
                now=now,
                older_size=older_size,
                choice=choice,
                progress=lambda done, total: _report(reporter, done, total),
            )
            file.flush()
            os.fsync(file.fileno())
        _report(reporter, export.summary.events, export.summary.events, at_once=True)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return export.missing


def _for_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _asker(job_id: UUID, scope: ExportScope) -> Actor:
    """Who asked, with the roles they hold now."""
    asked_by = Job.objects.filter(pk=job_id).values_list("asked_by_id", flat=True).first()
    people = Person.objects.filter(pk__in=[asked_by] if asked_by else [], is_active=True)
    actor = None
    if scope.received_only:
        with doorway.network():
            member = actor_in_network(person) if (person := people.first()) else None
            actor = member.at_recipient(scope.recipient_id) if member else None
    elif person := people.first():
        actor = actor_at_shipper(person, current_shipper().pk)
    if actor is None:
        raise PermissionRefused("Whoever asked for this export has no role here any more.")
    return actor


def _report(reporter: Reporter, done: int, total: int, *, at_once: bool = False) -> None:
    """Put progress on the job.

    Raises:
        ExportCancelled: somebody wants it to stop.
    """
    reporter.tell(done, total, at_once=at_once)
    if reporter.is_stopped:
        raise ExportCancelled("The export was cancelled.")


def _forget(jobs: QuerySet[Job]) -> None:
    for job in jobs.filter(kind=KIND).exclude(artefact=""):
        _place(job.pk).unlink(missing_ok=True)
        Job.objects.filter(pk=job.pk).update(artefact="")


def _place(job_id: UUID) -> Path:
    return Path(settings.STORE_DIR) / _relative(job_id)


def _relative(job_id: UUID) -> Path:
    return Path(current_shipper().schema_name) / "exports" / f"{job_id}.zip"
