"""The contention benchmark compares like with like, and would see a double booking."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, Offer, OfferedSlot
from apps.facilities.models import Dock
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from benchmarks._contention import Ground, Hold, bare_ways, service_ways
from benchmarks.contention import double_bookings

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DIFFERS = {"id", "created_at", "delivery_id", "appointment", "offer", "offered_slot", "during", "occupies"}


def test_bare_sql_writes_what_the_services_write(at_acme: Shipper, dock: Dock, now: datetime) -> None:
    with doorway.network():
        dock.site.handling_times.update(fixed_minutes=30, minutes_per_pallet=0)
    ground = Ground(dock.site_id, dock.pk, NOON.replace(hour=0), now)
    connection.ensure_connection()
    written = [
        _written(*ways, NOON + timedelta(hours=hours))
        for hours, ways in enumerate(
            (service_ways(ground, at_acme.pk), bare_ways(connection.connection, ground, at_acme.pk)), start=-4
        )
    ]

    assert written[0] == written[1]


def _written(
    offering: Callable[..., UUID | str], cancelling: Callable[..., str], start: datetime
) -> list[Any]:
    """All rows of an offer, and again after its cancellation, without what has to differ."""
    appointment_id = offering(start)
    assert isinstance(appointment_id, UUID)
    held = _rows(appointment_id)
    assert cancelling(appointment_id) == "cancelled"
    return [held, _rows(appointment_id)]


def _rows(appointment_id: UUID) -> list[Any]:
    rows = (
        Appointment.objects.filter(pk=appointment_id),
        Offer.objects.filter(appointment=appointment_id),
        OfferedSlot.objects.filter(offer__appointment=appointment_id),
        DockOccupancy.objects.filter(appointment=appointment_id),
        AppointmentEvent.objects.filter(appointment=appointment_id).order_by("at", "id"),
    )
    return [
        {field.name: getattr(row, field.attname) for field in row._meta.fields if field.name not in DIFFERS}
        for some in rows
        for row in some
    ]


def test_a_piece_of_time_that_two_had_at_once_is_seen() -> None:
    quarter = timedelta(minutes=15)
    one = Hold(NOON, 1.0, 5.0)

    assert double_bookings([one, Hold(NOON + 2 * quarter, 2.0, 3.0), Hold(NOON, 5.0, 6.0)]) == 0
    assert double_bookings([one, Hold(NOON + quarter, 4.0, 6.0)]) == 1
