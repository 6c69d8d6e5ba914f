"""Milestones at the desk: a project's dates, the deliveries they wait for, and the float that is left."""

from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.figures import services
from apps.figures.floats import Float, floats
from apps.figures.models import Milestone
from apps.figures.tables import Table
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.forms_milestones import MilestoneForm, TieForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import milestones as present

MOST = 200


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """Every milestone, the next first, with the least float of its deliveries."""
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "milestones",
        "table": _overview(),
        "most": MOST,
    }
    return render(request, "portal/desk/milestones.html", context)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """The milestones as CSV or as a workbook."""
    if name != "milestones":
        raise Http404
    return table_file(_overview(), ending)


@desk_page
@require_http_methods(["GET", "POST"])
def new(request: ActingRequest) -> HttpResponse:
    """A milestone that was not there."""
    return _edit(request, None)


@desk_page
@require_http_methods(["GET", "POST"])
def milestone(request: ActingRequest, milestone_id: UUID) -> HttpResponse:
    """One milestone: its deliveries with their float, and its dates to change."""
    return _edit(request, _one(milestone_id))


@desk_page
@require_GET
def deliveries(request: ActingRequest, milestone_id: UUID, ending: str) -> HttpResponse:
    """The deliveries of one milestone as CSV or as a workbook."""
    one = _one(milestone_id)
    return table_file(present.deliveries(one, floats([one])), ending)


@desk_page
@require_POST
def tie(request: ActingRequest, milestone_id: UUID) -> HttpResponse:
    """Let it wait for further deliveries, by their numbers."""
    one, form = _one(milestone_id), TieForm(request.POST)
    refused: DomainError | None = None
    if form.is_valid():
        try:
            added = services.tie(actor=request.actor, milestone_id=one.pk, numbers=form.chosen)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            words = ngettext(
                "It waits for %(n)d more delivery.", "It waits for %(n)d more deliveries.", added
            )
            messages.success(request, words % {"n": added})
            return redirect("desk:milestone", one.pk)
    return _page(request, one, MilestoneForm(milestone=one), form, refused)


@desk_page
@require_POST
def untie(request: ActingRequest, milestone_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Let it wait for this delivery no longer."""
    return _done(
        request,
        lambda: services.untie(actor=request.actor, milestone_id=milestone_id, delivery_id=delivery_id),
        milestone_id,
        _("It no longer waits for that delivery."),
    )


@desk_page
@require_POST
def remove(request: ActingRequest, milestone_id: UUID) -> HttpResponse:
    """Take the milestone away; its deliveries stay."""
    return _done(
        request,
        lambda: services.remove_milestone(actor=request.actor, milestone_id=milestone_id),
        None,
        _("The milestone is gone; its deliveries stay as they are."),
    )


def _done(
    request: ActingRequest, act: Callable[[], None], milestone_id: UUID | None, words: str
) -> HttpResponse:
    try:
        act()
    except PermissionRefused:
        raise
    except DomainError as error:
        raise Http404 from error  # it is gone, or another shipper's
    messages.success(request, words)
    return redirect("desk:milestone", milestone_id) if milestone_id else redirect("desk:milestones")


def _edit(request: ActingRequest, one: Milestone | None) -> HttpResponse:
    form = MilestoneForm(request.POST if request.method == "POST" else None, milestone=one)
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            kept = services.set_milestone(
                actor=request.actor, dates=form.dates, milestone_id=one.pk if one else None
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The milestone is kept."))
            return redirect("desk:milestone", kept.pk)
    return _page(request, one, form, TieForm(), refused)


def _page(
    request: ActingRequest,
    one: Milestone | None,
    form: MilestoneForm,
    tie_form: TieForm,
    refused: DomainError | None,
) -> HttpResponse:
    rows: list[Float] = floats([one]) if one else []
    context = {
        **desk_frame(request, section="figures"),
        "milestone": one,
        "form": form,
        "tie_form": tie_form,
        "refused": refused,
        "rows": rows,
        "table": present.deliveries(one, rows) if one else None,
        "crumbs": [{"label": _("Milestones"), "url": reverse("desk:milestones")}],
    }
    invalid = form.errors or tie_form.errors
    status = refused.status if refused else 422 if invalid else 200
    return render(request, "portal/desk/milestone.html", context, status=status)


def _one(milestone_id: UUID) -> Milestone:
    return get_object_or_404(Milestone.objects.select_related("site"), pk=milestone_id)


def _overview() -> Table:
    shown = list(Milestone.objects.select_related("site")[:MOST])
    found: dict[UUID, list[Float]] = defaultdict(list)
    for each in floats(shown):
        found[each.milestone.pk].append(each)
    return present.overview(shown, found)
