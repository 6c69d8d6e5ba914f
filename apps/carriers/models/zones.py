"""Emission zones: land that only vehicles clean enough may enter."""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.areas import Area, named_or_a_circle
from apps.carriers.models.fleet import EmissionClass, Vehicle
from apps.core.models import Record


class EmissionZone(Record):
    """A zone in force on the days of ``valid``; its land is that of all its areas together.

    Vehicles below ``least_class`` stay out, and those whose class was never entered: nobody can say that they
    may. Vehicles lighter than ``from_kg`` are no matter of the zone.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    least_class = models.CharField(_("at least"), max_length=8, choices=EmissionClass)
    from_kg = models.PositiveIntegerField(
        _("for vehicles from (kg)"), default=0, help_text=_("Gross weight; 0 means every vehicle.")
    )
    valid = DateRangeField(_("in force"))

    class Meta:
        verbose_name = _("emission zone")
        verbose_name_plural = _("emission zones")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="zone_in_force_some_day", condition=models.Q(valid__isempty=False)),
            models.CheckConstraint(
                name="zone_least_class_known", condition=models.Q(least_class__in=EmissionClass.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """“Inner city”, which asks for Euro VI."""
        return f"“{self.name}”, which asks for {self.get_least_class_display()}"

    def admits(self, vehicle: Vehicle) -> bool:
        """Whether the vehicle may enter."""
        if vehicle.gross_weight_kg < self.from_kg:
            return True
        known = vehicle.emission_class
        return bool(known) and EmissionClass(known).meets(EmissionClass(self.least_class))


class ZoneArea(Area):
    """A part of an emission zone's land."""

    zone = models.ForeignKey(EmissionZone, on_delete=models.CASCADE, related_name="areas")

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["zone", "country", "region", "postal_prefix"]
        constraints = [named_or_a_circle("zone_area_is_named_or_a_circle")]
