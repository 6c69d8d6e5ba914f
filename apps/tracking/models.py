"""What is seen of vehicles on the way: the positions they report, and when they are expected where."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.appointments.models import Basis
from apps.carriers.models import Vehicle
from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery

#: Never changed; what is older than the time that positions are kept for goes.
KEPT_FOR_A_TIME = Access(own="SELECT, INSERT, DELETE")


class Source(models.TextChoices):
    """Who says where a vehicle is."""

    TELEMATICS = "telematics", _("Telematics")
    PHONE = "phone", _("Driver’s phone")


class Position(models.Model):
    """Where a vehicle was at a moment, as it said; in degrees, WGS 84.

    The id is made of the sender and its own id for the position, so that what is sent twice is stored once.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    # No foreign key in the database: whoever inserts just read the vehicle, and checking it again for each
    # of thousands of rows costs more than the rows themselves. Vehicles with positions are not deleted.
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="positions"
    )
    at = models.DateTimeField(help_text=_("By the clock of whoever reported it."))
    received_at = models.DateTimeField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    accuracy_m = models.PositiveIntegerField(null=True)
    speed_kmh = models.PositiveSmallIntegerField(null=True)
    heading = models.PositiveSmallIntegerField(null=True, help_text=_("Degrees from north."))
    source = models.CharField(max_length=10, choices=Source)

    access: ClassVar[Access] = KEPT_FOR_A_TIME

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vehicle", "at"], name="position_once_a_moment"),
            models.CheckConstraint(
                name="position_on_earth",
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        ]
        indexes = [BrinIndex(fields=["received_at"], name="position_received")]

    def __str__(self) -> str:
        return f"{self.latitude:.5f}, {self.longitude:.5f}"


class RefusedPosition(models.Model):
    """A reported position that is no part of the picture, and why: a fault of data, counted as one."""

    class Reason(models.TextChoices):
        FUTURE = "future", _("Its time lies ahead")
        OLD = "too_old", _("It is older than a week")
        NULL_ISLAND = "null_island", _("A receiver without reception says 0°, 0°")
        SEA = "at_sea", _("It lies in the open sea")
        JUMP = "jump", _("No lorry gets there that fast")
        VEHICLE = "unknown_vehicle", _("No vehicle has this plate")
        UNREADABLE = "unreadable", _("It could not be read")

    id = models.UUIDField(primary_key=True, editable=False)
    vehicle = models.ForeignKey(Vehicle, null=True, on_delete=models.CASCADE, related_name="refused")
    named = models.CharField(max_length=40, blank=True, help_text=_("The plate as it was sent."))
    reason = models.CharField(max_length=20, choices=Reason)
    at = models.DateTimeField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    source = models.CharField(max_length=10, choices=Source)
    received_at = models.DateTimeField()

    access: ClassVar[Access] = KEPT_FOR_A_TIME

    class Meta:
        indexes = [
            models.Index(fields=["received_at", "reason"], name="refused_position_when"),
            models.Index(fields=["vehicle", "at"], name="refused_position_of"),
        ]

    def __str__(self) -> str:
        return f"{self.named}: {self.get_reason_display()}"


class ExpectedArrival(Record):
    """When a delivery was expected at its site, as told at ``made_at``: kept, so that it can be judged.

    It arrives between ``earliest`` and ``latest`` in eight cases of ten. ``basis`` is what is known of the
    vehicle; ``arrivals`` is how many arrivals the range was learned from, 0 where it is the stated default.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="expected_arrivals")
    made_at = models.DateTimeField()
    expected_at = models.DateTimeField()
    earliest = models.DateTimeField()
    latest = models.DateTimeField()
    basis = models.CharField(max_length=9, choices=Basis)
    seen_at = models.DateTimeField(null=True, help_text=_("When the vehicle was last seen anywhere."))
    stops_before = models.PositiveSmallIntegerField()
    arrivals = models.PositiveIntegerField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="expected_within_its_range",
                condition=Q(earliest__lte=models.F("expected_at"), latest__gte=models.F("expected_at")),
            )
        ]
        indexes = [models.Index(fields=["delivery", "-made_at"], name="expected_arrival_newest")]


class ArrivalError(Record):
    """How far off the expected arrivals of the past were, told so long ahead; counted anew every hour.

    The errors are seconds, arrival minus expectation: the tenth and ninetieth percentile of them, and the
    median of their absolute values.
    """

    horizon_minutes = models.PositiveSmallIntegerField(unique=True, help_text=_("Told up to so long ahead."))
    arrivals = models.PositiveIntegerField()
    low_s = models.IntegerField()
    high_s = models.IntegerField()
    median_s = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["horizon_minutes"]
