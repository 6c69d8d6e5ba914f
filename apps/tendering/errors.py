"""What the tendering room refuses."""

from apps.core.errors import DomainError


class UnknownTender(DomainError):
    """There is no such tender, search or route for whoever asks."""

    code = "unknown-tender"
    status = 404


class TenderClosed(DomainError):
    """The tender can't be answered any more: it was, it ran out, or another carrier was first."""

    code = "tender-closed"
    status = 409


class VehicleUnfit(DomainError):
    """The vehicle or driver named can't take the route; ``reasons`` are sentences."""

    code = "vehicle-unfit"
    status = 409


class NotTendered(DomainError):
    """The route is not one that can be tendered now."""

    code = "not-tendered"
    status = 409
