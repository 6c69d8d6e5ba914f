"""What the frames around every page need: whose page it is, what waits, where one may go."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F as Field
from django.db.models import Func, IntegerField, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, JSONObject
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
    """Context of ``hub_base.html``: the recipients' names, their sites, how much waits; one query."""
    actor = request.actor
    names = Recipient.objects.filter(pk__in=actor.recipient_ids).order_by("name").values("name")[:3]
    in_use = Site.objects.filter(recipient_id__in=actor.recipient_ids, active=True).order_by("name")
    waiting, notices, recipients, sites = _of_person(
        actor, ArraySubquery(names), ArraySubquery(in_use.values_list(JSONObject(pk="pk", name="name")))
    ) or (0, 0, [], [])
    return {
        "recipient_name": ", ".join(recipients or ()),  # whoever acts for none gets null
        "inbox_count": waiting,
        "notices_count": notices,
        "notices_url": reverse("notices"),
        "sites": [
            {"name": s["name"], "url": reverse("hub:board", args=[s["pk"]]), "slug": s["pk"]}
            for s in sites or ()
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
    sign = Coalesce(Subquery(Logo.objects.values("sha256")[:1]), Value(""))
    waiting, notices, logo = _of_person(actor, sign) or (0, 0, "")
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


def _of_person(actor: Actor, *more: Combinable) -> tuple[Any, ...] | None:
    """How much waits for the person's answer, how many notices are unread, and ``more``; one query."""
    if actor.person_id is None:
        return None
    counts = (_how_many(waiting_for(actor)), _how_many(unread(actor)))
    return Person.objects.filter(pk=actor.person_id).values_list(*counts, *more).first()


def _how_many(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().annotate(how_many=Func(Field("pk"), function="COUNT")).values("how_many")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
