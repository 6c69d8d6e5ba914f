"""What may be done with exceptions: detect, escalate and weigh them; act, assign, talk, decide, resolve."""

from apps.insights.services.acting import assign, comment, decide, note_contact, resolve, snooze, take
from apps.insights.services.escalating import escalate
from apps.insights.services.intervening import InterventionGone, intervene, weigh
from apps.insights.services.watching import Watched, watch

__all__ = [
    "InterventionGone",
    "Watched",
    "assign",
    "comment",
    "decide",
    "escalate",
    "intervene",
    "note_contact",
    "resolve",
    "snooze",
    "take",
    "watch",
    "weigh",
]
