"""What the deliveries room refuses."""

from apps.core.errors import DomainError


class UnknownDelivery(DomainError):
    """There is no such delivery for whoever asks; the same answer whether it exists for others or not."""

    code = "unknown-delivery"
    status = 404


class DocumentsMissing(DomainError):
    """The site demands papers before this step, and they are not there."""

    code = "documents-missing"
    status = 409


class StatementInvalid(DomainError):
    """The handover's statement contradicts itself or the goods that were sent."""

    code = "statement-invalid"
    status = 422


class CodeRefused(DomainError):
    """The site asks for a one-time code, and there is none that was confirmed, or none can be sent."""

    code = "code-refused"
    status = 409


class WaiverInvalid(DomainError):
    """A paper can't be waived: nobody said why, or it is not demanded."""

    code = "waiver-invalid"
    status = 422


class RangeInvalid(DomainError):
    """What was written is no temperature range."""

    code = "range-invalid"
    status = 422


class FormatRefused(DomainError):
    """The delivery can't be made that way: its site or its own state is in the way."""

    code = "format-refused"
    status = 409


class LegRefused(DomainError):
    """The delivery can't take that way: no such terminal, or it has one already."""

    code = "leg-refused"
    status = 409


class ReturnRefused(DomainError):
    """What came back can't be decided about like that, or was decided already; nothing has changed."""

    code = "return-refused"
    status = 409


class NothingToGroup(DomainError):
    """No consignment waits to be grouped."""

    code = "nothing-to-group"
    status = 409


class NothingToFollow(DomainError):
    """Everything of the delivery was taken, or it was not handed over yet."""

    code = "nothing-to-follow"
    status = 409


class NotAWalkIn(DomainError):
    """The delivery has an appointment at the site, or had one and was missed; ``appointment`` says which."""

    code = "not-a-walk-in"
    status = 409
