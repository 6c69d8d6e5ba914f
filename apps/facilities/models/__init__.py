"""The recipients' ground: who receives, where, at which docks, when, and under which rules."""

from apps.facilities.models.demands import (
    DockRule,
    DocumentRequirement,
    DocumentType,
    HandlingTime,
    Provider,
    Step,
)
from apps.facilities.models.hours import Closure, ReceivingWindow, Reservation, Season
from apps.facilities.models.loads import Equipment, LoadType, TemperatureClass, VehicleType
from apps.facilities.models.parties import GLN, Partnership, Recipient
from apps.facilities.models.places import (
    PARTNERS_SITE,
    VISIBLE_SITE,
    Dock,
    PaperLanguage,
    Site,
    is_time_zone,
)
from apps.facilities.models.versions import SiteVersion

__all__ = [
    "GLN",
    "PARTNERS_SITE",
    "VISIBLE_SITE",
    "Closure",
    "Dock",
    "DockRule",
    "DocumentRequirement",
    "DocumentType",
    "Equipment",
    "HandlingTime",
    "LoadType",
    "PaperLanguage",
    "Partnership",
    "Provider",
    "ReceivingWindow",
    "Recipient",
    "Reservation",
    "Season",
    "Site",
    "SiteVersion",
    "Step",
    "TemperatureClass",
    "VehicleType",
    "is_time_zone",
]
