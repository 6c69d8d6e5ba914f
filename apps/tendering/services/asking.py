"""Asking carriers: the next one, or all at once; until when they may answer, and what is told to whom."""

from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.actors import SYSTEM
from apps.accounts.services.links import revoke_links
from apps.carriers.models import Carrier, Vehicle
from apps.carriers.selectors import carrier_by_id, tender_addresses
from apps.notices.kinds import Kind
from apps.notices.services import notify, outside, shipper_people
from apps.routing.services import note_decline, settle_declines
from apps.tenancy.doorway import current_shipper
from apps.tendering.models import Tender, Tendering
from apps.tendering.needs import against_carrier, against_vehicle, busy_vehicles, needs_of
from apps.tendering.services.assigning import assign
from apps.tendering.services.transitions import DOCKSIDE, By, move_search, move_tender
from apps.tendering.states import SearchState, State

LINK = "tendering.answer"
"""The purpose of the links by which carriers answer."""
ASK, TELL = "tendering.ask", "tendering.tell"
"""Who writes the mails: one with a link, one without."""
DID = {
    State.DECLINED: "declined",
    State.EXPIRED: "did not answer for",
    State.RETURNED: "gave back",
}
"""What a carrier did that was asked for a route and doesn't drive it."""
LEAST_TIME = timedelta(minutes=10)
"""Nobody is asked who would have less time than this to answer before the route departs."""


def ask(tendering: Tendering, *, now: datetime) -> None:
    """Ask whoever is to be asked next of a locked search; without anybody left, it ends without a carrier."""
    queued = list(tendering.tenders.filter(state=State.QUEUED).select_related("carrier").order_by("rank"))
    at_once = tendering.mode == Tendering.Mode.BROADCAST
    for tender in queued:
        tender.tendering = tendering
        if not _is_asked(tender, now):
            continue
        if tender.state == State.ACCEPTED or not at_once:
            return
    if not tendering.tenders.filter(state=State.OPEN).exists():
        give_up(tendering, now=now)


def settle(tendering: Tendering, tender: Tender, *, by: By, now: datetime) -> None:
    """The search is over: ``tender`` has it, whoever else was asked is told that it is gone."""
    for other in tendering.tenders.exclude(pk=tender.pk).filter(state__in=[State.QUEUED, State.OPEN]):
        other.tendering = tendering
        withdraw(other, by=by, now=now, note="Another carrier was first.")
    move_search(tendering, SearchState.ASSIGNED, by=by, at=now)
    settle_declines(route=tendering.route, now=now)
    assign(tendering.route, tender, now=now)


def withdraw(tender: Tender, *, by: By, now: datetime, note: str) -> None:
    """Take a tender back; a carrier that was asked is told."""
    was_asked = tender.state != State.QUEUED
    move_tender(tender, State.WITHDRAWN, by=by, at=now, note=note)
    revoke_links(LINK, subject_id=tender.pk, now=now)
    if was_asked:
        tell_carrier(tender, note)


def end_search(tendering: Tendering, *, by: By, now: datetime, note: str) -> None:
    """Withdraw every live tender of a locked search, and the search."""
    live = tendering.tenders.filter(state__in=[State.QUEUED, State.OPEN, State.ACCEPTED])
    for tender in live.select_related("carrier"):
        tender.tendering = tendering
        withdraw(tender, by=by, now=now, note=note)
    move_search(tendering, SearchState.WITHDRAWN, by=by, at=now, note=note)


def give_up(tendering: Tendering, *, now: datetime) -> None:
    """Nobody is left to be asked: the route is marked, and the planners hear what would work."""
    move_search(tendering, SearchState.UNCOVERED, by=DOCKSIDE, at=now)
    route = tendering.route
    _note_declines(tendering, now)
    sentence = f"Route {route.number} of {route.plan.day:%-d %B} has no carrier: nobody accepted it."
    notify(
        kind=Kind.TENDER,
        audience=shipper_people(current_shipper().pk),
        title=sentence,
        body="\n".join(["What would work:", *(f"- {way}" for way in ways_out(tendering))]),
        path=f"/tenders/{tendering.pk}/",
        subject_id=tendering.pk,
    )


def _note_declines(tendering: Tendering, now: datetime) -> None:
    """The plan says who did not take the route, so that it is repaired without them."""
    asked = tendering.tenders.filter(state__in=DID).select_related("carrier", "vehicle").order_by("rank")
    for tender in asked:
        note_decline(
            actor=SYSTEM,
            route=tendering.route,
            carrier=tender.carrier.name,
            vehicle=tender.vehicle,
            said=DID[State(tender.state)],
            now=now,
        )
    if not asked:
        note_decline(actor=SYSTEM, route=tendering.route, carrier="Nobody", said="can be asked for", now=now)


def ways_out(tendering: Tendering) -> list[str]:
    """What a planner can do about a route that nobody takes, a sentence each."""
    asked = list(tendering.tenders.select_related("carrier").order_by("rank"))
    ways = []
    silent = [one.carrier.name for one in asked if one.state == State.EXPIRED]
    if silent:
        ways.append(f"Call {', '.join(silent)}: no answer came in time. Then ask again, or answer for them.")
    for_price = [one.carrier.name for one in asked if one.reason_code == "price"]
    if for_price:
        ways.append(f"Agree on another price with {', '.join(for_price)}, enter the tariff and ask again.")
    for_time = [one.carrier.name for one in asked if one.reason_code == "times"]
    if for_time:
        ways.append(f"Agree on other slots, which {', '.join(for_time)} could keep, and plan the day again.")
    ways += [f"Not asked: {reason}" for reason in tendering.left_out[:8]]
    ways.append("Plan the day again: the deliveries may fit on other routes.")
    return ways


def tell_carrier(tender: Tender, note: str) -> None:
    """Promise a mail to the carrier about something that it needs not answer."""
    route = tender.tendering.route
    shipper = current_shipper()
    for address in tender_addresses(tender.carrier):
        notify(
            kind=Kind.TENDER,
            audience=outside(address, shipper_id=shipper.pk),
            title=f"{shipper.name}: route {route.number} of {route.plan.day:%-d %B}: {note}",
            subject_id=tender.pk,
            composer=TELL,
            facts={"tender_id": str(tender.pk), "note": note},
        )


def remind_link(tender: Tender) -> None:
    """Promise the mail with the link once more, as when it was lost on the way."""
    _mail(tender)


def fitting_vehicle(tendering: Tendering, carrier: Carrier, wanted: UUID) -> tuple[Vehicle | None, list[str]]:
    """The carrier's vehicle ``wanted``, or what is against it now, a sentence each."""
    needs = needs_of(tendering.route)
    facts = carrier_by_id(carrier.pk)
    vehicle = next((one for one in facts.vehicles.all() if one.pk == wanted), None)
    if vehicle is None:
        return None, [f"{carrier.name} has no such vehicle."]
    busy = busy_vehicles(needs.day.day, without=tendering.route_id)
    return vehicle, against_carrier(needs, facts) + against_vehicle(needs, vehicle, busy)


def _is_asked(tender: Tender, now: datetime) -> bool:
    """Send a queued tender, unless something is against it by now; own fleet is not asked, it has it."""
    route = tender.tendering.route
    carrier = tender.carrier
    _vehicle, against = fitting_vehicle(tender.tendering, carrier, tender.vehicle_id)
    if not carrier.own_fleet and now + LEAST_TIME > route.departs_at:
        against = [*against, "The route departs too soon to be offered."]
    if against:
        move_tender(tender, State.PASSED, by=DOCKSIDE, at=now, note=" ".join(against))
        return False
    if carrier.own_fleet:
        move_tender(tender, State.ACCEPTED, by=DOCKSIDE, at=now, note="Own fleet.", answered_by="Own fleet")
        settle(tender.tendering, tender, by=DOCKSIDE, now=now)
        return True
    until = min(now + timedelta(minutes=carrier.answer_minutes), route.departs_at)
    move_tender(tender, State.OPEN, by=DOCKSIDE, at=now, sent_at=now, expires_at=until)
    _mail(tender)
    return True


def _mail(tender: Tender) -> None:
    route, shipper = tender.tendering.route, current_shipper()
    for address in tender_addresses(tender.carrier):
        notify(
            kind=Kind.TENDER,
            audience=outside(address, shipper_id=shipper.pk),
            title=f"{shipper.name} offers route {route.number} of {route.plan.day:%-d %B}",
            subject_id=tender.pk,
            composer=ASK,
            facts={"tender_id": str(tender.pk)},
        )
