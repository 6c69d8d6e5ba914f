"""The fixed cast: two shippers, two recipients, one person in each role; seeded once into the template.

Acme and Globex both deliver to Northern Hospital; only Acme is Southern Clinic's partner. Northern has two
docks (Dock 2 takes only vehicles up to 9 m), open Monday to Friday 07:00–15:00 in Johannesburg.
"""

from datetime import UTC, datetime, time
from decimal import Decimal

from apps.accounts.models import Membership, Person, Role
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
)
from apps.tenancy.models import Shipper

#: The tests' moment: Monday 2 March 2026, 08:00 in Johannesburg.
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"

SHIPPERS = {"acme": ("Acme Medical", "6001234"), "globex": ("Globex Pharma", "6005678")}


def seed() -> None:
    """Create the cast in the network schema; shippers exist already."""
    acme, globex = (Shipper.objects.get(slug=slug) for slug in ("acme", "globex"))
    northern = Recipient.objects.create(
        name="Northern Hospital", gln="6009000000017", email="dock@northern.example"
    )
    southern = Recipient.objects.create(
        name="Southern Clinic", gln="6009000000024", email="dock@southern.example"
    )
    for shipper, recipient in ((acme, northern), (globex, northern), (acme, southern)):
        Partnership.objects.create(shipper=shipper, recipient=recipient)
    _site(northern, "NH1", "Northern Hospital stores", -26.18, 28.04)
    _site(southern, "SC1", "Southern Clinic pharmacy", -26.30, 27.90)
    for shipper, code, latitude in ((acme, "ACME-DC", -26.11), (globex, "GLX-DC", -26.22)):
        Site.objects.create(
            shipper=shipper,
            code=code,
            name=f"{shipper.name} warehouse",
            latitude=latitude,
            longitude=28.2,
            time_zone="Africa/Johannesburg",
            city="Johannesburg",
        )
    for name, email, role, shipper, recipient in (
        ("Alice Adams", "alice@acme.example", Role.PLANNER, acme, None),
        ("Ada Aker", "ada@acme.example", Role.SHIPPER_ADMIN, acme, None),
        ("Arthur Audit", "arthur@acme.example", Role.AUDITOR, acme, None),
        ("Bob Brown", "bob@globex.example", Role.PLANNER, globex, None),
        ("Gina Gold", "gina@globex.example", Role.SHIPPER_ADMIN, globex, None),
        ("Rita Reyes", "rita@northern.example", Role.RECEIVING_MANAGER, None, northern),
        ("Otto Ono", "otto@northern.example", Role.DOCK_OPERATOR, None, northern),
        ("Nadia Naude", "nadia@northern.example", Role.AUDITOR, None, northern),
        ("Sam Sithole", "sam@southern.example", Role.RECEIVING_MANAGER, None, southern),
        ("Olga Operator", "olga@network.example", Role.OPERATOR, None, None),
    ):
        person = Person.objects.create_user(email, PASSWORD, name=name)
        Membership.objects.create(person=person, role=role, shipper=shipper, recipient=recipient)


def _site(recipient: Recipient, code: str, name: str, latitude: float, longitude: float) -> Site:
    site = Site.objects.create(
        recipient=recipient,
        code=code,
        name=name,
        latitude=latitude,
        longitude=longitude,
        time_zone="Africa/Johannesburg",
        city="Johannesburg",
        street="1 Hospital Road",
        gate_instructions="Report at gate B.",
    )
    Dock.objects.create(site=site, name="Dock 1", rank=1)
    second = Dock.objects.create(site=site, name="Dock 2", rank=2)
    DockRule.objects.create(site=site, dock=second, kind=DockRule.Kind.MAX_LENGTH, limit=Decimal("9.00"))
    HandlingTime.objects.create(site=site, fixed_minutes=20, minutes_per_pallet=2)
    DocumentRequirement.objects.create(site=site, document_type=DocumentType.DELIVERY_NOTE, step=Step.ARRIVAL)
    for weekday in range(1, 6):
        ReceivingWindow.objects.create(site=site, weekday=weekday, opens=time(7), closes=time(15))
    return site
