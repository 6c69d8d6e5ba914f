"""Transport companies that a shipper works with: their vehicles, drivers and tariffs."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record
from apps.facilities.models import TemperatureClass

SCAC = RegexValidator(r"^[A-Z]{2,4}$", _("A SCAC has 2 to 4 capital letters."))


class Carrier(Record):
    """A transport company; the shipper's own fleet is one as well."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    scac = models.CharField("SCAC", max_length=4, blank=True, validators=[SCAC])
    own_fleet = models.BooleanField(_("own fleet"), default=False)
    contact_name = models.CharField(_("contact"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    routes_per_day = models.PositiveSmallIntegerField(
        _("routes per day"), null=True, blank=True, help_text=_("At most so many; empty means no cap.")
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class VehicleClass(models.TextChoices):
    VAN = "van", _("Van")
    RIGID = "rigid", _("Rigid truck")
    ARTICULATED = "articulated", _("Articulated truck")


class Vehicle(Record):
    """One vehicle: what it can carry and which docks can take it."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="vehicles")
    plate = models.CharField(_("plate"), max_length=15, unique=True)
    vehicle_class = models.CharField(_("class"), max_length=12, choices=VehicleClass)
    length_m = models.DecimalField(
        _("length (m)"), max_digits=5, decimal_places=2, validators=[MinValueValidator(1)]
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
    adr = models.BooleanField(_("dangerous goods"), default=False)
    shift_start = models.TimeField(_("shift from"), default="06:00")
    shift_end = models.TimeField(_("shift to"), default="18:00")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["carrier", "plate"]
        constraints = [
            models.CheckConstraint(
                name="vehicle_shift_ordered", condition=Q(shift_end__gt=models.F("shift_start"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.plate} ({self.get_vehicle_class_display()})"


class Driver(Record):
    """Somebody who drives for a carrier; acts through a link, without an account."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="drivers")
    name = models.CharField(_("name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    licence = models.CharField(_("licence"), max_length=30, blank=True)
    adr_until = models.DateField(_("ADR certificate until"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["carrier", "name"]

    def __str__(self) -> str:
        return self.name


class Tariff(Record):
    """What a carrier charges for a class of vehicle in a period. Amounts in cents of ``currency``."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="tariffs")
    vehicle_class = models.CharField(_("class"), max_length=12, choices=VehicleClass)
    valid = DateRangeField(_("valid"))
    currency = models.CharField(_("currency"), max_length=3, default="ZAR")
    per_route = models.PositiveIntegerField(_("per route (cents)"), default=0)
    per_km = models.PositiveIntegerField(_("per km (cents)"), default=0)
    per_hour = models.PositiveIntegerField(_("per hour (cents)"), default=0)
    per_stop = models.PositiveIntegerField(_("per stop (cents)"), default=0)
    per_pallet = models.PositiveIntegerField(_("per pallet (cents)"), default=0)
    minimum = models.PositiveIntegerField(_("minimum per route (cents)"), default=0)

    class Meta:
        ordering = ["carrier", "vehicle_class", "valid"]
        constraints = [
            ExclusionConstraint(
                name="tariff_valid_once",
                expressions=[
                    ("carrier", RangeOperators.EQUAL),
                    ("vehicle_class", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_(
                    "Another tariff of this carrier for this class of vehicle overlaps that time."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier}, {self.get_vehicle_class_display()}"
