"""The kinds of exception: what can go wrong with a delivery while there is time to act, and how each ends."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """Detected from what is on record, never typed in first."""

    OFFER_UNANSWERED = "offer_unanswered", _("Offer unanswered")
    PAPER_MISSING = "paper_missing", _("Paper missing")
    NO_CARRIER = "no_carrier", _("No carrier")
    LATE_DEPARTURE = "late_departure", _("Late departure")
    LATE_ARRIVAL = "late_arrival", _("Arrival after the window")
    NOT_ARRIVED = "not_arrived", _("Not arrived")
    SILENCE = "silence", _("No sign of it")
    DWELL = "dwell", _("Dwell above free time")
    DISCREPANCY = "discrepancy", _("Discrepancy")
    FAILED = "failed", _("Failed attempt")


class Severity(TextChoices):
    """How bad it is if nobody acts."""

    NOTICE = "1", _("Notice")
    WARNING = "2", _("Warning")
    URGENT = "3", _("Urgent")


class Ending(TextChoices):
    """Why an exception is off the list."""

    PASSED = "passed", _("The cause is gone")
    RESOLVED = "resolved", _("Resolved by a person")


#: Harm that is done already: only a person says that it is dealt with, and it does not come back by itself.
BY_PERSON = frozenset({Kind.DISCREPANCY})
