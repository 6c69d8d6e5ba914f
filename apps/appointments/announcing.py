"""Telling both sides of a step of a negotiation: the notice, its mail with links and the calendar entry.

The notice is promised in the step's transaction. The mail is written when it is sent, so that its links are
kept nowhere and what it says of the appointment is true then.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.actors import Side
from apps.accounts.services import issue_link
from apps.appointments.models import Appointment, AppointmentEvent, Offer
from apps.appointments.states import OfferState, State
from apps.appointments.staying import stay_of
from apps.notices.calendar import Entry, invitation
from apps.notices.kinds import Kind
from apps.notices.mailing import Mail, composes, page_address
from apps.notices.models import Notice
from apps.notices.services import Audience, notify, recipient_people, shipper_people
from apps.tenancy.addresses import desk_address, hub_address

COMPOSER = "appointments.step"
ANSWER = "appointments.answer"  # the purpose of the links in these mails

#: What somebody has to answer; what stands or stood, told to both sides; everything else has ended.
ASKING = frozenset({"offered", "countered", "reopened", "move_offered", "move_countered", "escalated"})
STANDING = frozenset({"confirmed", "rescheduled", "cancelled"})


def announce(appointment: Appointment, step: str, by: Side) -> None:
    """Promise to tell whom a step concerns; ``by`` is the side that took it.

    An offer, and what ended without a slot, goes to the other side; what is agreed, moved or cancelled goes
    to both, with its calendar entry; what Dockside did by itself goes to both.
    """
    for side in (Side.SHIPPER, Side.RECIPIENT):
        if side != by or step in STANDING:
            tell(appointment, step, side, kind=_kind(step))


def tell(
    appointment: Appointment, step: str, side: Side, *, kind: Kind, audience: Audience | None = None
) -> None:
    """Promise one side the news of a step; ``audience`` names others of that side than usual."""
    audience = audience or audience_of(appointment, side)
    if audience is None:
        return
    words = _words(appointment, step, side)
    notify(
        kind=kind,
        audience=audience,
        title=" ".join(render_to_string("mail/appointment_subject.txt", words).split()),
        body=render_to_string("mail/appointment_facts.txt", words).strip(),
        path=page_of(appointment, side),
        subject_id=appointment.pk,
        composer=COMPOSER,
        facts={"step": step, "side": str(side)},
    )


def audience_of(appointment: Appointment, side: Side) -> Audience | None:
    """Who hears of an appointment on that side: planners, or the recipient's mailbox and its managers."""
    if side == Side.SHIPPER:
        return shipper_people(appointment.shipper_id)
    recipient = appointment.site.recipient
    return recipient_people(recipient.pk, mailbox=recipient.email) if recipient else None


def page_of(appointment: Appointment, side: Side) -> str:
    """The path of the appointment's page at that side's host."""
    if side == Side.RECIPIENT:
        return f"/appointments/{appointment.pk}/"
    return f"/deliveries/{appointment.delivery_id}/"


def entry_of(appointment: Appointment, *, changed_at: datetime, url: str = "") -> Entry | None:
    """An appointment as calendars know it; None while no slot was ever agreed. Site and dock are loaded."""
    if appointment.during is None or appointment.dock is None or not appointment.confirmation_number:
        return None
    site = appointment.site
    street = ", ".join(filter(None, (site.street, site.postal_code, site.city)))
    return Entry(
        uid=f"{appointment.pk}@{settings.NETWORK_HOST}",
        sequence=appointment.version,
        start=appointment.during.lower,
        end=appointment.during.upper,
        zone=site.time_zone,
        summary=f"{appointment.confirmation_number} · {site.name}, {appointment.dock.name}",
        changed_at=changed_at,
        location=f"{site.name}, {street}" if street else site.name,
        description=appointment.reference,
        url=url,
        cancelled=appointment.state == State.CANCELLED,
    )


@composes(COMPOSER)
def compose(notice: Notice) -> Mail | None:
    """Write one addressee's mail of one step; links and calendar entry are as the appointment stands now."""
    step, side = notice.facts["step"], Side(notice.facts["side"])
    assert notice.subject_id is not None
    appointment = (
        Appointment.objects.select_related("site__recipient", "shipper", "dock")
        .filter(pk=notice.subject_id)
        .first()
    )
    if appointment is None:
        return None
    words = _words(appointment, step, side)
    answer = _answer_address(appointment, words["offer"], side, notice.address) if step in ASKING else ""
    body = render_to_string(
        "mail/appointment.txt", words | {"link": page_address(notice), "answer": answer, "said": notice.body}
    )
    last = AppointmentEvent.objects.filter(appointment=appointment).order_by("at", "id").last()
    entry = None
    if step in STANDING and last is not None:
        entry = entry_of(appointment, changed_at=last.at, url=page_address(notice))
    if entry is None:
        return Mail(notice.title, body)
    ics, method = invitation(entry, organizer=_organizer(), attendee=notice.address)
    return Mail(notice.title, body, ics, method)


def _kind(step: str) -> Kind:
    if step in ASKING:
        return Kind.OFFER
    return Kind.AGREED if step in STANDING else Kind.ENDED


def _words(appointment: Appointment, step: str, side: Side) -> dict[str, Any]:
    offer = appointment.offers.prefetch_related("slots__dock").order_by("-id").first()
    event = AppointmentEvent.objects.filter(appointment=appointment).order_by("at", "id").last()
    return {
        "appointment": appointment,
        "step": step,
        "offer": offer,
        "site": appointment.site,
        "shipper": appointment.shipper,
        "must_act_here": appointment.must_act == side,
        "is_asking": step in ASKING,
        "is_policy": event is not None and event.means == "policy",
        "late": event is not None and event.late,
        "reason": event.get_reason_code_display() if event is not None and event.reason_code else "",
        "message": event.message if event is not None else "",
        "stay": stay_of(appointment, appointment.events.all(), now=timezone.now())
        if step == "detention_near"
        else None,
    }


def _answer_address(appointment: Appointment, offer: Offer | None, side: Side, address: str) -> str:
    """A new link to answer the open offer with; empty when there is nothing left to answer."""
    if offer is None or offer.state != OfferState.OPEN or offer.side == side:
        return ""
    if offer.expires_at <= timezone.now():
        return ""
    token = issue_link(
        ANSWER,
        subject_id=offer.pk,
        issued_to=address,
        expires_at=offer.expires_at,
        shipper_id=appointment.shipper_id if side == Side.SHIPPER else None,
        facts={"side": str(side), "appointment_id": str(appointment.pk)},
    )
    path = f"/answer/{token}/"
    return desk_address(appointment.shipper, path) if side == Side.SHIPPER else hub_address(path)


def _organizer() -> str:
    """The address that mails come from, without the name beside it."""
    sender: str = settings.DEFAULT_FROM_EMAIL
    return sender.rpartition("<")[2].rstrip(">")
