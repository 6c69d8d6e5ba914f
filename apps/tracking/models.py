"""What is seen on the way: where vehicles are, when they are expected where, what sensors measure."""

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
from apps.facilities.models import TemperatureClass

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


class Measure(models.TextChoices):
    """What a sensor measures; values are kept in whole thousandths of its unit."""

    TEMPERATURE = "temperature", _("Temperature (°C)")
    HUMIDITY = "humidity", _("Humidity (%)")
    SHOCK = "shock", _("Shock (g)")


class SensorReading(models.Model):
    """What a sensor measured beside the goods of a delivery at a moment, in thousandths of the unit.

    The id is made of the sender, its own id for the reading, and the delivery: one of a vehicle is of each
    delivery aboard.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, db_index=False, related_name="sensor_readings"
    )
    sensor = models.CharField(max_length=60)
    measure = models.CharField(max_length=11, choices=Measure)
    value = models.IntegerField()
    at = models.DateTimeField(help_text=_("By the sensor's clock."))
    received_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "sensor", "measure", "at"], name="sensor_reading_once_a_moment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sensor}: {self.value / 1000:g}"


class ConditionLimits(Record):
    """What goods of a temperature class may see on the way; without a row the class's own range holds.

    Temperatures are degrees Celsius, humidity percent, shock multiples of g; empty means no limit.
    """

    temperature_class = models.CharField(
        _("temperature class"), max_length=10, choices=TemperatureClass, unique=True
    )
    lowest_celsius = models.DecimalField(
        _("from (°C)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    highest_celsius = models.DecimalField(_("to (°C)"), max_digits=4, decimal_places=1, null=True, blank=True)
    highest_humidity = models.PositiveSmallIntegerField(_("humidity up to (%)"), null=True, blank=True)
    highest_shock = models.DecimalField(
        _("shock up to (g)"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    tolerated_minutes = models.PositiveSmallIntegerField(
        _("tolerated outside (min)"), default=15, help_text=_("So long outside does no harm yet.")
    )

    class Meta:
        verbose_name = _("limits of conditions")
        verbose_name_plural = _("limits of conditions")
        ordering = ["temperature_class"]
        constraints = [
            models.CheckConstraint(
                name="condition_limits_in_order",
                condition=Q(lowest_celsius=None)
                | Q(highest_celsius=None)
                | Q(lowest_celsius__lte=models.F("highest_celsius")),
                violation_error_message=_("The colder end of the range comes first."),
            )
        ]

    def __str__(self) -> str:
        return str(self.get_temperature_class_display())
