"""Values of booking: the load a dock has to know, and a slot. Pure; no Django."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Load:
    """What is coming, as far as a dock must know: goods, and the largest vehicle that may bring them.

    Lengths in metres, weights in kg (``vehicle_weight_kg`` is the vehicle's gross weight), volume in m³.
    A vehicle figure of None, or a vehicle type of "", is not known yet: a dock that limits it says so in its
    confirmation. ``equipment`` is what unloading needs at the dock.
    """

    load_type: str = "pallets"
    pallets: int = 0
    weight_kg: Decimal = Decimal(0)
    volume_m3: Decimal = Decimal(0)
    lines: int = 0
    temperature_class: str = "ambient"
    adr_classes: tuple[str, ...] = ()
    live: bool = True
    vehicle_length_m: Decimal | None = None
    vehicle_height_m: Decimal | None = None
    vehicle_weight_kg: Decimal | None = None
    tail_lift: bool = False
    vehicle_type: str = ""
    equipment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """One bookable piece of a dock's time, ``[start, end)`` in UTC; a value, never a row."""

    dock_id: UUID
    start: datetime
    end: datetime
