"""Work of the tendering room in the background: searches begun and ended, and the mails that carriers get."""

from uuid import UUID

from celery import shared_task
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.services.links import issue_link
from apps.notices.mailing import Mail, composes
from apps.notices.models import Notice
from apps.tenancy import doorway
from apps.tenancy.addresses import desk_address
from apps.tenancy.everywhere import at_each_shipper
from apps.tenancy.outbox import handles
from apps.tendering import services
from apps.tendering.models import Tender
from apps.tendering.services.asking import ASK, LINK, TELL
from apps.tendering.states import State


@handles("tendering.begin")
def begin(plan_id: str) -> None:
    """Tender the routes of a plan that was published."""
    services.begin_for_plan(plan_id=UUID(plan_id), now=timezone.now())


@shared_task(name="tendering.expire", ignore_result=True, expires=25)
def expire() -> None:
    """End, for each shipper, the tenders that nobody answered in time."""
    at_each_shipper("end tenders", services.expire_tenders)


@composes(ASK)
def ask_for_answer(notice: Notice) -> Mail | None:
    """The mail that offers a route, with a link of its own to answer; nothing when it is no longer open."""
    tender = _tender(notice)
    if tender is None or tender.state != State.OPEN or tender.expires_at is None:
        return None
    shipper = doorway.current_shipper()
    token = issue_link(
        LINK,
        subject_id=tender.pk,
        issued_to=notice.address,
        expires_at=tender.expires_at,
        shipper_id=shipper.pk,
    )
    return _mail(notice, tender, "mail/tender.txt", link=desk_address(shipper, f"/tender/{token}/"))


@composes(TELL)
def tell_of_end(notice: Notice) -> Mail | None:
    """The mail that says that nothing needs doing any more."""
    tender = _tender(notice)
    return _mail(notice, tender, "mail/tender_over.txt", note=notice.facts["note"]) if tender else None


def _tender(notice: Notice) -> Tender | None:
    rows = Tender.objects.select_related("carrier", "vehicle", "tendering__route__plan__site")
    return rows.filter(pk=notice.facts["tender_id"]).first()


def _mail(notice: Notice, tender: Tender, template: str, **context: str) -> Mail:
    route = tender.tendering.route
    facts = {
        "tender": tender,
        "route": route,
        "site": route.plan.site,
        "shipper": doorway.current_shipper(),
        "price": f"{tender.currency} {tender.price_cents / 100:,.2f}",
        "stops": route.stops.select_related("delivery__site").order_by("position"),
        **context,
    }
    return Mail(notice.title, render_to_string(template, facts))
