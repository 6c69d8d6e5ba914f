"""Who takes part: six hospitals with docks, hours, rules and people; two shippers with carriers and prices.

Everything here but the hospitals' names and places is assumed; see ``data/README.md``.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.models import Membership, Person, Role
from apps.carriers.models import Carrier, Driver, Tariff, Vehicle, VehicleClass
from apps.facilities.models import (
    Dock,
    DockRule,
    DocumentRequirement,
    DocumentType,
    HandlingTime,
    Partnership,
    ReceivingWindow,
    Recipient,
    Site,
    Step,
    TemperatureClass,
)
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

DATA = Path(__file__).parent / "data"
PASSWORD = "dockside-demo-day"  # noqa: S105 printed by the demo; for nobody else's data
Kind = DockRule.Kind
DRIVERS = (
    "A. Khoza", "B. Mthembu", "C. Venter", "D. Maluleke", "E. Pillay", "F. Mokgosi", "G. Fourie", "H. Baloyi",
    "I. Ngcobo", "J. Sithole", "K. Adams", "L. Motaung", "M. Jacobs",
)  # fmt: skip


@dataclass(frozen=True)
class ShipperFacts:
    """A shipper of the demo and where its goods start."""

    slug: str
    name: str
    gs1_company_prefix: str
    warehouse: str
    city: str
    latitude: float
    longitude: float
    people: dict[Role, str]


SHIPPERS = (
    ShipperFacts(
        "aurobindo",
        "Aurobindo Pharma",
        "6001007",
        "Isando distribution centre",
        "Kempton Park",
        -26.1447,
        28.2045,
        {Role.PLANNER: "Thandi Mahlangu", Role.SHIPPER_ADMIN: "Ravi Naidoo", Role.AUDITOR: "Elna Marais"},
    ),
    ShipperFacts(
        "sbuys",
        "S. Buys Wholesaler",
        "6001019",
        "Silverton warehouse",
        "Pretoria",
        -25.7361,
        28.3042,
        {Role.PLANNER: "Kagiso Molefe", Role.SHIPPER_ADMIN: "Susan Buys", Role.AUDITOR: "Johan Pretorius"},
    ),
)

#: By site code: docks (name, lanes), windows (opens, closes), rules (dock or "", kind, limit or values).
HOSPITALS: dict[str, dict[str, Any]] = {
    "CMJAH": {
        "contact": "Lerato Mokoena",
        "gate_staff": "Bongani Zulu",
        "docks": (("Dock A", 1), ("Dock B", 1)),
        "windows": (("07:00", "15:00"),),
        "rules": (("Dock B", Kind.MAX_LENGTH, "9"), ("", Kind.MAX_PALLETS, "5")),
        "gate": "Enter by York Road, gate 3. Report to the stores clerk.",
    },
    "CHB": {
        "contact": "Sipho Dlamini",
        "gate_staff": "Refilwe Tau",
        "docks": (("Stores ramp", 2),),
        "windows": (("06:00", "14:00"),),
        "rules": (("", Kind.NEEDS_TAIL_LIFT, None), ("", Kind.MAX_PALLETS, "5")),
        "gate": "Gate 5, Chris Hani Road. Tail-lift needed: the ramp has no leveller.",
    },
    "SBAH": {
        "contact": "Anneke Botha",
        "gate_staff": "Musa Ndlovu",
        "docks": (("Pharmacy dock", 1), ("Cold dock", 1)),
        "windows": (("08:00", "16:00"),),
        "rules": (
            ("Pharmacy dock", Kind.TEMPERATURE, ["ambient"]),
            ("Cold dock", Kind.TEMPERATURE, ["chilled", "frozen", "ambient"]),
            ("", Kind.MAX_PALLETS, "4"),
        ),
        "gate": "Steve Biko Road entrance; the cold dock is behind the boiler house.",
    },
    "HJH": {
        "contact": "Thabo Nkosi",
        "gate_staff": "Zanele Radebe",
        "docks": (("Bay 1", 1),),
        "windows": (("07:30", "13:30"),),
        "rules": (("", Kind.MAX_LENGTH, "8"), ("", Kind.MAX_HEIGHT, "3.6"), ("", Kind.MAX_PALLETS, "4")),
        "gate": "Perth Road. Low gate: 3.6 m.",
    },
    "TEM": {
        "contact": "Naledi Khumalo",
        "gate_staff": "Petrus Mabena",
        "docks": (("Door 1", 1),),
        "windows": (("07:00", "12:00"), ("13:00", "16:00")),
        "rules": (("", Kind.MAX_PALLETS, "4"),),
        "gate": "Flint Mazibuko Street. Closed from 12 to 1.",
    },
    "DGM": {
        "contact": "Pieter van Wyk",
        "gate_staff": "Grace Sibiya",
        "docks": (("North door", 1), ("South door", 1)),
        "windows": (("07:00", "15:30"),),
        "rules": (("", Kind.MAX_WEIGHT, "18000"), ("", Kind.MAX_PALLETS, "4")),
        "gate": "Molotlegi Street, gate 2.",
    },
}

#: By shipper and carrier; a vehicle is (class, length m, height m, gross kg, pallets, kg, m³, tail-lift,
#: temperature classes), a tariff is in cents.
FLEETS: dict[str, dict[str, dict[str, Any]]] = {
    "aurobindo": {
        "Aurobindo own fleet": {
            "own_fleet": True,
            "routes_per_day": 3,
            "vehicles": (("rigid", "7.20", "3.40", 12000, 10, 6500, "38", True, ["ambient", "chilled"]),) * 3,
            "tariff": {"per_route": 90_000, "per_km": 1_150, "per_hour": 18_000, "per_stop": 4_000},
        },
        "Highveld Haulage": {
            "scac": "HVHL",
            "vehicles": (
                *(("rigid", "7.80", "3.50", 15000, 12, 8000, "44", True, ["ambient"]),) * 5,
                ("rigid", "7.80", "3.50", 15000, 12, 8000, "44", True, ["ambient", "chilled"]),
                ("articulated", "12.00", "4.10", 26000, 22, 18000, "80", False, ["ambient"]),
            ),
            "tariff": {
                "per_route": 120_000,
                "per_km": 1_300,
                "per_hour": 20_000,
                "per_stop": 6_000,
                "minimum": 250_000,
            },
        },
    },
    "sbuys": {
        "Jacaranda Logistics": {
            "scac": "JCRL",
            "routes_per_day": 4,
            "vehicles": (
                ("rigid", "7.20", "3.30", 12000, 10, 6000, "36", True, ["ambient", "chilled"]),
                ("rigid", "7.20", "3.30", 12000, 10, 6000, "36", True, ["ambient"]),
                ("rigid", "7.20", "3.30", 12000, 10, 6000, "36", True, ["ambient"]),
                ("van", "5.90", "2.70", 3500, 3, 1200, "12", True, ["ambient", "chilled"]),
            ),
            "tariff": {
                "per_route": 80_000,
                "per_km": 1_200,
                "per_hour": 19_000,
                "per_stop": 5_000,
                "per_pallet": 2_500,
            },
        },
        "Ubuntu Freight": {
            "scac": "UBFR",
            "vehicles": (("rigid", "7.60", "3.50", 15000, 12, 8000, "42", True, ["ambient"]),) * 4,
            "tariff": {
                "per_route": 60_000,
                "per_km": 1_500,
                "per_hour": 22_000,
                "per_stop": 7_500,
                "minimum": 220_000,
            },
        },
    },
}


def build_network(valid_from: date) -> None:
    """Create whatever of the network is not there yet. Runs at the hub; the shippers exist already."""
    for row in _sites():
        _hospital(row, HOSPITALS[row["code"]])
    for facts in SHIPPERS:
        shipper = Shipper.objects.get(slug=facts.slug)
        for recipient in Recipient.objects.filter(sites__code__in=HOSPITALS):
            Partnership.objects.get_or_create(shipper=shipper, recipient=recipient)
        Site.objects.get_or_create(
            shipper=shipper,
            code=f"{facts.slug.upper()}-DC",
            defaults={
                "name": facts.warehouse,
                "city": facts.city,
                "latitude": facts.latitude,
                "longitude": facts.longitude,
                "time_zone": "Africa/Johannesburg",
            },
        )
        for login, role in (
            ("planner", Role.PLANNER),
            ("admin", Role.SHIPPER_ADMIN),
            ("auditor", Role.AUDITOR),
        ):
            person(f"{login}@{facts.slug}.example", facts.people[role], role, shipper=shipper)
        with doorway.enter_shipper(shipper):
            for carrier_name, fleet in FLEETS[facts.slug].items():
                _carrier(carrier_name, fleet, valid_from)
    person("operator@network.example", "Network operator", Role.OPERATOR)


def person(
    email: str, name: str, role: Role, *, shipper: Shipper | None = None, recipient: Recipient | None = None
) -> Person:
    """A person with the demo's password and one role; found again when they exist."""
    somebody = Person.objects.filter(email=email).first() or Person.objects.create_user(
        email, PASSWORD, name=name
    )
    Membership.objects.get_or_create(person=somebody, role=role, shipper=shipper, recipient=recipient)
    return somebody


def manager_email(code: str) -> str:
    """The receiving manager's sign-in at the hospital with that site code."""
    return f"receiving@{code.lower()}.example"


def operator_email(code: str) -> str:
    """The dock operator's sign-in at the hospital with that site code."""
    return f"dock@{code.lower()}.example"


def _sites() -> Iterator[dict[str, str]]:
    with (DATA / "sites.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _hospital(row: dict[str, str], facts: dict[str, Any]) -> None:
    recipient, _ = Recipient.objects.get_or_create(
        name=row["name"], defaults={"email": manager_email(row["code"])}
    )
    person(manager_email(row["code"]), facts["contact"], Role.RECEIVING_MANAGER, recipient=recipient)
    person(operator_email(row["code"]), facts["gate_staff"], Role.DOCK_OPERATOR, recipient=recipient)
    person(
        f"auditor@{row['code'].lower()}.example",
        f"Auditor of {row['name']}",
        Role.AUDITOR,
        recipient=recipient,
    )
    site, made = Site.objects.get_or_create(
        recipient=recipient,
        code=row["code"],
        defaults={
            "name": row["name"],
            "city": row["district"].removesuffix(" Metropolitan Municipality").removeprefix("City of "),
            "region": "Gauteng",
            "latitude": float(row["latitude"]),
            "longitude": float(row["longitude"]),
            "time_zone": "Africa/Johannesburg",
            "contact_name": facts["contact"],
            "gate_instructions": facts["gate"],
            "protective_equipment": "Safety shoes, high-visibility vest",
            "min_lead_time": timedelta(hours=4),
        },
    )
    if made:
        _dock_and_rules(site, facts)


def _dock_and_rules(site: Site, facts: dict[str, Any]) -> None:
    docks = {
        name: Dock.objects.create(site=site, name=name, lanes=lanes, rank=rank)
        for rank, (name, lanes) in enumerate(facts["docks"], start=1)
    }
    for weekday in range(1, 6):
        for opens, closes in facts["windows"]:
            ReceivingWindow.objects.create(
                site=site, weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
            )
    for dock_name, kind, value in facts["rules"]:
        DockRule.objects.create(
            site=site,
            dock=docks.get(dock_name),
            kind=kind,
            limit=Decimal(value) if isinstance(value, str) else None,
            values=value if isinstance(value, list) else [],
        )
    HandlingTime.objects.create(site=site, fixed_minutes=15, minutes_per_pallet=4)
    DocumentRequirement.objects.create(site=site, document_type=DocumentType.DELIVERY_NOTE, step=Step.ARRIVAL)


def _carrier(name: str, fleet: dict[str, Any], valid_from: date) -> None:
    carrier, made = Carrier.objects.get_or_create(
        name=name,
        defaults={
            "scac": fleet.get("scac", ""),
            "own_fleet": fleet.get("own_fleet", False),
            "routes_per_day": fleet.get("routes_per_day"),
        },
    )
    if not made:
        return
    for number, spec in enumerate(fleet["vehicles"], start=1):
        vehicle_class, length, height, gross, pallets, kg, volume, tail_lift, temperatures = spec
        Vehicle.objects.create(
            carrier=carrier,
            plate=f"{''.join(word[0] for word in name.split())}{number:02d} GP",
            vehicle_class=vehicle_class,
            length_m=length,
            height_m=height,
            gross_weight_kg=gross,
            capacity_pallets=pallets,
            capacity_kg=kg,
            capacity_m3=volume,
            tail_lift=tail_lift,
            temperature_classes=[TemperatureClass(t).value for t in temperatures],
            shift_start=time(5),
            shift_end=time(18),
        )
        Driver.objects.create(carrier=carrier, name=DRIVERS[(len(name) * 7 + number) % len(DRIVERS)])
    for vehicle_class in sorted({spec[0] for spec in fleet["vehicles"]}):
        Tariff.objects.create(
            carrier=carrier,
            vehicle_class=VehicleClass(vehicle_class),
            valid=DateRange(valid_from, None),
            **fleet["tariff"],
        )
