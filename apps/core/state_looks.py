"""How a state looks in every list: its icon and its word."""

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

_ICONS = {
    "offered": "send",
    "requested": "send",
    "countered": "arrow-left-right",
    "held": "hourglass",
    "waiting": "hourglass",
    "queued": "hourglass",
    "expiring": "hourglass",
    "confirmed": "calendar-check",
    "accepted": "calendar-check",
    "planned": "route",
    "loading": "forklift",
    "in_progress": "forklift",
    "departed": "truck",
    "arrived": "map-pin",
    "running": "loader",
    "done": "check-check",
    "completed": "check-check",
    "delivered": "check-check",
    "success": "check-check",
    "verified": "shield-check",
    "late": "clock-alert",
    "no_show": "user-x",
    "refused": "ban",
    "declined": "ban",
    "failed": "circle-x",
    "error": "circle-x",
    "unassigned": "triangle-alert",
    "conflict": "triangle-alert",
    "warning": "triangle-alert",
    "expired": "timer-off",
    "cancelled": "x",
    "info": "info",
}
_WORDS = {
    "draft": _("Draft"),
    "requested": _("Requested"),
    "offered": _("Offered"),
    "countered": _("Counter-offer"),
    "held": _("Held"),
    "expiring": _("Expires soon"),
    "waiting": _("Waiting"),
    "queued": _("Queued"),
    "confirmed": _("Confirmed"),
    "accepted": _("Accepted"),
    "planned": _("Planned"),
    "loading": _("Loading"),
    "departed": _("On the way"),
    "arrived": _("Arrived"),
    "in_progress": _("In progress"),
    "running": _("Running"),
    "done": _("Done"),
    "completed": _("Done"),
    "delivered": _("Delivered"),
    "verified": _("Verified"),
    "late": _("Late"),
    "no_show": _("No-show"),
    "refused": _("Refused"),
    "declined": _("Declined"),
    "failed": _("Failed"),
    "unassigned": _("Unassigned"),
    "conflict": _("Conflict"),
    "expired": _("Expired"),
    "cancelled": _("Cancelled"),
}


@register.filter
def state_icon(state: object) -> str:
    """The name of the icon; a dashed circle for a state that has none."""
    return _ICONS.get(str(state), "circle-dashed")


@register.filter
def state_word(state: object) -> str:
    """The word for a state where the page gives none of its own; the state itself where there is none."""
    return str(_WORDS.get(str(state), state))
