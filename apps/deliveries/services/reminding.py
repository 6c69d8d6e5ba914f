"""Ask for papers before they hurt: what the next days' visits lack, told to whoever has to bring it."""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from apps.accounts.actors import Side
from apps.appointments.announcing import audience_of, page_of
from apps.appointments.models import Appointment
from apps.appointments.search import local_day
from apps.appointments.states import State as AppointmentState
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import checklist_of, deliveries, visits
from apps.deliveries.states import State
from apps.documents.models import Reminder
from apps.documents.selectors import SATISFIED, ChecklistLine
from apps.facilities.models import DocumentType, Provider
from apps.notices.kinds import Kind
from apps.notices.services import notify

#: Days before the visit at which a missing paper is asked for: in time to get one, and at the last moment.
ASKED_DAYS_BEFORE = (3, 1)
_COMING = (State.OPEN, State.LOADED, State.IN_TRANSIT)


def remind_of_papers(*, now: datetime) -> int:
    """Ask for the papers that coming visits lack, each at most once per day of ``ASKED_DAYS_BEFORE``.

    The recipient is asked for what it provides itself, the shipper for the rest, the carrier's included: it
    is who knows the carrier. Returns how many notices were promised. Called in the shipper's schema.
    """
    horizon = (now + timedelta(days=max(ASKED_DAYS_BEFORE) + 1)).date()
    soon = Q(day__lte=horizon, day__gte=(now - timedelta(days=1)).date())
    booked = Appointment.objects.filter(
        state=AppointmentState.CONFIRMED,
        during__startswith__lte=now + timedelta(days=max(ASKED_DAYS_BEFORE) + 1),
        during__endswith__gt=now,
    )
    soon |= Q(pk__in=booked.values("delivery_id"))
    told = 0
    for visit in visits(deliveries().filter(soon, state__in=_COMING)):
        if visit.appointment is not None and visit.appointment.state in (
            AppointmentState.OFFERED,
            AppointmentState.CONFIRMED,
        ):
            told += _remind(visit.delivery, visit.appointment, now)
    return told


@transaction.atomic
def _remind(delivery: Delivery, appointment: Appointment, now: datetime) -> int:
    """The notices that one delivery's missing papers take: at most one for each side."""
    lines, visit_day = checklist_of(delivery, appointment)
    today = local_day(now, ZoneInfo(delivery.site.time_zone))
    due = [days for days in ASKED_DAYS_BEFORE if (visit_day - today).days <= days]
    if not due or visit_day < today:
        return 0
    lacking: dict[Side, list[ChecklistLine]] = defaultdict(list)
    for line in lines:
        if line.standing in SATISFIED or line.document_type == DocumentType.DELIVERY_NOTE:
            continue
        _row, is_new = Reminder.objects.get_or_create(
            delivery_id=delivery.pk,
            document_type=line.document_type,
            visit_day=visit_day,
            days_left=min(due),
            defaults={"asked_at": now},
        )
        if is_new:
            side = Side.RECIPIENT if line.provider == Provider.RECIPIENT else Side.SHIPPER
            lacking[side].append(line)
    for side, wanted in lacking.items():
        audience = audience_of(appointment, side)
        if audience is not None:
            words = {"delivery": delivery, "lines": wanted, "day": visit_day}
            notify(
                kind=Kind.PAPERS,
                audience=audience,
                title=" ".join(render_to_string("mail/papers_subject.txt", words).split()),
                body=render_to_string("mail/papers.txt", words).strip(),
                path=page_of(appointment, side),
                subject_id=delivery.pk,
            )
    return len(lacking)
