"""Tenders at the desk: every search, one of them with who was asked, and answers on a carrier's behalf."""

from typing import Any, TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.core.errors import DomainError, PermissionRefused
from apps.portal.access import desk_page, shipper_page
from apps.portal.forms_tenders import AcceptForm, DeclineForm, SearchForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import tenders as present
from apps.portal.presenters.plan import money
from apps.routing.models import RoutePlan
from apps.tendering import selectors, services
from apps.tendering.models import Tender, Tendering
from apps.tendering.services.asking import ways_out
from apps.tendering.states import ReasonCode, SearchState, State

MOST = 100


@shipper_page
@require_GET
def tenders(request: ActingRequest) -> HttpResponse:
    """Searches for carriers, the newest first; ``?state=`` narrows."""
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in SearchState.values else ""
    rows = selectors.searches()
    rows = rows.filter(state=wanted) if wanted else rows
    found = list(rows[: MOST + 1])
    context = {
        **desk_frame(request, section="carriers"),
        "searches": [
            {
                "title": present.route_title(search.route),
                "site": search.route.plan.site.name,
                "departs": search.route.departs_at,
                "zone": search.route.plan.site.time_zone,
                "asked": len([one for one in search.tenders.all() if one.sent_at]),
                **present.status(search),
            }
            for search in found[:MOST]
        ],
        "is_cut": len(found) > MOST,
        "views": [
            {"label": label, "value": value, "is_current": value == wanted}
            for value, label in [("", _("All")), *SearchState.choices]
        ],
    }
    return render(request, "portal/desk/tenders.html", context)


@shipper_page
@require_GET
def search(request: ActingRequest, tendering_id: UUID) -> HttpResponse:
    """One search: who was asked at what price, what they said, who must act until when."""
    return _page(request, selectors.search_by_id(tendering_id))


@desk_page
@require_http_methods(["GET", "POST"])
def answer(request: ActingRequest, tender_id: UUID) -> HttpResponse:
    """Answer for a carrier that called: accept with a vehicle, or decline with the reason."""
    require(request.actor, "tendering.manage")
    tender = selectors.tender_by_id(tender_id)
    refused = None
    accept, decline = answer_forms(request, tender)
    if request.method == "POST":
        try:
            done = _answered(request, tender, accept, decline)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused, done = error, ""
        if done:
            messages.success(request, done)
            return redirect("desk:tendering", tendering_id=tender.tendering_id)
    context = {
        **desk_frame(request, section="carriers"),
        **answer_context(tender, accept, decline, refused),
        "title": _("Answer for %s") % tender.carrier.name,
        "back": reverse("desk:tendering", args=[tender.tendering_id]),
    }
    status = refused.status if refused else 422 if accept.errors or decline.errors else 200
    return render(request, "portal/desk/tender_answer.html", context, status=status)


@desk_page
@require_http_methods(["GET", "POST"])
def give_back(request: ActingRequest, tender_id: UUID) -> HttpResponse:
    """The carrier that has a route can't drive it: others are asked."""
    require(request.actor, "tendering.manage")
    tender = selectors.tender_by_id(tender_id)
    form = DeclineForm(request.POST or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            begun = services.give_back(
                actor=request.actor,
                tender_id=tender.pk,
                reason=ReasonCode(form.cleaned_data["reason"]),
                note=form.cleaned_data["note"],
                now=timezone.now(),
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The others are asked."))
            return redirect("desk:tendering", tendering_id=begun.pk)
    context = {
        **desk_frame(request, section="carriers"),
        "title": _("%s gives the route back") % tender.carrier.name,
        "subject": present.route_title(tender.tendering.route),
        "text": _("It goes to the other carriers that can drive it, the best first."),
        "verb": _("Give back and ask others"),
        "is_danger": True,
        "form": form,
        "refused": refused,
        "back": reverse("desk:tendering", args=[tender.tendering_id]),
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/tender_question.html", context, status=status)


@desk_page
@require_POST
def mail(request: ActingRequest, tender_id: UUID) -> HttpResponse:
    """Send a carrier the mail with its link once more."""
    require(request.actor, "tendering.manage")
    tender = selectors.tender_by_id(tender_id)
    if tender.state == State.OPEN:
        services.remind_link(tender)
        messages.success(request, _("%s gets the mail once more.") % tender.carrier.name)
    return redirect("desk:tendering", tendering_id=tender.tendering_id)


@desk_page
@require_POST
def call_off(request: ActingRequest, tendering_id: UUID) -> HttpResponse:
    """Stop a search, or take the route back from the carrier that has it."""
    try:
        services.call_off(actor=request.actor, tendering_id=tendering_id, now=timezone.now())
    except PermissionRefused:
        raise
    except DomainError as error:
        return _page(request, selectors.search_by_id(tendering_id), refused=error)
    messages.success(request, _("Called off; whoever was asked is told."))
    return redirect("desk:tendering", tendering_id=tendering_id)


@desk_page
@require_POST
def start(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """Search a carrier for a route, again or in another way."""
    form = SearchForm(request.POST)
    mode = form.cleaned_data["mode"] if form.is_valid() else Tendering.Mode.WATERFALL
    try:
        begun = services.start_tendering(
            actor=request.actor, route_id=route_id, mode=Tendering.Mode(mode), now=timezone.now()
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        latest = selectors.latest_searches([route_id]).get(route_id)
        if latest is None:
            raise
        return _page(request, latest, refused=error)
    return redirect("desk:tendering", tendering_id=begun.pk)


def answer_forms(request: Any, tender: Tender) -> tuple[AcceptForm, DeclineForm]:
    """Both forms of an answer; the one that was sent is bound."""
    vehicles, drivers = selectors.fitting(tender) if tender.state == State.OPEN else ([], [])
    chosen = request.POST.get("answer") if request.method == "POST" else ""
    return (
        AcceptForm(
            request.POST if chosen == "accept" else None,
            vehicles=vehicles,
            drivers=drivers,
            initial={"vehicle": str(tender.vehicle_id), "driver": _planned_driver(tender)},
        ),
        DeclineForm(request.POST if chosen == "decline" else None),
    )


def answer_context(
    tender: Tender, accept: AcceptForm, decline: DeclineForm, refused: DomainError | None
) -> dict[str, Any]:
    """What an answering page shows: the route as it has to be driven, the price, both forms."""
    route = tender.tendering.route
    stops = list(route.stops.select_related("delivery__site", "dock").order_by("position"))
    return {
        "tender": tender,
        "subject": present.route_title(route),
        "route": present.route_facts(route, stops),
        "price": money(tender.price_cents, tender.currency),
        "zone": route.plan.site.time_zone,
        "now": timezone.now(),
        "turn": {"sentence": present.asks(tender), "is_readers": True},
        "is_open": tender.state == State.OPEN and not present.is_late(tender, timezone.now()),
        "accept": accept,
        "decline": decline,
        "refused": refused,
    }


class Picked(TypedDict):
    """A vehicle and driver as the services take them."""

    vehicle_id: UUID | None
    driver_id: UUID | None


def picked(form: AcceptForm) -> Picked:
    """What was chosen in a valid form."""
    driver = form.cleaned_data["driver"]
    return {
        "vehicle_id": UUID(form.cleaned_data["vehicle"]),
        "driver_id": UUID(driver) if driver else None,
    }


def _answered(request: ActingRequest, tender: Tender, accept: AcceptForm, decline: DeclineForm) -> str:
    now = timezone.now()
    if accept.is_bound and accept.is_valid():
        services.accept_tender(actor=request.actor, tender_id=tender.pk, now=now, **picked(accept))
        return _("%s has the route.") % tender.carrier.name
    if decline.is_bound and decline.is_valid():
        services.decline_tender(
            actor=request.actor,
            tender_id=tender.pk,
            reason=ReasonCode(decline.cleaned_data["reason"]),
            note=decline.cleaned_data["note"],
            now=now,
        )
        return _("Declined for %s.") % tender.carrier.name
    return ""


def _planned_driver(tender: Tender) -> str:
    route = tender.tendering.route
    return str(route.driver_id) if route.driver_id and route.carrier_id == tender.carrier_id else ""


def _page(request: ActingRequest, search: Tendering, refused: DomainError | None = None) -> HttpResponse:
    route = search.route
    may_manage = allows(request.actor, "tendering.manage")
    in_force = route.plan.state == RoutePlan.State.PUBLISHED
    is_over = search.state in {SearchState.UNCOVERED, SearchState.WITHDRAWN}
    latest = selectors.latest_searches([route.pk]).get(route.pk)
    stops = list(route.stops.select_related("delivery__site", "dock").order_by("position"))
    context = {
        **desk_frame(request, section="carriers"),
        "search": search,
        "title": present.route_title(route),
        "status": present.status(search),
        "rows": present.rows(search),
        "route": present.route_facts(route, stops),
        "history": present.history(search),
        "zone": route.plan.site.time_zone,
        "on_plan_url": f"{reverse('desk:plan')}?site={route.plan.site_id}&day={route.plan.day}"
        f"&version={route.plan.version}&route={route.number}",
        "ways_out": ways_out(search) if search.state == SearchState.UNCOVERED else [],
        "may_manage": may_manage,
        "may_call_off": may_manage and not is_over,
        "form": SearchForm() if may_manage and in_force and is_over and latest == search else None,
        "start_url": reverse("desk:start_tendering", args=[route.pk]),
        "newer": latest if latest is not None and latest != search else None,
        "refused": refused,
    }
    return render(request, "portal/desk/tendering.html", context, status=refused.status if refused else 200)
