"""A carrier's answer by the link that was mailed to it: shown on GET, given on POST, without an account."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.services.links import LinkClosed
from apps.core.errors import DomainError
from apps.portal.forms_tenders import AcceptForm, DeclineForm
from apps.portal.views.tenders import answer_context, answer_forms, picked
from apps.tenancy.doorway import current_shipper
from apps.tendering import services
from apps.tendering.models import Tender
from apps.tendering.services.answering import tender_of_link
from apps.tendering.states import ReasonCode, State


@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The route as it is offered, with both answers; mail scanners that open links change nothing."""
    tender = tender_of_link(token, now=timezone.now())
    accept, decline = answer_forms(request, tender)
    refused: DomainError | None = None
    if request.method == "POST":
        try:
            answered = _answer(token, accept, decline)
        except LinkClosed:
            raise
        except DomainError as error:
            refused, answered = error, None
        if answered is not None:
            return render(request, "portal/tender_answered.html", _outcome(answered))
    context = {
        **answer_context(tender, accept, decline, refused),
        "shipper_name": current_shipper().name,
    }
    status = refused.status if refused else 422 if accept.errors or decline.errors else 200
    return render(request, "portal/tender.html", context, status=status)


def _answer(token: str, accept: AcceptForm, decline: DeclineForm) -> Tender | None:
    now = timezone.now()
    if accept.is_bound and accept.is_valid():
        return services.accept_by_link(token=token, now=now, **picked(accept))
    if decline.is_bound and decline.is_valid():
        return services.decline_by_link(
            token=token,
            reason=ReasonCode(decline.cleaned_data["reason"]),
            note=decline.cleaned_data["note"],
            now=now,
        )
    return None


def _outcome(tender: Tender) -> dict[str, Any]:
    return {
        "tender": tender,
        "is_accepted": tender.state == State.ACCEPTED,
        "route": tender.tendering.route,
        "shipper_name": current_shipper().name,
    }
