"""Whether a carrier, vehicle or driver can be used on a day, and why not, in sentences."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import (
    Absence,
    Carrier,
    Commitment,
    ComplianceDocument,
    Driver,
    EmissionClass,
    Outage,
    Qualification,
    ServiceArea,
    Shift,
    Tariff,
    Vehicle,
)
from apps.carriers.selectors import (
    carriers_with_facts,
    lapsing,
    may_drive,
    serves,
    shift_on,
    tariff_gaps,
    usable_on,
)
from apps.facilities.models import Site
from apps.tenancy.models import Shipper
from tests.carriers.conftest import VEHICLE_FACTS, make_carrier

#: A Wednesday.
DAY = date(2026, 3, 4)
Kind = Qualification.Kind


@pytest.fixture
def haulage(at_acme: Shipper) -> Carrier:
    """A carrier with one vehicle, one driver and a tariff without end."""
    return make_carrier("Acme Haulage", "ACM 111 GP", "Andile")


def facts_of(carrier: Carrier) -> Carrier:
    return carriers_with_facts().get(pk=carrier.pk)


def vehicle_of(carrier: Carrier) -> Vehicle:
    return facts_of(carrier).vehicles.all()[0]


def driver_of(carrier: Carrier) -> Driver:
    return facts_of(carrier).drivers.all()[0]


def test_nothing_is_against_a_carrier_with_vehicle_and_tariff(haulage: Carrier) -> None:
    against = [usable_on(one, DAY) for one in (facts_of(haulage), vehicle_of(haulage), driver_of(haulage))]

    assert against == [(), (), ()]


def test_a_carrier_is_not_used_when_it_is_off_without_vehicles_or_unpriced(haulage: Carrier) -> None:
    idle = Carrier.objects.create(name="Idle", active=False)
    Tariff.objects.update(valid=DateRange(DAY + timedelta(days=1), None))

    assert usable_on(facts_of(idle), DAY) == ("Idle is switched off.", "Idle has no active vehicle.")
    assert usable_on(facts_of(haulage), DAY) == (
        "Acme Haulage has no tariff for any of its vehicles on 4 March 2026.",
    )


def test_a_document_counts_until_its_last_day_and_its_successor_takes_over(haulage: Carrier) -> None:
    facts = {"carrier": haulage, "kind": ComplianceDocument.Kind.INSURANCE}
    ComplianceDocument.objects.create(valid_until=DAY, **facts)
    ComplianceDocument.objects.create(
        valid_from=DAY + timedelta(days=3), valid_until=date(2027, 1, 1), **facts
    )

    found = [usable_on(facts_of(haulage), DAY + timedelta(days=days)) for days in (0, 1, 3)]

    assert found == [
        (),
        ("Goods-in-transit insurance of Acme Haulage is not valid before 7 March 2026.",),
        (),
    ]


def test_a_lapsed_document_of_a_vehicle_blocks_the_vehicle_alone(haulage: Carrier) -> None:
    ComplianceDocument.objects.create(
        carrier=haulage,
        vehicle=haulage.vehicles.get(),
        kind=ComplianceDocument.Kind.ROADWORTHY,
        valid_until=DAY - timedelta(days=1),
    )
    ComplianceDocument.objects.create(
        carrier=haulage, kind=ComplianceDocument.Kind.CONTRACT, valid_until=date(2025, 1, 1), blocks=False
    )

    assert usable_on(facts_of(haulage), DAY) == ()
    assert usable_on(vehicle_of(haulage), DAY) == (
        "Roadworthiness certificate of ACM 111 GP lapsed on 3 March 2026.",
    )


def test_a_vehicle_stays_out_while_it_is_in_the_workshop_or_has_no_room(haulage: Carrier) -> None:
    Outage.objects.create(
        vehicle=haulage.vehicles.get(), during=DateRange(DAY, DAY + timedelta(days=2)), reason="breakdown"
    )
    Vehicle.objects.update(capacity_pallets=0)

    assert usable_on(vehicle_of(haulage), DAY) == (
        "ACM 111 GP stays out: it has room for no pallet.",
        "ACM 111 GP is out of use: breakdown, until 5 March 2026.",
    )
    assert len(usable_on(vehicle_of(haulage), DAY + timedelta(days=2))) == 1


def test_a_driver_is_away_off_shift_or_without_a_valid_licence(haulage: Carrier) -> None:
    driver = haulage.drivers.get()
    Absence.objects.create(driver=driver, during=DateRange(DAY, None), reason="illness")
    Shift.objects.create(driver=driver, weekday=1, starts="06:00", ends="14:00")
    Qualification.objects.create(driver=driver, kind=Kind.LICENCE_C, valid_until=DAY - timedelta(days=1))
    Qualification.objects.create(driver=driver, kind=Kind.MEDICAL, valid_until=DAY)

    assert usable_on(driver_of(haulage), DAY) == (
        "Andile is away: illness.",
        "Andile has no shift on Wednesday.",
        "“Licence C: rigid trucks” of Andile lapsed on 3 March 2026.",
    )
    assert [f"{edge:%H:%M}" for edge in shift_on(driver_of(haulage), date(2026, 3, 2)) or ()] == [
        "06:00",
        "14:00",
    ]


def test_what_a_driver_may_drive_follows_from_licence_adr_and_inductions(
    haulage: Carrier, northern_site: Site
) -> None:
    driver = haulage.drivers.get()
    unrecorded = may_drive(driver_of(haulage), vehicle_of(haulage), DAY)
    Qualification.objects.create(driver=driver, kind=Kind.LICENCE_B)
    Qualification.objects.create(
        driver=driver, kind=Kind.INDUCTION, site=northern_site, valid_until=DAY - timedelta(days=1)
    )

    against = may_drive(driver_of(haulage), vehicle_of(haulage), DAY, adr=True, sites=[northern_site.pk])

    assert unrecorded == ()
    assert against == (
        "Andile has no licence for “Rigid truck” on 4 March 2026.",
        "Andile has no valid ADR certificate, and the goods are dangerous.",
        "“Site induction” of Andile lapsed on 3 March 2026.",
    )


def test_gaps_between_tariffs_are_told_with_their_first_and_last_day(haulage: Carrier) -> None:
    Tariff.objects.update(valid=DateRange(None, DAY + timedelta(days=2)))
    Tariff.objects.create(
        carrier=haulage, vehicle_class="rigid", valid=DateRange(DAY + timedelta(days=5), None), per_km=1
    )

    assert list(tariff_gaps(facts_of(haulage), first=DAY, days=60)) == [
        ("rigid", DAY + timedelta(days=2), DAY + timedelta(days=4))
    ]


def test_what_lapses_within_thirty_days_is_told_the_first_first(haulage: Carrier) -> None:
    Tariff.objects.update(valid=DateRange(None, DAY + timedelta(days=20)))
    for days, kind in ((30, "insurance"), (31, "gdp"), (-1, "liability")):
        ComplianceDocument.objects.create(
            carrier=haulage, kind=kind, valid_until=DAY + timedelta(days=days), blocks=False
        )
    Qualification.objects.create(
        driver=haulage.drivers.get(), kind=Kind.ADR, valid_until=DAY + timedelta(days=3)
    )

    assert lapsing(facts_of(haulage), day=DAY) == [
        (DAY + timedelta(days=3), "Dangerous goods (ADR), Andile"),
        (DAY + timedelta(days=19), "Tariff for “Rigid truck”"),
        (DAY + timedelta(days=30), "Goods-in-transit insurance"),
    ]


def test_a_carrier_drives_where_one_of_its_areas_says(haulage: Carrier, northern_site: Site) -> None:
    northern_site.postal_code, northern_site.region = "2196", "Gauteng"
    verdicts = [serves(facts_of(haulage), northern_site)]
    for area in (
        {"country": "BW"},
        {"country": "ZA", "region": "gauteng", "postal_prefix": "22"},
        {"latitude": northern_site.latitude + 1, "longitude": northern_site.longitude, "radius_km": 111},
        {"latitude": northern_site.latitude + 1, "longitude": northern_site.longitude, "radius_km": 112},
        {"country": "ZA", "region": "gauteng", "postal_prefix": "21"},
    ):
        ServiceArea.objects.all().delete()
        ServiceArea.objects.create(carrier=haulage, **area)
        verdicts.append(serves(facts_of(haulage), northern_site))

    assert verdicts == [True, False, False, False, True, True]


def test_all_facts_take_as_many_queries_for_one_carrier_as_for_many(
    haulage: Carrier, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        other = Carrier.objects.create(name=f"Carrier {number}")
        Vehicle.objects.create(carrier=other, plate=f"P {number}", **VEHICLE_FACTS)
        other.drivers.create(name="Driver")

    with django_assert_num_queries(12):
        for carrier in carriers_with_facts():
            usable_on(carrier, DAY)
            lapsing(carrier, day=DAY)
            for one in (*carrier.vehicles.all(), *carrier.drivers.all()):
                usable_on(one, DAY)


@pytest.mark.parametrize(
    "facts",
    [
        {"period": "week", "measure": "routes"},
        {"period": "week", "measure": "routes", "at_least": 5, "at_most": 4},
        {"period": "week", "measure": "share", "at_least": 101},
        {"period": "month", "measure": "routes", "at_most": 9},
    ],
)
def test_a_commitment_that_cannot_be_is_refused_by_the_database(
    haulage: Carrier, facts: dict[str, Any]
) -> None:
    Commitment.objects.create(
        carrier=haulage, valid=DateRange(DAY, None), period="month", measure="routes", at_least=1
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Commitment.objects.create(carrier=haulage, valid=DateRange(None, None), **facts)


def test_emission_classes_are_ordered_from_dirty_to_clean() -> None:
    assert EmissionClass.EURO_6.meets(EmissionClass.EURO_5)
    assert EmissionClass.ZERO.meets(EmissionClass.EURO_6)
    assert not EmissionClass.EURO_4.meets(EmissionClass.EURO_5)
