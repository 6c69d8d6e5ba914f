"""Whether a carrier, vehicle or driver can be used on a day: every reason against it, a sentence each.

Works on rows as ``selectors.carriers_with_facts`` fetches them, and then asks the database nothing more.
Planning, tendering and the admin all ask here, so that they never disagree.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import singledispatch

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.carriers.models import (
    Carrier,
    ComplianceDocument,
    Driver,
    Qualification,
    Tariff,
    Vehicle,
    VehicleClass,
)

Kind = Qualification.Kind
#: Which licences let somebody drive a class of vehicle (Directive 2006/126/EC, Article 4 and 6).
LICENCES = {
    VehicleClass.VAN: (Kind.LICENCE_B, Kind.LICENCE_C, Kind.LICENCE_CE),
    VehicleClass.RIGID: (Kind.LICENCE_C, Kind.LICENCE_CE),
    VehicleClass.ARTICULATED: (Kind.LICENCE_CE,),
}
ANY_LICENCE = frozenset(LICENCES[VehicleClass.VAN])
#: Without these, where a driver has them at all, they don't drive once the date is past.
NEEDED = frozenset({Kind.PROFESSIONAL, Kind.MEDICAL})
ONE_DAY = timedelta(days=1)


@singledispatch
def usable_on(subject: object, day: date) -> tuple[str, ...]:
    """Every reason, a sentence each, why ``subject`` can't be used on ``day``; empty when it can.

    ``subject`` is a carrier, a vehicle or a driver. A vehicle or driver is judged by itself: ask its carrier
    too. What was never entered is no reason; what was entered and is over is one.
    """
    raise TypeError(f"neither carrier, vehicle nor driver: {subject!r}")


@usable_on.register
def _carrier(carrier: Carrier, day: date) -> tuple[str, ...]:
    return tuple(_against_carrier(carrier, day))


@usable_on.register
def _vehicle(vehicle: Vehicle, day: date) -> tuple[str, ...]:
    return tuple(_against_vehicle(vehicle, day))


@usable_on.register
def _driver(driver: Driver, day: date) -> tuple[str, ...]:
    return tuple(_against_driver(driver, day))


def may_drive(
    driver: Driver, vehicle: Vehicle, day: date, *, adr: bool = False, sites: Iterable[object] = ()
) -> tuple[str, ...]:
    """Reasons why ``driver`` can't take that vehicle on ``day``, beside those of ``usable_on``.

    ``adr``: the goods are dangerous. ``sites`` are ids of the sites to visit: an induction that lapsed for
    one of them is a reason, one that was never entered is none.
    """
    return tuple(_against_pair(driver, vehicle, day, adr, frozenset(sites)))


def priced_on(carrier: Carrier, vehicle_class: str, day: date) -> bool:
    """Whether a tariff prices that class of vehicle on ``day``."""
    return tariff_on(carrier, vehicle_class, day) is not None


def tariff_on(carrier: Carrier, vehicle_class: str, day: date) -> Tariff | None:
    """The tariff that prices that class of vehicle on ``day``; the database allows one at most."""
    for tariff in carrier.tariffs.all():
        if tariff.vehicle_class == vehicle_class and _holds(tariff.valid, day):
            return tariff
    return None


def tariff_gaps(carrier: Carrier, *, first: date, days: int) -> Iterator[tuple[VehicleClass, date, date]]:
    """Stretches from ``first`` on, over ``days``, in which an active vehicle's class has no tariff.

    Each as class, first and last day; in the order of classes and days.
    """
    classes = {vehicle.vehicle_class for vehicle in carrier.vehicles.all() if vehicle.active}
    for vehicle_class in (each for each in VehicleClass if each in classes):
        unpriced = [
            day
            for day in (first + n * ONE_DAY for n in range(days))
            if not priced_on(carrier, vehicle_class, day)
        ]
        for start, end in _runs(unpriced):
            yield vehicle_class, start, end


def lapsing(carrier: Carrier, *, day: date, within: int = 30) -> list[tuple[date, str]]:
    """What is valid on ``day`` and no longer so within as many days: the last day and what, soonest first.

    Documents of the carrier and its active vehicles, qualifications of its active drivers, and tariffs that
    nothing follows.
    """
    horizon = day + within * ONE_DAY
    found = [*_lapsing_documents(carrier, day), *_lapsing_qualifications(carrier, day)]
    found += [
        (start - ONE_DAY, _("Tariff for “%s”") % vehicle_class.label)
        for vehicle_class, start, _end in tariff_gaps(carrier, first=day, days=within + 2)
        if start > day
    ]
    return sorted((last, what) for last, what in found if day <= last <= horizon)


def _against_carrier(carrier: Carrier, day: date) -> Iterator[str]:
    if not carrier.active:
        yield _("%s is switched off.") % carrier.name
    vehicles = [vehicle for vehicle in carrier.vehicles.all() if vehicle.active]
    if not vehicles:
        yield _("%s has no active vehicle.") % carrier.name
    yield from _lapsed(
        [document for document in carrier.documents.all() if document.vehicle_id is None], carrier.name, day
    )
    if vehicles and not any(priced_on(carrier, vehicle.vehicle_class, day) for vehicle in vehicles):
        yield _("%(carrier)s has no tariff for any of its vehicles on %(day)s.") % {
            "carrier": carrier.name,
            "day": written(day),
        }


def _against_vehicle(vehicle: Vehicle, day: date) -> Iterator[str]:
    if not vehicle.active:
        yield _("%s is switched off.") % vehicle.plate
    if not vehicle.capacity_pallets or not vehicle.capacity_kg:
        yield _("%s stays out: it has room for no pallet.") % vehicle.plate
    for outage in vehicle.outages.all():
        if _holds(outage.during, day):
            yield _("%(plate)s is out of use: %(why)s%(until)s.") % {
                "plate": vehicle.plate,
                "why": outage.get_reason_display().lower(),
                "until": _until(outage.during),
            }
    yield from _lapsed(vehicle.documents.all(), vehicle.plate, day)


def _against_driver(driver: Driver, day: date) -> Iterator[str]:
    if not driver.active:
        yield _("%s is switched off.") % driver.name
    for absence in driver.absences.all():
        if _holds(absence.during, day):
            yield _("%(name)s is away: %(why)s%(until)s.") % {
                "name": driver.name,
                "why": absence.get_reason_display().lower(),
                "until": _until(absence.during),
            }
    shifts = list(driver.shifts.all())
    if shifts and not any(shift.weekday == day.isoweekday() for shift in shifts):
        yield _("%(name)s has no shift on %(day)s.") % {"name": driver.name, "day": date_format(day, "l")}
    held = list(driver.qualifications.all())
    for one in held:
        if one.kind in NEEDED and _is_over(one, day):
            yield _has_lapsed(one)
    licences = [one for one in held if one.kind in ANY_LICENCE]
    if licences and all(_is_over(one, day) for one in licences):
        yield _has_lapsed(max(licences, key=lambda one: one.valid_until or date.max))


def _against_pair(
    driver: Driver, vehicle: Vehicle, day: date, adr: bool, sites: frozenset[object]
) -> Iterator[str]:
    held = list(driver.qualifications.all())
    licences = [one for one in held if one.kind in ANY_LICENCE]
    enough = LICENCES[VehicleClass(vehicle.vehicle_class)]
    if licences and not any(one.kind in enough and not _is_over(one, day) for one in licences):
        yield _("%(name)s has no licence for “%(class)s” on %(day)s.") % {
            "name": driver.name,
            "class": vehicle.get_vehicle_class_display(),
            "day": written(day),
        }
    if adr and not any(one.kind == Kind.ADR and not _is_over(one, day) for one in held):
        yield _("%s has no valid ADR certificate, and the goods are dangerous.") % driver.name
    for one in held:
        if one.kind == Kind.INDUCTION and one.site_id in sites and _is_over(one, day):
            yield _has_lapsed(one)


def _lapsed(documents: Iterable[ComplianceDocument], whose: str, day: date) -> Iterator[str]:
    by_kind: defaultdict[str, list[ComplianceDocument]] = defaultdict(list)
    for document in documents:
        by_kind[document.kind].append(document)
    for of_a_kind in by_kind.values():
        if any(_is_valid(document, day) for document in of_a_kind):
            continue
        if not any(document.blocks for document in of_a_kind):
            continue
        latest = max(of_a_kind, key=lambda document: document.valid_until)
        words = {"whose": whose, "document": latest.get_kind_display()}
        if latest.valid_until < day:
            yield _("%(document)s of %(whose)s lapsed on %(day)s.") % {
                **words,
                "day": written(latest.valid_until),
            }
        else:
            starts = [document.valid_from for document in of_a_kind if document.valid_from]
            first = min(start for start in starts if start > day)
            yield _("%(document)s of %(whose)s is not valid before %(day)s.") % {
                **words,
                "day": written(first),
            }


def _lapsing_documents(carrier: Carrier, day: date) -> Iterator[tuple[date, str]]:
    active = {vehicle.pk: vehicle.plate for vehicle in carrier.vehicles.all() if vehicle.active}
    last: dict[tuple[object, str], tuple[date, str]] = {}
    for document in carrier.documents.all():
        if document.vehicle_id is not None and document.vehicle_id not in active:
            continue
        said = str(document.get_kind_display())
        if document.vehicle_id is not None:
            said = f"{said}, {active[document.vehicle_id]}"
        key = (document.vehicle_id, document.kind)
        last[key] = max(last.get(key, (date.min, said)), (document.valid_until, said))
    return iter(last.values())


def _lapsing_qualifications(carrier: Carrier, day: date) -> Iterator[tuple[date, str]]:
    for driver in carrier.drivers.all():
        for one in driver.qualifications.all():
            if driver.active and one.valid_until is not None:
                yield one.valid_until, f"{one.get_kind_display()}, {driver.name}"


def _has_lapsed(one: Qualification) -> str:
    return _("“%(what)s” of %(name)s lapsed on %(day)s.") % {
        "what": one.get_kind_display(),
        "name": one.driver.name,
        "day": written(one.valid_until or date.max),
    }


def _is_over(one: Qualification, day: date) -> bool:
    return one.valid_until is not None and one.valid_until < day


def _is_valid(document: ComplianceDocument, day: date) -> bool:
    return (document.valid_from or date.min) <= day <= document.valid_until


def _holds(period: object, day: date) -> bool:
    """Whether a stored period, half-open and possibly without ends, contains ``day``."""
    lower, upper = period.lower, period.upper  # type: ignore[attr-defined]  # psycopg's range of dates
    return (lower is None or lower <= day) and (upper is None or day < upper)


def _until(period: object) -> str:
    upper: date | None = period.upper  # type: ignore[attr-defined]  # psycopg's range of dates
    return _(", until %s") % written(upper - ONE_DAY) if upper else ""


def _runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    start = end = None
    for day in days:
        if start is None or end is None:
            start = end = day
        elif day == end + ONE_DAY:
            end = day
        else:
            yield start, end
            start = end = day
    if start is not None and end is not None:
        yield start, end


def written(day: date) -> str:
    """“4 March 2026”."""
    return date_format(day, "j F Y")
