"""Rules that differ by season, as the search sees them: refused always, or time in which a dock is barred."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from apps.appointments.calendar import Shut, day_bounds, epoch
from apps.appointments.load import Load
from apps.facilities import rules
from apps.facilities.models import Site
from apps.facilities.rules import DockProfile, SeasonRules

Period = tuple[date, date, SeasonRules | None]


def refusals(
    profile: DockProfile, site: Site, load: Load, first_day: date, last_day: date
) -> tuple[tuple[str, ...], list[Shut]]:
    """Why the dock takes the load on none of the days; where it does on some, the time in which not."""
    judged = [
        (first, end, rules.refusals(profile, site, load, season))
        for first, end, season in _periods(profile, first_day, last_day + timedelta(days=1))
    ]
    if all(found for *_, found in judged):
        return tuple(dict.fromkeys(sentence for *_, found in judged for sentence in found)), []
    zone = ZoneInfo(site.time_zone)
    return (), [
        Shut(
            profile.dock.pk,
            epoch(day_bounds(first, zone)[0]),
            epoch(day_bounds(end, zone)[0]),
            " ".join(found),
        )
        for first, end, found in judged
        if found
    ]


def _periods(profile: DockProfile, first: date, end: date) -> Iterator[Period]:
    """``[first, end)`` in pieces: each season that has rules of its own, and the usual days between."""
    at = first
    for season in profile.seasons:
        if season.first_day < end and at < season.end_day:
            if at < season.first_day:
                yield at, season.first_day, None
            yield max(at, season.first_day), min(end, season.end_day), season
            at = season.end_day
    if at < end:
        yield at, end, None
