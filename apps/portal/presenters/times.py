"""Moments and lengths of time in words, in a site's own time zone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _


def zone_label(zone: str, at: datetime) -> str:
    """The zone's abbreviation and offset at that moment: “SAST (UTC+02:00)”."""
    local = at.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{local.tzname()} (UTC{offset[:3]}:{offset[3:5]})"


def day_label(day: date) -> str:
    """“Tuesday 3 March”."""
    return date_format(day, "l j F")


def clock(at: datetime, zone: str) -> str:
    """The time of day at the site: “09:15”."""
    return time_format(at.astimezone(ZoneInfo(zone)), "TIME_FORMAT")


def moment_label(at: datetime, zone: str) -> str:
    """“Tue 3 Mar, 09:15 SAST”."""
    local = at.astimezone(ZoneInfo(zone))
    day = f"{date_format(local, 'D')} {date_format(local, 'MONTH_DAY_FORMAT')}"
    return f"{day}, {clock(at, zone)} {local.tzname()}"


def exact_label(at: datetime, zone: str) -> str:
    """To the second, with the year and the offset: “3 Mar 2026, 09:15:00 SAST (UTC+02:00)”."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{date_format(local, 'j M Y, H:i:s')} {zone_label(zone, at)}"


def span_label(start: datetime, end: datetime, zone: str) -> str:
    """“Tue 3 Mar, 09:15–10:30 SAST”; with both dates where the span goes over midnight."""
    first, last = (moment.astimezone(ZoneInfo(zone)) for moment in (start, end))
    day = f"{date_format(first, 'D')} {date_format(first, 'MONTH_DAY_FORMAT')}"
    if last.date() == first.date():
        return f"{day}, {clock(start, zone)}–{clock(end, zone)} {last.tzname()}"
    return f"{day}, {clock(start, zone)} – {moment_label(end, zone)}"


def shift_label(shift: timedelta) -> str:
    """A signed difference: “+45 min”, “−1 h 30 min”, “+2 d”, “same time”."""
    minutes = round(shift.total_seconds() / 60)
    if not minutes:
        return _("same time")
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [
        _("%(n)s d") % {"n": days} if days else "",
        _("%(n)s h") % {"n": hours} if hours else "",
        _("%(n)s min") % {"n": left} if left else "",
    ]
    return ("+" if minutes > 0 else "−") + " ".join(part for part in parts if part)


def delay_label(delay: timedelta) -> str:
    """A signed difference as the day board has room for: “+0:25”, “−1:05”."""
    minutes = round(delay.total_seconds() / 60)
    hours, left = divmod(abs(minutes), 60)
    return f"{'+' if minutes >= 0 else '−'}{hours}:{left:02}"
