"""What may happen to an appointment, and to an offer: the whole tables, drawn in docs from here."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where an appointment stands."""

    OFFERED = "offered", _("Being negotiated")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("Arrived")
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETED = "completed", _("Completed")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("No-show")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.OFFERED: frozenset(
        {State.OFFERED, State.CONFIRMED, State.DECLINED, State.EXPIRED, State.CANCELLED}
    ),
    State.CONFIRMED: frozenset({State.CONFIRMED, State.ARRIVED, State.CANCELLED, State.NO_SHOW}),
    State.ARRIVED: frozenset({State.IN_PROGRESS, State.COMPLETED, State.CANCELLED}),
    State.IN_PROGRESS: frozenset({State.COMPLETED}),
    State.NO_SHOW: frozenset({State.ARRIVED}),
    State.COMPLETED: frozenset(),
    State.DECLINED: frozenset({State.OFFERED}),
    State.EXPIRED: frozenset({State.OFFERED}),
    State.CANCELLED: frozenset(),
}


class OfferState(TextChoices):
    """Where one offer stands."""

    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    COUNTERED = "countered", _("Countered")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class WaitingState(TextChoices):
    """Where an entry of a waiting list stands."""

    WAITING = "waiting", _("Waiting")
    OFFERED = "offered", _("A slot is offered")
    TAKEN = "taken", _("Slot taken")
    PASSED = "passed", _("Slot passed on")
    LEFT = "left", _("Left the list")
    OVER = "over", _("No slot became free")


class StandingState(TextChoices):
    """Where a series stands."""

    OFFERED = "offered", _("Being negotiated")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    ENDED = "ended", _("Ended")


class VisitState(TextChoices):
    """Where one day of a series stands."""

    KEPT = "kept", _("Kept")
    BOOKED = "booked", _("Booked")
    SKIPPED = "skipped", _("Skipped")
    LAPSED = "lapsed", _("Given up")


class ReasonCode(TextChoices):
    """Why somebody declined, changed or cancelled."""

    NO_CAPACITY = "no_capacity", _("No capacity at that time")
    NO_STAFF = "no_staff", _("No staff at that time")
    WRONG_DOCK = "wrong_dock", _("Another dock is needed")
    PAPERS_MISSING = "papers_missing", _("Papers are missing")
    NOT_ORDERED = "not_ordered", _("Not ordered")
    VEHICLE_UNAVAILABLE = "vehicle_unavailable", _("No vehicle at that time")
    GOODS_NOT_READY = "goods_not_ready", _("Goods are not ready")
    ORDER_CHANGED = "order_changed", _("The order changed")
    OTHER = "other", _("Other")
