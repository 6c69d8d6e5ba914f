"""From a shipper's carriers to the engine's fleet of one day: who drives, at which tariff, who stays out."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.carriers.models import Carrier, Tariff, Vehicle
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.errors import CurrenciesMixed
from apps.routing.models import Route, RoutePlan
from apps.routing.standing import NOTHING_STANDS, Standing, vehicles_declined, vehicles_out

NO_CURRENCY = "XXX"
"""ISO 4217's code where no currency is involved: a day without any tariff."""


@dataclass(frozen=True)
class Fleet:
    """Vehicles to be had on a day, equal ones together, and their carriers; ``by_plate`` are their rows."""

    classes: tuple[engine.VehicleClass, ...]
    carriers: tuple[engine.Carrier, ...]
    by_plate: dict[str, Vehicle]
    currency: str
    notes: tuple[str, ...]


def gather_fleet(site: Site, day: LocalDay, adr: frozenset[str], kept: Standing = NOTHING_STANDS) -> Fleet:
    """Active vehicles of active carriers with a tariff for their class on ``day``; five queries.

    Vehicles that a published plan of another site sends out on that day are taken, as are those of routes
    that stay (``kept``); both count against their carrier's cap. Vehicles reported out of service stay
    out, and so do those with which a route was declined.
    ``adr`` are the dangerous goods classes of the day: a vehicle carries all of them or none.

    Raises:
        CurrenciesMixed: the tariffs in question are in several currencies.
    """
    tariffs = {
        (row.carrier_id, row.vehicle_class): row for row in Tariff.objects.filter(valid__contains=day.day)
    }
    busy = _driving_elsewhere(site, day.day)
    taken = Counter(carrier_id for carrier_id in {**busy, **kept.vehicles}.values())
    out, declined = vehicles_out(day.day), vehicles_declined(day.day)
    usable: list[tuple[Vehicle, Tariff]] = []
    without_tariff: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    notes: list[str] = []
    for vehicle in _active_vehicles():
        tariff = tariffs.get((vehicle.carrier_id, vehicle.vehicle_class))
        if vehicle.pk in busy:
            notes.append(f"{vehicle.plate} of {vehicle.carrier.name} drives for another site on this day.")
        elif vehicle.pk in kept.vehicles:
            continue
        elif vehicle.pk in out:
            notes.append(f"{vehicle.plate} of {vehicle.carrier.name} is out of service on this day.")
        elif vehicle.pk in declined:
            notes.append(f"{vehicle.carrier.name} did not take a route with {vehicle.plate} on this day.")
        elif vehicle.capacity_pallets == 0:
            notes.append(f"{vehicle.plate} of {vehicle.carrier.name} stays out: it has room for no pallet.")
        elif tariff is None:
            without_tariff[vehicle.carrier.name, str(vehicle.get_vehicle_class_display())].append(
                vehicle.plate
            )
        else:
            usable.append((vehicle, tariff))
    notes += [
        f"{carrier} has no tariff for “{kind}” on {_written(day.day)}; {', '.join(plates)} stays out."
        for (carrier, kind), plates in without_tariff.items()
    ]
    carriers = {vehicle.carrier.name: vehicle.carrier for vehicle, _ in usable}
    return Fleet(
        classes=tuple(_classes(usable, site, day, adr)),
        carriers=tuple(_carrier(carrier, taken[carrier.pk]) for carrier in carriers.values()),
        by_plate={vehicle.plate: vehicle for vehicle, _ in usable},
        currency=_one_currency(usable),
        notes=tuple(notes),
    )


def _active_vehicles() -> Iterable[Vehicle]:
    return (
        Vehicle.objects.filter(active=True, carrier__active=True)
        .select_related("carrier")
        .order_by("carrier__name", "plate")
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


def _carrier(carrier: Carrier, driving_elsewhere: int) -> engine.Carrier:
    cap = carrier.routes_per_day
    return engine.Carrier(
        id=carrier.name,
        max_routes=None if cap is None else max(0, cap - driving_elsewhere),
        name=carrier.name,
    )


def _classes(
    usable: Iterable[tuple[Vehicle, Tariff]], site: Site, day: LocalDay, adr: frozenset[str]
) -> Iterable[engine.VehicleClass]:
    """Equal vehicles of one carrier together, in the order of their first plates."""
    groups: defaultdict[tuple[object, ...], list[tuple[Vehicle, Tariff]]] = defaultdict(list)
    for vehicle, tariff in usable:
        groups[_sameness(vehicle)].append((vehicle, tariff))
    for group in groups.values():
        first, tariff = group[0]
        yield _vehicle_class(first, tariff, [vehicle.plate for vehicle, _ in group], site, day, adr)


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
        tariff=engine.Tariff(
            fixed_cents=tariff.per_route,
            per_km_cents=tariff.per_km,
            per_hour_cents=tariff.per_hour,
            per_stop_cents=tariff.per_stop,
            per_pallet_cents=tariff.per_pallet,
            minimum_cents=tariff.minimum,
        ),
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
