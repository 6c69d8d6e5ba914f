"""A country's public holidays as suggestions: a person confirms each before it closes a site."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays as library
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.facilities.models import Closure, Site

AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class Holiday:
    """One public holiday; ``is_closed`` when the whole site is closed for all of that day already."""

    day: date
    name: str
    is_closed: bool


def suggested_holidays(site: Site, *, today: date) -> list[Holiday]:
    """The public holidays of the site's country, and of its region where that is known, for a year and a bit.

    Empty where the calendar of the country isn't known.
    """
    try:
        calendar = library.country_holidays(
            site.country, subdiv=_subdivision(site), years={today.year, (today + AHEAD).year}
        )
    except NotImplementedError:
        return []
    closures = list(Closure.objects.filter(site=site, dock=None, equipment=""))
    found = sorted((day, name) for day, name in calendar.items() if today <= day <= today + AHEAD)
    return [Holiday(day, name, _is_closed(site, day, closures)) for day, name in found]


def close_on(site: Site, days: Iterable[date], *, today: date) -> int:
    """Close the whole site on these of the suggested holidays; how many closures were made."""
    wanted = set(days)
    made = [h for h in suggested_holidays(site, today=today) if h.day in wanted and not h.is_closed]
    Closure.objects.bulk_create(
        Closure(site=site, during=_whole(site, h.day), reason=h.name[:200]) for h in made
    )
    return len(made)


def _subdivision(site: Site) -> str | None:
    """The library's code for the site's region, by code or by name; None where it knows no such region."""
    country = library.country_holidays(site.country)
    names = {str(code).lower(): code for code in country.subdivisions}
    names |= {alias.lower(): code for alias, code in getattr(country, "subdivisions_aliases", {}).items()}
    return names.get(site.region.strip().lower())


def _whole(site: Site, day: date) -> DateTimeTZRange:
    zone = ZoneInfo(site.time_zone)
    start, end = (
        datetime.combine(each, time.min, tzinfo=zone).astimezone(UTC) for each in (day, day + timedelta(1))
    )
    return DateTimeTZRange(start, end)


def _is_closed(site: Site, day: date, closures: Iterable[Closure]) -> bool:
    whole = _whole(site, day)
    return any(c.during.lower <= whole.lower and whole.upper <= c.during.upper for c in closures)
