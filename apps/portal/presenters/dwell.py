"""How long a vehicle has been where, and what of it is beyond free time, for ``components/dwell.html``."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.appointments.dwell import Dwell, Stage
from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.staying import runs_out, stay_of

Context = dict[str, Any]


def dwell_card(
    appointment: Appointment, events: Iterable[AppointmentEvent], *, now: datetime
) -> Context | None:
    """The stay in words and figures; None when no vehicle came."""
    stay = stay_of(appointment, events, now=now)
    if stay is None:
        return None
    return {
        "spans": [{"label": _label(stage), "minutes": spoken(span)} for stage, span in stay.spans],
        "total": spoken(stay.total),
        "is_over": stay.left is not None,
        "free": spoken(timedelta(minutes=appointment.site.free_minutes)),
        "free_until": stay.free_until,
        "detention": spoken(stay.detention) if stay.detention else "",
        "state": detention_state(stay, now=now),
    }


def detention_state(stay: Dwell, *, now: datetime) -> str:
    """“late” beyond free time, “expiring” shortly before it ends, else nothing."""
    if stay.detention:
        return "late"
    return "expiring" if runs_out(stay, now=now) else ""


def spoken(span: timedelta) -> str:
    """“1 h 05 min”."""
    minutes = int(span.total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    return _("%(h)d h %(m)02d min") % {"h": hours, "m": rest} if hours else _("%(m)d min") % {"m": rest}


def _label(stage: Stage) -> str:
    return {
        Stage.QUEUE: _("Queue"),
        Stage.CHECK_IN: _("Check-in"),
        Stage.WAIT: _("Wait for door"),
        Stage.HANDLING: _("Handling"),
        Stage.PAPERWORK: _("Paperwork"),
    }[stage]
