"""How much time is left between a delivery and what waits for it, and what being late or early costs.

A delivery is there when its goods are handed over; until then as it is expected, then by the end of its slot,
then by the end of the day it was asked for, in the site's own time. Float is counted from there to the
milestone's begin; it is early by what its vehicle comes before the goods may. Harm goes by begun days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.deliveries.models import Delivery, DeliveryEvent
from apps.deliveries.states import State
from apps.figures.models import Milestone, MilestoneDelivery
from apps.tracking.selectors import newest_expected

DAY = timedelta(days=1)


class Basis(StrEnum):
    """What it is known by when a delivery is there, the surest first."""

    HANDED_OVER = "handed_over"
    EXPECTED = "expected"
    SLOT = "slot"
    DAY = "day"
    NOT_COMING = "not_coming"


@dataclass(frozen=True)
class Float:
    """One delivery against one milestone; ``left`` below zero is late, None: it is not coming.

    ``costs`` is what late and early days cost together, in cents; None where a rate is missing.
    """

    milestone: Milestone
    delivery: Delivery
    basis: Basis
    there_at: datetime | None
    left: timedelta | None
    early: timedelta

    @property
    def is_late(self) -> bool:
        return self.left is None or self.left < timedelta(0)

    @property
    def late_days(self) -> int:
        """Begun days after the milestone's begin; 0 where it is not known how many."""
        return 0 if self.left is None else _begun(-self.left)

    @property
    def early_days(self) -> int:
        return _begun(self.early)

    @property
    def costs(self) -> int | None:
        """In cents; None where a rate is missing, or where nobody knows when it comes."""
        if self.left is None:
            return None
        parts = ((self.late_days, self.milestone.late_day), (self.early_days, self.milestone.early_day))
        if any(days and rate is None for days, rate in parts):
            return None
        return sum(days * (rate or 0) for days, rate in parts)


def floats(milestones: Iterable[Milestone] = (), *, delivery_id: UUID | None = None) -> list[Float]:
    """Of these milestones' deliveries, or of one delivery, the least float first; four queries."""
    ties = MilestoneDelivery.objects.select_related("milestone__site", "delivery__site")
    if delivery_id is not None:
        ties = ties.filter(delivery_id=delivery_id)
    else:
        ties = ties.filter(milestone__in=[each.pk for each in milestones])
    handed = DeliveryEvent.objects.filter(delivery=OuterRef("delivery"), to_state=State.DELIVERED)
    came = DeliveryEvent.objects.filter(delivery=OuterRef("delivery"), to_state=State.ARRIVED)
    rows = list(
        ties.annotate(
            handed_at=Subquery(handed.order_by("at").values("at")[:1]),
            came_at=Subquery(came.order_by("at").values("at")[:1]),
        )
    )
    ids = {row.delivery_id for row in rows}
    slots = dict(
        Appointment.objects.filter(
            delivery_id__in=ids, state__in=(Agreed.CONFIRMED, Agreed.ARRIVED, Agreed.IN_PROGRESS)
        ).values_list("delivery_id", "during")
    )
    expected = newest_expected(ids)
    found = []
    for row in rows:
        told = expected.get(row.delivery_id)
        basis, comes, there = _when(
            row, slots.get(row.delivery_id), told.expected_at if told is not None else None
        )
        opens = row.milestone.not_before
        found.append(
            Float(
                row.milestone,
                row.delivery,
                basis,
                there,
                None if there is None else row.milestone.starts_at - there,
                max(timedelta(0), opens - comes) if opens and comes else timedelta(0),
            )
        )
    return sorted(found, key=lambda each: (each.left or timedelta.min, each.delivery.number))


def _when(
    row: MilestoneDelivery, slot: object, told: datetime | None
) -> tuple[Basis, datetime | None, datetime | None]:
    """By what it is known, when its vehicle comes, and when its goods are there."""
    delivery = row.delivery
    handed, came = row.handed_at, row.came_at  # type: ignore[attr-defined]  # annotated
    if delivery.state == State.DELIVERED and handed is not None:
        return Basis.HANDED_OVER, came or handed, handed
    if delivery.state in (State.FAILED, State.REFUSED, State.CANCELLED):
        return Basis.NOT_COMING, None, None
    lower, upper = getattr(slot, "lower", None), getattr(slot, "upper", None)
    if lower is None or upper is None:
        zone = ZoneInfo(delivery.site.time_zone)
        midnight = datetime.combine(delivery.day, time(0), zone)
        return Basis.DAY, midnight, datetime.combine(delivery.day + DAY, time(0), zone)
    if told is not None:
        begins = max(told, lower)
        return Basis.EXPECTED, came or told, begins + (upper - lower)
    return Basis.SLOT, lower, upper


def _begun(span: timedelta) -> int:
    return max(0, -(-span // DAY))
