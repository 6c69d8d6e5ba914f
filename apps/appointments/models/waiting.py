"""The waiting list of a site: deliveries for which nothing was free, in the order in which they asked."""

from typing import ClassVar

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.appointments.models.loads import CarriesLoad
from apps.appointments.models.negotiation import Appointment
from apps.appointments.states import WaitingState
from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models import Site
from apps.tenancy.models import Shipper

LIVE = (WaitingState.WAITING, WaitingState.OFFERED)


class WaitingEntry(CarriesLoad, Record):
    """One delivery that wants a slot on some local days of a site; freed slots are offered in turn.

    ``appointment`` is the offer it got. A shipper reads its own entries; how many are before it, it is told.
    """

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="waiting")
    delivery_id = models.UUIDField(help_text=_("The delivery in the shipper's schema."))
    reference = models.CharField(max_length=60)
    days = DateRangeField(help_text=_("The site's local days, the last one not included."))
    state = models.CharField(max_length=8, choices=WaitingState, default=WaitingState.WAITING)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE",
        shipper="SELECT, INSERT, UPDATE",
        rows=f"shipper_id = {CURRENT_SHIPPER}",
    )

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipper", "delivery_id"],
                condition=Q(state__in=LIVE),
                name="waiting_once_per_delivery",
            ),
            models.CheckConstraint(
                name="waiting_days_are_bounded",
                condition=Q(days__isempty=False, days__lower_inf=False, days__upper_inf=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "asked_at"], condition=Q(state=WaitingState.WAITING), name="waiting_in_line"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
