"""What may happen to a delivery on the ground; whether its slot is agreed is the appointment's state."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where the goods of a delivery are."""

    OPEN = "open", _("At the shipper")
    LOADED = "loaded", _("Loaded")
    IN_TRANSIT = "in_transit", _("On the way")
    ARRIVED = "arrived", _("At the gate")
    UNLOADING = "unloading", _("Unloading")
    DELIVERED = "delivered", _("Delivered")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


TRANSITIONS: dict[State, frozenset[State]] = {
    # A vehicle may come whose loading nobody recorded (a walk-in), and may not come at all (a no-show); what
    # the recipient collects is delivered where it stands.
    State.OPEN: frozenset({State.LOADED, State.ARRIVED, State.FAILED, State.CANCELLED, State.DELIVERED}),
    State.LOADED: frozenset({State.IN_TRANSIT, State.ARRIVED, State.FAILED, State.OPEN}),
    State.IN_TRANSIT: frozenset({State.ARRIVED, State.FAILED}),
    State.ARRIVED: frozenset({State.UNLOADING, State.FAILED}),
    State.UNLOADING: frozenset({State.DELIVERED, State.REFUSED}),
    State.DELIVERED: frozenset(),
    State.REFUSED: frozenset(),
    State.FAILED: frozenset({State.OPEN, State.ARRIVED}),
    State.CANCELLED: frozenset(),
}


class FailureReason(TextChoices):
    """Open Trip Model's ten."""

    DAMAGE = "damage", _("Damage")
    DELIVERED_ELSEWHERE = "deliveredElsewhere", _("Delivered elsewhere")
    WRONG_RECEIVER = "deliveredToWrongReceiver", _("Delivered to the wrong receiver")
    INACCESSIBLE = "inaccessibleAddress", _("Address not accessible")
    INCOMPLETE = "incomplete", _("Incomplete")
    INVALID_ADDRESS = "invalidAddress", _("Invalid address")
    INVALID_LABEL = "invalidShippingLabel", _("Invalid shipping label")
    RECEIVER_ABSENT = "receiverAbsent", _("Receiver absent")
    REJECTED = "rejectedByReceiver", _("Rejected by the receiver")
    OTHER = "other", _("Other")
