"""Work in the background as ``job_progress.html`` takes it."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.models import Job

WORDS = {Job.State.WAITING: "queued"}


def progress(
    job: Job,
    *,
    title: str,
    now: datetime,
    result_url: str = "",
    result_label: str = "",
    back: str = "",
    url: str = "",
    cancel_url: str = "",
) -> dict[str, Any]:
    """How far a job is, what is left of it, where its result lies once it is done.

    ``back`` is the page that it is shown on, to return to after stopping it. ``url`` and ``cancel_url`` are
    the job's own addresses where they are not the desk's.
    """
    state = Job.State(job.state)
    query = f"?{urlencode({'back': back})}" if back else ""
    return {
        "id": job.pk,
        "title": title,
        "state": WORDS.get(state, state.value),
        "done": job.done,
        "total": job.total or None,
        "message": _stopping(job) or job.message or _message(state),
        "remaining": remaining(job, now=now),
        "url": url or reverse("desk:job", args=[job.pk]) + query,
        "cancel_url": cancel_url or reverse("desk:job_cancel", args=[job.pk]) + query
        if not job.cancel_requested and not job.is_over
        else "",
        "result_url": result_url if state == Job.State.DONE else "",
        "result_label": result_label,
        "error": job.message if state == Job.State.FAILED else "",
    }


def remaining(job: Job, *, now: datetime) -> str:
    """How long it will probably still take, at the pace so far; empty when nothing can be said."""
    if job.is_over or not job.total or not job.done or job.done >= job.total:
        return ""
    left: timedelta = (now - job.created_at) * (job.total - job.done) / job.done
    minutes = round(left.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute left")
    return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}


def _stopping(job: Job) -> str:
    return _("It is being stopped.") if job.cancel_requested and not job.is_over else ""


def _message(state: Job.State) -> str:
    return {
        Job.State.WAITING: _("It starts as soon as a worker is free."),
        Job.State.CANCELLED: _("Stopped; nothing was changed."),
    }.get(state, "")
