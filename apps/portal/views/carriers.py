"""Carriers at the desk: which can be used today and why not, one carrier in full, its documents' files."""

from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.carriers import files
from apps.carriers.errors import UnknownCarrier
from apps.carriers.models import ComplianceDocument
from apps.carriers.selectors import carrier_by_id, carriers_with_facts, day_here, lapsing, usable_on
from apps.portal.access import shipper_page
from apps.portal.frame import desk_frame
from apps.portal.presenters import carriers as present
from apps.routing.volumes import standings
from apps.tendering.scorecards import scorecards


@shipper_page
@require_GET
def carriers(request: ActingRequest) -> HttpResponse:
    """Every carrier with whether it can be used today, what lapses soon and its score."""
    require(request.actor, "carriers.view")
    day = day_here(now=timezone.now())
    found = list(carriers_with_facts().order_by("name"))
    cards = scorecards([one.pk for one in found], now=timezone.now())
    rows = [present.row(one, cards[one.pk], day) for one in found]
    unusable = sum(bool(row["against"]) for row in rows)
    context = {
        **desk_frame(request, section="carriers"),
        "rows": rows,
        "day": day,
        "needs": _needs(len(rows), unusable),
        "may_manage": allows(request.actor, "carriers.manage"),
    }
    return render(request, "portal/desk/carriers.html", context)


@shipper_page
@require_GET
def carrier(request: ActingRequest, carrier_id: UUID) -> HttpResponse:
    """One carrier: usable today or why not, what lapses within 30 days, fleet, drivers, terms, scorecard."""
    require(request.actor, "carriers.view")
    one = carrier_by_id(carrier_id)
    day = day_here(now=timezone.now())
    against, ends = usable_on(one, day), lapsing(one, day=day)
    card = scorecards([one.pk], now=timezone.now())[one.pk]
    context = {
        **desk_frame(request, section="carriers"),
        "carrier": one,
        "day": day,
        "contacts": one.contacts.all(),
        "areas": [str(area) for area in one.areas.all()],
        "verdict": present.verdict(against, ends),
        "against": against,
        "ends": [{"what": what, "last": last} for last, what in ends],
        "gaps": present.gap_sentences(one, day),
        "vehicles": present.vehicle_rows(one, day),
        "drivers": present.driver_rows(one, day),
        "documents": present.document_rows(one, day),
        "tariffs": present.tariff_rows(one, day),
        "commitments": present.commitment_rows(standings([one], day)[one.pk]),
        "tiles": present.scores(card),
        "score": None if card.score is None else round(100 * card.score),
        "may_manage": allows(request.actor, "carriers.manage"),
        "admin_url": reverse("admin:carriers_carrier_change", args=[one.pk]),
    }
    return render(request, "portal/desk/carrier.html", context)


@shipper_page
@require_GET
def document(request: ActingRequest, compliance_id: UUID) -> FileResponse:
    """The file of a compliance document, as a download and never shown inside a page."""
    require(request.actor, "carriers.view")
    row = ComplianceDocument.objects.filter(pk=compliance_id).exclude(path="").first()
    if row is None:
        raise UnknownCarrier("There is no such file here.")
    response = FileResponse(
        files.open_kept(row.path), as_attachment=True, filename=row.file_name, content_type=row.media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    return response


def _needs(total: int, unusable: int) -> str:
    if not total:
        return _("No carrier is entered yet.")
    if not unusable:
        return _("Every carrier can be used today.")
    return ngettext(
        "%(n)d carrier can't be used today; the reasons are beside it.",
        "%(n)d carriers can't be used today; the reasons are beside them.",
        unusable,
    ) % {"n": unusable}
