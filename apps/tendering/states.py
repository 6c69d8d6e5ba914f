"""What may happen to a tender, and to the search for a route's carrier: the whole tables."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where one carrier's tender stands."""

    QUEUED = "queued", _("Not asked yet")
    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered in time")
    PASSED = "passed", _("Passed over")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RETURNED = "returned", _("Given back")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.OPEN, State.ACCEPTED, State.PASSED, State.WITHDRAWN}),
    State.OPEN: frozenset({State.ACCEPTED, State.DECLINED, State.EXPIRED, State.WITHDRAWN}),
    State.ACCEPTED: frozenset({State.RETURNED, State.WITHDRAWN}),
    State.DECLINED: frozenset(),
    State.EXPIRED: frozenset(),
    State.PASSED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.RETURNED: frozenset(),
}


class SearchState(TextChoices):
    """Where the search for a route's carrier stands."""

    OPEN = "open", _("Being tendered")
    ASSIGNED = "assigned", _("Carrier found")
    UNCOVERED = "uncovered", _("No carrier")
    WITHDRAWN = "withdrawn", _("Called off")


SEARCH_TRANSITIONS: dict[SearchState, frozenset[SearchState]] = {
    SearchState.OPEN: frozenset({SearchState.ASSIGNED, SearchState.UNCOVERED, SearchState.WITHDRAWN}),
    SearchState.ASSIGNED: frozenset({SearchState.UNCOVERED, SearchState.WITHDRAWN}),
    SearchState.UNCOVERED: frozenset({SearchState.WITHDRAWN}),
    SearchState.WITHDRAWN: frozenset(),
}


class ReasonCode(TextChoices):
    """Why a carrier declines, or gives a route back."""

    NO_VEHICLE = "no_vehicle", _("No vehicle on that day")
    NO_DRIVER = "no_driver", _("No driver on that day")
    PRICE = "price", _("The price is too low")
    TIMES = "times", _("The times can't be kept")
    AREA = "area", _("Outside our area")
    BREAKDOWN = "breakdown", _("The vehicle broke down")
    OTHER = "other", _("Other")


class Channel(TextChoices):
    """By which way something was said."""

    LINK = "link", _("by link")
    DESK = "desk", _("at the desk")
    API = "api", _("by API")
    SYSTEM = "system", _("by Dockside")
