"""A week made up from a seed: deliveries of two shippers to thirty sites, with causes put in and known.

Each delivery has a timeline of rows that appear as time passes, in the tables that services would write them
to. What is put in depends on what can be known before: one carrier leaves late, some sites hold vehicles up
at the gate, some demand a paper that is missing now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.models import Appointment, Offer
from apps.appointments.states import OfferState
from apps.appointments.states import State as Agreed
from apps.carriers.models import Vehicle
from apps.deliveries.models import Delivery
from apps.deliveries.states import FailureReason, State
from apps.facilities.models import Site
from apps.figures.causes import Cause
from apps.insights.kinds import Ending, Kind, Severity
from apps.insights.models import DeliveryException
from apps.routing.models import Route, RoutePlan, Stop
from apps.tendering.models import Tendering
from apps.tendering.states import SearchState
from benchmarks._week_ground import PAPER_SITES, World
from benchmarks._week_rows import Made, event, handover, paper, save, step

MINUTE = timedelta(minutes=1)
STOPS = 3
SLOW_SITES = 6
#: What is put in: which kinds of exception have to be found, and which cause the record has to show.
CAUSES: dict[str, tuple[frozenset[Kind], Cause | None]] = {
    "offer": (frozenset({Kind.OFFER_UNANSWERED}), None),
    "papers": (frozenset({Kind.PAPER_MISSING}), Cause.PAPERS),
    "no_carrier": (frozenset({Kind.NO_CARRIER}), Cause.NO_CARRIER),
    "late_departure": (frozenset({Kind.LATE_DEPARTURE}), Cause.LATE_DEPARTURE),
    "no_show": (frozenset({Kind.NOT_ARRIVED}), Cause.NO_SHOW),
    "road": (frozenset({Kind.NOT_ARRIVED}), Cause.ROAD),
    "gate": (frozenset({Kind.NOT_ARRIVED}), Cause.GATE),
    "dwell": (frozenset({Kind.DWELL}), None),
    "absent": (frozenset({Kind.FAILED}), Cause.RECEIVER),
    "address": (frozenset({Kind.FAILED}), Cause.ADDRESS),
    "damage": (frozenset({Kind.DISCREPANCY}), Cause.DAMAGE),
    "short": (frozenset({Kind.DISCREPANCY}), Cause.SHORT),
}


def make_day(ground: World, day: date, deliveries: int, random: Random, *, asked: bool = True) -> list[Made]:
    """A day's deliveries on the routes of one published plan; its rows at the start are saved at once.

    ``asked``: some are still being negotiated on the morning of the day before.
    """
    start = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    known = start - timedelta(days=1)
    plan = RoutePlan(
        site=ground.origin,
        day=day,
        state=RoutePlan.State.PUBLISHED,
        version=1,
        currency="ZAR",
        problem_sha256="0" * 64,
        published_at=known,
    )
    made: list[Made] = []
    routes: list[Route] = []
    stops: list[Stop] = []
    extra: list[models.Model] = []
    for number in range(-(-deliveries // STOPS)):
        vehicle = ground.vehicles[number % len(ground.vehicles)]
        count = min(STOPS, deliveries - number * STOPS)
        departs = start + (number % 5) * 60 * MINUTE
        route = Route(
            plan=plan,
            number=number + 1,
            depot=ground.origin,
            carrier=vehicle.carrier,
            vehicle=vehicle,
            departs_at=departs,
            returns_at=departs + 6 * 60 * MINUTE,
            distance_m=90_000,
            cost_cents=240_000,
        )
        routes.append(route)
        chosen = _route_cause(ground, vehicle, random)
        group = []
        for place in range(count):
            site = random.choice(ground.sites)
            cause = chosen or _stop_cause(ground, site, random, is_last=place == count - 1, asked=asked)
            one, stop = _visit(ground, route, site, place, day, known, cause, random)
            group.append(one)
            stops.append(stop)
        if chosen == "no_carrier":
            extra.append(
                Tendering(
                    route=route,
                    number=1,
                    state=SearchState.UNCOVERED,
                    started_by="week",
                    started_at=departs - 120 * MINUTE,
                )
            )
        made += group
    save([plan], [one.delivery for one in made], routes, stops, [o.appointment for o in made], extra)
    return made


def _route_cause(ground: World, vehicle: Vehicle, random: Random) -> str:
    bad = vehicle.carrier_id == ground.carriers[0].pk
    roll = random.random()
    if roll < (0.22 if bad else 0.02):
        return "late_departure"
    return "no_carrier" if roll > 0.985 else "no_show" if roll > 0.975 else ""


def _stop_cause(ground: World, site: Site, random: Random, *, is_last: bool, asked: bool) -> str:
    number = int(site.code[1:])
    if number < PAPER_SITES and random.random() < 0.12:
        return "papers"
    if is_last and PAPER_SITES <= number < PAPER_SITES + SLOW_SITES and random.random() < 0.4:
        return "gate"
    if is_last and random.random() < 0.05:
        return random.choice(["road", "dwell"])
    if random.random() < 0.06:
        return random.choice(["absent", "address", "damage", "short", *(["offer"] if asked else [])])
    return ""


def _visit(
    ground: World,
    route: Route,
    site: Site,
    place: int,
    day: date,
    known: datetime,
    cause: str,
    random: Random,
) -> tuple[Made, Stop]:
    arrives = route.departs_at + (60 + 80 * place) * MINUTE
    slot = DateTimeTZRange(arrives + 10 * MINUTE, arrives + 40 * MINUTE)
    window = DateTimeTZRange(slot.lower - 30 * MINUTE, slot.lower + 30 * MINUTE)
    dock = ground.docks[site.pk]
    delivery = Delivery(
        number=f"W{day:%y%m%d}-{route.number}-{place}",
        origin=ground.origin,
        site=site,
        day=day,
        pallets=random.randrange(1, 5),
    )
    appointment = Appointment(
        shipper=ground.shipper,
        site=site,
        delivery_id=delivery.pk,
        reference=delivery.number,
        state=Agreed.CONFIRMED,
        confirmation_number=f"W{str(delivery.pk.int)[-10:]}",
        dock=dock,
        lane=1,
        during=slot,
        arrival_window=window,
    )
    stop = Stop(
        route=route,
        position=place + 1,
        delivery=delivery,
        appointment_id=appointment.pk,
        dock=dock,
        slot=slot,
        arrives_at=arrives,
        starts_at=slot.lower,
        departs_at=arrives + 45 * MINUTE,
        distance_m=20_000,
    )
    one = Made(delivery, appointment, cause)
    one.at = {"arrives": arrives, "departs": route.departs_at, "slot": slot.lower, "window_end": window.upper}
    _tell(one, route, known, random)
    return one, stop


def _tell(one: Made, route: Route, known: datetime, random: Random) -> None:
    """The delivery's timeline, by what was put in."""
    cause = one.injected
    _negotiate(one, known)
    if one.delivery.site.code < f"W{PAPER_SITES:02d}" and cause != "papers":
        one.then(known, paper(one, known))
    late = {"late_departure": 95, "road": 80}.get(cause, 0) * MINUTE
    left = route.departs_at + random.randrange(-4, 9) * MINUTE
    if cause == "late_departure":
        left = route.departs_at + late
    came = one.at["arrives"] + late + random.randrange(-8, 9) * MINUTE
    if cause in ("no_carrier", "no_show"):
        _fail(one, one.at["window_end"] + 90 * MINUTE, "")
        return
    loaded = left - 40 * MINUTE
    one.then(loaded, event(one, State.LOADED, loaded), ground="loaded")
    one.then(left, event(one, State.IN_TRANSIT, left), ground="in_transit")
    if cause in ("papers", "absent", "address"):
        reasons = {"absent": FailureReason.RECEIVER_ABSENT, "address": FailureReason.INACCESSIBLE}
        _fail(one, came, reasons.get(cause, FailureReason.OTHER))
        return
    if cause == "gate":
        one.then(came, step(one, "at_gate", "confirmed", came))
        came = one.at["window_end"] + 35 * MINUTE
    _receive(one, came, (190 if cause == "dwell" else 25) * MINUTE)


def _negotiate(one: Made, known: datetime) -> None:
    """Agreed on from the start; or the recipient answers half an hour before the offer would have expired."""
    appointment = one.appointment
    offer = Offer(appointment=appointment, side="shipper", state=OfferState.ACCEPTED, expires_at=known)
    if one.injected != "offer":
        offer.answered_at = known
        one.then(known, offer, step(one, "confirmed", "confirmed", known))
        return
    due = known + 20 * 60 * MINUTE
    appointment.state, appointment.must_act, appointment.must_act_by = Agreed.OFFERED, "recipient", due
    offer.state, offer.expires_at = OfferState.OPEN, due
    one.then(known, offer)
    answered = due - 30 * MINUTE
    one.then(answered, step(one, "confirmed", "confirmed", answered), agreed="confirmed")


def _fail(one: Made, at: datetime, reason: str) -> None:
    rows = (event(one, State.FAILED, at), step(one, "no_show", "no_show", at))
    one.then(at, *rows, ground="failed", agreed="no_show", reason=reason)


def _receive(one: Made, came: datetime, takes: timedelta) -> None:
    begins = came + 8 * MINUTE
    done = begins + takes
    out = done + 5 * MINUTE
    for at, ground, agreed in (
        (came, State.ARRIVED, "arrived"),
        (begins, State.UNLOADING, "in_progress"),
        (done, State.DELIVERED, "completed"),
    ):
        rows: list[models.Model] = [event(one, ground, at), step(one, agreed, agreed, at)]
        if ground == State.DELIVERED:
            rows += handover(one, at)
        one.then(at, *rows, ground=ground.value, agreed=agreed)
    one.then(out, step(one, "checked_out", "completed", out))


def remember(made: Sequence[Made]) -> None:
    """What a watch would have opened in weeks that nobody watched, as far as causes are read from it."""
    kinds = {"papers": Kind.PAPER_MISSING, "no_carrier": Kind.NO_CARRIER}
    DeliveryException.objects.bulk_create(
        DeliveryException(
            delivery=one.delivery,
            kind=kinds[one.injected],
            severity=Severity.WARNING,
            cause_at=one.at["departs"],
            harm_at=one.at["departs"],
            detected_at=one.at["departs"],
            ended_at=one.at["window_end"] + 120 * MINUTE,
            ending=Ending.PASSED,
        )
        for one in made
        if one.injected in kinds
    )
