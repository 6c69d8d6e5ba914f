"""What bulk slotting has to know of one site: which docks take each load, when, and what is counted there.

Two statements for the site and one for each kind of load that wants to go there, however many loads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from apps.appointments import seasons
from apps.appointments.bulk import Ask, Ground, Need, Taken, Why
from apps.appointments.calendar import Calendar, DockNeed, Limit, Shut, day_bounds, epoch
from apps.appointments.gaps import find_gaps
from apps.appointments.load import Load
from apps.appointments.models import SiteTerms
from apps.appointments.selectors import find_slots, live_holds, need_at
from apps.appointments.starts import without
from apps.facilities.models import DockRule, Site
from apps.facilities.selectors import docks_of

#: The limit of a site that each of its fields sets.
FIELDS = {
    Limit.AT_ONCE: "vehicles_at_once",
    Limit.HOUR: "appointments_per_hour",
    Limit.HOUR_PALLETS: "pallets_per_hour",
    Limit.DAY: "appointments_per_day",
    Limit.DAY_PALLETS: "pallets_per_day",
    Limit.QUOTA: "shipper_appointments_per_day",
}
ROOM = "SELECT what, starts, ends, used FROM public.appointments_room(%s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class Wanted:
    """A load that wants slots on ``days`` local days of its site from ``first_day`` on, best at ``at``.

    ``at`` is in the site's own time; None: as soon as the site opens.
    """

    id: UUID
    load: Load
    first_day: date
    days: int
    at: time | None = None

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=self.days - 1)


def asks_of(
    site: Site, wanted: Sequence[Wanted], *, shipper_id: UUID, now: datetime
) -> tuple[list[Ask], Ground]:
    """The site's part of a bulk problem. To be called in the shipper's schema."""
    first, last = min(one.first_day for one in wanted), max(one.last_day for one in wanted)
    apart = _kept_apart(site)
    kinds: dict[tuple[object, ...], list[tuple[Wanted, dict[UUID, DockNeed], list[Shut]]]] = defaultdict(list)
    profiles = docks_of(site)
    for one in wanted:
        needs, barred = {}, []
        for profile in profiles:
            always, at_times = seasons.refusals(profile, site, one.load, one.first_day, one.last_day)
            if not always:
                needs[profile.dock.pk] = need_at(profile, one.load)
                barred += at_times
        kind = (one.load.load_type, one.load.equipment, one.load.adr_classes)
        kinds[kind].append((one, needs, barred))
    asks = []
    for some in kinds.values():
        calendar = _calendar(site, some, first, last, shipper_id, now)
        for one, needs, barred in some:
            asks.append(_ask(site, one, needs, barred, calendar, apart, now))
    return asks, _ground(site, first, last, shipper_id, now)


def why_not(site: Site, one: Wanted, why: Why, *, now: datetime) -> str:
    """Why a load has no slot, in words: the docks' rules, each day's obstacle, or the other loads."""
    if why == Why.CROWDED:
        return _(
            "The other deliveries of this request and %(site)s’s own limits leave no start for it."
            " Look at more days, or ask for fewer slots in each offer."
        ) % {"site": site.name}
    search = find_slots(site=site, load=one.load, first_day=one.first_day, days=one.days, now=now, limit=1)
    if not search.docks:
        found = dict.fromkeys(sentence for some in search.refusals.values() for sentence in some)
        sentences = [sentence if sentence.endswith(".") else f"{sentence}." for sentence in found]
        return " ".join(sentences) or _("%(site)s has no dock in use.") % {"site": site.name}
    return " ".join(dict.fromkeys(count.why for count in search.per_day if count.why)) or _(
        "Every start that fits this load was taken meanwhile."
    )


def _calendar(
    site: Site,
    some: Iterable[tuple[Wanted, Mapping[UUID, DockNeed], object]],
    first: date,
    last: date,
    shipper_id: UUID,
    now: datetime,
) -> Calendar:
    """What is free for one kind of load: for the quickest of them, as gaps that are too short do no harm."""
    docks: dict[UUID, DockNeed] = {}
    for _one, needs, _barred in some:
        for dock_id, need in needs.items():
            if dock_id not in docks or need.minutes < docks[dock_id].minutes:
                docks[dock_id] = need
    load = next(one.load for one, _, _ in some)
    if not docks:
        return Calendar()
    return find_gaps(
        site=site,
        docks=list(docks.values()),
        load=load,
        first_day=first,
        last_day=last,
        earliest=now + site.min_lead_time,
        latest=now + site.max_lead_time,
        now=now,
        shipper_id=shipper_id,
    )


def _ask(
    site: Site,
    one: Wanted,
    needs: Mapping[UUID, DockNeed],
    barred: Sequence[Shut],
    calendar: Calendar,
    apart: frozenset[str],
    now: datetime,
) -> Ask:
    zone = ZoneInfo(site.time_zone)
    opens, closes = day_bounds(one.first_day, zone)[0], day_bounds(one.last_day, zone)[1]
    gaps = calendar.gaps
    return Ask(
        id=one.id,
        site_id=site.pk,
        wanted=_wanted(one, zone, calendar),
        first=max(epoch(opens), -int(-(now + site.min_lead_time).timestamp() // 1)),
        last=min(epoch(closes) - 1, epoch(now + site.max_lead_time)),
        needs={
            dock_id: Need(need.minutes, need.setup_minutes, need.clear_minutes)
            for dock_id, need in needs.items()
        },
        gaps=tuple(without(gaps, barred)) if barred else gaps,
        pallets=one.load.pallets,
        apart=bool(apart & set(one.load.adr_classes)),
    )


def _wanted(one: Wanted, zone: ZoneInfo, calendar: Calendar) -> int:
    """The time asked for, else when the site opens on that day, else the day's beginning."""
    if one.at is not None:
        return epoch(datetime.combine(one.first_day, one.at, tzinfo=zone).astimezone(UTC))
    opens, closes = (epoch(moment) for moment in day_bounds(one.first_day, zone))
    hours = [start for spans in calendar.hours.values() for start, end in spans if opens < end]
    return max(opens, min((start for start in hours if start < closes), default=opens))


def _ground(site: Site, first: date, last: date, shipper_id: UUID, now: datetime) -> Ground:
    limits = {limit: value for limit, name in FIELDS.items() if (value := getattr(site, name)) is not None}
    taken: tuple[Taken, ...] = ()
    if limits:
        with connection.cursor() as cursor:
            cursor.execute(ROOM, [site.pk, first, last, shipper_id, now])
            taken = tuple(
                Taken(Limit(what), start, end, used)
                for what, start, end, used in cursor.fetchall()
                if Limit(what) in limits and used
            )
    return Ground(site.pk, site.time_zone, limits, taken, _most_slots(site, shipper_id, now))


def _most_slots(site: Site, shipper_id: UUID, now: datetime) -> int | None:
    """How many more slots the shipper may hold at the site; None where that has no limit."""
    terms = SiteTerms.objects.filter(site=site, live_holds_per_shipper__isnull=False)
    limit = terms.values_list("live_holds_per_shipper", flat=True).first()
    if limit is None:
        return None
    return max(0, limit - len(live_holds(site_id=site.pk, shipper_id=shipper_id, now=now)))


def _kept_apart(site: Site) -> frozenset[str]:
    rules = DockRule.objects.filter(site=site, kind=DockRule.Kind.APART)
    return frozenset(value for values in rules.values_list("values", flat=True) for value in values)
