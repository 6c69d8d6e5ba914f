"""The statement of a vehicle's time on a site and its detention, to print: what both sides see, as one paper.

It is laid out when asked for and never issued. Facts come from the appointment's history alone, which both
sides read, so both get the same bytes once the vehicle has left.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import translation

from apps.appointments.dwell import Dwell, Stage
from apps.appointments.models import Appointment
from apps.appointments.staying import stay_of
from apps.core.errors import DomainError
from apps.documents.papers import Party, Period, Place
from apps.documents.rendering import html_to_pdf


class NobodyCame(DomainError):
    """No vehicle came for the appointment, so there is no stay to state."""

    code = "nobody-came"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Span:
    """One stage of the stay: a ``dwell.Stage``, from when to when."""

    stage: str
    during: Period
    length: timedelta


@dataclass(frozen=True, kw_only=True)
class DetentionStatement:
    """Everything the statement says. ``until`` is when it left, or that of a preliminary one."""

    number: str
    reference: str
    shipper: Party
    recipient: Party
    site: Place
    vehicle: str
    slot: Period | None
    arrived: datetime
    until: datetime
    has_left: bool
    spans: tuple[Span, ...]
    free: timedelta
    free_during: Period | None
    detention: timedelta

    @property
    def total(self) -> timedelta:
        return self.until - self.arrived


def print_detention(appointment: Appointment, *, now: datetime) -> bytes:
    """The statement of the stay as of ``now``, A4. The appointment comes with site, recipient and shipper.

    Raises:
        NobodyCame: there is no stay.
        PdfUnavailable: a system library is missing.
    """
    stay = stay_of(appointment, appointment.events.all(), now=now)
    if stay is None:
        raise NobodyCame(f"No vehicle came for {appointment}, so there is no time on site to state.")
    note = _statement(appointment, stay)
    context = {"note": note, "issued_at": note.until.astimezone(UTC), "zone": ZoneInfo(note.site.time_zone)}
    with translation.override(appointment.site.paper_language):
        html = render_to_string("documents/detention.html", context)
    return html_to_pdf(html, "paper.css", "detention.css")


def _statement(appointment: Appointment, stay: Dwell) -> DetentionStatement:
    site, recipient = appointment.site, appointment.site.recipient
    during = appointment.during if appointment.is_planned else None
    free = timedelta(minutes=site.free_minutes)
    return DetentionStatement(
        number=appointment.confirmation_number or appointment.reference,
        reference=appointment.reference,
        shipper=Party(name=appointment.shipper.name),
        recipient=Party(name=recipient.name if recipient else site.name),
        site=Place(name=site.name, time_zone=site.time_zone),
        vehicle=appointment.plate,
        slot=Period(start=during.lower, end=during.upper) if during else None,
        arrived=stay.arrived,
        until=stay.until,
        has_left=stay.left is not None,
        spans=_spans(stay),
        free=free,
        free_during=Period(start=stay.free_until - free, end=stay.free_until)
        if stay.free_until and free
        else None,
        detention=stay.detention,
    )


def _spans(stay: Dwell) -> tuple[Span, ...]:
    """The stages with their beginnings and ends; one that took no time is left out."""
    spans, begins = [], stay.arrived
    for stage, length in stay.spans:
        if length:
            during = Period(start=begins, end=begins + length)
            spans.append(Span(stage=Stage(stage).value, during=during, length=length))
        begins += length
    return tuple(spans)
