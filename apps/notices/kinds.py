"""What people are told about: the kinds that each of them may choose how to hear of."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """One line of the preferences page."""

    OFFER = "offer", _("Offers that wait for an answer")
    AGREED = "agreed", _("Slots agreed, moved or cancelled")
    ENDED = "ended", _("Offers declined, or not answered in time")
    ESCALATION = "escalation", _("Answers that are nearly overdue")
    STANDING = "standing", _("Standing appointments")
    WAITING = "waiting", _("The waiting list")
    PAPERS = "papers", _("Papers that are missing or run out")
    DETENTION = "detention", _("Free time at a dock that runs out")
    EXCEPTION = "exception", _("Late arrivals, and exceptions that nobody deals with")
    HANDOVER = "handover", _("Handovers")
    PROOF = "proof", _("Proofs of delivery, with the log's checkpoint")
    SITE = "site", _("Changes of a site's hours and rules")
    TENDER = "tender", _("Tenders to carriers and their answers")
    REPORT = "report", _("The week's figures, as a report")
    PLAN = "plan", _("Plans and long work that is done")


#: Not mailed unless somebody asks for it.
QUIET = frozenset({Kind.PLAN})
