"""A carrier's answer: accepted or declined, by its link, at the desk on its behalf, or by API."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services.links import find_link, revoke_links, use_link
from apps.carriers.models import Driver
from apps.carriers.selectors import drivers_of
from apps.core.turns import one_at_a_time
from apps.notices.kinds import Kind
from apps.notices.services import notify, shipper_people
from apps.routing.models import RoutePlan
from apps.tenancy.doorway import current_shipper
from apps.tendering.errors import TenderClosed, UnknownTender, VehicleUnfit
from apps.tendering.models import Tender
from apps.tendering.needs import against_driver, busy_drivers, needs_of
from apps.tendering.services.asking import LINK, ask, fitting_vehicle, settle
from apps.tendering.services.transitions import By, lock_tender, move_tender
from apps.tendering.states import Channel, ReasonCode, State


@transaction.atomic
def accept_tender(
    *,
    actor: Actor,
    tender_id: UUID,
    now: datetime,
    vehicle_id: UUID | None = None,
    driver_id: UUID | None = None,
    channel: Channel = Channel.DESK,
) -> Tender:
    """Accept a tender on the carrier's behalf; the route is the carrier's, other tenders are taken back.

    Without ``vehicle_id`` the vehicle that was proposed drives, without ``driver_id`` one that is free.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownTender: there is no such tender in this schema.
        TenderClosed: it was answered, ran out or was withdrawn; nothing has changed.
        VehicleUnfit: the vehicle or driver can't take the route now; nothing has changed.
    """
    require(actor, "tendering.manage")
    return _accept(tender_id, By(actor.name, channel), now, vehicle_id, driver_id)


@transaction.atomic
def decline_tender(
    *,
    actor: Actor,
    tender_id: UUID,
    reason: ReasonCode,
    now: datetime,
    note: str = "",
    channel: Channel = Channel.DESK,
) -> Tender:
    """Decline a tender on the carrier's behalf; the next carrier is asked.

    Raises:
        PermissionRefused, UnknownTender, TenderClosed: as ``accept_tender``.
    """
    require(actor, "tendering.manage")
    return _decline(tender_id, By(actor.name, channel), now, reason, note)


@transaction.atomic
def accept_by_link(
    *,
    token: str,
    now: datetime,
    vehicle_id: UUID | None = None,
    driver_id: UUID | None = None,
    channel: Channel = Channel.LINK,
) -> Tender:
    """Accept the tender that a link is for; the link is used up.

    Raises:
        LinkClosed: it was used, revoked, has run out or is none of this shipper's.
        TenderClosed, VehicleUnfit: as ``accept_tender``; then the link stays good.
    """
    link = use_link(token, LINK, now=now)
    _require_here(link.shipper_id)
    return _accept(link.subject_id, By(link.issued_to, channel), now, vehicle_id, driver_id)


@transaction.atomic
def decline_by_link(
    *, token: str, reason: ReasonCode, now: datetime, note: str = "", channel: Channel = Channel.LINK
) -> Tender:
    """Decline the tender that a link is for; the link is used up.

    Raises:
        LinkClosed, TenderClosed: as ``accept_by_link``.
    """
    link = use_link(token, LINK, now=now)
    _require_here(link.shipper_id)
    return _decline(link.subject_id, By(link.issued_to, channel), now, reason, note)


def tender_of_link(token: str, *, now: datetime) -> Tender:
    """The tender that an open link is for, unchanged, in the link's own shipper's schema.

    Raises:
        LinkClosed: as ``accept_by_link``.
        UnknownTender: its shipper's desk is another.
    """
    link = find_link(token, LINK, now=now)
    _require_here(link.shipper_id)
    tender = (
        Tender.objects.select_related("tendering__route__plan__site", "carrier", "vehicle", "driver")
        .filter(pk=link.subject_id)
        .first()
    )
    if tender is None:
        raise UnknownTender("There is no such tender.")
    return tender


def _require_here(shipper_id: UUID | None) -> None:
    """Row-level security shows no other shipper's links; this says so where it doesn't apply."""
    if shipper_id != current_shipper().pk:
        raise UnknownTender("There is no such tender.")


def _accept(
    tender_id: UUID, by: By, now: datetime, vehicle_id: UUID | None, driver_id: UUID | None
) -> Tender:
    tender = lock_tender(tender_id)
    route = tender.tendering.route
    one_at_a_time(
        f"routing publishing {route.plan.day}"
    )  # vehicles and drivers of a day are given out one by one
    route.plan.refresh_from_db(fields=["state"])  # whoever held that lock may have replaced the plan
    _require_open(tender, now)
    vehicle, against = fitting_vehicle(tender.tendering, tender.carrier, vehicle_id or tender.vehicle_id)
    if vehicle is None or against:
        raise VehicleUnfit(" ".join(against) + " Name another vehicle, or decline.", reasons=against)
    tender.vehicle = vehicle
    driver = _driver(tender, driver_id) if driver_id else None
    try:
        with transaction.atomic():
            move_tender(
                tender,
                State.ACCEPTED,
                by=by,
                at=now,
                vehicle=vehicle,
                driver=driver,
                answered_at=now,
                answered_by=by.name[:200],
            )
    except IntegrityError as error:  # the database has the last word on who was first
        raise TenderClosed("Another carrier was first.", state=State.WITHDRAWN) from error
    revoke_links(LINK, subject_id=tender.pk, now=now)
    settle(tender.tendering, tender, by=by, now=now)
    _tell_planners(tender, f"{tender.carrier.name} takes route {route.number} of {route.plan.day:%-d %B}")
    return tender


def _decline(tender_id: UUID, by: By, now: datetime, reason: ReasonCode, note: str) -> Tender:
    tender = lock_tender(tender_id)
    _require_open(tender, now)
    move_tender(
        tender,
        State.DECLINED,
        by=by,
        at=now,
        reason_code=reason,
        note=note,
        answered_at=now,
        answered_by=by.name[:200],
    )
    revoke_links(LINK, subject_id=tender.pk, now=now)
    route = tender.tendering.route
    _tell_planners(
        tender,
        f"{tender.carrier.name} declines route {route.number} of {route.plan.day:%-d %B}: "
        f"{ReasonCode(reason).label}",
        note,
    )
    ask(tender.tendering, now=now)
    return tender


def _require_open(tender: Tender, now: datetime) -> None:
    """
    Raises:
        TenderClosed: with what became of it.
    """
    state = State(tender.state)
    if state == State.OPEN and tender.expires_at is not None and tender.expires_at <= now:
        raise TenderClosed("The time to answer is over.", state=State.EXPIRED)
    if state != State.OPEN:
        raise TenderClosed(f"This tender is no longer open: {state.label.lower()}.", state=state)
    if tender.tendering.route.plan.state != RoutePlan.State.PUBLISHED:
        raise TenderClosed("The plan was changed meanwhile; this route is not needed any more.", state=state)


def _driver(tender: Tender, driver_id: UUID) -> Driver:
    needs = needs_of(tender.tendering.route)
    driver = next((one for one in drivers_of([tender.carrier_id]) if one.pk == driver_id), None)
    if driver is None:
        raise VehicleUnfit(f"{tender.carrier.name} has no such driver.")
    busy = busy_drivers(needs.day.day, without=tender.tendering.route_id)
    against = against_driver(needs, tender.vehicle, driver, busy)
    if against:
        raise VehicleUnfit(" ".join(against), reasons=against)
    return driver


def _tell_planners(tender: Tender, title: str, body: str = "") -> None:
    notify(
        kind=Kind.TENDER,
        audience=shipper_people(current_shipper().pk),
        title=title,
        body=body,
        path=f"/tenders/{tender.tendering_id}/",
        subject_id=tender.tendering_id,
    )
