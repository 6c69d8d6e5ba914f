"""Whole addresses of pages, for mail, codes on paper and feeds: the hub's, and each shipper's desk's."""

from django.conf import settings

from apps.tenancy.models import Shipper


def hub_address(path: str) -> str:
    """The address of a path at the network's host."""
    return _address(settings.NETWORK_HOST, path)


def desk_address(shipper: Shipper, path: str) -> str:
    """The address of a path at one shipper's host."""
    return _address(f"{shipper.slug}.{settings.NETWORK_HOST}", path)


def _address(host: str, path: str) -> str:
    port = "" if settings.PRODUCTION else f":{settings.PORT}"
    return f"{settings.SCHEME}://{host}{port}{path}"
