"""What drivers say of themselves at a gate, by the code that hangs there."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.appointments.models.negotiation import Appointment
from apps.core.access import Access
from apps.core.models import Record
from apps.facilities.models import Site


class SelfReport(Record):
    """One time that somebody reported at a site's gate; every one is kept for a while, so that they are few.

    ``appointment`` is the visit they were taken for; without one the gate sees to them, until ``seen_at``.
    ``came_from`` is a keyed hash of the address that it came from.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="self_reports")
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.CASCADE, related_name="self_reports"
    )
    said = models.CharField(_("number or plate"), max_length=40)
    verdict = models.CharField(max_length=12)
    came_from = models.CharField(max_length=64)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(shipper="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["site", "at"])]
