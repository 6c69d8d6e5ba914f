"""What others may ask of tenancy."""

from apps.tenancy.services.provisioning import ProvisioningError, provision_shipper, request_shipper

__all__ = ["ProvisioningError", "provision_shipper", "request_shipper"]
