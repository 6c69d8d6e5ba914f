"""Places that some tests add to the cast."""

from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


def make_terminal(shipper: Shipper) -> Site:
    """A cross-dock of the shipper's own; its orders say from then on which site they leave from."""
    with doorway.network():
        return Site.objects.create(
            shipper=shipper,
            code="ACME-X",
            name="Acme cross-dock",
            latitude=-26.2,
            longitude=28.1,
            time_zone="Africa/Johannesburg",
        )
