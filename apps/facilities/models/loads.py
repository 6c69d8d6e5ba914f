"""What a load, a vehicle and a dock are told apart by: the words that rules and windows use."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoadType(models.TextChoices):
    PALLETS = "pallets", _("Pallets")
    PARCELS = "parcels", _("Parcels")
    BULK = "bulk", _("Bulk")
    CONTAINER = "container", _("Container")


class TemperatureClass(models.TextChoices):
    AMBIENT = "ambient", _("Ambient")
    CHILLED = "chilled", _("Chilled, 2–8 °C")
    FROZEN = "frozen", _("Frozen")


class VehicleType(models.TextChoices):
    VAN = "van", _("Van")
    RIGID = "rigid", _("Rigid truck")
    ARTICULATED = "articulated", _("Articulated truck")
    DRAWBAR = "drawbar", _("Truck with drawbar trailer")


class Equipment(models.TextChoices):
    """What unloading needs at the dock."""

    FORKLIFT = "forklift", _("Forklift")
    PALLET_TRUCK = "pallet_truck", _("Pallet truck")
    LEVELLER = "leveller", _("Dock leveller")
    CRANE = "crane", _("Crane")
    SIDE_ACCESS = "side_access", _("Access from the side")
    PUMP = "pump", _("Pump or hose")
