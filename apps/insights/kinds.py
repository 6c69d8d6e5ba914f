"""The kinds of exception: what can go wrong with a delivery while there is time to act, and how each ends."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """Detected from what is on record, never typed in first."""

    OFFER_UNANSWERED = "offer_unanswered", _("Offer unanswered")
    PAPER_MISSING = "paper_missing", _("Paper missing")
    TENDER_UNANSWERED = "tender_unanswered", _("Tender unanswered")
    NO_CARRIER = "no_carrier", _("No carrier")
    AT_RISK = "at_risk", _("Likely late or failed")
    NO_SHOW_RISK = "no_show_risk", _("Likely not to come")
    LATE_RELEASE = "late_release", _("Late release")
    LATE_DEPARTURE = "late_departure", _("Late departure")
    LATE_ARRIVAL = "late_arrival", _("Arrival after the window")
    NOT_ARRIVED = "not_arrived", _("Not arrived")
    SILENCE = "silence", _("No sign of it")
    EXCURSION = "excursion", _("Outside its limits")
    DATA_FAULT = "data_fault", _("Fault of data")
    DWELL = "dwell", _("Dwell above free time")
    DISCREPANCY = "discrepancy", _("Discrepancy")
    FAILED = "failed", _("Failed attempt")
    UNCOLLECTED = "uncollected", _("Not collected in time")


class Severity(TextChoices):
    """How bad it is if nobody acts."""

    NOTICE = "1", _("Notice")
    WARNING = "2", _("Warning")
    URGENT = "3", _("Urgent")


class Ending(TextChoices):
    """Why an exception is off the list."""

    PASSED = "passed", _("The cause is gone")
    RESOLVED = "resolved", _("Resolved by a person")


class Cause(TextChoices):
    """Why goods saw what they may not."""

    UNIT = "cooling_unit", _("Cooling unit failed")
    SETTING = "wrong_setting", _("Wrong setting")
    DOOR = "door_open", _("Door open too long")
    LOADED = "loaded_warm", _("Loaded outside its limits")
    DELAY = "delay", _("Delay on the way")
    HANDLING = "handling", _("Handling")
    SENSOR = "sensor", _("The sensor is wrong")
    OTHER = "other", _("Other")


class Decision(TextChoices):
    """What becomes of goods that saw what they may not."""

    ACCEPT = "accept", _("Accept")
    QUARANTINE = "quarantine", _("Quarantine")
    RETURN = "return", _("Return")


#: Harm that is done already: only a person says that it is dealt with, and the same does not come back.
BY_PERSON = frozenset({Kind.DISCREPANCY, Kind.EXCURSION})
#: Their cause is told anew again and again, so what a person resolved is not another occasion by its time.
WITHOUT_OCCASION = frozenset({Kind.AT_RISK, Kind.LATE_ARRIVAL, Kind.DATA_FAULT})
#: The same trouble as it grows: only the last of these that is found for a delivery is shown.
GROWING = (
    Kind.AT_RISK,
    Kind.NO_SHOW_RISK,
    Kind.LATE_RELEASE,
    Kind.LATE_DEPARTURE,
    Kind.LATE_ARRIVAL,
    Kind.SILENCE,
    Kind.NOT_ARRIVED,
)
