"""What the carriers room refuses."""

from apps.core.errors import DomainError


class UnknownCarrier(DomainError):
    """There is no such carrier, or none of its documents is what was asked for, in this schema."""

    code = "unknown-carrier"
    status = 404


class FileRefused(DomainError):
    """An uploaded file is not one that can be kept."""

    code = "file-refused"
