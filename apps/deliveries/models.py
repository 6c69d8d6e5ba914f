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


class BulkRequest(Record):
    """Slots asked for many deliveries at once: what was wanted, and how good the answer is.

    ``figures`` are the solver's: placed, asked, lateness in minutes, detour in metres, the objective and its
    bound.
    """

    job_id = models.UUIDField(null=True, blank=True, help_text=_("The job that looks for the slots."))
    send_job_id = models.UUIDField(null=True, blank=True, help_text=_("The job that sends the offers."))
    asked_by_name = models.CharField(max_length=150)
    wanted_from = models.TimeField(
        _("preferred from"),
        null=True,
        blank=True,
        help_text=_("In each site's own time; empty: its opening."),
    )
    days = models.PositiveSmallIntegerField(_("days to look at"), default=2)
    slots_each = models.PositiveSmallIntegerField(_("slots in each offer"), default=1)
    seed = models.PositiveIntegerField(default=1)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="bulk_one_to_five_slots", condition=Q(slots_each__range=(1, 5))),
            models.CheckConstraint(name="bulk_days", condition=Q(days__range=(1, 14))),
        ]


class BulkLine(Record):
    """One delivery of a bulk request: its proposed slots or why there is none, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "", _("Not sent")
        SENT = "sent", _("Offered")
        LOST = "lost", _("Taken meanwhile")
        REFUSED = "refused", _("Refused")

    request = models.ForeignKey(BulkRequest, on_delete=models.CASCADE, related_name="lines")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="bulk_lines")
    slots = models.JSONField(default=list, help_text=_("Of each: dock_id, dock, start and end in ISO 8601."))
    late_minutes = models.IntegerField(null=True, blank=True)
    detour_m = models.IntegerField(null=True, blank=True)
    why_not = models.TextField(blank=True)
    chosen = models.BooleanField(default=False, help_text=_("The planner sends it."))
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.OPEN)
    answer = models.TextField(blank=True)
    alternatives = models.JSONField(default=list)

    class Meta:
        ordering = ["request", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "delivery"], name="bulk_line_once"),
        ]


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
