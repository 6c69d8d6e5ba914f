"""A day's delivery notes as one file to print: a job that lays out those that are missing and joins all.

The job goes through the day from the front while the notes that are missing are also promised one by one,
from the back: every worker process lays out notes until they meet, and none is laid out twice.
"""

from datetime import date, datetime
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.core.models import Job
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, delivery_by_id, visits
from apps.deliveries.services.papers import issue_delivery_note
from apps.documents import store
from apps.documents.models import Document
from apps.documents.selectors import latest_issue
from apps.facilities.models import DocumentType
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

KIND = "deliveries.day_papers"
ISSUE_MISSING = "deliveries.issue_missing_note"


class NoPapersToPrint(DomainError):
    """No delivery of the day has an agreed slot, so none has a delivery note."""

    code = "no-papers-to-print"
    status = 409


class UnknownPrint(DomainError):
    """There is no such file to print for whoever asks."""

    code = "unknown-print"
    status = 404


class _Stopped(Exception):
    """Whoever asked wants it no more."""


@transaction.atomic
def request_day_papers(*, actor: Actor, day: date, now: datetime) -> Job:
    """Have the worker join the delivery notes of the requested ``day``; the answer is the job to watch.

    Raises:
        PermissionRefused: ``actor`` is no planner of this shipper.
        NoPapersToPrint: nothing of that day has an agreed slot.
    """
    require(actor, "deliveries.plan", current_shipper())
    chosen = _agreed(day)
    if not chosen:
        raise NoPapersToPrint(f"No delivery of {day:%d %B %Y} has an agreed slot yet; agree on slots first.")
    job = Job.objects.create(
        kind=KIND, total=len(chosen), asked_by_id=actor.person_id, asked_by_name=actor.name
    )
    enqueue(KIND, job_id=str(job.pk), day=day.isoformat())
    for delivery in reversed(chosen):
        if latest_issue(delivery.pk, DocumentType.DELIVERY_NOTE) is None:
            enqueue(ISSUE_MISSING, delivery_id=str(delivery.pk))
    return job


def issue_missing_note(*, delivery_id: UUID, now: datetime) -> Document:
    """The delivery note in force, laid out now where there is none."""
    there = latest_issue(delivery_id, DocumentType.DELIVERY_NOTE)
    return there or issue_delivery_note(actor=SYSTEM, delivery=delivery_by_id(delivery_id), now=now)


def cancel_day_papers(*, actor: Actor, job_id: UUID) -> None:
    """Stop at the next note; what was issued stays issued.

    Raises:
        PermissionRefused: ``actor`` is no planner of this shipper.
    """
    require(actor, "deliveries.plan", current_shipper())
    Job.objects.filter(pk=job_id, kind=KIND).update(cancel_requested=True)


def open_day_papers(*, actor: Actor, job_id: UUID) -> BinaryIO:
    """The finished file, open for reading.

    Raises:
        PermissionRefused: ``actor`` is no planner of this shipper.
        UnknownPrint: there is none, or it is not finished.
    """
    require(actor, "deliveries.plan", current_shipper())
    finished = Job.objects.filter(pk=job_id, kind=KIND, state=Job.State.DONE).exclude(artefact="").first()
    if finished is None:
        raise UnknownPrint("There is no such file to print; ask for it again.")
    return store.open(finished.artefact)


def run_day_papers(*, job_id: UUID, day: date) -> None:
    """Do the job to its end; begun again after a crash it takes the notes that are there."""
    jobs = Job.objects.filter(pk=job_id, kind=KIND)
    if not jobs.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).update(state=Job.State.RUNNING):
        return
    try:
        artefact, message = _joined(job_id, day)
    except _Stopped:
        jobs.update(state=Job.State.CANCELLED, message="", finished_at=timezone.now())
    except DomainError as error:
        jobs.update(state=Job.State.FAILED, message=error.message, finished_at=timezone.now())
    else:
        jobs.update(state=Job.State.DONE, message=message, artefact=artefact, finished_at=timezone.now())


def _joined(job_id: UUID, day: date) -> tuple[str, str]:
    """Where the joined notes lie, and what is to be said of them."""
    import pikepdf  # for workers alone

    chosen = _agreed(day)
    with pikepdf.new() as joined:
        for done, delivery in enumerate(chosen):
            _report(job_id, done, len(chosen))
            note = issue_missing_note(delivery_id=delivery.pk, now=timezone.now())
            with store.open(note.path) as file, pikepdf.open(file) as pdf:
                joined.pages.extend(pdf.pages)
        _report(job_id, len(chosen), len(chosen))
        output = BytesIO()
        joined.save(output, deterministic_id=True)
    left_out = deliveries().filter(day=day).count() - len(chosen)
    message = f"{len(chosen)} delivery notes of {day:%d %B %Y}."
    if left_out:
        message += f" {left_out} deliveries of that day have no agreed slot and so no note."
    return store.put(output.getvalue()).path, message


def _report(job_id: UUID, done: int, total: int) -> None:
    if not Job.objects.filter(pk=job_id, cancel_requested=False).update(done=done, total=total):
        raise _Stopped


def _agreed(day: date) -> list[Delivery]:
    """The day's deliveries that have an agreed slot, by number."""
    found = (visit.delivery for visit in visits(deliveries().filter(day=day)) if visit.is_confirmed)
    return sorted(found, key=lambda delivery: delivery.number)
