"""Which deliveries have something new on record since a moment: rows made since then, found by their keys."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.appointments.models import AppointmentEvent
from apps.core.ids import first_id_at
from apps.deliveries.models import Delivery, DeliveryEvent, Handover
from apps.figures.models import CauseOverride
from apps.insights.models import ExceptionEvent
from apps.routing.models import RoutePlan, Stop
from apps.tendering.models import TenderEvent


def changed_since(moment: datetime) -> set[UUID]:
    """Ids of the current shipper's deliveries whose facts may be others than at ``moment``; eight queries."""
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
    plans = RoutePlan.objects.filter(published_at__gte=moment)
    found.update(Stop.objects.filter(route__plan__in=plans).order_by().values_list("delivery_id", flat=True))
    return found - {None}
