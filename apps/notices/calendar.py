"""iCalendar (RFC 5545, 5546): an appointment as an invitation, its cancellation or a feed's entry. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

PRODUCT = "-//Dockside//Appointments//EN"
REFRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Entry:
    """One appointment as calendars know it.

    ``uid`` never changes, ``sequence`` rises with every change, ``changed_at`` is when that was: the same
    entry is the same bytes each time it is asked for. Times are aware; ``zone`` is the site's.
    """

    uid: str
    sequence: int
    start: datetime
    end: datetime
    zone: str
    summary: str
    changed_at: datetime
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False


def invitation(entry: Entry, *, organizer: str, attendee: str) -> tuple[bytes, str]:
    """The calendar object that goes with a mail, and its method: REQUEST, or CANCEL when it is cancelled.

    ``organizer`` and ``attendee`` are plain addresses.
    """
    method = "CANCEL" if entry.cancelled else "REQUEST"
    calendar = _calendar()
    calendar.add("method", method)
    event = _event(entry)
    event["organizer"] = vCalAddress(f"mailto:{organizer}")
    guest = vCalAddress(f"mailto:{attendee}")
    guest.params["partstat"] = vText("ACCEPTED")  # both agreed already: the calendar need not ask
    guest.params["rsvp"] = vText("FALSE")
    event.add("attendee", guest)
    calendar.add_component(event)
    _add_zones(calendar)
    return calendar.to_ical(), method


def feed(entries: Iterable[Entry], *, name: str) -> bytes:
    """A whole calendar for reading, asked for again every quarter of an hour."""
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for entry in entries:
        calendar.add_component(_event(entry))
    _add_zones(calendar)
    return calendar.to_ical()


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(entry: Entry) -> Event:
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.start.astimezone(zone))
    event.add("dtend", entry.end.astimezone(zone))
    event.add("summary", entry.summary)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    for name in ("location", "description", "url"):
        if value := getattr(entry, name):
            event.add(name, value)
    return event


def _add_zones(calendar: Calendar) -> None:
    """Put the rules of every zone that is named before what names it."""
    for index, name in enumerate(sorted(calendar.get_missing_tzids())):
        calendar.subcomponents.insert(index, _rules(name))


@cache
def _rules(zone: str) -> Timezone:
    """When a zone changes its clocks, from 1970 to 2037; found by trial, which takes longest of all."""
    return Timezone.from_tzid(zone)
