"""Vehicles: what they can carry, which docks can take them, and when they can't drive."""

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.carrier import Carrier
from apps.core.models import Record
from apps.facilities.models import Site, TemperatureClass


class VehicleClass(models.TextChoices):
    VAN = "van", _("Van")
    RIGID = "rigid", _("Rigid truck")
    ARTICULATED = "articulated", _("Articulated truck")


class EmissionClass(models.TextChoices):
    """European emission standards of heavy vehicles, the dirtiest first; declared order is that order."""

    EURO_3 = "euro_3", _("Euro III or older")
    EURO_4 = "euro_4", _("Euro IV")
    EURO_5 = "euro_5", _("Euro V")
    EURO_6 = "euro_6", _("Euro VI")
    ZERO = "zero", _("Without exhaust")

    def meets(self, least: "EmissionClass") -> bool:
        """Whether this class is at least as clean as ``least``."""
        order = list(EmissionClass)
        return order.index(self) >= order.index(least)


class Vehicle(Record):
    """One vehicle. ``min_celsius`` to ``max_celsius`` is what its body can be kept at; None where unknown.

    It starts and ends each route at ``home``, or at the site that is planned where it has none. On one route
    it makes at most ``trips_per_day`` trips; between two it is back there and loads for ``reload_minutes``.
    """

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="vehicles")
    plate = models.CharField(_("plate"), max_length=15, unique=True)
    vehicle_class = models.CharField(_("class"), max_length=12, choices=VehicleClass)
    length_m = models.DecimalField(
        _("length (m)"), max_digits=5, decimal_places=2, validators=[MinValueValidator(1)]
    )
    width_m = models.DecimalField(
        _("width (m)"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    height_m = models.DecimalField(
        _("height (m)"), max_digits=5, decimal_places=2, validators=[MinValueValidator(1)]
    )
    gross_weight_kg = models.PositiveIntegerField(_("gross weight (kg)"))
    capacity_pallets = models.PositiveSmallIntegerField(_("pallets"))
    capacity_kg = models.PositiveIntegerField(_("payload (kg)"))
    capacity_m3 = models.DecimalField(_("volume (m³)"), max_digits=6, decimal_places=2)
    tail_lift = models.BooleanField(_("tail-lift"), default=False)
    temperature_classes = ArrayField(
        models.CharField(max_length=10, choices=TemperatureClass),
        default=list,
        verbose_name=_("temperature classes"),
        help_text=_("ambient, chilled, frozen"),
    )
    min_celsius = models.DecimalField(
        _("kept at, from (°C)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    max_celsius = models.DecimalField(_("to (°C)"), max_digits=4, decimal_places=1, null=True, blank=True)
    adr = models.BooleanField(_("dangerous goods"), default=False)
    emission_class = models.CharField(_("emission class"), max_length=8, choices=EmissionClass, blank=True)
    shift_start = models.TimeField(_("shift from"), default="06:00")
    shift_end = models.TimeField(_("shift to"), default="18:00")
    longest_route_minutes = models.PositiveSmallIntegerField(
        _("longest route (min)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(1440)],
        help_text=_("From leaving until the return; empty means its shift."),
    )
    home = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        verbose_name=_("starts from"),
        help_text=_("Empty: from whichever site is planned."),
    )
    trips_per_day = models.PositiveSmallIntegerField(
        _("trips a day"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text=_("More than one: it comes back, loads and leaves again."),
    )
    reload_minutes = models.PositiveSmallIntegerField(
        _("loading between trips (min)"), default=30, validators=[MaxValueValidator(480)]
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        ordering = ["carrier", "plate"]
        constraints = [
            models.CheckConstraint(name="vehicle_shift_ordered", condition=Q(shift_end__gt=F("shift_start"))),
            models.CheckConstraint(
                name="vehicle_range_ordered",
                condition=Q(min_celsius__isnull=True, max_celsius__isnull=True)
                | Q(min_celsius__lte=F("max_celsius")),
                violation_error_message=_("The temperature range needs both ends, the colder one first."),
            ),
            models.CheckConstraint(name="vehicle_trips", condition=Q(trips_per_day__range=(1, 9))),
            models.CheckConstraint(
                name="vehicle_longest_route",
                condition=Q(longest_route_minutes__isnull=True) | Q(longest_route_minutes__range=(30, 1440)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plate} ({self.get_vehicle_class_display()})"

    def clean(self) -> None:
        """
        Raises:
            ValidationError: the shift or the weights can't be, by field.
        """
        errors = {}
        if self.shift_start and self.shift_end and self.shift_end <= self.shift_start:
            errors["shift_end"] = _("The shift has to end later on the same day than it starts.")
        if self.capacity_kg and self.gross_weight_kg and self.capacity_kg >= self.gross_weight_kg:
            errors["capacity_kg"] = _("The payload has to be less than the gross weight.")
        if errors:
            raise ValidationError(errors)


class Outage(Record):
    """Days on which a vehicle can't drive: ``during`` is ``[first, day after last)``, open while unknown."""

    class Reason(models.TextChoices):
        BREAKDOWN = "breakdown", _("Breakdown")
        MAINTENANCE = "maintenance", _("Maintenance")
        INSPECTION = "inspection", _("Inspection")
        OTHER = "other", _("Other work")

    vehicle = models.ForeignKey(Vehicle, on_delete=models.CASCADE, related_name="outages")
    during = DateRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, default=Reason.MAINTENANCE)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ["vehicle", "during"]
        constraints = [
            models.CheckConstraint(
                name="outage_has_a_first_day", condition=Q(during__isempty=False, during__lower_inf=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.vehicle.plate}: {self.get_reason_display()}"
