"""What a service refuses: one family of errors, translated once per edge (pages, API, tasks)."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that says why and what would work instead.

    ``code`` is stable and machine readable, ``status`` the HTTP status an edge answers with,
    ``details`` further members of the problem document (RFC 9457), e.g. ``alternatives``.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class PermissionRefused(DomainError):
    """The actor may not do this."""

    code = "not-allowed"
    status = 403


class IllegalTransition(DomainError):
    """The thing is not in a state from which this step is possible."""

    code = "illegal-transition"
    status = 409
