"""Every shared read of appointments: slot search, who sees what, what waits for whom, the day board."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.appointments import reasons, seasons
from apps.appointments.gaps import find_gaps
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, PickedSlot
from apps.appointments.search import (
    Bounds,
    Calendar,
    DayCount,
    DockNeed,
    SlotSearch,
    count_days,
    day_bounds,
    every_slot,
    local_day,
)
from apps.facilities import rules
from apps.facilities.models import Site
from apps.facilities.rules import DockProfile
from apps.facilities.selectors import docks_of

NEGOTIATORS = (Role.RECEIVING_MANAGER,)


def find_slots(
    *,
    site: Site,
    load: Load,
    first_day: date,
    days: int,
    now: datetime,
    appointment: Appointment | None = None,
    shipper_id: UUID | None = None,
    limit: int = 500,
) -> SlotSearch:
    """Bookable slots for ``load`` on ``days`` local days of the site from ``first_day`` on.

    One statement for the calendar and one for the docks' rules. What ``appointment`` itself holds doesn't
    stand in the way. In a shipper's schema other shippers' holds and bookings block without being seen.
    Reserved time and quotas are those of the appointment's shipper, or of ``shipper_id`` where the hub asks
    before there is an appointment; a shipper's role always asks for itself.

    Raises:
        ValueError: ``days`` is less than one.
    """
    if days < 1:
        raise ValueError("a search covers at least one day")
    search = _search(site, load, first_day, days, now, appointment, shipper_id)
    slots = tuple(islice(every_slot(search.starts, search.docks), limit))
    return replace(search, slots=slots, per_day=_per_day(search, site, first_day, days))


def find_at_sites(
    *,
    sites: Iterable[Site],
    load: Load,
    first_day: date,
    days: int,
    now: datetime,
    shipper_id: UUID | None = None,
) -> dict[UUID, SlotSearch]:
    """What each of several sites can give the load on its own local days, by site; two statements a site.

    ``ranking.best_of`` puts them into one order.
    """
    return {
        site.pk: find_slots(
            site=site, load=load, first_day=first_day, days=days, now=now, shipper_id=shipper_id
        )
        for site in sites
    }


def _search(
    site: Site,
    load: Load,
    first_day: date,
    days: int,
    now: datetime,
    appointment: Appointment | None,
    shipper_id: UUID | None,
) -> SlotSearch:
    """The search with all that its methods need; nothing listed or counted yet."""
    profiles = docks_of(site)
    zone = ZoneInfo(site.time_zone)
    last_day = first_day + timedelta(days=days - 1)
    bounds = Bounds(
        now=now,
        opens=day_bounds(first_day, zone)[0],
        closes=day_bounds(last_day, zone)[1],
        earliest=now + site.min_lead_time,
        latest=now + site.max_lead_time,
    )
    refused, barred, needs = {}, [], {}
    for profile in profiles:
        always, at_times = seasons.refusals(profile, site, load, first_day, last_day)
        if always:
            refused[profile.dock.pk] = always
        else:
            barred += at_times
            needs[profile.dock.pk] = need_at(profile, load)
    calendar = Calendar()
    if needs:
        calendar = find_gaps(
            site=site,
            docks=list(needs.values()),
            load=load,
            first_day=first_day,
            last_day=last_day,
            earliest=bounds.earliest,
            latest=bounds.latest,
            now=now,
            besides=appointment.pk if appointment else None,
            shipper_id=appointment.shipper_id if appointment else shipper_id,
        )
    return SlotSearch(
        slots=(),
        refusals=refused,
        per_day=(),
        docks=needs,
        dock_names={profile.dock.pk: profile.dock.name for profile in profiles},
        zone=zone,
        bounds=bounds,
        calendar=replace(calendar, barred=tuple(barred)) if barred else calendar,
    )


def need_at(profile: DockProfile, load: Load) -> DockNeed:
    """What the load takes of a dock that takes it."""
    dock = profile.dock
    return DockNeed(
        dock_id=dock.pk,
        name=dock.name,
        rank=dock.rank,
        lanes=dock.lanes,
        minutes=rules.duration(profile.handling_times, load),
        setup_minutes=dock.setup_minutes,
        clear_minutes=dock.clear_minutes,
    )


def slots_around(
    *,
    site: Site,
    load: Load,
    slots: Sequence[Slot],
    now: datetime,
    appointment: Appointment | None = None,
    shipper_id: UUID | None = None,
) -> SlotSearch:
    """The search that judges these slots and knows alternatives: their days and a week beyond.

    A slot before or after what lead times allow has its alternatives on the nearest days that they do allow.
    It lists and counts nothing by itself.
    """
    zone = ZoneInfo(site.time_zone)
    leads = (timedelta(0), site.min_lead_time, site.max_lead_time)
    today, soonest, furthest = (local_day(now + lead, zone) for lead in leads)
    wanted = [local_day(slot.start, zone) for slot in slots]
    days = [min(max(day, bound), furthest) for day in wanted for bound in (today, soonest)]
    first = max(min(days) - timedelta(days=1), today)
    last = min(max(days) + timedelta(days=6), furthest)
    return _search(site, load, first, (last - first).days + 1, now, appointment, shipper_id)


def why_not(search: SlotSearch, site: Site, slot: Slot) -> list[str]:
    """What stands in the way of ``slot`` in this search, a sentence each; empty when it can be booked."""
    return [obstacle.sentence for obstacle in reasons.obstacles(search, site, slot)]


@dataclass(frozen=True)
class Busy:
    """Time in which a lane is taken, by whomever; ``hold_expires_at`` when it is only held."""

    dock_id: UUID
    lane: int
    start: datetime
    end: datetime
    hold_expires_at: datetime | None


def busy_times(*, dock_ids: Sequence[UUID], start: datetime, end: datetime, now: datetime) -> list[Busy]:
    """What is taken at these docks in ``[start, end)``, the docks' buffers included, without whose it is.

    A shipper's role learns it of its partners' docks only.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT dock_id, lane, lower(during), upper(during), hold_expires_at"
            " FROM public.appointments_busy(%s, tstzrange(%s, %s), %s, NULL) ORDER BY dock_id, lane, during",
            [list(dock_ids), start, end, now],
        )
        return [Busy(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class LiveHold:
    """A slot that is held until ``ends`` for an appointment, or for what would be one (``subject_id``)."""

    slot_id: UUID
    subject_id: UUID
    ends: datetime


def live_holds(*, site_id: UUID, shipper_id: UUID, now: datetime) -> list[LiveHold]:
    """What a shipper holds at a site by its own offers and while its people choose, the first to end first.

    What the recipient offered to it doesn't count.
    """
    offered = DockOccupancy.objects.filter(
        kind=DockOccupancy.Kind.HOLD,
        hold_expires_at__gt=now,
        appointment__shipper_id=shipper_id,
        appointment__site_id=site_id,
        offered_slot__offer__side=Side.SHIPPER,
    )
    in_ledger = DockOccupancy.objects.filter(picking=OuterRef("picking"), dock=OuterRef("dock"))
    picked = PickedSlot.objects.filter(
        Exists(in_ledger),
        picking__shipper_id=shipper_id,
        picking__site_id=site_id,
        picking__side=Side.SHIPPER,
        expires_at__gt=now,
    )
    found = {
        *offered.values_list("offered_slot_id", "appointment_id", "hold_expires_at"),
        *picked.values_list("pk", Coalesce("picking__appointment_id", "picking_id"), "expires_at"),
    }
    return sorted((LiveHold(*one) for one in found), key=lambda one: (one.ends, one.slot_id))


def appointments_visible_to(actor: Actor | None) -> QuerySet[Appointment]:
    """Appointments of the actor's shipper, or at its recipients' sites; all for the network's operator."""
    everything = Appointment.objects.select_related("site", "dock")
    if not actor:
        return everything.none()
    if actor.side == Side.SHIPPER and actor.shipper_id:
        return everything.filter(shipper_id=actor.shipper_id)
    if actor.side == Side.RECIPIENT:
        return everything.filter(site__recipient_id__in=actor.recipient_ids)
    return everything if actor.person_id is None or Role.OPERATOR in actor.roles else everything.none()


def waiting_for(actor: Actor | None) -> QuerySet[Appointment]:
    """The inbox: what the actor's side has to answer and the actor may, the most urgent first."""
    if not actor:
        return Appointment.objects.none()
    mine = appointments_visible_to(actor).filter(must_act=str(actor.side))
    if actor.side == Side.RECIPIENT:
        managed = [recipient_id for recipient_id, role in actor.recipient_roles if role in NEGOTIATORS]
        mine = mine.filter(site__recipient_id__in=managed)
    elif not actor.roles & {Role.PLANNER, Role.SHIPPER_ADMIN}:
        mine = mine.none()
    return mine.order_by("must_act_by", "id")


def timeline(appointment: Appointment) -> list[AppointmentEvent]:
    """Every step of the negotiation and the visit in order, with its offer and the slots; 3 queries."""
    return list(
        AppointmentEvent.objects.filter(appointment=appointment)
        .select_related("offer")
        .prefetch_related("offer__slots__dock")
        .order_by("at", "id")
    )


def _per_day(search: SlotSearch, site: Site, first_day: date, days: int) -> tuple[DayCount, ...]:
    listed = [first_day + timedelta(days=number) for number in range(days)]
    counted = count_days(search.starts, listed, search.zone)
    return tuple(
        DayCount(day, count, "" if count else reasons.why_no_day(search, site, day)) for day, count in counted
    )
