"""One visit to one site: the goods it carries, where they are, and how they were handed over."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.consignments.models import Consignment, HandlingUnit
from apps.core.access import Access
from apps.core.models import Record
from apps.deliveries.states import FailureReason, State
from apps.facilities.models import LoadType, Site, TemperatureClass


class Delivery(Record):
    """What is booked, routed, documented and handed over as one; its load sums up its consignments'."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    origin = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField(_("for"), help_text=_("The requested day, in the site's own time zone."))
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    load_type = models.CharField(max_length=10, choices=LoadType, default=LoadType.PALLETS)
    temperature_class = models.CharField(
        max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT
    )
    pallets = models.PositiveIntegerField(default=0)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    volume_m3 = models.DecimalField(max_digits=8, decimal_places=3, default=0)
    lines = models.PositiveIntegerField(default=0)
    failure_reason = models.CharField(max_length=30, choices=FailureReason, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["day", "number"]
        indexes = [models.Index(fields=["site", "day"])]

    def __str__(self) -> str:
        return self.number


class DeliveryConsignment(Record):
    """A consignment rides in one delivery."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="rides")
    consignment = models.OneToOneField(Consignment, on_delete=models.PROTECT, related_name="ride")

    class Meta:
        ordering = ["id"]


class Handover(Record):
    """The one statement with which custody passes to the recipient; made once, signed by both."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        RESERVATION = "accepted_with_reservation", _("Accepted with reservation")
        REFUSED = "refused", _("Refused")

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="handover")
    outcome = models.CharField(max_length=30, choices=Outcome)
    units_expected = models.PositiveIntegerField()
    units_received = models.PositiveIntegerField()
    released_by = models.CharField(_("released by"), max_length=100)
    received_by = models.CharField(_("received by"), max_length=100)
    received_by_role = models.CharField(_("role"), max_length=60, blank=True)
    statement_sha256 = models.CharField(max_length=64)
    reservation = models.TextField(blank=True)
    device_time = models.DateTimeField(help_text=_("As the device had it."))
    recorded_at = models.DateTimeField(help_text=_("As the server had it."))

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="handover_reservation_said",
                condition=~Q(outcome="accepted_with_reservation") | ~Q(reservation=""),
            )
        ]


class Discrepancy(Record):
    """Over, short, damaged or refused: one handling unit that was not received as expected."""

    class Kind(models.TextChoices):
        OVER = "over", _("Over")
        SHORT = "short", _("Short")
        DAMAGED = "damaged", _("Damaged")
        REFUSED = "refused", _("Refused")

    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="discrepancies")
    handling_unit = models.ForeignKey(
        HandlingUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    note = models.CharField(max_length=300, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT")


class DeliveryEvent(Record):
    """The history of a delivery's state, one row per step, never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["id"]
