"""Dock time kept ahead for the days of agreed series; a day that can't be kept says why."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor, Organisation, Side, actor_by_policy
from apps.appointments.load import Slot
from apps.appointments.models import DockOccupancy, StandingAppointment, StandingVisit
from apps.appointments.recurrence import occurrences
from apps.appointments.search import SlotSearch, local_day
from apps.appointments.selectors import find_slots, why_not
from apps.appointments.services.block import block_dock
from apps.appointments.services.errors import DockBusy
from apps.appointments.services.standing import give_up
from apps.appointments.states import StandingState, VisitState
from apps.core.errors import DomainError
from apps.facilities.models import Dock

#: How far ahead dock time is kept; never further than the site may be booked.
AHEAD = timedelta(days=28)


def keep_ahead(*, now: datetime) -> int:
    """Keep the dock time of every agreed series for the days that come next; returns how many days are new.

    Called in the network; each series in a transaction of its own. Done twice it keeps nothing twice.
    """
    agreed = StandingAppointment.objects.filter(state=StandingState.AGREED).order_by("id")
    return sum(_keep(pk, now) for pk in list(agreed.values_list("pk", flat=True)))


def lapse(*, now: datetime) -> list[StandingVisit]:
    """Give up days that no delivery took before the site's lead time; returns them. Called in the network."""
    kept = StandingVisit.objects.filter(state=VisitState.KEPT).select_related("standing__site")
    over = [v for v in kept if v.starts_at is None or v.starts_at - v.standing.site.min_lead_time <= now]
    give_up(over, VisitState.LAPSED, "No delivery took it in time.")
    return over


@transaction.atomic
def _keep(standing_id: UUID, now: datetime) -> int:
    rows = StandingAppointment.objects.select_for_update(of=("self",)).order_by()
    series = rows.select_related("site__recipient", "shipper", "dock").filter(pk=standing_id).first()
    if series is None or series.state != StandingState.AGREED or series.site.recipient is None:
        return 0
    zone = ZoneInfo(series.site.time_zone)
    first = local_day(now + series.site.min_lead_time, zone)
    end = local_day(now + min(AHEAD, series.site.max_lead_time), zone)
    known = set(series.visits.values_list("day", flat=True))
    days = occurrences(
        series.rule, first_day=series.first_day, last_day=series.last_day, start=first, end=end
    )
    new = [day for day in days if day not in known]
    for day in new:
        StandingVisit.objects.create(standing=series, day=day, **_kept(series, day, now))
    return len(new)


def _kept(series: StandingAppointment, day: date, now: datetime) -> dict[str, object]:
    """The columns of one day: what is kept, or why nothing is."""
    zone = ZoneInfo(series.site.time_zone)
    start = datetime.combine(day, series.starts, tzinfo=zone)
    found = find_slots(
        site=series.site,
        load=series.load,
        first_day=start.date(),
        days=1,
        now=now,
        shipper_id=series.shipper_id,
    )
    slot = next((s for s in found.at(start) if series.dock_id in (None, s.dock_id)), None)
    if slot is None:
        return {"state": VisitState.SKIPPED, "reason": _why(series, found, start), "starts_at": start}
    recipient = series.site.recipient
    assert recipient is not None
    actor = actor_by_policy(Organisation(Side.RECIPIENT, recipient.name, recipient.pk))
    try:
        block = _block(series, found, slot, actor, now)
    except DockBusy:
        raise
    except DomainError as refusal:
        return {"state": VisitState.SKIPPED, "reason": refusal.message, "starts_at": start}
    return {
        "state": VisitState.KEPT,
        "occupancy": block,
        "dock_id": slot.dock_id,
        "starts_at": slot.start,
    }


def _block(
    series: StandingAppointment, found: SlotSearch, slot: Slot, actor: Actor, now: datetime
) -> DockOccupancy:
    need = found.docks[slot.dock_id]
    during = DateTimeTZRange(
        slot.start - timedelta(minutes=need.setup_minutes), slot.end + timedelta(minutes=need.clear_minutes)
    )
    return block_dock(
        actor=actor,
        dock=Dock.objects.select_related("site").get(pk=slot.dock_id),
        lane=found.lanes_free(slot)[0],
        during=during,
        note=f"Standing: {series.shipper.name}",
        now=now,
    )


def _why(series: StandingAppointment, found: SlotSearch, start: datetime) -> str:
    """What is in the way on that day: the docks' rules, a closure, the hours, or who has it."""
    if not found.docks:
        return " ".join(next(iter(found.refusals.values()), ("No dock takes this load.",)))
    need = next((n for n in found.docks.values() if n.dock_id == series.dock_id), None)
    need = need or next(iter(found.docks.values()))
    slot = Slot(need.dock_id, start, start + timedelta(minutes=need.minutes))
    return " ".join(why_not(found, series.site, slot)) or "Another dock would be needed."
