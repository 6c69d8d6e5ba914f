"""What people say of causes and cost: another cause than the record's, and what failure costs."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.figures.causes import Cause


class CauseOverride(Record):
    """Somebody says that a delivery went wrong for another reason than the record shows; the last one counts.

    ``found`` is what the record said then; without a cause from the record nothing can be overridden.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="cause_overrides")
    found = models.CharField(max_length=20, choices=Cause)
    cause = models.CharField(max_length=20, choices=Cause)
    reason = models.CharField(max_length=300)
    said_by = models.CharField(max_length=150)
    said_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="cause_override_says_why", condition=~Q(found="") & ~Q(cause="") & ~Q(reason="")
            )
        ]


class FailureRates(Record):
    """What failure costs this shipper, in cents of ``currency``, from ``valid_from`` on; None: not known."""

    valid_from = models.DateField(_("from"), unique=True)
    currency = models.CharField(_("currency"), max_length=3, default="ZAR")
    redelivery = models.PositiveIntegerField(_("another attempt"), null=True, blank=True)
    detention_hour = models.PositiveIntegerField(_("an hour of detention"), null=True, blank=True)
    late_penalty = models.PositiveIntegerField(_("penalty for coming late"), null=True, blank=True)
    spoilage_pallet = models.PositiveIntegerField(_("a spoiled pallet"), null=True, blank=True)
    set_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="rates_say_something",
                condition=Q(redelivery__isnull=False)
                | Q(detention_hour__isnull=False)
                | Q(late_penalty__isnull=False)
                | Q(spoilage_pallet__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}"
