"""Where a vehicle, or a block, could stand at a site: each lane with what is in the way, before it is moved.

The hub's role learns whose vehicle is there; a shipper's sees no others', and the ledger has the last word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from apps.appointments.gaps import find_hours
from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.search import Calendar, covers, epoch, local_day
from apps.appointments.states import State
from apps.facilities import rules
from apps.facilities.models import Dock, Site
from apps.facilities.rules import DockProfile
from apps.facilities.selectors import docks_of

#: A vehicle that is here is placed on quarter hours, as slots are.
QUARTER = timedelta(minutes=15)
HERE = frozenset({State.ARRIVED, State.IN_PROGRESS})
MOVABLE = HERE | {State.CONFIRMED}


@dataclass(frozen=True)
class Landing:
    """One lane of a dock as the place for ``[start, end)``; ``during`` has the dock's time around it.

    ``reasons`` are sentences that keep it from there; empty when it may be moved there.
    """

    dock: Dock
    lane: int
    start: datetime
    end: datetime
    during: DateTimeTZRange
    reasons: tuple[str, ...]

    @property
    def is_free(self) -> bool:
        return not self.reasons


def begins(appointment: Appointment, wanted: datetime | None, now: datetime) -> datetime:
    """When a vehicle would begin at another dock.

    An agreed time stays; a vehicle that is here begins when it is wanted, but not in the past.
    """
    if appointment.state == State.CONFIRMED:
        start: datetime = appointment.during.lower
        return start
    earliest = now - timedelta(seconds=now.timestamp() % QUARTER.total_seconds())
    return max(wanted or earliest, earliest)


def landings(*, appointment: Appointment, start: datetime, now: datetime) -> list[Landing]:
    """Every lane of the appointment's site at ``start``, in the order of the board; 3 queries.

    The site's own limits (vehicles at once, pallets a day) bind who books; a vehicle that was agreed on, or
    stands at the gate, is the recipient's to place.
    """
    site, load = appointment.site, appointment.load
    profiles = docks_of(site)
    day = local_day(start, ZoneInfo(site.time_zone))
    calendar = find_hours(site=site, first_day=day, last_day=day + timedelta(days=1))
    ends = {
        profile.dock.pk: start + timedelta(minutes=rules.duration(profile.handling_times, load))
        for profile in profiles
    }
    places = [
        _around(profile.dock, lane, start, ends[profile.dock.pk], ())
        for profile in profiles
        for lane in range(1, profile.dock.lanes + 1)
    ]
    taken = _in_the_way(places, now, appointment_id=appointment.pk)
    standing = {
        profile.dock.pk: (
            *rules.refusals(profile, site, load),
            *_shut(profile, calendar, start, ends[profile.dock.pk], is_here=appointment.state in HERE),
        )
        for profile in profiles
    }
    return [_with(place, (*standing[place.dock.pk], *_said(place, taken))) for place in places]


def landings_of_block(
    *, site: Site, start: datetime, end: datetime, now: datetime, besides: UUID | None = None
) -> list[Landing]:
    """Every lane of the site for a block of ``[start, end)``; ``besides`` is the block itself; 2 queries."""
    docks = Dock.objects.filter(site=site, active=True).order_by("rank", "name")
    places = [
        Landing(dock, lane, start, end, DateTimeTZRange(start, end), ())
        for dock in docks
        for lane in range(1, dock.lanes + 1)
    ]
    taken = _in_the_way(places, now, occupancy_id=besides)
    return [_with(place, _said(place, taken)) for place in places]


def _around(dock: Dock, lane: int, start: datetime, end: datetime, reasons: tuple[str, ...]) -> Landing:
    before, after = timedelta(minutes=dock.setup_minutes), timedelta(minutes=dock.clear_minutes)
    return Landing(dock, lane, start, end, DateTimeTZRange(start - before, end + after), reasons)


def _with(place: Landing, reasons: Sequence[str]) -> Landing:
    return Landing(place.dock, place.lane, place.start, place.end, place.during, tuple(reasons))


def _in_the_way(
    places: Sequence[Landing],
    now: datetime,
    *,
    appointment_id: UUID | None = None,
    occupancy_id: UUID | None = None,
) -> list[DockOccupancy]:
    if not places:
        return []
    whole = DateTimeTZRange(
        min(place.during.lower for place in places), max(place.during.upper for place in places)
    )
    rows = DockOccupancy.objects.filter(
        dock__in={place.dock.pk for place in places}, during__overlap=whole
    ).exclude(hold_expires_at__lte=now)
    if appointment_id is not None:
        rows = rows.exclude(appointment_id=appointment_id)
    if occupancy_id is not None:
        rows = rows.exclude(pk=occupancy_id)
    return list(rows.select_related("appointment__shipper", "picking__shipper").order_by("during"))


def _said(place: Landing, taken: Sequence[DockOccupancy]) -> list[str]:
    return [
        in_words(row)
        for row in taken
        if (row.dock_id, row.lane) == (place.dock.pk, place.lane)
        and row.during.lower < place.during.upper
        and place.during.lower < row.during.upper
    ]


def in_words(row: DockOccupancy) -> str:
    """What takes a dock's time: “Conflicts with K7M-4QX (Acme).”"""
    if row.picking is not None:
        words = {"reference": row.picking.reference, "shipper": row.picking.shipper.name}
        return _("Somebody is choosing that time for %(reference)s (%(shipper)s).") % words
    if row.appointment is None:
        return _("Blocked then: %(note)s.") % {"note": row.note} if row.note else _("Blocked then.")
    words = {"number": str(row.appointment), "shipper": row.appointment.shipper.name}
    if row.kind == DockOccupancy.Kind.HOLD:
        return _("Conflicts with a slot held for %(number)s (%(shipper)s).") % words
    return _("Conflicts with %(number)s (%(shipper)s).") % words


def _shut(
    profile: DockProfile, calendar: Calendar, start: datetime, end: datetime, *, is_here: bool
) -> list[str]:
    """Closures; and for a vehicle that has yet to come, the dock's hours."""
    first, last = epoch(start), epoch(end)
    name = profile.dock.name
    closed = [
        shut.reason
        for shut in calendar.closures
        if shut.dock_id in (None, profile.dock.pk) and shut.start < last and first < shut.end
    ]
    if closed:
        return [_("%(dock)s is closed then: %(reason)s.") % {"dock": name, "reason": ", ".join(closed)}]
    if is_here or covers(calendar.hours_at(profile.dock.pk), first, last):
        return []
    return [_("%(dock)s takes no deliveries then.") % {"dock": name}]
