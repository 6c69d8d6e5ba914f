"""A shipper's carriers, their fleets, drivers and terms, at its desk's admin."""

from apps.carriers import permissions as permissions  # registers the rules that the admins name
from apps.carriers.admin.carriers import CarrierAdmin, ComplianceDocumentAdmin, ServiceAreaAdmin
from apps.carriers.admin.drivers import DriverAdmin, QualificationAdmin
from apps.carriers.admin.fleet import VehicleAdmin
from apps.carriers.admin.terms import CommitmentAdmin, TariffAdmin
from apps.carriers.admin.zones import EmissionZoneAdmin

__all__ = [
    "CarrierAdmin",
    "CommitmentAdmin",
    "ComplianceDocumentAdmin",
    "DriverAdmin",
    "EmissionZoneAdmin",
    "QualificationAdmin",
    "ServiceAreaAdmin",
    "TariffAdmin",
    "VehicleAdmin",
]
