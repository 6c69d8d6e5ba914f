"""Only who agreed to trade may ask for dock time."""

from uuid import UUID

from apps.appointments.services.errors import NoPartnership
from apps.facilities.models import Partnership, Site


def require_partnership(shipper_id: UUID, site: Site) -> None:
    """Refuse a shipper that doesn't trade with the site's recipient.

    Raises:
        NoPartnership
    """
    partners = Partnership.objects.filter(shipper_id=shipper_id, active=True)
    if site.recipient_id is None or not partners.filter(recipient_id=site.recipient_id).exists():
        raise NoPartnership(f"There is no partnership with {site.name}'s recipient.")
