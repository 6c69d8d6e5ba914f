"""Warning both sides before a vehicle's free time ends: once for each stay, in its history and by notice."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.accounts.actors import SYSTEM, Side
from apps.appointments.announcing import tell
from apps.appointments.at_gate import EXPECTED, HERE
from apps.appointments.dwell import BEGINS, LEFT
from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.services.transitions import amend, lock_appointment
from apps.appointments.states import State
from apps.appointments.staying import runs_out, stay_of
from apps.notices.kinds import Kind

STEP = "detention_near"
#: Whoever never checked out a vehicle does not warn of it for ever.
LOOKED_BACK = timedelta(days=2)


def warn_of_detention(*, now: datetime, limit: int = 200) -> int:
    """Tell both sides of every vehicle whose free time ends within minutes; returns of how many.

    To be called at the hub, now and then; each stay is warned of once, whoever sweeps.
    """
    done = AppointmentEvent.objects.filter(appointment=OuterRef("pk"))
    left = Exists(done.filter(step=LEFT))
    here = Q(state__in=(*EXPECTED, *HERE)) | Q(state=State.COMPLETED) & ~left
    came = done.filter(at__gt=now - LOOKED_BACK, step__in=list(BEGINS))
    staying = (
        Appointment.objects.filter(here, Exists(came))
        .exclude(Exists(done.filter(step=STEP)))
        .select_related("site")
        .prefetch_related("events")
        .order_by("id")[:limit]
    )
    near = [one.pk for one in staying if _runs_out(one, now)]
    return sum(_warn(key, now) for key in near)


@transaction.atomic
def _warn(appointment_id: UUID, now: datetime) -> bool:
    appointment = lock_appointment(appointment_id)
    if appointment.events.filter(step=STEP).exists() or not _runs_out(appointment, now):
        return False
    amend(appointment, step=STEP, actor=SYSTEM, at=now)
    for side in (Side.SHIPPER, Side.RECIPIENT):
        tell(appointment, STEP, side, kind=Kind.DETENTION)
    return True


def _runs_out(appointment: Appointment, now: datetime) -> bool:
    stay = stay_of(appointment, appointment.events.all(), now=now)
    return stay is not None and runs_out(stay, now=now)
