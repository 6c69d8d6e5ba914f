"""What a route asks of whoever drives it, and every reason why one vehicle of one carrier can't."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.appointments.load import Load
from apps.appointments.models import Appointment
from apps.carriers.models import Carrier, Driver, EmissionZone, Vehicle
from apps.carriers.selectors import may_drive, serves, shift_on, usable_on, zones_at, zones_on
from apps.deliveries.models import DeliveryConsignment
from apps.facilities import rules
from apps.facilities.models import Site
from apps.facilities.rules import DockProfile
from apps.facilities.selectors import profiles_of
from apps.routing.days import LocalDay
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.ways import around_by_leg, ways_of, zones_between


@dataclass(frozen=True)
class Visit:
    """One stop with what the dock demands, what was announced for it, and the emission zones it lies in."""

    stop: Stop
    profile: DockProfile
    load: Load
    zones: tuple[EmissionZone, ...] = ()

    @property
    def site(self) -> Site:
        return self.stop.delivery.site


@dataclass(frozen=True)
class Way:
    """A way of the route that leads straight through emission zones in which it neither begins nor ends."""

    here: Site
    there: Site
    zones: tuple[EmissionZone, ...]


@dataclass(frozen=True)
class Needs:
    """A route as it has to be driven, whoever does."""

    route: Route
    day: LocalDay
    visits: tuple[Visit, ...]
    ways: tuple[Way, ...] = ()

    @property
    def pallets(self) -> int:
        return sum(visit.stop.delivery.pallets for visit in self.visits)

    @property
    def trips(self) -> tuple[tuple[Visit, ...], ...]:
        """The visits of each trip, in order."""
        return tuple(tuple(group) for _, group in groupby(self.visits, key=lambda visit: visit.stop.trip))

    @property
    def most(self) -> tuple[int, Decimal, Decimal]:
        """Pallets, kg and m³ that have to fit at once: the most that any trip carries of each."""
        loads = [[visit.stop.delivery for visit in trip] for trip in self.trips]
        return (
            max((sum(one.pallets for one in load) for load in loads), default=0),
            max((sum((one.weight_kg for one in load), Decimal(0)) for load in loads), default=Decimal(0)),
            max((sum((one.volume_m3 for one in load), Decimal(0)) for load in loads), default=Decimal(0)),
        )

    @property
    def is_dangerous(self) -> bool:
        return any(visit.load.adr_classes for visit in self.visits)

    @property
    def sites(self) -> frozenset[UUID]:
        return frozenset(visit.site.pk for visit in self.visits)


def needs_of(route: Route) -> Needs:
    """What ``route`` asks for; eight queries."""
    stops = list(route.stops.select_related("delivery__site", "dock").order_by("position"))
    agreed = {
        row.pk: row for row in Appointment.objects.filter(pk__in=[stop.appointment_id for stop in stops])
    }
    profiles = profiles_of({stop.dock_id: stop.dock for stop in stops}.values())
    dangerous = _adr_classes(stop.delivery_id for stop in stops)
    zones = zones_on(route.plan.day)
    visits = []
    for stop in stops:
        appointment = agreed.get(stop.appointment_id)
        load = appointment.load if appointment else Load(pallets=stop.delivery.pallets)
        classes = tuple(sorted({*load.adr_classes, *dangerous[stop.delivery_id]}))
        load = replace(load, adr_classes=classes)
        visits.append(Visit(stop, profiles[stop.dock_id], load, tuple(zones_at(zones, stop.delivery.site))))
    day = LocalDay(route.plan.day, route.plan.site.time_zone)
    return Needs(route, day, tuple(visits), tuple(_ways_through(route, stops, zones)))


def busy_vehicles(day: date, *, without: UUID) -> frozenset[UUID]:
    """Vehicles that published plans of any site send out on ``day``, on other routes than ``without``."""
    return frozenset(_driving(day, without).values_list("vehicle_id", flat=True))


def busy_drivers(day: date, *, without: UUID) -> frozenset[UUID]:
    """Drivers on other routes of published plans of ``day``."""
    return frozenset(_driving(day, without).exclude(driver=None).values_list("driver_id", flat=True))


def against_carrier(needs: Needs, carrier: Carrier) -> list[str]:
    """Why this carrier is not to be asked at all."""
    found = list(usable_on(carrier, needs.day.day))
    for site in {visit.site.pk: visit.site for visit in needs.visits}.values():
        if not serves(carrier, site):
            found.append(
                _("%(carrier)s does not drive to %(site)s.") % {"carrier": carrier.name, "site": site.name}
            )
    return found


def against_vehicle(needs: Needs, vehicle: Vehicle, busy: frozenset[UUID]) -> list[str]:
    """Why this vehicle can't drive the route as it is planned, a sentence each; empty when it can."""
    return [
        *usable_on(vehicle, needs.day.day),
        *_time_and_room(needs, vehicle, busy),
        *(reason for visit in needs.visits for reason in _at_the_dock(visit, vehicle)),
        *(reason for way in needs.ways for reason in _on_the_way(way, vehicle, needs.route)),
    ]


def against_driver(needs: Needs, vehicle: Vehicle, driver: Driver, busy: frozenset[UUID]) -> list[str]:
    """Why this driver can't take the route with that vehicle, a sentence each; empty when they can."""
    day, route = needs.day, needs.route
    found = [
        *usable_on(driver, day.day),
        *may_drive(driver, vehicle, day.day, adr=needs.is_dangerous, sites=needs.sites),
    ]
    hours = shift_on(driver, day.day)
    if hours and not (day.at(hours[0]) <= route.departs_at and route.returns_at <= day.at(hours[1])):
        found.append(
            _("%(name)s works from %(from)s to %(to)s; the route takes from %(start)s to %(end)s.")
            % {"name": driver.name, **_hours(day, route, *hours)}
        )
    longest = driver.longest_duty_minutes
    if longest is not None and route.returns_at - route.departs_at > timedelta(minutes=longest):
        found.append(
            _("%(name)s works for at most %(longest)s; the route takes %(takes)s.")
            % {
                "name": driver.name,
                "longest": _in_hours(timedelta(minutes=longest)),
                "takes": _in_hours(route.returns_at - route.departs_at),
            }
        )
    if driver.pk in busy:
        found.append(_("%s drives another route on this day.") % driver.name)
    return found


def _driving(day: date, without: UUID) -> QuerySet[Route]:
    return Route.objects.filter(plan__day=day, plan__state=RoutePlan.State.PUBLISHED).exclude(pk=without)


def _ways_through(route: Route, stops: Sequence[Stop], zones: Sequence[EmissionZone]) -> Iterator[Way]:
    """Where the route's times and kilometres are those of the straight way through zones."""
    around = around_by_leg(route)
    for leg, here, there in ways_of(route, stops):
        past = around[leg].zones if leg in around else ()
        through = [zone for zone in zones_between(here, there, zones) if zone.name not in past]
        if through:
            yield Way(here, there, tuple(through))


def _adr_classes(deliveries: Iterable[UUID]) -> defaultdict[UUID, set[str]]:
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    rides = DeliveryConsignment.objects.filter(delivery__in=list(deliveries))
    for delivery_id, classes in rides.values_list("delivery_id", "consignment__adr_classes"):
        found[delivery_id].update(classes)
    return found


def _time_and_room(needs: Needs, vehicle: Vehicle, busy: frozenset[UUID]) -> Iterator[str]:
    day, route, plate = needs.day, needs.route, vehicle.plate
    if vehicle.pk in busy:
        yield _("%s drives another route on this day.") % plate
    starts, ends = vehicle.shift_start, vehicle.shift_end
    if not (day.at(starts) <= route.departs_at and route.returns_at <= day.at(ends)):
        yield _("%(name)s works from %(from)s to %(to)s; the route takes from %(start)s to %(end)s.") % {
            "name": plate,
            **_hours(day, route, starts, ends),
        }
    if vehicle.longest_route_minutes is not None:
        longest = timedelta(minutes=vehicle.longest_route_minutes)
        if route.returns_at - route.departs_at > longest:
            yield _("%(plate)s is out for at most %(longest)s; the route takes %(takes)s.") % {
                "plate": plate,
                "longest": _in_hours(longest),
                "takes": _in_hours(route.returns_at - route.departs_at),
            }
    if len(needs.trips) > vehicle.trips_per_day:
        yield _("%(plate)s makes %(most)d trips a day; the route has %(trips)d.") % {
            "plate": plate,
            "most": vehicle.trips_per_day,
            "trips": len(needs.trips),
        }
    if vehicle.home is not None and vehicle.home_id != route.depot_id:
        yield _("%(plate)s starts from %(home)s; the route begins at %(depot)s.") % {
            "plate": plate,
            "home": vehicle.home.name,
            "depot": route.depot.name,
        }
    pallets, kg, m3 = needs.most
    for needed, room, unit in (
        (pallets, vehicle.capacity_pallets, _("pallets")),
        (kg, vehicle.capacity_kg, "kg"),
        (m3, vehicle.capacity_m3, "m³"),
    ):
        if needed > room:
            yield _("%(plate)s has room for %(room)s %(unit)s; the route carries %(needed)s.") % {
                "plate": plate,
                "room": f"{room:,}",
                "unit": unit,
                "needed": f"{needed:,}",
            }
    for missing in sorted(
        {
            visit.stop.delivery.get_temperature_class_display()
            for visit in needs.visits
            if visit.stop.delivery.temperature_class not in vehicle.temperature_classes
        }
    ):
        yield _("%(plate)s does not carry “%(class)s” goods.") % {"plate": plate, "class": missing}
    if needs.is_dangerous and not vehicle.adr:
        yield _("%s may not carry dangerous goods, and the route does.") % plate


def _at_the_dock(visit: Visit, vehicle: Vehicle) -> Iterator[str]:
    """What the dock's rules, its emission zones and what was announced for the slot have against the
    vehicle."""
    load = visit.load
    arriving = replace(
        load,
        vehicle_length_m=vehicle.length_m,
        vehicle_height_m=vehicle.height_m,
        vehicle_weight_kg=Decimal(vehicle.gross_weight_kg),
        tail_lift=vehicle.tail_lift,
    )
    for reason in rules.refusals(visit.profile, visit.site, arriving):
        yield f"{vehicle.plate}: {reason}"
    for zone in visit.zones:
        if not zone.admits(vehicle):
            yield _("%(plate)s: %(site)s lies in %(zone)s.") % {
                "plate": vehicle.plate,
                "site": visit.site.name,
                "zone": zone.label,
            }
    for announced, figure, unit in (
        (load.vehicle_length_m, vehicle.length_m, _("m long")),
        (load.vehicle_height_m, vehicle.height_m, _("m high")),
        (load.vehicle_weight_kg, Decimal(vehicle.gross_weight_kg), "kg"),
    ):
        if announced is not None and figure > announced:
            yield _("%(plate)s: %(site)s was told of a vehicle of up to %(limit)s %(unit)s.") % {
                "plate": vehicle.plate,
                "site": visit.site.name,
                "limit": f"{announced.normalize():f}",
                "unit": unit,
            }


def _on_the_way(way: Way, vehicle: Vehicle, route: Route) -> Iterator[str]:
    for zone in way.zones:
        if vehicle.pk != route.vehicle_id and not zone.admits(vehicle):
            yield _(
                "%(plate)s: the way from %(here)s to %(there)s leads through %(zone)s, and the plan has no"
                " time for a way around."
            ) % {
                "plate": vehicle.plate,
                "here": way.here.name,
                "there": way.there.name,
                "zone": zone.label,
            }


def _in_hours(span: timedelta) -> str:
    minutes = int(span / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _hours(day: LocalDay, route: Route, starts: time, ends: time) -> dict[str, str]:
    return {
        "from": f"{starts:%H:%M}",
        "to": f"{ends:%H:%M}",
        "start": day.clock(route.departs_at),
        "end": day.clock(route.returns_at),
    }
