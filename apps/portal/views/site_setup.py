"""Setting up a site in the hub: step by step, with next week as it would be, safe for two at once."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.appointments.load import Load
from apps.appointments.search import local_day
from apps.core.errors import DomainError, PermissionRefused
from apps.facilities import services
from apps.facilities.forms import PlaceForm
from apps.facilities.models import Recipient, Site
from apps.facilities.selectors import sites_visible_to
from apps.facilities.services import StaleSite
from apps.portal.access import hub_page
from apps.portal.forms_setup import HolidaysForm, SampleForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import site_setup as present
from apps.portal.site_setup import BY_KEY, Part, Step, after, apply_of, read_part


@require_GET
@hub_page
def sites(request: ActingRequest) -> HttpResponse:
    """Every site of the person's recipients, those out of use too, and the way to a new one."""
    own = sites_visible_to(request.actor).annotate(docks_in_use=Count("docks", filter=Q(docks__active=True)))
    context = hub_frame(request, section="sites") | {
        "own_sites": own.select_related("recipient").order_by("name"),
        "managed": _managed(request),
    }
    return render(request, "portal/hub/sites.html", context)


@require_http_methods(["GET", "POST"])
@hub_page
def site_new(request: ActingRequest) -> HttpResponse:
    """A new site of a recipient that the person manages; its docks and hours come next."""
    managed = list(Recipient.objects.filter(pk__in=_managed(request)).order_by("name"))
    if not managed:
        raise PermissionRefused(_("Only a receiving manager opens a site."))
    wanted = request.POST.get("recipient", "")
    recipient = next((each for each in managed if str(each.pk) == wanted), managed[0])
    if wanted and str(recipient.pk) != wanted:
        raise Http404
    form = PlaceForm(request.POST or None, instance=Site(recipient=recipient))
    if request.method == "POST" and form.is_valid():
        site = services.open_site(actor=request.actor, site=form.instance, now=timezone.now())
        messages.success(request, _("%(site)s is there. Its docks come next.") % {"site": site.name})
        return redirect("hub:setup", site.pk, "docks")
    context = hub_frame(request, section="sites")
    context |= {"form": form, "zones": PlaceForm.zones, "recipients": managed, "recipient": recipient}
    return render(request, "portal/hub/site_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@hub_page
def setup(request: ActingRequest, site_id: UUID, step: str) -> HttpResponse:
    """One step (GET); saving it, asking for another row, or looking at next week with it (POST)."""
    site, chosen = _managed_site(request, site_id), _step(step)
    now = timezone.now()
    if request.method == "GET":
        part = read_part(chosen, site, None, actor=request.actor, now=now)
        return _page(request, site, chosen, part, now=now)
    typed = request.POST
    if "more" in typed:
        data = _with_another_row(typed)
        part = read_part(chosen, site, data, actor=request.actor, now=now)
        return _page(request, site, chosen, part, now=now, typed=typed, is_checked=False)
    part = read_part(chosen, site, typed, actor=request.actor, now=now)
    if "try" in typed:
        if request.htmx:
            return render(request, "portal/hub/_next_week.html", _tried(request, site, chosen, part, now))
        return _page(request, site, chosen, part, now=now, typed=typed, is_tried=True)
    if not part.is_valid():
        return _page(request, site, chosen, part, now=now, typed=typed, status=422)
    return _save(request, site, chosen, part, now)


@require_POST
@hub_page
def holidays(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Close the site on those of the suggested holidays that the person chose."""
    site = _managed_site(request, site_id)
    now = timezone.now()
    form = _holidays_form(site, now, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose the holidays on which the site is closed."))
        return redirect("hub:setup", site.pk, "closures")
    days = [date.fromisoformat(day) for day in form.cleaned_data["days"]]
    today = _today(site, now)

    def close(locked: Site) -> None:
        services.close_on(locked, days, today=today)

    try:
        changed = services.change_site(
            actor=request.actor,
            site_id=site.pk,
            version=_version(request.POST),
            apply=close,
            now=now,
        )
    except StaleSite as stale:
        messages.error(request, f"{stale.message} {_('Choose the holidays again.')}")
    else:
        messages.success(request, _saved(site, changed))
    return redirect("hub:setup", site.pk, "closures")


def _save(request: ActingRequest, site: Site, step: Step, part: Part, now: datetime) -> HttpResponse:
    left_out: list[str] = []
    try:
        changed = services.change_site(
            actor=request.actor,
            site_id=site.pk,
            version=_version(request.POST),
            apply=apply_of(step, part, actor=request.actor, now=now, left_out=left_out),
            now=now,
        )
    except PermissionRefused:
        raise
    except DomainError as refused:
        return _page(request, site, step, part, now=now, typed=request.POST, refused=refused)
    messages.success(request, _saved(site, changed))
    if left_out:
        words = _("%(site)s has nothing named %(names)s; what belongs to these was left out.")
        messages.warning(request, words % {"site": site.name, "names": ", ".join(left_out)})
    onward = after(step) if "onward" in request.POST else step
    return redirect(present.step_url(site.pk, onward or step))


def _saved(before: Site, after: Site) -> str:
    if after.version == before.version:
        return _("Nothing was different; %(site)s stays as it is.") % {"site": after.name}
    return _("Saved as version %(version)s.") % {"version": after.version}


def _page(
    request: ActingRequest,
    site: Site,
    step: Step,
    part: Part,
    *,
    now: datetime,
    typed: QueryDict | None = None,
    refused: DomainError | None = None,
    status: int = 200,
    is_tried: bool = False,
    is_checked: bool = True,
) -> HttpResponse:
    stale = refused if isinstance(refused, StaleSite) else None
    onward = after(step)
    context = hub_frame(request, site=site) | {
        "site": site,
        "step": step,
        "steps": present.steps_nav(site.pk, step),
        "onward": onward,
        "part": part,
        "rows": part if step.rows is not None else None,
        "problems": present.problems_of(part) if part.is_bound and is_checked else [],
        "refused": refused,
        "stale": stale,
        "version": stale.details["version"] if stale else _version(typed) if typed else site.version,
        "zones": PlaceForm.zones if step.key == "place" else (),
        "sample": SampleForm(typed),
        "action": present.step_url(site.pk, step),
    }
    if step.key == "hours":
        context["skipped"] = present.skipped_hours(site, today=_today(site, now))
    if step.key == "closures":
        context["holidays"] = services.suggested_holidays(site, today=_today(site, now))
    context |= (
        _tried(request, site, step, part, now) if is_tried else _as_it_is(site, SampleForm(typed).load(), now)
    )
    return render(request, "portal/hub/setup.html", context, status=refused.status if refused else status)


def _as_it_is(site: Site, load: Load, now: datetime) -> dict[str, Any]:
    fresh = Site.objects.get(pk=site.pk)
    return {"week": present.next_week(fresh, load=load, now=now), "not_shown": [], "is_tried": False}


def _tried(request: ActingRequest, site: Site, step: Step, part: Part, now: datetime) -> dict[str, Any]:
    """Next week with what is typed: put into place, looked at, and undone."""
    load = SampleForm(request.POST).load()
    if not part.is_valid():
        return {"week": None, "not_shown": present.problems_of(part), "is_tried": True}
    apply = apply_of(step, part, actor=request.actor, now=now, left_out=[])
    try:
        with transaction.atomic():
            apply(Site.objects.get(pk=site.pk))
            shown = _as_it_is(site, load, now)
            transaction.set_rollback(True)
    except DomainError as refused:
        return {"week": None, "not_shown": [refused.message], "is_tried": True}
    return shown | {"is_tried": True}


def _with_another_row(typed: QueryDict) -> QueryDict:
    data = typed.copy()
    rows = data.get("rows-TOTAL_FORMS", "")
    data["rows-TOTAL_FORMS"] = str(int(rows) + 1 if rows.isdecimal() else 1)
    return data


def _holidays_form(site: Site, now: datetime, data: QueryDict) -> HolidaysForm:
    return HolidaysForm(data, holidays=services.suggested_holidays(site, today=_today(site, now)))


def _today(site: Site, now: datetime) -> date:
    return local_day(now, ZoneInfo(site.time_zone))


def _version(typed: QueryDict) -> int:
    """The version that the page was read at; none that can be read is nobody's."""
    said = typed.get("version", "")
    return int(said) if said.isdecimal() else 0


def _managed(request: ActingRequest) -> list[UUID]:
    held = request.actor.recipient_roles
    return [recipient for recipient, role in held if role == Role.RECEIVING_MANAGER]


def _managed_site(request: ActingRequest, site_id: UUID) -> Site:
    """
    Raises:
        Http404: it is no site of the actor's recipients.
        PermissionRefused: the actor doesn't manage it.
    """
    site = get_object_or_404(sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "facilities.manage", site)
    return site


def _step(key: str) -> Step:
    if key not in BY_KEY:
        raise Http404
    return BY_KEY[key]
