"""Who stands at the gate: found by what was scanned or typed, and judged against what was agreed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.appointments.selectors import appointments_visible_to
from apps.appointments.services.visiting import normal_plate
from apps.appointments.states import State
from apps.facilities.models import Site

#: A plate comes more than once; only visits agreed this far around now are looked at.
AROUND = timedelta(days=3)
EXPECTED = (State.CONFIRMED, State.NO_SHOW)
HERE = (State.ARRIVED, State.IN_PROGRESS)


class Verdict(TextChoices):
    """How a vehicle stands at the gate."""

    ON_TIME = "on_time", _("On time")
    EARLY = "early", _("Early")
    LATE = "late", _("Late")
    OTHER_DAY = "other_day", _("Expected on another day")
    WRONG_SITE = "wrong_site", _("Wrong site")
    NOT_AGREED = "not_agreed", _("No slot is agreed")
    HERE = "here", _("Checked in already")
    OVER = "over", _("Was here")
    SEVERAL = "several", _("Several visits are expected with this plate")
    UNKNOWN = "unknown", _("Not known here")


@dataclass(frozen=True)
class Judged:
    """A verdict and by how much: minutes before the arrival window opens, or after it has closed."""

    verdict: Verdict
    minutes: int = 0

    @property
    def may_check_in(self) -> bool:
        return self.verdict in {Verdict.ON_TIME, Verdict.EARLY, Verdict.LATE}


def found_at_gate(*, actor: Actor, site: Site, text: str, now: datetime) -> list[Appointment]:
    """The visits that a scanned code, a confirmation number, a delivery number or a plate can mean.

    Only at sites of the actor's recipients. Those at this site come first, what is expected before what is
    over, the nearest in time first.
    """
    words = _words(text)
    if not words:
        return []
    plates = {plate for word in [*words, "".join(words)] if len(plate := normal_plate(word)) >= 4}
    near = Q(during__overlap=(now - AROUND, now + AROUND)) | Q(during=None, created_at__gte=now - AROUND)
    found = (
        appointments_visible_to(actor)
        .select_related("shipper", "site__recipient", "dock")
        .filter(
            Q(confirmation_number__in=words)
            | Q(reference__in=words) & ~Q(state=State.CANCELLED)
            | Q(plate__in=plates) & near & Q(state__in=(*EXPECTED, *HERE))
        )
    )
    return sorted(found[:20], key=lambda one: _nearness(one, site, now))


def claimed_at_gate(*, site: Site, text: str, now: datetime) -> list[Appointment]:
    """The visits that a driver without an account may mean: less is found than the gate's own people find.

    A confirmation number is theirs alone to know, so it is found at every site of the recipient. A plate can
    be read off any vehicle, and a delivery's number be guessed: the one is found at this site alone and
    around now, the other not at all.
    """
    words = _words(text)
    if not words or site.recipient_id is None:
        return []
    visits = Appointment.objects.select_related("shipper", "site__recipient", "dock")
    numbered = visits.filter(confirmation_number__in=words, site__recipient_id=site.recipient_id)
    if found := list(numbered[:2]):
        return found
    plate = normal_plate("".join(words))
    if len(plate) < 4:
        return []
    near = Q(during__overlap=(now - AROUND, now + AROUND)) | Q(during=None, created_at__gte=now - AROUND)
    by_plate = visits.filter(near, site=site, plate=plate, state__in=(*EXPECTED, *HERE))
    return sorted(by_plate[:20], key=lambda one: _nearness(one, site, now))


def judge(appointment: Appointment, *, site: Site, now: datetime) -> Judged:
    """What the gate of ``site`` has before it."""
    if appointment.site_id != site.pk:
        return Judged(Verdict.WRONG_SITE)
    if appointment.state in HERE:
        return Judged(Verdict.HERE)
    if appointment.state == State.COMPLETED:
        return Judged(Verdict.OVER)
    if appointment.state not in EXPECTED or appointment.during is None:
        return Judged(Verdict.NOT_AGREED)
    window = appointment.arrival_window or appointment.during
    if window.lower <= now < window.upper:
        return Judged(Verdict.ON_TIME)
    off = window.lower - now if now < window.lower else now - window.upper
    if off > timedelta(hours=12):
        return Judged(Verdict.OTHER_DAY)
    minutes = max(1, round(off.total_seconds() / 60))
    return Judged(Verdict.EARLY if now < window.lower else Verdict.LATE, minutes)


def _words(text: str) -> list[str]:
    """What was typed or scanned, as words in capitals; of a link its last part."""
    text = text.strip()[:400]
    if "://" in text:
        text = urlsplit(text).path.rstrip("/").rpartition("/")[2]
    return text.upper().split()[:6]


def _nearness(appointment: Appointment, site: Site, now: datetime) -> tuple[bool, bool, timedelta]:
    start = appointment.during.lower if appointment.during else appointment.created_at
    return (
        appointment.site_id != site.pk,
        appointment.state not in (*EXPECTED, *HERE),
        abs(start - now),
    )
