"""Following one delivery: the page behind a link, its papers, and at the desk the links themselves."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError
from apps.deliveries.selectors import checklist_of, consignments_of, delivery_by_id, visit_of
from apps.documents.rendering import qr_code
from apps.documents.selectors import documents_of
from apps.documents.views import serve_document
from apps.portal.access import desk_page
from apps.portal.forms_tracking import FollowForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import tracking as present
from apps.tenancy.addresses import desk_address
from apps.tenancy.doorway import current_shipper
from apps.tracking import services
from apps.tracking.selectors import whereabouts


@never_cache
@require_GET
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """What comes, when, where, with which papers, and whom to call; nothing of any other stop."""
    now = timezone.now()
    shown = services.followed(token, now=now)
    visit = visit_of(shown.delivery)
    documents = list(documents_of(shown.delivery.pk))
    lines, _day = checklist_of(shown.delivery, visit.appointment, documents)
    context = present.page(
        visit,
        events=list(shown.delivery.events.order_by("at", "id")),
        consignments=consignments_of(shown.delivery),
        lines=lines,
        documents=present.with_the_goods(documents),
        here=whereabouts(shown.delivery),
        token=token,
        now=now,
    )
    answer = render(
        request,
        "portal/track.html",
        {**context, "contact": shown.contact, "shipper_name": current_shipper().name},
    )
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
@require_GET
def paper(request: HttpRequest, token: str, document_id: UUID) -> HttpResponseBase:
    """One paper of the delivery as a file, by the same link."""
    shown = services.followed(token, now=timezone.now())
    readable = present.with_the_goods(documents_of(shown.delivery.pk))
    found = next((document for document in readable if document.pk == document_id), None)
    if found is None:
        raise PaperNotShown(_("This link shows no such paper."))
    return serve_document(found)


class PaperNotShown(DomainError):
    """Whether or not there is such a paper, the link does not show it."""

    code = "paper-not-found"
    status = 404


@desk_page
@require_http_methods(["GET", "POST"])
def links(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Make a link to follow a delivery by, mail one, or end all of them."""
    delivery, now, address = delivery_by_id(delivery_id), timezone.now(), ""
    form = FollowForm(request.POST or None, initial={"contact": present.contact_of(delivery)})
    refused: DomainError | None = None
    if request.method == "POST" and request.POST.get("step") == "end":
        ended = services.end_links(actor=request.actor, delivery_id=delivery.pk, now=now)
        messages.success(request, _("Ended; open links there were: %(n)s.") % {"n": ended})
        return redirect("desk:links", delivery.pk)
    if request.method == "POST" and form.is_valid():
        asked: dict[str, Any] = {"actor": request.actor, "delivery_id": delivery.pk, "now": now}
        told = form.cleaned_data
        try:
            if request.POST.get("step") == "mail":
                services.mail_link(**asked, address=told["issued_to"], contact=told["contact"])
                messages.success(request, _("A mail with a link is on its way."))
                return redirect("desk:links", delivery.pk)
            token = services.make_link(**asked, **told)
            address = desk_address(current_shipper(), reverse("desk:track", args=[token]))
        except DomainError as error:
            refused = error
    context = {
        **desk_frame(request, section="deliveries"),
        "delivery": delivery,
        "crumbs": [{"label": delivery.number, "url": reverse("desk:delivery", args=[delivery.pk])}],
        "form": form,
        "address": address,
        "code": qr_code(address) if address else "",
        "links": services.open_links(delivery, now=now),
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/links.html", context, status=status)
