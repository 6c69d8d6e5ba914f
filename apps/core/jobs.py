"""How a worker does a job: takes it up, reports on its row, hears that it shall stop, ends it once.

A job that is done, failed or cancelled is over for good; whoever takes it up again leaves it.
"""

from datetime import datetime
from time import monotonic
from uuid import UUID

from django.db import transaction

from apps.core.models import Job

OPEN = (Job.State.WAITING, Job.State.RUNNING)

TAKEN_UP_AT_MOST = 3
"""So often may a worker die over one job before the job fails instead of being begun once more."""

REPORT_EVERY = 0.5
"""Seconds between two looks at the job's row."""


@transaction.atomic
def take_up(job_id: UUID, *, message: str, now: datetime, unharmed: str = "") -> Job | None:
    """The job, running from now on; None when there is nothing to do: it is over, or was stopped before.

    ``message`` says what happens first, ``unharmed`` what still holds should the job be given up.
    """
    job = lock_open(job_id)
    if job is None:
        return None
    if job.cancel_requested:
        finish(job, Job.State.CANCELLED, "Stopped before it began.", now=now)
        return None
    if job.attempts >= TAKEN_UP_AT_MOST:
        finish(
            job,
            Job.State.FAILED,
            f"The worker ended {job.attempts} times over this. {unharmed}".rstrip()
            + " Ask again; if it happens again, the worker's log says why.",
            now=now,
        )
        return None
    again = "The worker ended over this; beginning again. " if job.attempts else ""
    job.attempts += 1
    job.state, job.message = Job.State.RUNNING, f"{again}{message}"
    job.save(update_fields=["state", "message", "attempts"])
    return job


def lock_open(job_id: UUID) -> Job | None:
    """The job under its row lock; None when it is over or gone. To be called in a transaction."""
    return Job.objects.select_for_update().filter(pk=job_id, state__in=OPEN).first()


def finish(job: Job, state: Job.State, message: str, *, now: datetime) -> None:
    """End a locked job; its ``done``, ``total`` and ``artefact`` are kept as they stand on it."""
    job.state, job.message, job.finished_at = state, message, now
    job.save(update_fields=["state", "message", "finished_at", "done", "total", "artefact"])


@transaction.atomic
def end(job_id: UUID, state: Job.State, message: str, *, now: datetime, artefact: str = "") -> None:
    """End a job unless it is over; ``artefact`` is where its result lies in the store."""
    if (job := lock_open(job_id)) is not None:
        job.artefact = artefact
        finish(job, state, message, now=now)


def fail(job_id: UUID, message: str, *, now: datetime) -> None:
    """End a job that went wrong, unless it is over."""
    end(job_id, Job.State.FAILED, message, now=now)


def stop(job: Job, *, by: str, now: datetime) -> None:
    """Have a locked job stop: one that waits is over at once, one that runs hears of it soon."""
    if job.state == Job.State.WAITING:
        finish(job, Job.State.CANCELLED, f"Stopped by {by}.", now=now)
    if job.state == Job.State.RUNNING:
        job.cancel_requested = True
        job.save(update_fields=["cancel_requested"])


class Reporter:
    """Between work and its job's row: tells now and then how far it is, hears that it shall stop."""

    def __init__(self, job_id: UUID, *, every: float = REPORT_EVERY) -> None:
        self._job_id, self._every, self._next = job_id, every, 0.0
        self.is_stopped = False

    @property
    def is_due(self) -> bool:
        """Whether the row would be told now; asked where putting together what to say costs something."""
        return monotonic() >= self._next

    def tell(self, done: int, total: int, message: str = "", *, at_once: bool = False) -> None:
        """Say how far it is; most calls cost nothing: unless ``at_once``, the row is told twice a second."""
        if not (at_once or self.is_due):
            return
        self._next = monotonic() + self._every
        said = {"done": done, "total": total} | ({"message": message} if message else {})
        job = Job.objects.filter(pk=self._job_id)
        job.update(**said)
        self.is_stopped = job.filter(cancel_requested=True).exists()
