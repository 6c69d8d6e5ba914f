"""Negotiation's own fixtures: a load that every dock takes, slots by local hour, an open offer."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.actors import Actor
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment
from apps.appointments.services import offer_slots
from apps.facilities.models import Dock, Site
from tests.factories import cast

JOHANNESBURG = ZoneInfo("Africa/Johannesburg")
TUESDAY = date(2026, 3, 3)

#: 20 + 5 × 2 = 30 minutes at Northern.
LOAD = Load(pallets=5, weight_kg=Decimal(800), vehicle_length_m=Decimal("8.00"))


def local(text: str, day: date = TUESDAY, zone: ZoneInfo = JOHANNESBURG) -> datetime:
    """``local("08:15")``: that time of Tuesday at the site, as UTC."""
    return datetime.fromisoformat(f"{day} {text}").replace(tzinfo=zone).astimezone(UTC)


def slot_at(
    dock: Dock, text: str, minutes: int = 30, day: date = TUESDAY, zone: ZoneInfo = JOHANNESBURG
) -> Slot:
    start = local(text, day, zone)
    return Slot(dock.pk, start, start + timedelta(minutes=minutes))


@pytest.fixture
def second_dock(northern_site: Site) -> Dock:
    """Northern's Dock 2: vehicles up to 9 m."""
    return northern_site.docks.get(name="Dock 2")


@pytest.fixture
def offer(northern_site: Site, now: datetime) -> Callable[..., Appointment]:
    """``offer(alice, slot, …)``: that planner offers slots at Northern for a new delivery."""

    def make(actor: Actor, *slots: Slot, **changes: Any) -> Appointment:
        asked: dict[str, Any] = {
            "site": northern_site,
            "shipper_id": actor.shipper_id,
            "delivery_id": uuid4(),
            "reference": "D-1",
            "load": LOAD,
            "now": now,
        }
        return offer_slots(actor=actor, slots=slots, **asked | changes)

    return make


__all__ = ["JOHANNESBURG", "LOAD", "TUESDAY", "cast", "local", "slot_at"]
