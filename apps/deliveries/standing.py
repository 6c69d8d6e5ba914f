"""Where a delivery stands for its shipper: one word from its own state and from its latest appointment's.

Read in the shipper's schema. The words are computed in the database, so lists can be filtered and counted.
"""

from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, OuterRef, Q, QuerySet, Subquery, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Side
from apps.appointments.models import Appointment
from apps.appointments.states import State as AppointmentState
from apps.deliveries.models import Delivery
from apps.deliveries.states import State


class Standing(TextChoices):
    """What a planner wants to know first of a delivery, in the order in which deliveries move on."""

    TO_BOOK = "to_book", _("To book")
    WAITING = "waiting", _("Waiting for the recipient")
    TO_ANSWER = "to_answer", _("To answer")
    CONFIRMED = "confirmed", _("Confirmed")
    ON_THE_WAY = "on_the_way", _("On the way")
    DELIVERED = "delivered", _("Delivered")
    STOPPED = "stopped", _("Stopped")


ON_THE_ROAD = (State.IN_TRANSIT, State.ARRIVED, State.UNLOADING)
OVER = (State.DELIVERED, State.REFUSED, State.FAILED, State.CANCELLED)
NOT_OVER = tuple(state for state in State if state not in OVER)
WITHOUT_SLOT = (AppointmentState.DECLINED, AppointmentState.EXPIRED, AppointmentState.CANCELLED)


def with_standing(deliveries: QuerySet[Delivery]) -> QuerySet[Any]:
    """Add ``standing``, a ``Standing``, to each delivery."""
    latest = Appointment.objects.filter(delivery_id=OuterRef("pk")).order_by("-created_at")
    offered = Q(slot_state=AppointmentState.OFFERED)
    return deliveries.annotate(
        slot_state=Subquery(latest.values("state")[:1]), slot_turn=Subquery(latest.values("must_act")[:1])
    ).annotate(
        standing=Case(
            When(state=State.DELIVERED, then=Value(Standing.DELIVERED)),
            When(state=State.FAILED, slot_state=AppointmentState.NO_SHOW, then=Value(Standing.TO_BOOK)),
            When(state__in=OVER, then=Value(Standing.STOPPED)),
            When(state__in=ON_THE_ROAD, then=Value(Standing.ON_THE_WAY)),
            When(~Q(leg="") | Q(format=Delivery.Format.PICKUP), then=Value(Standing.CONFIRMED)),
            When(Q(slot_state=None) | Q(slot_state__in=WITHOUT_SLOT), then=Value(Standing.TO_BOOK)),
            When(offered & Q(slot_turn=Side.SHIPPER), then=Value(Standing.TO_ANSWER)),
            When(offered, then=Value(Standing.WAITING)),
            When(slot_state=AppointmentState.NO_SHOW, then=Value(Standing.STOPPED)),
            default=Value(Standing.CONFIRMED),
            output_field=CharField(),
        )
    )


def to_book(deliveries: QuerySet[Delivery]) -> QuerySet[Any]:
    """Those for which slots can be asked now: none is agreed or asked for, and the site takes deliveries."""
    return with_standing(deliveries).filter(standing=Standing.TO_BOOK, site__active=True)


def count_by_standing(deliveries: QuerySet[Delivery]) -> dict[Standing, int]:
    """How many deliveries stand where; every standing is named, zeros included."""
    counted = with_standing(deliveries).order_by().values_list("standing").annotate(Count("pk"))
    return dict.fromkeys(Standing, 0) | {Standing(standing): count for standing, count in counted}


def current(deliveries: QuerySet[Delivery], *, today: date) -> QuerySet[Delivery]:
    """Without those that were over before yesterday: what a planner still has to think of."""
    # an index serves either
    return deliveries.filter(Q(day__gte=today - timedelta(days=1)) | Q(state__in=NOT_OVER))
