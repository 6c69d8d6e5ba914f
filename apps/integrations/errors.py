"""What the EPCIS interface refuses, each with the standard's name of the exception."""

from typing import ClassVar

from apps.core.errors import DomainError


class EpcisError(DomainError):
    """A refusal in the words of EPCIS 2.0, section 12.6."""

    exception: ClassVar[str] = "ValidationException"
    code = "epcis-validation"
    status = 400


class EventRefused(EpcisError):
    """An EPCIS event can't become a custody event; the reason says why."""

    code = "epcis-event-refused"


class QueryParameterWrong(EpcisError):
    """A parameter of the query is unknown or has no such value."""

    exception = "QueryParameterException"
    code = "epcis-query-parameter"


class QueryTooLarge(EpcisError):
    """More events match than the query allows."""

    exception = "QueryTooLargeException"
    code = "epcis-query-too-large"
    status = 413


class CaptureTooLarge(EpcisError):
    """More events or bytes than one capture takes."""

    exception = "CaptureLimitExceededException"
    code = "epcis-capture-limit"
    status = 413


class ResourceExists(EpcisError):
    """The key has a query of that name already."""

    exception = "ResourceAlreadyExistsException"
    code = "epcis-resource-exists"
    status = 409


class SubscriptionWrong(EpcisError):
    """A subscription neither streams nor has a schedule, or can't be reported to."""

    exception = "SubscriptionControlsException"
    code = "epcis-subscription"


class NotAcceptable(EpcisError):
    """The client speaks only versions of the standard that are not spoken here."""

    exception = "NotAcceptableException"
    code = "epcis-not-acceptable"
    status = 406


class NoSuchResource(EpcisError):
    """There is no such event, job or vocabulary here."""

    exception = "NoSuchResourceException"
    code = "epcis-no-such-resource"
    status = 404
