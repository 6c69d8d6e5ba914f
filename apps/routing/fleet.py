"""From a shipper's carriers to the engine's fleet of one day: who drives, at which tariff, who stays out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.carriers.models import Carrier, Commitment, EmissionZone, Tariff, Vehicle
from apps.carriers.selectors import carriers_with_facts, serves, tariff_on, usable_on, zones_at, zones_on
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.crews import Hours, crews
from apps.routing.days import LocalDay
from apps.routing.depots import Depots
from apps.routing.errors import CurrenciesMixed
from apps.routing.models import Route, RoutePlan
from apps.routing.standing import NOTHING_STANDS, Kept, Standing, vehicles_declined, vehicles_out
from apps.routing.volumes import Standing as Volume
from apps.routing.volumes import standings
from apps.routing.ways import zones_in_the_way

Measure = Commitment.Measure
NO_CURRENCY = "XXX"
"""ISO 4217's code where no currency is involved: a day without any tariff."""


@dataclass(frozen=True)
class Offered:
    """A vehicle to be had on the day: at which tariff, when, from which depot, and where it may not go."""

    vehicle: Vehicle
    tariff: Tariff
    hours: Hours
    depot: str
    barred: frozenset[str]


@dataclass(frozen=True)
class Fleet:
    """Vehicles to be had on a day, equal ones together, and their carriers; ``by_plate`` are their rows.

    ``zones`` are, by site, those that some of the classes do not enter; ``shut`` are the emission zones that
    a vehicle may not enter and that ways of the day would lead through, by its plate.
    """

    classes: tuple[engine.VehicleClass, ...]
    carriers: tuple[engine.Carrier, ...]
    by_plate: dict[str, Vehicle]
    currency: str
    notes: tuple[str, ...]
    zones: Mapping[UUID, frozenset[str]]
    shut: Mapping[str, tuple[EmissionZone, ...]] = field(default_factory=dict)


def gather_fleet(
    depots: Depots,
    day: LocalDay,
    adr: frozenset[str],
    kept: Standing = NOTHING_STANDS,
    to: Iterable[Site] = (),
) -> Fleet:
    """What can be used on ``day`` of the active carriers: vehicles with a tariff for their class; 17 queries.

    Who lapsed, is out of use or has no tariff stays out with a note (``carriers.usability``), and so do
    vehicles of other sites than those planned together and own vehicles for which no driver works. Vehicles
    that a published plan of another site sends out on that day are taken, as are those of routes that stay
    (``kept``); both count against what their carrier takes. Vehicles reported out of service stay out, and so
    do those with which a route was declined. ``adr`` are the dangerous goods classes of the day: a vehicle
    carries all of them or none. ``to`` are the sites of the day: a carrier is barred from those outside its
    areas, a vehicle from those in emission zones that it may not enter, and from the land of such a zone
    where it lies between them.

    Raises:
        CurrenciesMixed: the tariffs in question are in several currencies.
    """
    busy = _driving_elsewhere(depots.lead, day.day)
    drivers = {one.driver_id for one in busy if one.driver_id} | {
        one.route.driver_id for one in kept.routes if one.route.driver_id
    }
    vehicles = {one.vehicle_id: one.carrier_id for one in busy}
    out, declined = vehicles_out(day.day), vehicles_declined(day.day)
    carriers = list(carriers_with_facts().filter(active=True).order_by("name"))
    stands = standings(carriers, day.day, replanning=depots.lead)
    sites, homes = list(to), {site.pk: site.code for site in depots.sites}
    there = zones_on(day.day)
    zones = {site.pk: zones_at(there, site) for site in sites}
    barriers = _Barriers(there, [*depots.sites, *sites])
    usable: list[Offered] = []
    asked: list[engine.Carrier] = []
    notes: list[str] = []
    for carrier in carriers:
        most = _most_routes(carrier, stands[carrier.pk], vehicles, kept)
        against = [*usable_on(carrier, day.day), *_full(stands[carrier.pk])]
        if against:
            notes += against
            continue
        offered: list[tuple[Vehicle, Tariff]] = []
        for vehicle in carrier.vehicles.all():
            if not vehicle.active or vehicle.pk in kept.vehicles:
                continue
            tariff = tariff_on(carrier, vehicle.vehicle_class, day.day)
            why = _why_not(vehicle, day.day, vehicles, out, declined, homes)
            if why:
                notes += why
            elif tariff is not None:
                offered.append((vehicle, tariff))
        notes += _unpriced(carrier, day.day)
        crew = crews(carrier, [vehicle for vehicle, _ in offered], day.day, drivers)
        notes += crew.notes
        if crew.drivers is not None:
            most = min(crew.drivers, crew.drivers if most is None else most)
        far = {outside(carrier)} if not all(serves(carrier, one) for one in sites) else set()
        found = [
            Offered(
                vehicle,
                tariff,
                crew.hours[vehicle.pk],
                homes[vehicle.home_id or depots.lead.pk],
                frozenset(far | _barred(vehicle, zones) | {zone.label for zone in barriers.of(vehicle)}),
            )
            for vehicle, tariff in offered
            if vehicle.pk in crew.hours
        ]
        if found:
            usable += found
            asked.append(_with_promises(carrier, most, found, stands[carrier.pk], day.day, kept))
    return Fleet(
        classes=tuple(_classes(usable, day, adr)),
        carriers=tuple(asked),
        by_plate={one.vehicle.plate: one.vehicle for one in usable},
        currency=_one_currency(usable),
        notes=(*notes, *_shapeless(usable, zones)),
        zones={
            one.pk: barring
            for one in sites
            if (barring := _outside(one, carriers) | {zone.label for zone in zones[one.pk]})
        },
        shut={one.vehicle.plate: shut for one in usable if (shut := barriers.near(one.vehicle))},
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


def _outside(site: Site, carriers: Iterable[Carrier]) -> frozenset[str]:
    return frozenset(outside(carrier) for carrier in carriers if not serves(carrier, site))


class _Barriers:
    """Which emission zones lie in a vehicle's way between the day's places; looked at once for all vehicles
    that are shut out of the same ones."""

    def __init__(self, zones: Sequence[EmissionZone], sites: Sequence[Site]) -> None:
        self._zones, self._sites = zones, sites
        self._known: dict[tuple[UUID, ...], tuple[EmissionZone, ...]] = {}

    def of(self, vehicle: Vehicle) -> tuple[EmissionZone, ...]:
        """The zones that the vehicle has to drive around."""
        shut = [zone for zone in self._zones if not zone.admits(vehicle)]
        key = tuple(zone.pk for zone in shut)
        if key not in self._known:
            self._known[key] = zones_in_the_way(self._sites, shut)
        return self._known[key]

    def near(self, vehicle: Vehicle) -> tuple[EmissionZone, ...]:
        """These, and those that one of the places lies in."""
        around = {zone.pk for zone in self.of(vehicle)}
        return tuple(
            zone
            for zone in self._zones
            if zone.pk in around
            or (not zone.admits(vehicle) and any(zones_at([zone], site) for site in self._sites))
        )


def _barred(vehicle: Vehicle, zones: Mapping[UUID, Iterable[EmissionZone]]) -> set[str]:
    """The emission zones of the day that the vehicle may not enter."""
    return {zone.label for here in zones.values() for zone in here if not zone.admits(vehicle)}


def _shapeless(usable: Iterable[Offered], zones: Mapping[UUID, Iterable[EmissionZone]]) -> Iterable[str]:
    """What nobody can look at, said where it matters: a vehicle is barred from land that has no shape."""
    for zone in {one.pk: one for here in zones.values() for one in here}.values():
        plates = sorted(one.vehicle.plate for one in usable if not zone.admits(one.vehicle))
        if plates and any(area.radius_km is None for area in zone.areas.all()):
            yield (
                f"{', '.join(plates)} may not stop in {zone.label}; whether their ways lead through it is "
                "not looked at where its land is known by postal codes alone."
            )


def _why_not(
    vehicle: Vehicle,
    day: date,
    busy: Mapping[UUID, UUID],
    out: frozenset[UUID],
    declined: frozenset[UUID],
    homes: Mapping[UUID, str],
) -> list[str]:
    named = f"{vehicle.plate} of {vehicle.carrier.name}"
    if vehicle.home is not None and vehicle.home_id not in homes:
        return [f"{named} starts from {vehicle.home.name}."]
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
        if one.commitment.measure == Measure.ROUTES and one.commitment.at_most is not None
    ]
    return max(0, min(left)) if left else None


def _with_promises(
    carrier: Carrier,
    most: int | None,
    offered: Sequence[Offered],
    stands: Iterable[Volume],
    day: date,
    kept: Standing,
) -> engine.Carrier:
    """The carrier with what is due to it on that day and what it takes at most, beside routes that stay."""
    stays = [one for one in kept.routes if one.route.carrier_id == carrier.pk]
    carried = sum(stop.delivery.pallets for one in stays for stop in one.stops)
    fixed, room = min(
        (max(one.tariff.per_route, one.tariff.minimum), one.vehicle.capacity_pallets) for one in offered
    )
    given = {Measure.ROUTES: len(stays), Measure.PALLETS: carried}
    default = {Measure.ROUTES: fixed, Measure.PALLETS: fixed // max(room, 1)}
    promised: dict[str, list[tuple[int, int]]] = {measure: [(0, 0)] for measure in given}
    pallets = []
    for one in stands:
        terms, measure = one.commitment, Measure(one.commitment.measure)
        if measure == Measure.SHARE:
            promised[Measure.ROUTES].append(_share_as_routes(one, stays, fixed, len(offered), day))
            continue
        due = max(0, one.due(day) - given[measure])
        promised[measure].append((due, default[measure] if terms.shortfall is None else terms.shortfall))
        if measure == Measure.PALLETS and terms.at_most is not None:
            pallets.append(max(0, terms.at_most - int(one.used) - carried))
    routes, cents = max(promised[Measure.ROUTES])
    units, each = max(promised[Measure.PALLETS])
    return engine.Carrier(
        id=carrier.name,
        max_routes=most,
        name=carrier.name,
        committed_routes=routes,
        shortfall_cents=cents if routes else 0,
        max_pallets=min(pallets, default=None),
        committed_pallets=units,
        pallet_shortfall_cents=each if units else 0,
    )


def _share_as_routes(
    stands: Volume, stays: Iterable[Kept], fixed: int, vehicles: int, day: date
) -> tuple[int, int]:
    """What is due of a promised share of spend as routes, and what one of them short is priced at.

    A route counts as what the carrier's routes of the period cost on average, ``fixed`` where it had none; a
    price was agreed for each per cent short.
    """
    spent = stands.spent
    each = spent.own // spent.routes if spent.routes else fixed
    due = stands.due_cents(day) - sum(one.route.cost_cents for one in stays)
    if due <= 0 or each <= 0:
        return 0, 0
    agreed = stands.commitment.shortfall
    price = fixed if agreed is None else agreed * 100 * each // spent.total
    return min(vehicles, (2 * due + each) // (2 * each)), price


def _full(stands: Iterable[Volume]) -> Iterable[str]:
    """What was agreed at most and is used up by other days or sites."""
    for standing in stands:
        one = standing.commitment
        if one.measure != Measure.ROUTES and standing.would_exceed(0.01):
            yield (
                f"{one.carrier.name} takes at most {one.at_most} {one.get_measure_display().lower()} each "
                f"{one.get_period_display().lower()} and has {standing.used:.0f}; it stays out."
            )


def _driving_elsewhere(site: Site, day: date) -> list[Route]:
    """Published routes of the shipper's other sites on that day."""
    routes = Route.objects.filter(plan__day=day, plan__state=RoutePlan.State.PUBLISHED)
    return list(routes.exclude(plan__site=site).only("vehicle_id", "carrier_id", "driver_id"))


def _one_currency(usable: Iterable[Offered]) -> str:
    names: defaultdict[str, set[str]] = defaultdict(set)
    for one in usable:
        names[one.tariff.currency].add(one.vehicle.carrier.name)
    if len(names) > 1:
        listed = "; ".join(f"{currency}: {', '.join(sorted(names[currency]))}" for currency in sorted(names))
        raise CurrenciesMixed(
            f"One plan has one currency, and the tariffs of that day have {len(names)} ({listed}). "
            "Give these carriers tariffs in one currency, or deactivate those that shouldn't drive."
        )
    return next(iter(names), NO_CURRENCY)


def _classes(usable: Iterable[Offered], day: LocalDay, adr: frozenset[str]) -> Iterable[engine.VehicleClass]:
    """Equal vehicles of one carrier together, in the order of their first plates."""
    groups: defaultdict[tuple[object, ...], list[Offered]] = defaultdict(list)
    for one in usable:
        groups[_sameness(one)].append(one)
    for group in groups.values():
        yield _vehicle_class(group[0], [one.vehicle.plate for one in group], day, adr)


def _sameness(one: Offered) -> tuple[object, ...]:
    """Vehicles that agree in all of this are interchangeable."""
    vehicle = one.vehicle
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
        vehicle.trips_per_day,
        vehicle.reload_minutes if vehicle.trips_per_day > 1 else 0,
        one.hours,
        one.depot,
        one.barred,
    )


def _vehicle_class(
    one: Offered, plates: list[str], day: LocalDay, adr: frozenset[str]
) -> engine.VehicleClass:
    first, hours = one.vehicle, one.hours
    others = f" and {len(plates) - 1} like it" if len(plates) > 1 else ""
    return engine.VehicleClass(
        id=f"{first.carrier.name}, {first.plate}",
        carrier_id=first.carrier.name,
        depot_id=one.depot,
        vehicle_ids=tuple(plates),
        capacity=engine.Load(
            first.capacity_pallets, first.capacity_kg, int(first.capacity_m3 * Decimal(1000))
        ),
        tariff=priced(one.tariff),
        shift=engine.Window(day.seconds(day.at(hours.starts)), day.seconds(day.at(hours.ends))),
        max_duty_seconds=None if hours.longest is None else 60 * hours.longest,
        length_m=float(first.length_m),
        height_m=float(first.height_m),
        weight_kg=first.gross_weight_kg,
        tail_lift=first.tail_lift,
        temperatures=frozenset(first.temperature_classes),
        adr=adr if first.adr else frozenset(),
        name=f"{first.get_vehicle_class_display()} {first.plate}{others} ({first.carrier.name})",
        barred_zones=one.barred,
        max_trips=first.trips_per_day,
        reload_seconds=60 * first.reload_minutes if first.trips_per_day > 1 else 0,
    )


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
