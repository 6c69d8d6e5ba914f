"""Work of tracking in the background: judging what was told, forgetting positions, mailing links."""

from uuid import UUID

from celery import shared_task
from django.template.loader import render_to_string
from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.notices.mailing import Mail, composes
from apps.notices.models import Notice
from apps.tenancy.addresses import desk_address
from apps.tenancy.doorway import current_shipper
from apps.tenancy.everywhere import at_each_shipper
from apps.tracking import services
from apps.tracking.services.following import COMPOSER, issue


@shared_task(name="tracking.forget", ignore_result=True, expires=3600)
def forget() -> None:
    """Delete positions that were kept for long enough, at each shipper."""
    at_each_shipper("forget old positions", services.forget_positions)


@shared_task(name="tracking.judge", ignore_result=True, expires=3600)
def judge() -> None:
    """Count how far off the expected arrivals were, at each shipper."""
    at_each_shipper("judge expected arrivals", services.judge_arrivals)


@composes(COMPOSER)
def invite_to_follow(notice: Notice) -> Mail | None:
    """The mail with a link of its own to follow a delivery; nothing where the delivery is gone."""
    delivery = Delivery.objects.select_related("site").filter(pk=UUID(notice.facts["delivery_id"])).first()
    if delivery is None:
        return None
    shipper, contact = current_shipper(), notice.facts["contact"]
    token = issue(delivery, issued_to=notice.address, contact=contact, now=timezone.now())
    context = {
        "shipper": shipper.name,
        "number": delivery.number,
        "site": delivery.site.name,
        "link": desk_address(shipper, f"/track/{token}/"),
        "contact": contact,
    }
    return Mail(notice.title, render_to_string("mail/follow.txt", context))
