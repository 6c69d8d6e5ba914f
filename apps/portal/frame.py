"""What the frames around every page need: whose page it is, what waits, where one may go."""

from typing import Any

from django.urls import reverse

from apps.accounts.actors import Actor
from apps.accounts.http import ActingRequest
from apps.accounts.models import Role
from apps.accounts.permissions import allows
from apps.appointments.selectors import waiting_for
from apps.facilities.models import Recipient, Site
from apps.tenancy.doorway import current_shipper


def hub_frame(request: ActingRequest, *, section: str = "", site: Site | None = None) -> dict[str, Any]:
    """Context of ``hub_base.html``: the recipients' names, their sites, how much waits."""
    actor = request.actor
    sites = Site.objects.filter(recipient_id__in=actor.recipient_ids, active=True).order_by("name")
    return {
        "recipient_name": ", ".join(
            Recipient.objects.filter(pk__in=actor.recipient_ids).values_list("name", flat=True)[:3]
        ),
        "inbox_count": waiting_for(actor).count(),
        "sites": [
            {"name": s.name, "url": reverse("hub:board", args=[s.pk]), "slug": str(s.pk)} for s in sites
        ],
        "current_site": str(site.pk) if site else "",
        "people_url": reverse("hub:people"),
        "section": section,
        "role_label": role_label(actor),
    }


def desk_frame(request: ActingRequest, *, section: str) -> dict[str, Any]:
    """Context of ``desk_base.html``: the shipper's name, where this person may go, how many offers wait."""
    actor = request.actor
    return {
        "may_plan": allows(actor, "deliveries.plan"),
        "people_url": reverse("desk:people"),
        "shipper_name": current_shipper().name,
        "offers_count": waiting_for(actor).count(),
        "section": section,
        "role_label": role_label(actor),
    }


def role_label(actor: Actor) -> str:
    """The actor's roles in words, each once."""
    roles = {*actor.roles, *(role for _, role in actor.recipient_roles)}
    return ", ".join(sorted(str(Role(role).label) for role in roles))
