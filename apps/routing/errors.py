"""What the routing room refuses."""

from apps.core.errors import DomainError


class UnknownPlan(DomainError):
    """There is no such plan, planning or site of its own for whoever asks."""

    code = "unknown-plan"
    status = 404


class CurrenciesMixed(DomainError):
    """The day's tariffs are in several currencies, so costs can't be compared."""

    code = "currencies-mixed"
    status = 409


class MoveRefused(DomainError):
    """A delivery can't be moved there; says why, and where it would fit."""

    code = "move-refused"
    status = 409


class NothingToPropose(DomainError):
    """There is no slot to propose for a delivery, or what was agreed is no longer what was planned for."""

    code = "nothing-to-propose"
    status = 409


class PlanOutdated(DomainError):
    """Something that the plan relies on has changed since; ``deliveries`` are the numbers concerned."""

    code = "plan-outdated"
    status = 409
