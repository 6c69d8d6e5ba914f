"""The day at a site as its dock operators see it: docks × time, what is there, and when nothing is taken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, Q, Subquery, TextChoices
from django.utils.translation import gettext_lazy as _

from apps.appointments.gaps import find_hours
from apps.appointments.load import Load
from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, Picking
from apps.appointments.search import Calendar, Span, day_bounds, epoch
from apps.appointments.states import State
from apps.facilities.models import Dock, Site


class Status(TextChoices):
    """What a piece of a dock's day is, at this moment."""

    HELD = "held", _("Held")
    CONFIRMED = "confirmed", _("Confirmed")
    LATE = "late", _("Late")
    ARRIVED = "arrived", _("Arrived")
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETED = "completed", _("Completed")
    NO_SHOW = "no_show", _("No-show")
    BLOCKED = "blocked", _("Blocked")


@dataclass(frozen=True)
class Item:
    """One vehicle, held slot or block, ``[start, end)`` without the dock's time around it.

    ``since`` is when a vehicle that is here checked in; ``version`` the appointment's.
    """

    key: UUID
    status: Status
    start: datetime
    end: datetime
    label: str
    shipper: str = ""
    reference: str = ""
    load: Load | None = None
    appointment_id: UUID | None = None
    arrival_window: DateTimeTZRange | None = None
    hold_expires_at: datetime | None = None
    is_planned: bool = True
    since: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Shade:
    """Time in which a dock takes nothing: outside its hours, or closed for ``reason``."""

    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One lane of a dock."""

    dock: Dock
    lane: int
    items: tuple[Item, ...]
    shades: tuple[Shade, ...]


@dataclass(frozen=True)
class DayBoard:
    """A site's local day, ``[start, end)`` in UTC; ``opens`` and ``closes`` bound what must be on screen.

    ``unassigned`` are the vehicles that have no dock: they came without an appointment, or after their slot
    was given up, or their dock is no longer in use.
    """

    site: Site
    day: date
    now: datetime
    start: datetime
    end: datetime
    opens: datetime
    closes: datetime
    rows: tuple[Row, ...]
    unassigned: tuple[Item, ...] = ()

    def items(self) -> list[Item]:
        """Everything on the board in the order of the day: the gate's list."""
        placed = [item for row in self.rows for item in row.items]
        return sorted([*placed, *self.unassigned], key=lambda item: item.start)


AGREED = (State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW)
HERE = (State.ARRIVED, State.IN_PROGRESS)
_SAME_NAME = {State.ARRIVED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW}


def day_board(*, site: Site, day: date, now: datetime) -> DayBoard:
    """The board of a site's local day; 4 queries however many docks and vehicles. For the hub's role."""
    start, end = day_bounds(day, ZoneInfo(site.time_zone))
    span = DateTimeTZRange(start, end)
    calendar = find_hours(site=site, first_day=day, last_day=day)
    docks = list(Dock.objects.filter(site=site, active=True).order_by("rank", "name"))
    placed: dict[tuple[UUID, int], list[Item]] = {}
    unassigned: list[Item] = []
    in_use = {dock.pk for dock in docks}
    for place, item in [*_agreed(site, span, now), *_kept(site, span, now)]:
        if place is not None and place[0] in in_use:
            placed.setdefault(place, []).append(item)
        elif item.status not in {Status.HELD, Status.BLOCKED}:
            unassigned.append(item)
    rows = tuple(
        Row(
            dock,
            lane,
            tuple(sorted(placed.get((dock.pk, lane), ()), key=lambda item: item.start)),
            _shades(calendar, dock.pk, (epoch(start), epoch(end))),
        )
        for dock in docks
        for lane in _lanes(dock, placed)
    )
    opens, closes = _on_screen(calendar, rows, start, end)
    waiting = tuple(sorted(unassigned, key=lambda item: item.start))
    return DayBoard(site, day, now, start, end, opens, closes, rows, waiting)


Place = tuple[UUID, int]


def _agreed(site: Site, span: DateTimeTZRange, now: datetime) -> Iterable[tuple[Place | None, Item]]:
    """Agreed and arrived vehicles, each with its lane; None for one that is here and has none.

    Who came unannounced and waits is on today's board, whenever it came.
    """
    of_the_day = Q(during__overlap=span)
    if span.lower <= now < span.upper:
        of_the_day |= Q(during=None)
    came = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), to_state=State.ARRIVED)
    appointments = Appointment.objects.filter(of_the_day, site=site, state__in=AGREED).annotate(
        has_place=Exists(DockOccupancy.objects.filter(appointment=OuterRef("pk"))),
        came_at=Subquery(came.order_by("id").values("at")[:1]),
    )
    for appointment in appointments.select_related("shipper"):
        during = appointment.during
        is_waiting = appointment.state in HERE and not appointment.has_place
        if during is None or is_waiting:
            since = appointment.came_at or now
            during = DateTimeTZRange(since, since)
        place = (appointment.dock_id, appointment.lane or 1) if appointment.dock_id else None
        item = _item(
            appointment,
            appointment.pk,
            _status(appointment, now),
            during,
            since=appointment.came_at if appointment.state in HERE else None,
        )
        yield (None if is_waiting else place), item


def _kept(site: Site, span: DateTimeTZRange, now: datetime) -> Iterable[tuple[Place | None, Item]]:
    """Holds that haven't expired, of offers and of whoever is choosing, and blocks."""
    kinds = (DockOccupancy.Kind.HOLD, DockOccupancy.Kind.BLOCK)
    rows = DockOccupancy.objects.filter(dock__site=site, during__overlap=span, kind__in=kinds)
    rows = rows.select_related("appointment__shipper", "offered_slot", "picking__shipper", "dock")
    for row in rows.exclude(hold_expires_at__lte=now):
        if row.picking:
            item = _picked(row, row.picking)
        elif row.appointment and row.offered_slot:
            during = row.offered_slot.during
            item = _item(row.appointment, row.pk, Status.HELD, during, row.hold_expires_at)
        else:
            item = Item(row.pk, Status.BLOCKED, row.during.lower, row.during.upper, row.note)
        yield (row.dock_id, row.lane), item


def _picked(row: DockOccupancy, picking: Picking) -> Item:
    """A slot that somebody is choosing for a delivery, the dock's time around it left out."""
    return Item(
        key=row.pk,
        status=Status.HELD,
        start=row.during.lower + timedelta(minutes=row.dock.setup_minutes),
        end=row.during.upper - timedelta(minutes=row.dock.clear_minutes),
        label=picking.reference,
        shipper=picking.shipper.name,
        reference=picking.reference,
        load=picking.load,
        appointment_id=picking.appointment_id,
        hold_expires_at=row.hold_expires_at,
    )


def _item(
    appointment: Appointment,
    key: UUID,
    status: Status,
    during: DateTimeTZRange,
    hold_expires_at: datetime | None = None,
    since: datetime | None = None,
) -> Item:
    return Item(
        key=key,
        status=status,
        start=during.lower,
        end=during.upper,
        label=str(appointment),
        shipper=appointment.shipper.name,
        reference=appointment.reference,
        load=appointment.load,
        appointment_id=appointment.pk,
        arrival_window=appointment.arrival_window,
        hold_expires_at=hold_expires_at,
        is_planned=appointment.is_planned,
        since=since,
        version=appointment.version,
    )


def _status(appointment: Appointment, now: datetime) -> Status:
    if appointment.state in _SAME_NAME:
        return Status(appointment.state)
    window = appointment.arrival_window
    return Status.LATE if window and now >= window.upper else Status.CONFIRMED


def _lanes(dock: Dock, placed: Mapping[tuple[UUID, int], list[Item]]) -> range:
    """The dock's lanes, and those it had when something on the board was booked."""
    taken = [lane for dock_id, lane in placed if dock_id == dock.pk]
    return range(1, max([dock.lanes, *taken]) + 1)


def _shades(calendar: Calendar, dock_id: UUID, day: Span) -> tuple[Shade, ...]:
    shades, clock = [], day[0]
    for lower, upper in sorted(calendar.hours_at(dock_id)):
        if clock < min(lower, day[1]):
            shades.append(Shade(_moment(clock), _moment(min(lower, day[1]))))
        clock = max(clock, upper)
    if clock < day[1]:
        shades.append(Shade(_moment(clock), _moment(day[1])))
    closed = [
        Shade(_moment(max(shut.start, day[0])), _moment(min(shut.end, day[1])), shut.reason)
        for shut in calendar.closures
        if shut.dock_id in (None, dock_id) and shut.start < day[1] and day[0] < shut.end
    ]
    return (*shades, *closed)


def _on_screen(
    calendar: Calendar, rows: Iterable[Row], start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """From the first opening or vehicle to the last; the whole day when there is neither."""
    day = (epoch(start), epoch(end))
    spans = [
        *(span for row in rows for span in calendar.hours_at(row.dock.pk)),
        *((epoch(item.start), epoch(item.end)) for row in rows for item in row.items),
    ]
    inside = [(max(s[0], day[0]), min(s[1], day[1])) for s in spans if s[0] < day[1] and day[0] < s[1]]
    if not inside:
        return start, end
    return _moment(min(s[0] for s in inside)), _moment(max(s[1] for s in inside))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
