"""From a site's deliveries of a day to the engine's visits: slots agreed, dock rules, what has no slot."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from django.db.models import Q

from apps.appointments.load import Load
from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.deliveries import selectors as deliveries
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.selectors import Visit
from apps.deliveries.states import State
from apps.facilities import rules
from apps.facilities.models import Dock, DockRule
from apps.facilities.rules import DockProfile
from apps.facilities.selectors import profiles_of
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.depots import Depots, origins_of
from apps.routing.models import RoutePlan, Stop

Kind = DockRule.Kind


@dataclass(frozen=True)
class LeftOut:
    """A delivery of the day that the engine isn't asked about, and why."""

    delivery: Delivery
    code: str
    sentence: str
    appointment: Appointment | None = None


@dataclass(frozen=True)
class PlannedVisit:
    """A delivery whose slot is agreed, as the engine sees it; ``promised`` are limits of its appointment."""

    delivery: Delivery
    appointment: Appointment
    dock: Dock
    asked: engine.Visit
    promised: tuple[str, ...]


@dataclass(frozen=True)
class Visits:
    """What there is to plan, what is left out beforehand, and what a reader should know besides."""

    planned: tuple[PlannedVisit, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def gather_visits(
    depots: Depots, day: LocalDay, kept: Collection[UUID] = frozenset(), now: datetime | None = None
) -> Visits:
    """Deliveries from ``depots`` whose agreed slot begins on ``day``, and those asked for it without a slot.

    Six queries, seven more where there are several depots. Deliveries ``kept`` on routes that stay are passed
    over; others that are under way, on another site's plan in force, or agreed for another day than asked
    for, are only noted. What can't be unloaded any more by ``now`` is left out.
    """
    agreed: list[tuple[Delivery, Appointment, Dock]] = []
    left_out: list[LeftOut] = []
    notes: list[str] = []
    elsewhere = _planned_elsewhere(depots, day) if depots.others else {}
    for visit in _visits_of(depots, day):
        delivery, appointment = visit.delivery, visit.appointment
        if delivery.pk in kept:
            continue
        if delivery.pk in elsewhere:
            notes.append(f"{delivery.number} is on the plan in force of {elsewhere[delivery.pk]}.")
        elif delivery.state != State.OPEN:
            notes.append(f"{delivery.number} is under way or done and stays as it is.")
        elif appointment is None or appointment.state != Agreed.CONFIRMED or appointment.dock is None:
            left_out.append(LeftOut(delivery, "no-confirmed-slot", _no_slot(visit)))
        elif not day.start <= appointment.during.lower < day.end:
            when = day.date_and_clock(appointment.during.lower)
            notes.append(f"{delivery.number} was asked for this day and agreed for another: {when}.")
        elif now is not None and appointment.during.upper <= now:
            left_out.append(LeftOut(delivery, "slot-in-the-past", _over(appointment, day), appointment))
        else:
            agreed.append((delivery, appointment, appointment.dock))
    profiles = profiles_of(dock for _, _, dock in agreed)
    dangerous = adr_classes_of(delivery for delivery, _, _ in agreed)
    origins = origins_of((delivery for delivery, _, _ in agreed), depots.sites)
    codes = {site.pk: site.code for site in depots.sites}
    planned = []
    for delivery, appointment, dock in agreed:
        profile, adr = profiles[dock.pk], dangerous[delivery.pk] | set(appointment.adr_classes)
        refused = rules.refusals(profile, delivery.site, _as_goods(appointment.load, adr))
        if refused:
            left_out.append(LeftOut(delivery, "dock-refuses", " ".join(refused), appointment))
        else:
            one = _planned(delivery, appointment, profile, frozenset(adr), day)
            stocked = (
                frozenset(codes[key] for key in origins.of[delivery.pk]) if depots.others else frozenset()
            )
            planned.append(replace(one, asked=replace(one.asked, origins=stocked)))
    return Visits(tuple(planned), tuple(left_out), (*notes, *origins.notes))


def _planned_elsewhere(depots: Depots, day: LocalDay) -> dict[UUID, str]:
    """Deliveries on plans in force of sites that had the day to themselves: the site of each."""
    stops = Stop.objects.filter(route__plan__day=day.day, route__plan__state=RoutePlan.State.PUBLISHED)
    others = stops.filter(route__plan__site__in=[site.pk for site in depots.others])
    return dict(others.values_list("delivery_id", "route__plan__site__name"))


def _visits_of(depots: Depots, day: LocalDay) -> list[Visit]:
    """Deliveries asked for that day or agreed on it, by number, with their latest appointments."""
    on_the_day = Appointment.objects.filter(
        state=Agreed.CONFIRMED, during__startswith__gte=day.start, during__startswith__lt=day.end
    ).values_list("delivery_id", flat=True)
    rows = (
        deliveries.deliveries()
        .filter(Q(day=day.day) | Q(pk__in=list(on_the_day)), origin__in=[one.pk for one in depots.sites])
        .filter(leg="")  # nobody agrees to a leg between the shipper's own sites; it has no slot to plan by
        .exclude(format=Delivery.Format.PICKUP)  # its recipient comes for it
        .exclude(state=State.CANCELLED)
        .order_by("number")
    )
    return deliveries.visits(rows)


def _over(appointment: Appointment, day: LocalDay) -> str:
    slot = f"{day.clock(appointment.during.lower)}–{day.clock(appointment.during.upper)}"
    return f"Its slot {slot} is over and the goods are still at the shipper. Agree on another slot."


def _no_slot(visit: Visit) -> str:
    why = {
        None: "none was asked for yet",
        Agreed.OFFERED: f"it is still being negotiated with {visit.delivery.site.name}",
        Agreed.DECLINED: "the offer was declined",
        Agreed.EXPIRED: "the offer expired without an answer",
        Agreed.CANCELLED: "the appointment was cancelled",
        Agreed.NO_SHOW: "the vehicle did not come",
    }
    state = None if visit.appointment is None else Agreed(visit.appointment.state)
    return f"It has no confirmed slot: {why.get(state, 'the visit has begun already')}."


def adr_classes_of(rows: Iterable[Delivery]) -> Mapping[UUID, set[str]]:
    """Dangerous goods classes of the consignments in each delivery; empty for one without."""
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    rides = DeliveryConsignment.objects.filter(delivery__in=[row.pk for row in rows])
    for delivery_id, classes in rides.values_list("delivery_id", "consignment__adr_classes"):
        found[delivery_id].update(classes)
    return found


def _as_goods(load: Load, adr: set[str]) -> Load:
    """The load without a vehicle: which vehicle meets the dock's rules is the engine's to find out."""
    return replace(
        load,
        adr_classes=tuple(sorted(adr)),
        vehicle_length_m=None,
        vehicle_height_m=None,
        vehicle_weight_kg=None,
        tail_lift=True,
    )


def _planned(
    delivery: Delivery, appointment: Appointment, profile: DockProfile, adr: frozenset[str], day: LocalDay
) -> PlannedVisit:
    window = engine.Window(day.seconds(appointment.during.lower), day.seconds(appointment.during.upper))
    asked = asked_visit(delivery, profile, appointment.load, window, adr)
    limits = {rule.kind: rule.limit for rule in profile.rules}
    return PlannedVisit(delivery, appointment, profile.dock, asked, tuple(_promises(appointment, limits)))


def asked_visit(
    delivery: Delivery, profile: DockProfile, load: Load, window: engine.Window, adr: frozenset[str]
) -> engine.Visit:
    """A delivery at one dock in one slot as the engine sees it; ``load`` may announce a largest vehicle."""
    handling = 60 * rules.duration(profile.handling_times, load)
    limits = {rule.kind: rule.limit for rule in profile.rules}
    length = _tighter(limits.get(Kind.MAX_LENGTH), load.vehicle_length_m)
    height = _tighter(limits.get(Kind.MAX_HEIGHT), load.vehicle_height_m)
    weight = _tighter(limits.get(Kind.MAX_WEIGHT), load.vehicle_weight_kg)
    return engine.Visit(
        id=delivery.number,
        lat=delivery.site.latitude,
        lon=delivery.site.longitude,
        load=engine.Load(delivery.pallets, whole(delivery.weight_kg), whole(delivery.volume_m3 * 1000)),
        window=window,
        service_seconds=min(handling, window.end - window.start),
        max_length_m=None if length is None else float(length),
        max_height_m=None if height is None else float(height),
        max_weight_kg=None if weight is None else int(weight),
        needs_tail_lift=Kind.NEEDS_TAIL_LIFT in limits,
        temperature=delivery.temperature_class,
        adr=adr,
        name=delivery.site.name,
    )


def _tighter(rule: Decimal | None, promised: Decimal | None) -> Decimal | None:
    """The dock's limit or the largest vehicle that the appointment announced, whichever is smaller."""
    return min((limit for limit in (rule, promised) if limit is not None), default=None)


def _promises(appointment: Appointment, limits: Mapping[str, Decimal | None]) -> Iterable[str]:
    """Where the appointment, not the dock, is what limits the vehicle: a sentence each."""
    announced = (
        (Kind.MAX_LENGTH, appointment.vehicle_length_m, "m long"),
        (Kind.MAX_HEIGHT, appointment.vehicle_height_m, "m high"),
        (Kind.MAX_WEIGHT, appointment.vehicle_weight_kg, "kg"),
    )
    for kind, figure, unit in announced:
        limit = limits.get(kind)
        if figure is not None and (limit is None or figure < limit):
            yield f"Its appointment was agreed for a vehicle of up to {figure.normalize():f} {unit}."


def whole(amount: Decimal) -> int:
    """Rounded up, so that what is loaded never exceeds what was counted."""
    return int(amount.to_integral_value(rounding=ROUND_CEILING))
