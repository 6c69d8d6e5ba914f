"""Causes and cost at the desk: why deliveries went wrong, where, what it cost, what would have helped."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError
from apps.figures import blaming, services
from apps.figures.causes import Cause
from apps.figures.models import CauseOverride, FailureRates, VisitFacts
from apps.figures.reading import age
from apps.figures.tables import Table
from apps.portal.access import desk_page
from apps.portal.files import table_file
from apps.portal.forms_causes import OverrideForm, RatesForm
from apps.portal.forms_figures import FiguresForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import causes as present
from apps.portal.presenters.figures import visits

PAGE = 50
FILTERS = ("first", "last", "site", "origin", "carrier")


@desk_page
@require_GET
def overview(request: ActingRequest) -> HttpResponse:
    """The Pareto, the bottlenecks, the cost, and what changes would have prevented."""
    form = FiguresForm(request.GET, today=timezone.localdate())
    choice, query = form.choice, urlencode(form.kept)
    rates = blaming.rates_on(choice.period.last)
    rows = blaming.blamed(choice)
    harm = sum((each.harm for each in rows), blaming.NOTHING)
    detention = blaming.all_detention(choice)
    context = {
        **desk_frame(request, section="figures"),
        "page_name": "causes",
        "form": form,
        "filters": [form[name] for name in FILTERS],
        "period": choice.period,
        "age": age(now=timezone.now()),
        "rates": rates,
        "harm": harm,
        "detention": present.span(detention),
        "cost": present.money(blaming.cost_of(harm, rates)),
        "causes": present.causes(rows, rates, query),
        "chart": present.chart(rows),
        "steps": present.steps(blaming.site_by_step(choice)),
        "chains": present.chain(blaming.chains(choice)),
        "changes": present.changes(blaming.changes(choice), rates),
        "query": query,
    }
    return render(request, "portal/desk/causes.html", context, status=200 if form.is_valid() else 422)


@desk_page
@require_GET
def table(request: ActingRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook."""
    form = FiguresForm(request.GET, today=timezone.localdate())
    made = _table(name, form) if form.is_valid() else None
    if made is None:
        raise Http404
    return table_file(made, ending)


def _table(name: str, form: FiguresForm) -> Table | None:
    choice = form.choice
    rates = blaming.rates_on(choice.period.last)
    match name:
        case "causes":
            return present.causes(blaming.blamed(choice), rates, "")
        case "bottlenecks":
            return present.chain(blaming.chains(choice, most=5_000))
        case "steps":
            return present.steps(blaming.site_by_step(choice))
        case "changes":
            return present.changes(blaming.changes(choice), rates)
    return None


@desk_page
@require_GET
def caused(request: ActingRequest, cause: str) -> HttpResponse:
    """The deliveries that went wrong by one cause."""
    chosen = present.chosen_cause(cause)
    if chosen is None:
        raise Http404
    form = FiguresForm(request.GET, today=timezone.localdate())
    rows = blaming.caused(form.choice).filter(because=chosen)
    page = Paginator(
        rows.select_related("delivery", "site", "carrier").order_by("day", "delivery__number"), PAGE
    ).get_page(request.GET.get("page"))
    context = {
        **desk_frame(request, section="figures"),
        "cause": chosen,
        "period": form.choice.period,
        "page": page,
        "table": visits(f"caused-{cause}", str(chosen.label), page.object_list, to="desk:cause"),
        "crumbs": [_back(urlencode(form.kept))],
    }
    return render(request, "portal/desk/caused.html", context)


@desk_page
@require_http_methods(["GET", "POST"])
def cause(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Why one delivery went wrong: the record's evidence, what people said, and saying otherwise."""
    rows = VisitFacts.objects.select_related("delivery", "site", "carrier", "dock")
    facts = get_object_or_404(rows, pk=delivery_id)
    form = OverrideForm(request.POST or None)
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            services.override_cause(
                actor=request.actor,
                delivery_id=delivery_id,
                cause=Cause(form.cleaned_data["cause"]),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("It is kept, beside what the record says."))
            return redirect("desk:cause", delivery_id)
    context = {
        **desk_frame(request, section="figures"),
        "facts": facts,
        "form": form,
        "refused": refused,
        "evidence": present.evidence(facts, ZoneInfo(facts.site.time_zone)),
        "overrides": CauseOverride.objects.filter(delivery_id=delivery_id),
        "crumbs": [_back("")],
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/cause.html", context, status=status)


@desk_page
@require_http_methods(["GET", "POST"])
def rates(request: ActingRequest) -> HttpResponse:
    """What failure costs this shipper, from which day on."""
    today = timezone.localdate()
    current = blaming.rates_on(today)
    form = RatesForm(request.POST or None, initial=_initial(current) | {"valid_from": today})
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            services.set_rates(
                actor=request.actor,
                valid_from=form.cleaned_data["valid_from"],
                currency=form.cleaned_data["currency"],
                rates=form.rates,
            )
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The rates are kept; costs are counted by them from that day on."))
            return redirect("desk:causes")
    context = {
        **desk_frame(request, section="figures"),
        "form": form,
        "refused": refused,
        "former": FailureRates.objects.all()[:20],
        "crumbs": [_back("")],
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/rates.html", context, status=status)


def _initial(current: FailureRates | None) -> dict[str, Any]:
    if current is None:
        return {"currency": "ZAR"}
    given = {name: getattr(current, name) for name in services.saying.PRICED}
    return {"currency": current.currency} | {
        name: cents / 100 for name, cents in given.items() if cents is not None
    }


def _back(query: str) -> dict[str, str]:
    return {"label": _("Causes"), "url": f"{reverse('desk:causes')}{f'?{query}' if query else ''}"}
