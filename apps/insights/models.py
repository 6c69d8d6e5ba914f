"""Exceptions of deliveries: detected, owned, put off, resolved, with everything that was said about them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.insights.kinds import Ending, Kind, Severity


class DeliveryException(Record):
    """Something that will do harm to a delivery at ``harm_at``, or did, unless somebody acts.

    ``subject`` tells two of a kind apart. ``facts`` are what its sentence is made of. ``missing_since`` is
    when the cause was first not found any more; it closes when it stays away. A person's resolution stands.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="exceptions")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=1, choices=Severity)
    facts = models.JSONField(default=dict)
    cause_at = models.DateTimeField(help_text=_("Since when it could be seen."))
    harm_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    owner_id = models.UUIDField(null=True, blank=True)
    owner_name = models.CharField(max_length=150, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text=_("When a person first acted on it."))
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=10, choices=Ending, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["harm_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "kind", "subject"],
                condition=Q(ended_at__isnull=True),
                name="exception_open_once",
            ),
            models.CheckConstraint(
                name="exception_ended_says_why",
                condition=Q(ended_at__isnull=True, ending="") | Q(ended_at__isnull=False) & ~Q(ending=""),
            ),
        ]
        indexes = [
            models.Index(fields=["harm_at"], condition=Q(ended_at__isnull=True), name="exception_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.delivery}"


class ExceptionEvent(Record):
    """What happened to an exception, one row per step, never changed."""

    class Step(models.TextChoices):
        DETECTED = "detected", _("Detected")
        TAKEN = "taken", _("Taken on")
        SNOOZED = "snoozed", _("Put off")
        COMMENTED = "commented", _("Commented")
        RESOLVED = "resolved", _("Resolved")
        PASSED = "passed", _("The cause is gone")

    exception = models.ForeignKey(DeliveryException, on_delete=models.CASCADE, related_name="events")
    step = models.CharField(max_length=10, choices=Step)
    actor_name = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["id"]
