"""What rules and demands look at of goods, load and vehicle. No model: what has these facts can be judged."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class GoodsKind:
    """What decides which papers are demanded: codes of ``LoadType`` and ``TemperatureClass``."""

    load_type: str = "pallets"
    temperature_class: str = "ambient"
    is_dangerous: bool = False


class LoadFacts(Protocol):
    """What rules look at. Lengths in metres, weights in kg; a vehicle figure of None is not known yet, nor is
    a vehicle type of ""."""

    @property
    def load_type(self) -> str: ...
    @property
    def pallets(self) -> int: ...
    @property
    def lines(self) -> int: ...
    @property
    def temperature_class(self) -> str: ...
    @property
    def adr_classes(self) -> tuple[str, ...]: ...
    @property
    def live(self) -> bool: ...
    @property
    def vehicle_length_m(self) -> Decimal | None: ...
    @property
    def vehicle_height_m(self) -> Decimal | None: ...
    @property
    def vehicle_weight_kg(self) -> Decimal | None: ...
    @property
    def tail_lift(self) -> bool: ...
    @property
    def vehicle_type(self) -> str: ...
    @property
    def equipment(self) -> tuple[str, ...]: ...
