"""From a shipper's carriers to the engine's fleet of one day: who drives, at which tariff, who stays out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.carriers.models import Carrier, Commitment, Tariff, Vehicle
from apps.carriers.selectors import carriers_with_facts, serves, tariff_on, usable_on
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.errors import CurrenciesMixed
from apps.routing.models import Route, RoutePlan
from apps.routing.standing import NOTHING_STANDS, Standing, vehicles_declined, vehicles_out
from apps.routing.volumes import Standing as Volume
from apps.routing.volumes import standings

NO_CURRENCY = "XXX"
"""ISO 4217's code where no currency is involved: a day without any tariff."""


@dataclass(frozen=True)
class Fleet:
    """Vehicles to be had on a day, equal ones together, and their carriers; ``by_plate`` are their rows.

    ``zones`` are, by site, those that some of the classes do not enter.
    """

    classes: tuple[engine.VehicleClass, ...]
    carriers: tuple[engine.Carrier, ...]
    by_plate: dict[str, Vehicle]
    currency: str
    notes: tuple[str, ...]
    zones: Mapping[UUID, frozenset[str]]


def gather_fleet(
    site: Site,
    day: LocalDay,
    adr: frozenset[str],
    kept: Standing = NOTHING_STANDS,
    to: Iterable[Site] = (),
) -> Fleet:
    """What can be used on ``day`` of the active carriers: vehicles with a tariff for their class; 13 queries.

    Who lapsed, is out of use or has no tariff stays out with a note (``carriers.usability``). Vehicles that a
    published plan of another site sends out on that day are taken, as are those of routes that stay
    (``kept``); both count against what their carrier takes. Vehicles reported out of service stay out, and so
    do those with which a route was declined. ``adr`` are the dangerous goods classes of the day: a vehicle
    carries all of them or none. ``to`` are the sites of the day: a carrier is barred from those outside its
    areas.

    Raises:
        CurrenciesMixed: the tariffs in question are in several currencies.
    """
    busy = _driving_elsewhere(site, day.day)
    out, declined = vehicles_out(day.day), vehicles_declined(day.day)
    carriers = list(carriers_with_facts().filter(active=True).order_by("name"))
    stands = standings(carriers, day.day, replanning=site)
    sites = list(to)
    usable: list[tuple[Vehicle, Tariff]] = []
    asked: list[engine.Carrier] = []
    notes: list[str] = []
    barred: dict[UUID, frozenset[str]] = {}
    for carrier in carriers:
        most = _most_routes(carrier, stands[carrier.pk], busy, kept)
        against = [*usable_on(carrier, day.day), *_full(stands[carrier.pk])]
        if against:
            notes += against
            continue
        offered: list[tuple[Vehicle, Tariff]] = []
        for vehicle in carrier.vehicles.all():
            if not vehicle.active or vehicle.pk in kept.vehicles:
                continue
            tariff = tariff_on(carrier, vehicle.vehicle_class, day.day)
            why = _why_not(vehicle, day.day, busy, out, declined)
            if why:
                notes += why
            elif tariff is not None:
                offered.append((vehicle, tariff))
        notes += _unpriced(carrier, day.day)
        if offered:
            usable += offered
            asked.append(engine.Carrier(id=carrier.name, max_routes=most, name=carrier.name))
            if not all(serves(carrier, one) for one in sites):
                barred[carrier.pk] = frozenset({outside(carrier)})
    return Fleet(
        classes=tuple(_classes(usable, site, day, adr, barred)),
        carriers=tuple(asked),
        by_plate={vehicle.plate: vehicle for vehicle, _ in usable},
        currency=_one_currency(usable),
        notes=tuple(notes),
        zones={one.pk: zones for one in sites if (zones := _zones(one, carriers))},
    )


def priced(tariff: Tariff) -> engine.Tariff:
    """A tariff as the engine reckons with it."""
    return engine.Tariff(
        fixed_cents=tariff.per_route,
        per_km_cents=tariff.per_km,
        per_hour_cents=tariff.per_hour,
        per_stop_cents=tariff.per_stop,
        per_pallet_cents=tariff.per_pallet,
        minimum_cents=tariff.minimum,
        per_wait_hour_cents=tariff.per_waiting_hour,
    )


def outside(carrier: Carrier) -> str:
    """The zone of all that lies outside a carrier's areas, which its vehicles do not enter."""
    return f"outside the areas of {carrier.name}"


def _zones(site: Site, carriers: Iterable[Carrier]) -> frozenset[str]:
    return frozenset(outside(carrier) for carrier in carriers if not serves(carrier, site))


def _why_not(
    vehicle: Vehicle,
    day: date,
    busy: Mapping[UUID, UUID],
    out: frozenset[UUID],
    declined: frozenset[UUID],
) -> list[str]:
    named = f"{vehicle.plate} of {vehicle.carrier.name}"
    if vehicle.pk in busy:
        return [f"{named} drives for another site on this day."]
    if vehicle.pk in out:
        return [f"{named} is out of service on this day."]
    if vehicle.pk in declined:
        return [f"{vehicle.carrier.name} did not take a route with {vehicle.plate} on this day."]
    return list(usable_on(vehicle, day))


def _unpriced(carrier: Carrier, day: date) -> Iterable[str]:
    plates: defaultdict[str, list[str]] = defaultdict(list)
    for vehicle in carrier.vehicles.all():
        if vehicle.active and tariff_on(carrier, vehicle.vehicle_class, day) is None:
            plates[str(vehicle.get_vehicle_class_display())].append(vehicle.plate)
    for kind, listed in plates.items():
        yield f"{carrier.name} has no tariff for “{kind}” on {_written(day)}; {', '.join(listed)} stays out."


def _most_routes(
    carrier: Carrier, stands: Iterable[Volume], busy: Mapping[UUID, UUID], kept: Standing
) -> int | None:
    """How many routes the carrier takes beside those that it has: by its own cap and by what was agreed."""
    elsewhere = sum(one == carrier.pk for one in busy.values())
    staying = sum(one == carrier.pk for one in kept.vehicles.values())
    left = [] if carrier.routes_per_day is None else [carrier.routes_per_day - elsewhere - staying]
    left += [
        one.commitment.at_most - int(one.used) - staying
        for one in stands
        if one.commitment.measure == Commitment.Measure.ROUTES and one.commitment.at_most is not None
    ]
    return max(0, min(left)) if left else None


def _full(stands: Iterable[Volume]) -> Iterable[str]:
    """What was agreed at most and is used up by other days or sites."""
    for standing in stands:
        one = standing.commitment
        if one.measure != Commitment.Measure.ROUTES and standing.would_exceed(0.01):
            yield (
                f"{one.carrier.name} takes at most {one.at_most} {one.get_measure_display().lower()} each "
                f"{one.get_period_display().lower()} and has {standing.used:.0f}; it stays out."
            )


def _driving_elsewhere(site: Site, day: date) -> dict[UUID, UUID]:
    """Vehicles on published routes of the shipper's other sites on that day, each with its carrier."""
    routes = Route.objects.filter(plan__day=day, plan__state=RoutePlan.State.PUBLISHED).exclude(
        plan__site=site
    )
    return dict(routes.values_list("vehicle_id", "carrier_id"))


def _one_currency(usable: Iterable[tuple[Vehicle, Tariff]]) -> str:
    names: defaultdict[str, set[str]] = defaultdict(set)
    for vehicle, tariff in usable:
        names[tariff.currency].add(vehicle.carrier.name)
    if len(names) > 1:
        listed = "; ".join(f"{currency}: {', '.join(sorted(names[currency]))}" for currency in sorted(names))
        raise CurrenciesMixed(
            f"One plan has one currency, and the tariffs of that day have {len(names)} ({listed}). "
            "Give these carriers tariffs in one currency, or deactivate those that shouldn't drive."
        )
    return next(iter(names), NO_CURRENCY)


def _classes(
    usable: Iterable[tuple[Vehicle, Tariff]],
    site: Site,
    day: LocalDay,
    adr: frozenset[str],
    barred: Mapping[UUID, frozenset[str]],
) -> Iterable[engine.VehicleClass]:
    """Equal vehicles of one carrier together, in the order of their first plates."""
    groups: defaultdict[tuple[object, ...], list[tuple[Vehicle, Tariff]]] = defaultdict(list)
    for vehicle, tariff in usable:
        groups[_sameness(vehicle)].append((vehicle, tariff))
    for group in groups.values():
        first, tariff = group[0]
        offer = _vehicle_class(first, tariff, [vehicle.plate for vehicle, _ in group], site, day, adr)
        yield replace(offer, barred_zones=barred.get(first.carrier_id, frozenset()))


def _sameness(vehicle: Vehicle) -> tuple[object, ...]:
    """Vehicles that agree in all of this are interchangeable."""
    return (
        vehicle.carrier_id,
        vehicle.vehicle_class,
        vehicle.length_m,
        vehicle.height_m,
        vehicle.gross_weight_kg,
        vehicle.capacity_pallets,
        vehicle.capacity_kg,
        vehicle.capacity_m3,
        vehicle.tail_lift,
        frozenset(vehicle.temperature_classes),
        vehicle.adr,
        vehicle.shift_start,
        vehicle.shift_end,
    )


def _vehicle_class(
    first: Vehicle, tariff: Tariff, plates: list[str], site: Site, day: LocalDay, adr: frozenset[str]
) -> engine.VehicleClass:
    others = f" and {len(plates) - 1} like it" if len(plates) > 1 else ""
    return engine.VehicleClass(
        id=f"{first.carrier.name}, {first.plate}",
        carrier_id=first.carrier.name,
        depot_id=site.code,
        vehicle_ids=tuple(plates),
        capacity=engine.Load(
            first.capacity_pallets, first.capacity_kg, int(first.capacity_m3 * Decimal(1000))
        ),
        tariff=priced(tariff),
        shift=engine.Window(day.seconds(day.at(first.shift_start)), day.seconds(day.at(first.shift_end))),
        length_m=float(first.length_m),
        height_m=float(first.height_m),
        weight_kg=first.gross_weight_kg,
        tail_lift=first.tail_lift,
        temperatures=frozenset(first.temperature_classes),
        adr=adr if first.adr else frozenset(),
        name=f"{first.get_vehicle_class_display()} {first.plate}{others} ({first.carrier.name})",
    )


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
