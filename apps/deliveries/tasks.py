"""Work of the deliveries room in the background: papers, news of handovers, offers that ran out."""

from datetime import date, datetime
from uuid import UUID

from celery import shared_task
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.actors import SYSTEM, Side
from apps.appointments.announcing import announce
from apps.appointments.models import Appointment
from apps.appointments.services import lapse_picks
from apps.appointments.services.detention import warn_of_detention
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services import bulk, day_papers
from apps.deliveries.services.codes import COMPOSER, new_code
from apps.deliveries.services.expecting import ANSWER_BY_POLICY
from apps.deliveries.services.formats import DROPPED
from apps.deliveries.services.freed import OFFER_FREED
from apps.deliveries.services.handing_out import COMPOSER as PROOF
from apps.deliveries.services.handing_out import HAND_OUT
from apps.deliveries.services.pickups import READY, REMIND
from apps.deliveries.states import State
from apps.documents import store
from apps.documents.models import Document
from apps.documents.papers import Transport
from apps.notices.kinds import Kind
from apps.notices.mailing import Enclosure, Mail, composes, page_address
from apps.notices.models import Notice
from apps.notices.services import notify, shipper_people
from apps.tenancy import doorway
from apps.tenancy.everywhere import at_each_shipper
from apps.tenancy.models import Shipper
from apps.tenancy.outbox import handles

MOST_MAILED = 8 << 20  # bytes of a paper; mail servers refuse not much more


@shared_task(name="deliveries.expire", ignore_result=True, expires=25)
def expire() -> None:
    """End, for each shipper, the offers that nobody answered in time, and remind of those nearly over."""
    at_each_shipper("end offers", services.expire_offers)
    at_each_shipper("remind of offers", services.escalate_offers)


@shared_task(name="deliveries.offer_freed", ignore_result=True, expires=25)
def offer_what_is_free() -> None:
    """Free what nobody offered in time; offer what is free, in whatever way, to those who wait for it."""
    with doorway.network():
        lapse_picks(now=timezone.now())
        services.offer_freed_slots(now=timezone.now())


@shared_task(name="deliveries.run_series", ignore_result=True, expires=240)
def run_series() -> None:
    """Keep dock time ahead for agreed series, book what deliveries take of it, give up what none took."""
    with doorway.network():
        services.run_series(now=timezone.now())


@shared_task(name="deliveries.warn_of_detention", ignore_result=True, expires=55)
def warn_of_free_time() -> None:
    """Tell both sides of the vehicles whose free time at a site ends within minutes."""
    with doorway.network():
        warn_of_detention(now=timezone.now())


@shared_task(name="deliveries.remind_of_papers", ignore_result=True, expires=600)
def remind_of_papers() -> None:
    """Ask, for each shipper, for the papers that the next days' visits lack."""
    at_each_shipper("ask for papers", services.remind_of_papers)


@handles("deliveries.send_offers", atomic=False)
def send_offers(job_id: str, request_id: str) -> None:
    """Send the chosen offers of a bulk request; what is sent already stays sent."""
    bulk.run_bulk_sending(job_id=UUID(job_id), request_id=UUID(request_id), clock=timezone.now)


@handles("deliveries.issue_delivery_note", queue="documents")
def issue_delivery_note(delivery_id: str, carrier: str = "", vehicle: str = "", driver: str = "") -> None:
    """Render the delivery note of a delivery as it stands now; whoever planned it says who brings it."""
    services.issue_delivery_note(
        actor=SYSTEM,
        delivery=delivery_by_id(UUID(delivery_id)),
        now=timezone.now(),
        transport=Transport(carrier=carrier, vehicle=vehicle, driver=driver),
    )


@handles(day_papers.KIND, queue="documents", atomic=False)
def join_day_papers(job_id: str, day: str) -> None:
    """Lay out what is missing of a day's delivery notes and join them."""
    day_papers.run_day_papers(job_id=UUID(job_id), day=date.fromisoformat(day), clock=timezone.now)


@handles(day_papers.ISSUE_MISSING, queue="documents")
def issue_missing_note(delivery_id: str) -> None:
    """Lay out one delivery note unless it is there."""
    day_papers.issue_missing_note(delivery_id=UUID(delivery_id), now=timezone.now())


@handles("deliveries.issue_consignment_note", queue="documents")
def issue_consignment_note(delivery_id: str) -> None:
    """Lay out the CMR consignment note that a planner asked for."""
    services.issue_consignment_note(
        actor=SYSTEM, delivery=delivery_by_id(UUID(delivery_id)), now=timezone.now()
    )


@handles("deliveries.issue_proof_of_delivery", queue="documents")
def issue_proof_of_delivery(delivery_id: str) -> None:
    """Lay out and sign the proof of a handover."""
    services.issue_proof_of_delivery(
        actor=SYSTEM, delivery=delivery_by_id(UUID(delivery_id)), now=timezone.now()
    )


@handles(ANSWER_BY_POLICY)
def answer_by_policy(offer_id: str) -> None:
    """Have the policy of the side that has to answer an offer look at it."""
    services.answer_by_policy(offer_id=UUID(offer_id), now=timezone.now())


@handles(OFFER_FREED, atomic=False)
def offer_freed(site_id: str) -> None:
    """Offer what was just freed at a site to those who wait there."""
    with doorway.network():
        services.offer_freed_slots(now=timezone.now(), site_id=UUID(site_id))


@handles("deliveries.announce_move")
def announce_move(appointment_id: str, version: int) -> None:
    """Tell the shipper which dock its vehicle goes to, unless the appointment has moved on since."""
    appointment = Appointment.objects.select_related("site__recipient", "shipper", "dock").get(
        pk=appointment_id
    )
    if appointment.version == version:
        announce(appointment, "dock_changed", Side.RECIPIENT)


@handles("deliveries.announce_handover")
def announce_handover(delivery_id: str) -> None:
    """Tell the shipper's planners how the handover went."""
    delivery = delivery_by_id(UUID(delivery_id))
    context = {"delivery": delivery, "handover": delivery.handover}
    notify(
        kind=Kind.HANDOVER,
        audience=shipper_people(doorway.current_shipper().pk),
        title=" ".join(render_to_string("mail/handover_subject.txt", context).split()),
        body=render_to_string("mail/handover.txt", context).strip(),
        path=f"/deliveries/{delivery.pk}/",
        subject_id=delivery.pk,
    )


@handles(DROPPED)
def announce_drop(delivery_id: str) -> None:
    """Tell the recipient's people that goods lie in a locker or place; the code stands on the page alone."""
    services.announce_drop(delivery_id=UUID(delivery_id))


@handles(REMIND)
def remind_of_pickup(delivery_id: str, kept_until: str) -> None:
    """Remind the recipient's people of a pickup that still waits a day before its end."""
    services.remind_of_pickup(delivery_id=UUID(delivery_id), kept_until=datetime.fromisoformat(kept_until))


@composes(READY)
def compose_ready(notice: Notice) -> Mail | None:
    """The mail to whoever collects, with the code as it is now; none where it is collected, or not ready."""
    with doorway.network():
        shipper = Shipper.objects.get(pk=notice.facts["shipper_id"])
    with doorway.enter_shipper(shipper):
        delivery = delivery_by_id(UUID(notice.facts["delivery_id"]))
        if delivery.ready_at is None or delivery.state != State.OPEN:
            return None
        words = {"delivery": delivery, "shipper": shipper, "address": notice.body}
        body = render_to_string("mail/pickup_ready.txt", words)
    return Mail(notice.title, body.strip() + "\n")


@handles(HAND_OUT)
def hand_out_proof(delivery_id: str, document_id: str) -> None:
    """Mail a proof of delivery with its checkpoint to both parties, and keep that for the recipient."""
    services.hand_out_proof(delivery_id=UUID(delivery_id), document_id=UUID(document_id), now=timezone.now())


@composes(PROOF)
def compose_proof(notice: Notice) -> Mail:
    """The mail that a proof of delivery goes out with; both parties get the same bytes."""
    with doorway.network():
        shipper = Shipper.objects.get(pk=notice.facts["shipper_id"])
    with doorway.enter_shipper(shipper):
        document = Document.objects.get(pk=notice.facts["document_id"])
        paper = store.read(document.path) if document.size <= MOST_MAILED else None
    note = notice.facts["checkpoint"]
    words = {
        "said": notice.body,
        "attached": paper is not None,
        "page": page_address(notice),
        "size": notice.facts["size"],
        "checkpoint": note,
    }
    enclosures = [Enclosure(f"{shipper.slug}-{notice.facts['size']}.note", note.encode(), "text/plain")]
    if paper is not None:
        enclosures.insert(0, Enclosure(document.file_name, paper, document.media_type))
    return Mail(notice.title, render_to_string("mail/proof.txt", words), enclosures=tuple(enclosures))


@composes(COMPOSER)
def compose_code(notice: Notice) -> Mail | None:
    """The mail with the code of a handover, drawn as it is written; none for one that is void by now."""
    code, digits = new_code(UUID(notice.facts["code_id"]))
    if code.expires_at <= timezone.now():
        return None
    body = render_to_string("mail/handover_code.txt", {"code": code, "digits": digits})
    return Mail(notice.title, body.strip() + "\n")
