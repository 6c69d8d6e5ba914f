"""What the driving room refuses."""

from apps.core.errors import DomainError


class RouteClosed(DomainError):
    """The phone's access ended, or its vehicle has no published route any more."""

    code = "route-closed"
    status = 410


class ActionForked(DomainError):
    """The phone sent something else under an id that is on record."""

    code = "action-forked"
    status = 409


class ActionInvalid(DomainError):
    """The action names no stop of this route, or lacks what its kind needs."""

    code = "action-invalid"
    status = 422
