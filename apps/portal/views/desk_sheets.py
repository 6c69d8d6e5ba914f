"""The sheet of a route for its driver, as PDF and as CSV."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.portal.access import desk_page
from apps.routing.sheets import as_csv, as_pdf, route_sheet


@desk_page
@require_GET
def pdf(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """The route sheet to print or to send along."""
    require(request.actor, "routing.view")
    sheet = route_sheet(route_id)
    return _file(as_pdf(sheet), "application/pdf", f'inline; filename="{sheet.name}.pdf"')


@desk_page
@require_GET
def table(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """The same as a table, a stop a line."""
    require(request.actor, "routing.view")
    sheet = route_sheet(route_id)
    return _file(as_csv(sheet), "text/csv; charset=utf-8", f'attachment; filename="{sheet.name}.csv"')


def _file(content: bytes, media_type: str, disposition: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = disposition
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
