"""Transport companies that a shipper works with: who they are, what they drive, on which terms."""

from apps.carriers.models.areas import Area
from apps.carriers.models.carrier import Carrier, Contact, ServiceArea
from apps.carriers.models.compliance import ComplianceDocument
from apps.carriers.models.drivers import Absence, Driver, Qualification, Shift
from apps.carriers.models.fleet import EmissionClass, Outage, Vehicle, VehicleClass
from apps.carriers.models.terms import Commitment, Tariff
from apps.carriers.models.zones import EmissionZone, ZoneArea

__all__ = [
    "Absence",
    "Area",
    "Carrier",
    "Commitment",
    "ComplianceDocument",
    "Contact",
    "Driver",
    "EmissionClass",
    "EmissionZone",
    "Outage",
    "Qualification",
    "ServiceArea",
    "Shift",
    "Tariff",
    "Vehicle",
    "VehicleClass",
    "ZoneArea",
]
