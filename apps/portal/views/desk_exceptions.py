"""The control tower: what does harm soonest on top, each with what helps; taking on, putting off, saying."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.models import Membership
from apps.core.errors import DomainError, PermissionRefused
from apps.insights import services
from apps.insights.kinds import Kind
from apps.insights.models import DeliveryException
from apps.insights.selectors import (
    contacts_with,
    grouped,
    leads,
    open_exceptions,
    recently_ended,
    with_the_same_cause,
)
from apps.insights.services.acting import OWNERS
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.forms_exceptions import AssignForm, ContactForm, DecisionForm, ExceptionFilter, NoteForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import exceptions as present
from apps.tenancy.doorway import current_shipper

PAGE = 50
MOST_LINES = 50_000
DONE = {
    "answer": gettext_lazy("The slot is accepted."),
    "slots": gettext_lazy("The slots are proposed; the site has to answer."),
    "vehicle": gettext_lazy("It is on another vehicle, and the plan is published."),
    "publish": gettext_lazy("The repaired plan is published."),
    "repair": gettext_lazy("The plan is being repaired; the draft shows up here with its cost."),
    "remind": gettext_lazy("The tender was mailed again."),
    "again": gettext_lazy("Another delivery brings what was not taken."),
    "note": gettext_lazy("The CMR note is being issued."),
}
PUT_OFF = timedelta(hours=1)


@desk_page
@require_GET
def exceptions(request: ActingRequest) -> HttpResponse:
    """The open exceptions by how soon harm comes, filtered by the address."""
    now = timezone.now()
    form, found = _chosen(request, now)
    asked = form.cleaned_data if form.is_valid() else {}
    page = Paginator(grouped(found), PAGE).get_page(request.GET.get("page"))
    shown = leads(page.object_list)
    soon = sum(each.exception.harm_at <= now + timedelta(hours=1) for each in shown)
    context = {
        **desk_frame(request, section="exceptions"),
        "form": form,
        "page": page,
        "rows": present.rows(shown, now=now),
        "is_filtered": any(asked.values()),
        "query": request.GET.urlencode(),
        "ended": []
        if any(asked.values())
        else [present.row(each, now=now) for each in recently_ended(limit=5)],
        "needs": ngettext(
            "%(n)d of them does harm within the hour or did.",
            "%(n)d of them do harm within the hour or did.",
            soon,
        )
        % {"n": soon}
        if soon
        else "",
        "now": now,
        "mine": request.actor.person_id,
    }
    return render(request, "portal/desk/exceptions.html", context)


@desk_page
@require_GET
def table(request: ActingRequest, ending: str) -> HttpResponse:
    """The chosen exceptions as CSV or as a workbook."""
    _form, found = _chosen(request, timezone.now())
    return table_file(present.table(found[:MOST_LINES]), ending)


def _chosen(request: ActingRequest, now: datetime) -> tuple[ExceptionFilter, QuerySet[DeliveryException]]:
    """The open exceptions that the address asks for."""
    form = ExceptionFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = open_exceptions(now=now, with_snoozed=asked.get("snoozed", False))
    if asked.get("kind"):
        found = found.filter(kind=asked["kind"])
    if asked.get("whose") == "mine":
        found = found.filter(owner_id=request.actor.person_id)
    if asked.get("whose") == "nobody":
        found = found.filter(owner_id=None)
    return form, found


@desk_page
@require_http_methods(["GET", "POST"])
def exception(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """One exception with what helps and everything said about it; each step is a form of its own."""
    shown = get_object_or_404(
        DeliveryException.objects.select_related("delivery__site", "delivery__origin"), pk=exception_id
    )
    people = _colleagues()
    verb = request.POST.get("verb", "") if request.method == "POST" else ""
    forms: dict[str, Form] = {
        "form": NoteForm(request.POST if verb in ("comment", "resolve") else None),
        "contact_form": ContactForm(
            request.POST if verb == "contact" else None,
            initial={"partner": shown.delivery.site.contact_name},
            auto_id="contact_%s",
        ),
        "decision_form": DecisionForm(request.POST if verb == "decide" else None, auto_id="decide_%s"),
        "assign_form": AssignForm(
            request.POST if verb == "assign" else None,
            people=people,
            initial={"person": str(shown.owner_id or "")},
            auto_id="assign_%s",
        ),
    }
    bound = next((form for form in forms.values() if form.is_bound), None)
    refused: DomainError | None = None
    if bound is not None and bound.is_valid():
        try:
            words = _take_step(request, shown, verb, bound.cleaned_data)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, words)
            over = verb in ("resolve", "decide")
            return redirect("desk:exceptions") if over else redirect("desk:exception", shown.pk)
    now = timezone.now()
    context: dict[str, Any] = {
        **desk_frame(request, section="exceptions"),
        "row": present.row(shown, now=now),
        "acts": present.acts(shown),
        "help": present.suggestion(shown),
        "exception": shown,
        "delivery": shown.delivery,
        "zone": shown.delivery.site.time_zone,
        "is_excursion": shown.kind == Kind.EXCURSION,
        "others": with_the_same_cause(shown),
        "contacts": contacts_with(shown),
        "events": shown.events.all(),
        "crumbs": [{"label": _("Exceptions"), "url": reverse("desk:exceptions")}],
        **forms,
        "refused": refused,
    }
    status = refused.status if refused else 422 if bound is not None else 200
    return render(request, "portal/desk/exception.html", context, status=status)


def _take_step(request: ActingRequest, shown: DeliveryException, verb: str, told: dict[str, Any]) -> str:
    """Do what the form asks for; what is said about it afterwards."""
    this: dict[str, Any] = {"actor": request.actor, "exception_id": shown.pk, "now": timezone.now()}
    if verb == "decide":
        services.decide(**this, **told)
        return _("Decided; it is on the custody record.")
    if verb == "contact":
        services.note_contact(**this, **told)
        return _("It stands in the history of contacts.")
    if verb == "assign":
        services.assign(**this, person_id=UUID(told["person"]))
        return _("It is assigned.")
    if verb == "resolve":
        services.resolve(**this, **told)
        return _("It is off the list.")
    services.comment(**this, **told)
    return _("Your words are on record.")


def _colleagues() -> list[tuple[str, str]]:
    """The shipper's planners and administrators, for choosing an owner."""
    held = Membership.objects.filter(
        shipper=current_shipper(), role__in=OWNERS, person__is_active=True
    ).select_related("person")
    people = {str(one.person_id): str(one.person) for one in held}
    return [("", _("Choose somebody")), *sorted(people.items(), key=lambda person: person[1])]


@desk_page
@require_POST
def intervene(request: ActingRequest, exception_id: UUID, number: int) -> HttpResponse:
    """Do what helps, with one click; what is refused is said, and nothing was changed."""
    now = timezone.now()
    shown = get_object_or_404(DeliveryException, pk=exception_id)
    try:
        chosen = services.intervene(
            actor=request.actor,
            exception_id=shown.pk,
            number=number,
            what=request.POST.get("what", ""),
            now=now,
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("desk:exception", shown.pk)
    messages.success(request, DONE.get(chosen["key"], _("Done.")))
    return redirect("desk:exceptions")


@desk_page
@require_POST
def take(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """Make it one's own."""
    return _do(request, lambda now: services.take(actor=request.actor, exception_id=exception_id, now=now))


@desk_page
@require_POST
def snooze(request: ActingRequest, exception_id: UUID) -> HttpResponse:
    """Off the list for an hour."""
    return _do(
        request,
        lambda now: services.snooze(
            actor=request.actor, exception_id=exception_id, until=now + PUT_OFF, now=now
        ),
    )


def _do(request: ActingRequest, act: Any) -> HttpResponse:
    """Do it and go back to the list; what can't be done is said there."""
    now: datetime = timezone.now()
    try:
        act(now)
    except PermissionRefused:
        raise
    except DomainError as error:
        if error.status == 404:
            raise
        messages.error(request, error.message)
    return redirect("desk:exceptions")
