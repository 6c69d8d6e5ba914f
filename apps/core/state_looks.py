"""How a state looks in every list: its icon and its word."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

_NO_ICON = "circle-dashed"
#: Icon and word; what is only ever shown with a page's own words has none.
_LOOKS: dict[str, tuple[str, Promise | None]] = {
    "draft": (_NO_ICON, _("Draft")),
    "requested": ("send", _("Requested")),
    "offered": ("send", _("Offered")),
    "countered": ("arrow-left-right", _("Counter-offer")),
    "held": ("hourglass", _("Held")),
    "expiring": ("hourglass", _("Expires soon")),
    "waiting": ("hourglass", _("Waiting")),
    "queued": ("hourglass", _("Queued")),
    "confirmed": ("calendar-check", _("Confirmed")),
    "accepted": ("calendar-check", _("Accepted")),
    "planned": ("route", _("Planned")),
    "loading": ("forklift", _("Loading")),
    "departed": ("truck", _("On the way")),
    "arrived": ("map-pin", _("Arrived")),
    "in_progress": ("forklift", _("In progress")),
    "running": ("loader", _("Running")),
    "done": ("check-check", _("Done")),
    "completed": ("check-check", _("Done")),
    "delivered": ("check-check", _("Delivered")),
    "verified": ("shield-check", _("Verified")),
    "late": ("clock-alert", _("Late")),
    "no_show": ("user-x", _("No-show")),
    "refused": ("ban", _("Refused")),
    "declined": ("ban", _("Declined")),
    "failed": ("circle-x", _("Failed")),
    "unassigned": ("triangle-alert", _("Unassigned")),
    "conflict": ("triangle-alert", _("Conflict")),
    "expired": ("timer-off", _("Expired")),
    "cancelled": ("x", _("Cancelled")),
    "success": ("check-check", None),
    "error": ("circle-x", None),
    "warning": ("triangle-alert", None),
    "info": ("info", None),
}


@register.filter
def state_icon(state: object) -> str:
    """The name of the icon; a dashed circle for a state that has none."""
    icon, _word = _LOOKS.get(str(state), (_NO_ICON, None))
    return icon


@register.filter
def state_word(state: object) -> str:
    """The word for a state where the page gives none of its own; the state itself where there is none."""
    _icon, word = _LOOKS.get(str(state), (_NO_ICON, None))
    return str(word or state)
