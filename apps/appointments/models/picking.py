"""What somebody is choosing just now: slots that are kept for a person for some minutes, before any offer."""

from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Person
from apps.appointments.models.loads import CarriesLoad, facts
from apps.appointments.models.negotiation import OWN_PICKING, SIDES, Appointment
from apps.core.access import ALL, CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models import Dock, Site
from apps.tenancy.models import Shipper


class Picking(CarriesLoad, Record):
    """One person choosing slots for one delivery: for its first offer, or another time for ``appointment``.

    It goes when the slots are offered, or some time after the last of them lapsed.
    """

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    side = models.CharField(max_length=10, choices=SIDES)
    delivery_id = models.UUIDField(help_text=_("The delivery in the shipper's schema."))
    reference = models.CharField(max_length=60)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.CASCADE, related_name="pickings"
    )
    extended_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the person asked for more time.")
    )

    access: ClassVar[Access] = Access(shipper=ALL, rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "shipper", "delivery_id"], name="picking_once"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> Appointment:
        """The appointment that is negotiated; else the one that would come of it, under the picking's id."""
        return self.appointment or Appointment(
            id=self.pk,
            shipper_id=self.shipper_id,
            site=self.site,
            delivery_id=self.delivery_id,
            reference=self.reference,
            **facts(self.load),
        )


class PickedSlot(Record):
    """One slot that somebody has clicked on; ``occupies`` is kept in the ledger until ``expires_at``."""

    picking = models.ForeignKey(Picking, on_delete=models.CASCADE, related_name="slots")
    dock = models.ForeignKey(Dock, on_delete=models.PROTECT, related_name="+")
    lane = models.PositiveSmallIntegerField()
    during = DateTimeRangeField()
    occupies = DateTimeRangeField(help_text=_("With the dock's time before and after the vehicle."))
    expires_at = models.DateTimeField()

    access: ClassVar[Access] = Access(shipper=ALL, rows=OWN_PICKING)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["picking", "dock", "during"], name="picked_slot_once"),
        ]
