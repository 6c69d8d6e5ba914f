"""Papers that go with the goods: rendered by us or brought in, stored by content, private."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.facilities.models import DocumentType


class Document(Record):
    """One issued or received paper of a delivery. A new issue is a new row; the old one stays.

    ``facts_sha256`` says what a paper of our own was made from, and ``version`` counts its issues from 1.
    """

    delivery_id = models.UUIDField(
        db_index=True, help_text=_("Deliveries stand above documents, hence an id.")
    )
    document_type = models.CharField(max_length=20, choices=DocumentType)
    number = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    file_name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text=_("In the private store, under this shipper's schema."))
    valid_until = models.DateField(null=True, blank=True, help_text=_("Its last day."))
    facts_sha256 = models.CharField(
        max_length=64, blank=True, help_text=_("Empty for a paper that was brought in.")
    )
    preview_path = models.CharField(max_length=300, blank=True, help_text=_("A small PNG, for pictures."))
    issued_by = models.CharField(max_length=150)
    issued_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery_id", "document_type", "version"],
                condition=~models.Q(facts_sha256=""),
                name="document_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_type_display()} {self.number}"

    @property
    def is_released(self) -> bool:
        """Whether it may be downloaded and counts: ours, or brought in and found harmless."""
        return self.is_ours or (hasattr(self, "scan") and not self.scan.threat)

    @property
    def is_in_quarantine(self) -> bool:
        """Whether it still waits for the scanner."""
        return not self.is_ours and not hasattr(self, "scan")

    @property
    def is_ours(self) -> bool:
        """Whether we rendered it ourselves, so that its content is known to be harmless."""
        return self.facts_sha256 != ""


class Scan(Record):
    """What the scanner said of a paper that was brought in; without one the paper is in quarantine."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="scan")
    scanner = models.CharField(max_length=40, blank=True, help_text=_("Empty where none is set up."))
    threat = models.CharField(max_length=200, blank=True, help_text=_("Empty for a clean file."))
    scanned_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)


class Waiver(Record):
    """The recipient lets a step of a delivery pass without a demanded paper, and says why."""

    delivery_id = models.UUIDField(db_index=True)
    document_type = models.CharField(max_length=20, choices=DocumentType)
    reason = models.CharField(_("reason"), max_length=300)
    waived_by = models.CharField(max_length=150)
    waived_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["delivery_id", "document_type"], name="waiver_once"),
            models.CheckConstraint(name="waiver_says_why", condition=~models.Q(reason="")),
        ]


class Reminder(Record):
    """A missing paper was asked for: once per visit's day and per number of days that were left."""

    delivery_id = models.UUIDField(db_index=True)
    document_type = models.CharField(max_length=20, choices=DocumentType)
    visit_day = models.DateField()
    days_left = models.PositiveSmallIntegerField(help_text=_("Of the steps at which papers are asked for."))
    asked_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery_id", "document_type", "visit_day", "days_left"], name="reminder_once"
            ),
        ]


class Logo(Record):
    """The shipper's sign on its papers and its desk: one picture, kept by its content; there is one at
    most."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.CheckConstraint(name="logo_one_at_most", condition=models.Q(only=True))]

    def __str__(self) -> str:
        return self.sha256[:12]
