"""What figures refuse, and why."""

from apps.core.errors import DomainError


class NoCauseFound(DomainError):
    """The record shows nothing that went wrong with the delivery: there is nothing to override."""

    code = "no-cause-found"
    status = 409


class ReasonMissing(DomainError):
    """Somebody says another cause without saying why."""

    code = "reason-missing"
    status = 422


class NoSuchDelivery(DomainError):
    """There are no facts of such a delivery here."""

    code = "no-such-delivery"
    status = 404


class RatesSayNothing(DomainError):
    """Not one of the rates was given."""

    code = "rates-say-nothing"
    status = 422
