"""A day's delivery notes as one file to print: a job that lays out those that are missing and joins all.

The job goes through the day from the front while the notes that are missing are also promised one by one,
from the back: every worker process lays out notes until they meet, and none is laid out twice.
"""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.core.jobs import Reporter, fail, finish, lock_open, stop, take_up
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


@transaction.atomic
def cancel_day_papers(*, actor: Actor, job_id: UUID, now: datetime) -> None:
    """Stop at the next note; what was issued stays issued.

    Raises:
        PermissionRefused: ``actor`` is no planner of this shipper.
    """
    require(actor, "deliveries.plan", current_shipper())
    job = lock_open(job_id)
    if job is not None and job.kind == KIND:
        stop(job, by=actor.name, now=now)


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


def run_day_papers(*, job_id: UUID, day: date, clock: Callable[[], datetime]) -> None:
    """Do the job to its end; begun again after a crash it takes the notes that are there."""
    if take_up(job_id, message="Joining the delivery notes.", now=clock()) is None:
        return
    try:
        joined = _joined(day, Reporter(job_id), clock)
    except DomainError as error:
        fail(job_id, error.message, now=clock())
        return
    except Exception:
        fail(job_id, "Joining the notes ended with an internal error; ask for them again.", now=clock())
        raise
    with transaction.atomic():
        job = lock_open(job_id)
        if job is None:
            return
        if joined is None:
            finish(job, Job.State.CANCELLED, "Stopped; notes that were issued stay issued.", now=clock())
            return
        job.artefact, message, job.done = joined
        job.total = job.done
        job.save(update_fields=["artefact"])
        finish(job, Job.State.DONE, message, now=clock())


def _joined(day: date, reporter: Reporter, clock: Callable[[], datetime]) -> tuple[str, str, int] | None:
    """Where the joined notes lie, what is to be said of them and how many they are; None when stopped."""
    import pikepdf  # for workers alone

    chosen = _agreed(day)
    with pikepdf.new() as joined:
        for done, delivery in enumerate(chosen):
            reporter.tell(done, len(chosen))
            if reporter.is_stopped:
                return None
            note = issue_missing_note(delivery_id=delivery.pk, now=clock())
            with store.open(note.path) as file, pikepdf.open(file) as pdf:
                joined.pages.extend(pdf.pages)
        output = BytesIO()
        joined.save(output, deterministic_id=True)
    left_out = deliveries().filter(day=day).count() - len(chosen)
    message = f"{len(chosen)} delivery notes of {day:%d %B %Y}."
    if left_out:
        message += f" {left_out} deliveries of that day have no agreed slot and so no note."
    return store.put(output.getvalue()).path, message, len(chosen)


def _agreed(day: date) -> list[Delivery]:
    """The day's deliveries that have an agreed slot, by number."""
    found = (visit.delivery for visit in visits(deliveries().filter(day=day)) if visit.is_confirmed)
    return sorted(found, key=lambda delivery: delivery.number)
