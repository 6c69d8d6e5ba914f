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


class MilestoneInvalid(DomainError):
    """A milestone can't be as it was typed; nothing changed."""

    code = "milestone-invalid"
    status = 422


class NoSuchMilestone(DomainError):
    """There is no such milestone here."""

    code = "no-such-milestone"
    status = 404


class NotOfThisSite(DomainError):
    """A milestone waits for deliveries to its own site alone."""

    code = "not-of-this-site"
    status = 422
