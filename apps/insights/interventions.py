"""What would help against an exception, computed from what is really free, fits and can be reached now.

Each intervention is a dict of JSON values: ``key`` says what it is, the rest what it needs and what it costs.

| key | does | has |
|---|---|---|
| answer | accepts a slot of the recipient's offer | offer, slot (index), dock, start, end |
| slots | asks for these free slots, or proposes them in place of the agreed one | slots, move (appointment) |
| vehicle | puts it on a vehicle that fits, publishes the plan | plan, plate, carrier, cents, currency |
| publish | publishes the repair of the plan that is ready | plan, version, cents, currency |
| repair | has the plan repaired | plan |
| remind | mails the carrier its tender again | tender, carrier |
| again | makes another delivery of what was not taken | units |
| note | issues the CMR consignment note | |
| call | somebody to call | who, number |
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from apps.accounts.actors import SYSTEM, Side
from apps.appointments.load import Slot
from apps.appointments.models import Appointment
from apps.appointments.search import local_day
from apps.appointments.selectors import find_slots
from apps.appointments.states import OfferState
from apps.appointments.states import State as AppointmentState
from apps.core.errors import DomainError
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of, visit_of
from apps.deliveries.services import not_taken
from apps.facilities.models import DocumentType
from apps.insights.kinds import Kind
from apps.insights.models import DeliveryException
from apps.routing.models import RoutePlan, Stop
from apps.routing.services import move_choices, price_slots, weigh_move
from apps.tendering.models import Tender
from apps.tendering.states import State as TenderState
from apps.tracking.selectors import newest_expected

Intervention = dict[str, Any]
#: So many slots are asked for at once, found within so many days.
SLOTS, DAYS = 3, 7
#: So many other vehicles are weighed.
VEHICLES = 12


def interventions(exception: DeliveryException, *, now: datetime) -> list[Intervention]:
    """What would help, the best first; whom to call comes last. Reads only, for some tenths of a second.

    An alternative that can't be computed (its plan changed meanwhile) is left out.
    """
    found: list[Intervention] = []
    for look in _OF.get(Kind(exception.kind), ()):
        try:
            found += look(exception, now)
        except DomainError:
            continue
    return [*found, *_calls(exception)]


def fingerprint(intervention: Intervention) -> str:
    """What tells one intervention from another: whoever clicks names by it what was on the page."""
    return sha256(json.dumps(intervention, sort_keys=True).encode()).hexdigest()[:16]


def _answer(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """The slots that the recipient offered, the earliest first."""
    appointment = visit_of(exception.delivery).appointment
    if appointment is None or appointment.must_act != Side.SHIPPER:
        return
    offer = appointment.offers.filter(state=OfferState.OPEN, side=Side.RECIPIENT).first()
    if offer is None:
        return
    slots = list(offer.slots.select_related("dock").order_by("pk"))
    index = min(range(len(slots)), key=lambda n: slots[n].during.lower)
    yield {
        "key": "answer",
        "offer": str(offer.pk),
        "slot": index,
        **_told(slots[index].dock.name, slots[index]),
    }


def _slots(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """The next slots that are free at the site, not before the vehicle can be there, with what they cost."""
    delivery = exception.delivery
    appointment = visit_of(delivery).appointment
    agreed = appointment if appointment and appointment.state == AppointmentState.CONFIRMED else None
    expected = newest_expected([delivery.pk]).get(delivery.pk)
    from_when = max(now, expected.latest if expected else now)
    found = _free(delivery, agreed, from_when, now)
    if not found:
        return
    prices = price_slots(actor=SYSTEM, delivery=delivery, slots=[slot for slot, _dock in found], now=now)
    yield {
        "key": "slots",
        "move": str(agreed.pk) if agreed else "",
        "slots": [
            {
                "dock_id": str(slot.dock_id),
                "dock": dock,
                "start": slot.start.isoformat(),
                "end": slot.end.isoformat(),
                "cents": price.cents,
                "currency": price.currency,
            }
            for (slot, dock), price in zip(found, prices, strict=True)
        ],
    }


def _slots_after(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """Other slots, once the offer ran out."""
    if exception.facts["turn"] == "nobody":
        yield from _slots(exception, now)


def _free(
    delivery: Delivery, agreed: Appointment | None, from_when: datetime, now: datetime
) -> list[tuple[Slot, str]]:
    site = delivery.site
    search = find_slots(
        site=site,
        load=load_of(delivery),
        first_day=local_day(from_when, ZoneInfo(delivery.site.time_zone)),
        days=DAYS,
        now=now,
        appointment=agreed,
    )
    chosen: list[Slot] = []
    for slot in search.slots:
        if slot.start >= (chosen[-1].end if chosen else from_when):
            chosen.append(slot)
    return [(slot, search.dock_names[slot.dock_id]) for slot in chosen[:SLOTS]]


def _vehicle(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """The vehicle that takes the delivery at the least further cost, everything else as planned."""
    stop = _stop(exception.delivery)
    if stop is None:
        return
    asked: dict[str, Any] = {"plan_id": stop.route.plan_id, "delivery_id": stop.delivery_id, "now": now}
    choices = move_choices(actor=SYSTEM, **asked)
    best: tuple[int, str] | None = None
    for plate in [each for each in choices.stops if each != choices.plate_now][:VEHICLES]:
        try:
            weighed = weigh_move(actor=SYSTEM, plate=plate, position=None, **asked)
        except DomainError:
            continue
        if best is None or weighed.extra_cents < best[0]:
            best = (weighed.extra_cents, plate)
    if best is not None:
        cents, plate = best
        yield {
            "key": "vehicle",
            "plan": str(stop.route.plan_id),
            "plate": plate,
            "carrier": choices.labels[plate],
            "cents": cents,
            "currency": stop.route.plan.currency,
        }


def _repair(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """A repair of the plan: the one that is ready, with its cost, or else a new one."""
    stop = _stop(exception.delivery)
    if stop is None:
        return
    plan = stop.route.plan
    ready = RoutePlan.objects.filter(
        basis=plan, state=RoutePlan.State.DRAFT, making=RoutePlan.Making.REPAIRED
    )
    draft = ready.order_by("-version").first()
    if draft is not None:
        yield {
            "key": "publish",
            "plan": str(draft.pk),
            "version": draft.version,
            "cents": draft.cost_cents - plan.cost_cents,
            "currency": plan.currency,
        }
    else:
        yield {"key": "repair", "plan": str(plan.pk)}


def _remind(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    """The tender that waits for its carrier, mailed again."""
    waiting = Tender.objects.filter(
        state=TenderState.OPEN, expires_at__gt=now, tendering__route__stops__delivery=exception.delivery
    )
    for tender in waiting.select_related("carrier")[:1]:
        yield {"key": "remind", "tender": str(tender.pk), "carrier": tender.carrier.name}
        if tender.carrier.phone:
            yield {"key": "call", "who": tender.carrier.name, "number": tender.carrier.phone}


def _again(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    left = len(not_taken(exception.delivery))
    if left and not Delivery.objects.filter(follows=exception.delivery).exists():
        yield {"key": "again", "units": left}


def _note(exception: DeliveryException, now: datetime) -> Iterator[Intervention]:
    if DocumentType.CMR in exception.facts.get("papers", ()):
        yield {"key": "note"}


def _calls(exception: DeliveryException) -> Iterator[Intervention]:
    """Who can be reached: whoever drives, then the site."""
    stop = _stop(exception.delivery) if exception.kind in _ON_THE_ROAD else None
    if stop is not None:
        driver, carrier = stop.route.driver, stop.route.carrier
        if driver is not None and driver.phone:
            yield {"key": "call", "who": driver.name, "number": driver.phone}
        elif carrier.phone:
            yield {"key": "call", "who": carrier.name, "number": carrier.phone}
    site = exception.delivery.site
    if site.contact_phone:
        yield {"key": "call", "who": site.contact_name or site.name, "number": site.contact_phone}


def _stop(delivery: Delivery) -> Stop | None:
    stops = Stop.objects.filter(delivery=delivery, route__plan__state=RoutePlan.State.PUBLISHED)
    return stops.select_related("route__plan", "route__driver", "route__carrier").first()


def _told(dock: str, slot: Any) -> dict[str, str]:
    return {"dock": dock, "start": slot.during.lower.isoformat(), "end": slot.during.upper.isoformat()}


_ON_THE_ROAD = frozenset(
    {
        Kind.AT_RISK,
        Kind.LATE_RELEASE,
        Kind.LATE_DEPARTURE,
        Kind.LATE_ARRIVAL,
        Kind.SILENCE,
        Kind.NOT_ARRIVED,
        Kind.EXCURSION,
    }
)
_OF: dict[Kind, tuple[Callable[[DeliveryException, datetime], Iterator[Intervention]], ...]] = {
    Kind.OFFER_UNANSWERED: (_answer, _slots_after),
    Kind.PAPER_MISSING: (_note,),
    Kind.TENDER_UNANSWERED: (_remind,),
    Kind.NO_CARRIER: (_vehicle, _repair),
    Kind.AT_RISK: (_vehicle,),
    Kind.NO_SHOW_RISK: (_slots,),
    Kind.LATE_RELEASE: (_vehicle,),
    Kind.LATE_DEPARTURE: (_vehicle, _repair, _slots),
    Kind.LATE_ARRIVAL: (_slots,),
    Kind.NOT_ARRIVED: (_slots,),
    Kind.DISCREPANCY: (_again,),
    Kind.FAILED: (_slots, _again),
}
