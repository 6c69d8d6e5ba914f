"""What a record says about each delivery as a shipment: goods, who brought them, what was received. Pure.

A fold over events in the order of the log. An event that a correction declares wrong tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]
HANDOVERS = frozenset(
    {
        "handover_accepted",
        "handover_accepted_with_reservation",
        "handover_partly_refused",
        "handover_unattended",
        "handover_refused",
    }
)


@dataclass
class Goods:
    """A consignment as it was ordered and packed: items and handling units as events have them."""

    number: str
    order: str = ""
    ship_from: Mapping[str, Any] = field(default_factory=dict)
    items: list[Mapping[str, Any]] = field(default_factory=list)
    units: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass
class Shipment:
    """One delivery: ``despatch`` is the event of its leaving, ``handover`` that of its end; None before.

    ``announced`` is the newest event that says which goods will ride, and when they are to be there.
    """

    number: str
    goods: list[Goods]
    site: Mapping[str, Any]
    carrier: str = ""
    vehicle: str = ""
    announced: Event | None = None
    despatch: Event | None = None
    handover: Event | None = None

    @property
    def ssccs(self) -> list[str]:
        """The handling units that rode; before they left, those that will."""
        told = self.handover or self.despatch or self.announced
        return [sscc for each in told["consignments"] for sscc in each["sscc"]] if told else []


class Shipments:
    """Gathers the shipments of the events that are given to it, one after the other."""

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._wrong: set[str] = set()

    def add(self, event: Event) -> None:
        """Take an event into account; those that say nothing about a shipment are not kept."""
        if event["type"] == "correction":
            self._wrong.add(event["details"]["corrects"])
        elif event["type"] in _TELLS:
            self._events[event["event_id"]] = event

    def gathered(self, *, announced: bool = False) -> list[Shipment]:
        """Every delivery that left or was handed over, by number; with ``announced`` those to come, too."""
        events = [event for event_id, event in self._events.items() if event_id not in self._wrong]
        goods = _goods(events)
        shipments: dict[str, Shipment] = {}
        for event in _of_deliveries(events):
            shipment = shipments.setdefault(event["delivery"], Shipment(event["delivery"], [], {}))
            shipment.site = event.get("site", shipment.site)
            shipment.carrier = event["details"].get("carrier", shipment.carrier)
            shipment.vehicle = event["details"].get("vehicle", shipment.vehicle)
            if event["type"] in _ANNOUNCES:
                shipment.announced = event
            if event["type"] in {"loaded", "departed"}:
                shipment.despatch = event
            if event["type"] in HANDOVERS:
                shipment.handover = event
            known = {each.number for each in shipment.goods}
            shipment.goods += [
                goods.get(each["number"], Goods(each["number"]))
                for each in event["consignments"]
                if each["number"] not in known
            ]
        told = (each for each in shipments.values() if announced or each.despatch or each.handover)
        return sorted(told, key=lambda each: each.number)


_ANNOUNCES = frozenset({"delivery_grouped", "appointment_confirmed", "appointment_rescheduled"})
_TELLS = (
    HANDOVERS | _ANNOUNCES | {"consignment_created", "packed", "planned", "loaded", "departed", "arrived"}
)


def _goods(events: Iterable[Event]) -> dict[str, Goods]:
    goods: dict[str, Goods] = {}
    for event in events:
        if event["type"] not in {"consignment_created", "packed"}:
            continue
        for each in event["consignments"]:
            told = goods.setdefault(each["number"], Goods(each["number"]))
            details = event["details"]
            told.order = details.get("order", told.order)
            told.ship_from = details.get("ship_from", told.ship_from)
            told.items += details.get("items", ())
            told.units += [unit for unit in details.get("handling_units", ()) if unit["sscc"] in each["sscc"]]
    return goods


def _of_deliveries(events: Iterable[Event]) -> Iterator[Event]:
    yield from (event for event in events if event.get("delivery"))
