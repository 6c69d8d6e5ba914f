"""What the frames around every page need: whose page it is, what waits, where one may go."""

from typing import Any

from django.db.models import F as Field
from django.db.models import Func, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from apps.accounts.actors import Actor, Side
from apps.accounts.http import ActingRequest
from apps.accounts.models import Person, Role
from apps.accounts.permissions import allows
from apps.appointments.selectors import waiting_for
from apps.documents.models import Logo
from apps.facilities.models import Recipient, Site
from apps.notices.selectors import unread
from apps.tenancy.doorway import current_shipper


def frame(request: ActingRequest, *, section: str) -> dict[str, Any]:
    """Context of a page that both hosts have, with the template it extends as ``base``."""
    if request.actor.side == Side.SHIPPER:
        return desk_frame(request, section=section) | {"base": "desk_base.html"}
    return hub_frame(request, section=section) | {"base": "hub_base.html"}


def hub_frame(request: ActingRequest, *, section: str = "", site: Site | None = None) -> dict[str, Any]:
    """Context of ``hub_base.html``: the recipients' names, their sites, how much waits."""
    actor = request.actor
    waiting, notices, _ = _counts(actor)
    sites = Site.objects.filter(recipient_id__in=actor.recipient_ids, active=True).order_by("name")
    return {
        "recipient_name": ", ".join(
            Recipient.objects.filter(pk__in=actor.recipient_ids).values_list("name", flat=True)[:3]
        ),
        "inbox_count": waiting,
        "notices_count": notices,
        "notices_url": reverse("notices"),
        "sites": [
            {"name": s.name, "url": reverse("hub:board", args=[s.pk]), "slug": str(s.pk)} for s in sites
        ],
        "current_site": str(site.pk) if site else "",
        "people_url": reverse("hub:people"),
        "systems_url": reverse("hub:keys") if allows(actor, "integrations.manage_received") else "",
        "records_url": reverse("hub:records")
        if actor.recipient_ids and allows(actor, "custody.view")
        else "",
        "sites_url": reverse("hub:sites") if actor.recipient_ids else "",
        "figures_url": reverse("hub:figures") if actor.recipient_ids else "",
        "section": section,
        "role_label": role_label(actor),
    }


def desk_frame(request: ActingRequest, *, section: str) -> dict[str, Any]:
    """Context of ``desk_base.html``: the shipper's name, where this person may go, how many offers wait."""
    actor = request.actor
    waiting, notices, logo = _counts(actor, Logo.objects.values("sha256")[:1])
    return {
        "logo_url": f"{reverse('desk:logo_file')}?v={logo[:16]}" if logo else "",
        "branding_url": reverse("desk:branding") if allows(actor, "documents.brand") else "",
        "may_plan": allows(actor, "deliveries.plan"),
        "people_url": reverse("desk:people"),
        "systems_url": reverse("desk:keys") if allows(actor, "integrations.view") else "",
        "shipper_name": current_shipper().name,
        "offers_count": waiting,
        "notices_count": notices,
        "notices_url": reverse("notices"),
        "section": section,
        "role_label": role_label(actor),
    }


def role_label(actor: Actor) -> str:
    """The actor's roles in words, each once."""
    roles = {*actor.roles, *(role for _, role in actor.recipient_roles)}
    return ", ".join(sorted(str(Role(role).label) for role in roles))


def _counts(actor: Actor, logo: QuerySet[Any, Any] | None = None) -> tuple[int, int, str]:
    """How much waits for the person's answer, how many notices are unread, and what ``logo`` has; one
    query."""
    if actor.person_id is None:
        return 0, 0, ""
    sign = Value("") if logo is None else Coalesce(Subquery(logo), Value(""))
    return (
        Person.objects.filter(pk=actor.person_id)
        .values_list(_how_many(waiting_for(actor)), _how_many(unread(actor)), sign)
        .first()
    ) or (0, 0, "")


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().annotate(how_many=Func(Field("pk"), function="COUNT")).values("how_many")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
