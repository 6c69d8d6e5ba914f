"""What a record says about each delivery as a shipment: goods, who brought them, what was received. Pure.

A fold over events in the order of the log. An event that a correction declares wrong tells nothing. What was
told is kept in a file without a name, so that a record of any length is folded in the same memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


_TABLES = """
    CREATE TABLE told (place INTEGER PRIMARY KEY, event_id TEXT, delivery TEXT, event TEXT);
    CREATE INDEX told_of ON told (delivery);
    CREATE TABLE goods (number TEXT, place INTEGER);
    CREATE INDEX goods_of ON goods (number);
    CREATE TABLE wrong (event_id TEXT PRIMARY KEY);
"""


class Shipments:
    """Gathers the shipments of the events that are given to it, one after the other."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("")  # a temporary file of its own, gone with the connection
        self._kept.executescript(_TABLES)

    def add(self, event: Event) -> None:
        """Take an event into account; those that say nothing about a shipment are not kept."""
        if event["type"] == "correction":
            self._kept.execute("INSERT OR IGNORE INTO wrong VALUES (?)", [event["details"]["corrects"]])
        elif event["type"] in _TELLS:
            kept = self._kept.execute(
                "INSERT INTO told (event_id, delivery, event) VALUES (?, ?, ?)",
                [event["event_id"], event.get("delivery", ""), json.dumps(event)],
            )
            if event["type"] in _GOODS:
                numbers = [(each["number"], kept.lastrowid) for each in event["consignments"]]
                self._kept.executemany("INSERT INTO goods VALUES (?, ?)", numbers)

    def gathered(self, *, announced: bool = False) -> Iterator[Shipment]:
        """Every delivery that left or was handed over, by number; with ``announced`` those to come, too."""
        numbers = self._kept.execute("SELECT DISTINCT delivery FROM told WHERE delivery <> '' ORDER BY 1")
        for (number,) in numbers:
            shipment = self._shipment(number)
            if announced or shipment.despatch or shipment.handover:
                yield shipment

    def _shipment(self, number: str) -> Shipment:
        shipment, goods = Shipment(number, [], {}), dict[str, Goods]()
        for event in self._told("delivery = ?", [number]):
            shipment.site = event.get("site", shipment.site)
            shipment.carrier = event["details"].get("carrier", shipment.carrier)
            shipment.vehicle = event["details"].get("vehicle", shipment.vehicle)
            if event["type"] in _ANNOUNCES:
                shipment.announced = event
            if event["type"] in {"loaded", "departed"}:
                shipment.despatch = event
            if event["type"] in HANDOVERS:
                shipment.handover = event
            for each in event["consignments"]:
                goods.setdefault(each["number"], Goods(each["number"]))
        for told in goods.values():
            _describe(told, self._told("place IN (SELECT place FROM goods WHERE number = ?)", [told.number]))
        shipment.goods = list(goods.values())
        return shipment

    def _told(self, which: str, values: Sequence[str]) -> Iterator[Event]:
        """The kept events that no correction took back, in order."""
        rows = self._kept.execute(
            f"SELECT event FROM told WHERE {which} AND event_id NOT IN (SELECT event_id FROM wrong)"  # noqa: S608 no input
            " ORDER BY place",
            values,
        )
        for (event,) in rows.fetchall():
            yield json.loads(event)


_ANNOUNCES = frozenset({"delivery_grouped", "appointment_confirmed", "appointment_rescheduled"})
_GOODS = frozenset({"consignment_created", "packed"})
_TELLS = HANDOVERS | _ANNOUNCES | _GOODS | {"planned", "loaded", "departed", "arrived"}


def _describe(goods: Goods, events: Iterable[Event]) -> None:
    """Add what these events say of the goods: their order and whence they come, items, units."""
    for event in events:
        details = event["details"]
        ssccs = {
            sscc for each in event["consignments"] if each["number"] == goods.number for sscc in each["sscc"]
        }
        goods.order = details.get("order", goods.order)
        goods.ship_from = details.get("ship_from", goods.ship_from)
        goods.items += details.get("items", ())
        goods.units += [unit for unit in details.get("handling_units", ()) if unit["sscc"] in ssccs]
