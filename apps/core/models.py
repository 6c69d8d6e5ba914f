"""What every room's tables share, and the job row that long work reports its progress on."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import Access
from apps.core.ids import new_id


class Record(models.Model):
    """A row with a time-ordered UUID key and the moment it was made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    access: ClassVar[Access] = Access()

    class Meta:
        abstract = True


class Job(Record):
    """Long work as the person who asked for it sees it: progress, outcome, and the wish to stop it.

    There is one table in the network and one per shipper; a job lives where its work does.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text=_("What was asked for, as plain values."))
    subject_id = models.UUIDField(null=True, blank=True, help_text=_("What the work is about."))
    artefact = models.CharField(
        max_length=300, blank=True, help_text=_("Where the result lies in the store.")
    )
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often a worker took it up; more than once when one died over it.")
    )
    asked_by_id = models.UUIDField(null=True, blank=True)
    asked_by_name = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    access = Access(shipper="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "subject_id"])]

    def __str__(self) -> str:
        return f"{self.kind} · {self.get_state_display()}"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    @property
    def percent(self) -> int | None:
        return min(100, 100 * self.done // self.total) if self.total else None
