"""What a dock has to know of a load, as columns of whatever asks for dock time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.appointments.load import Load
from apps.facilities.models import LoadType, TemperatureClass, VehicleType


def facts(load: Load) -> dict[str, object]:
    """A load as the fields of whatever carries one."""
    return {**vars(load), "adr_classes": list(load.adr_classes), "equipment": list(load.equipment)}


class CarriesLoad(models.Model):
    """The facts of a load, copied when dock time is asked for; the goods stay with the shipper."""

    load_type = models.CharField(max_length=10, choices=LoadType, default=LoadType.PALLETS)
    pallets = models.PositiveIntegerField(default=0)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    volume_m3 = models.DecimalField(max_digits=8, decimal_places=3, default=0)
    lines = models.PositiveIntegerField(default=0)
    temperature_class = models.CharField(
        max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT
    )
    adr_classes = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    live = models.BooleanField(default=True)
    vehicle_length_m = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    vehicle_height_m = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    vehicle_weight_kg = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    tail_lift = models.BooleanField(default=False)
    vehicle_type = models.CharField(max_length=12, choices=VehicleType, blank=True, db_default="")
    equipment = ArrayField(models.CharField(max_length=12), default=list, blank=True, db_default=[])

    class Meta:
        abstract = True

    @property
    def load(self) -> Load:
        """The load facts as the value that search and rules take."""
        return Load(
            load_type=self.load_type,
            pallets=self.pallets,
            weight_kg=self.weight_kg,
            volume_m3=self.volume_m3,
            lines=self.lines,
            temperature_class=self.temperature_class,
            adr_classes=tuple(self.adr_classes),
            live=self.live,
            vehicle_length_m=self.vehicle_length_m,
            vehicle_height_m=self.vehicle_height_m,
            vehicle_weight_kg=self.vehicle_weight_kg,
            tail_lift=self.tail_lift,
            vehicle_type=self.vehicle_type,
            equipment=tuple(self.equipment),
        )
