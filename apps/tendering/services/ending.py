"""Searches that end otherwise: nobody answered in time, the planner calls it off, a carrier gives it back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services.links import revoke_links
from apps.routing.services import note_decline
from apps.tendering.errors import NotTendered, TenderClosed
from apps.tendering.models import Tender, Tendering
from apps.tendering.services.asking import DID, LINK, ask, end_search, tell_carrier
from apps.tendering.services.starting import open_search
from apps.tendering.services.transitions import (
    DOCKSIDE,
    By,
    lock_search,
    lock_tender,
    move_search,
    move_tender,
)
from apps.tendering.states import Channel, ReasonCode, SearchState, State


def expire_tenders(*, now: datetime) -> int:
    """End every tender of this shipper whose time to answer is over, and ask the next; how many there were.

    Each in a transaction of its own, so that one that fails holds up no other.
    """
    due = list(
        Tender.objects.filter(state=State.OPEN, expires_at__lte=now)
        .order_by("expires_at")
        .values_list("pk", flat=True)
    )
    return sum(_expire(tender_id, now) for tender_id in due)


@transaction.atomic
def _expire(tender_id: UUID, now: datetime) -> bool:
    tender = lock_tender(tender_id)
    if tender.state != State.OPEN or tender.expires_at is None or tender.expires_at > now:
        return False
    move_tender(tender, State.EXPIRED, by=DOCKSIDE, at=now)
    revoke_links(LINK, subject_id=tender.pk, now=now)
    tell_carrier(tender, "The time to answer is over.")
    ask(tender.tendering, now=now)
    return True


@transaction.atomic
def call_off(*, actor: Actor, tendering_id: UUID, now: datetime, note: str = "") -> Tendering:
    """Stop a search, or take a route back from the carrier that has it; whoever was asked is told.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownTender: there is no such search in this schema.
        IllegalTransition: it was called off already.
    """
    require(actor, "tendering.manage")
    tendering = lock_search(tendering_id)
    end_search(tendering, by=By(actor.name, Channel.DESK), now=now, note=note or "Called off by the shipper.")
    return tendering


@transaction.atomic
def give_back(
    *, actor: Actor, tender_id: UUID, reason: ReasonCode, now: datetime, note: str = ""
) -> Tendering:
    """The carrier that has the route can't drive it after all; a new search begins without it.

    The plan says so until somebody else has the route.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownTender: there is no such tender in this schema.
        TenderClosed: the carrier does not have the route.
        NotTendered: the goods have left already.
    """
    require(actor, "tendering.manage")
    tender = lock_tender(tender_id)
    if tender.state != State.ACCEPTED:
        raise TenderClosed(f"{tender.carrier.name} does not have this route.", state=tender.state)
    former = tender.tendering
    if former.route.stops.exclude(delivery__state="open").exists():
        raise NotTendered("Goods of this route are loaded already; repair the plan instead.")
    by = By(actor.name, Channel.DESK)
    move_tender(tender, State.RETURNED, by=by, at=now, reason_code=reason, note=note)
    move_search(former, SearchState.UNCOVERED, by=by, at=now, note=f"{tender.carrier.name} gave it back.")
    note_decline(
        actor=actor,
        route=former.route,
        carrier=tender.carrier.name,
        vehicle=tender.vehicle,
        said=DID[State.RETURNED],
        now=now,
    )
    return open_search(
        former.route, mode=Tendering.Mode(former.mode), by=by, now=now, but_not={tender.carrier_id}
    )
