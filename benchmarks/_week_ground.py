"""Where the simulated week happens: a recipient's sites, a shipper's own, its carriers and vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.carriers.models import Carrier, Vehicle
from apps.facilities.models import Dock, DocumentRequirement, DocumentType, Partnership, Recipient, Site
from apps.facilities.models import Step as PaperStep
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

PAPER_SITES = 6  #: The first of the sites demand a paper at arrival.


@dataclass
class World:
    """Where the week happens: the sites of one recipient and one shipper's own, its carriers and vehicles."""

    shipper: Shipper
    origin: Site
    sites: list[Site]
    docks: dict[UUID, Dock]
    carriers: list[Carrier]
    vehicles: list[Vehicle]


def places(shippers: Sequence[Shipper], sites: int) -> list[Site]:
    """The recipient's sites, made once; the first of them demand a paper at arrival."""
    recipient, is_new = Recipient.objects.get_or_create(name="Week recipients")
    if is_new:
        for shipper in shippers:
            Partnership.objects.create(shipper=shipper, recipient=recipient)
        for number in range(sites):
            site = Site.objects.create(
                recipient=recipient,
                code=f"W{number:02d}",
                name=f"Week site {number:02d}",
                latitude=-26.0 - number / 100,
                longitude=28.0,
                time_zone="Africa/Johannesburg",
            )
            Dock.objects.create(site=site, name="Dock 1", rank=1)
            if number < PAPER_SITES:
                DocumentRequirement.objects.create(
                    site=site, document_type=DocumentType.CMR, step=PaperStep.ARRIVAL
                )
    return list(Site.objects.filter(recipient=recipient).order_by("code"))


def world(shipper: Shipper, sites: list[Site], vehicles: int) -> World:
    """What the shipper needs; to be called in its schema."""
    with doorway.network():
        origin, _made = Site.objects.get_or_create(
            shipper=shipper,
            code="WEEK-DC",
            defaults={
                "name": f"{shipper.name} week warehouse",
                "latitude": -26.1,
                "longitude": 28.2,
                "time_zone": "Africa/Johannesburg",
            },
        )
        docks = {dock.site_id: dock for dock in Dock.objects.filter(site__in=sites)}
    carriers = [Carrier.objects.get_or_create(name=f"Week carrier {n}")[0] for n in range(5)]
    for number in range(vehicles):
        facts = {
            "carrier": carriers[number % 5],
            "vehicle_class": "rigid",
            "length_m": Decimal("7.5"),
            "height_m": Decimal("3.4"),
            "gross_weight_kg": 12_000,
            "capacity_pallets": 12,
            "capacity_kg": 6_000,
            "capacity_m3": Decimal(40),
        }
        Vehicle.objects.get_or_create(plate=f"WEEK{number:03d}", defaults=facts)
    cars = list(Vehicle.objects.filter(plate__startswith="WEEK").order_by("plate")[:vehicles])
    return World(shipper, origin, sites, docks, carriers, cars)
