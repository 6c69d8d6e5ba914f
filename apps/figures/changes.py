"""Which deliveries have something new on record since a moment: rows made since then, found by their keys."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.appointments.models import Appointment, AppointmentEvent
from apps.core.ids import first_id_at
from apps.deliveries.models import Delivery, DeliveryEvent, Handover
from apps.figures.gathering import MAIL_IN_TIME
from apps.figures.models import CauseOverride
from apps.insights.models import ExceptionEvent
from apps.notices.models import Notice
from apps.routing.models import RoutePlan, Stop
from apps.tendering.models import TenderEvent

#: A mail is tried for so long at most.
TRIED_FOR = timedelta(hours=12)


def changed_since(moment: datetime) -> set[UUID]:
    """The current shipper's deliveries whose facts may be others than at ``moment``; eleven queries."""
    first = first_id_at(moment)
    rows: tuple[tuple[QuerySet, str], ...] = (  # type: ignore[type-arg]  # of several models
        (Delivery.objects.all(), "pk"),
        (DeliveryEvent.objects.all(), "delivery_id"),
        (Handover.objects.all(), "delivery_id"),
        (AppointmentEvent.objects.all(), "appointment__delivery_id"),
        (ExceptionEvent.objects.all(), "exception__delivery_id"),
        (TenderEvent.objects.all(), "tendering__route__stops__delivery_id"),
        (CauseOverride.objects.all(), "delivery_id"),
    )
    found: set[UUID] = set()
    for made, column in rows:
        found.update(made.filter(pk__gte=first).order_by().values_list(column, flat=True).distinct())
    found.update(_mailed_about(moment))
    plans = RoutePlan.objects.filter(published_at__gte=moment)
    found.update(Stop.objects.filter(route__plan__in=plans).order_by().values_list("delivery_id", flat=True))
    return found - {None}


def _mailed_about(moment: datetime) -> set[UUID]:
    """Deliveries about which a mail was taken by the mail server since then, or has run out of time."""
    due = Notice.objects.filter(pk__gte=first_id_at(moment - TRIED_FOR)).exclude(address="")
    news = due.filter(mailed_at__gte=moment) | due.filter(
        mailed_at=None, created_at__gte=moment - MAIL_IN_TIME - timedelta(minutes=5)
    )
    subjects = {each for each in news.order_by().values_list("subject_id", flat=True) if each}
    visits = Appointment.objects.filter(pk__in=subjects).order_by().values_list("delivery_id", flat=True)
    return set(Delivery.objects.filter(pk__in=subjects).values_list("pk", flat=True)) | set(visits)
