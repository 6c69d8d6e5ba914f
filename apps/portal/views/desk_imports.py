"""Bringing orders in: the file, what came of each of its rows, and what was brought in before."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.consignments import parsing
from apps.consignments.models import Import
from apps.consignments.services import FileRefused
from apps.core.errors import DomainError
from apps.custody.spreadsheet import BYTE_ORDER_MARK, line
from apps.deliveries.services import import_orders
from apps.facilities.models import Site
from apps.portal.access import desk_page
from apps.portal.forms_desk import OrdersForm
from apps.portal.frame import desk_frame

LISTED = 20
REPORT_PAGE = 100
REPORT_COLUMNS = ("row", "column", "value", "reason")


@desk_page
@require_http_methods(["GET", "POST"])
def imports(request: ActingRequest) -> HttpResponse:
    """The form; posted, the file is brought in and its report shown. What could not be read is said here."""
    form = OrdersForm(request.POST or None, request.FILES or None)
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            brought_in = import_orders(
                actor=request.actor, file_name=file.name, content=file.read(), now=timezone.now()
            )
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _summary(brought_in))
            return redirect("desk:import_result", brought_in.pk)
    status = refused.status if refused else 422 if form.errors else 200
    return _page(request, Import.objects.first(), form, refused=refused, status=status)


@desk_page
@require_GET
def import_result(request: ActingRequest, import_id: UUID) -> HttpResponse:
    """What came of one file, row by row."""
    return _page(request, get_object_or_404(Import, pk=import_id), OrdersForm())


@desk_page
@require_GET
def import_report(request: ActingRequest, import_id: UUID) -> HttpResponse:
    """The refused rows as CSV that no spreadsheet program executes."""
    shown = get_object_or_404(Import, pk=import_id)
    lines = [line(REPORT_COLUMNS)]
    lines += [line([str(entry.get(column, "")) for column in REPORT_COLUMNS]) for entry in shown.report]
    return _csv(b"".join(lines), f"import-{shown.created_at:%Y-%m-%d}-refused.csv")


@desk_page
@require_GET
def import_sample(request: ActingRequest) -> HttpResponse:
    """A file to start from: every column, with the shipper's own sites in two lines."""
    columns = parsing.REQUIRED + parsing.OPTIONAL
    origin = Site.objects.filter(shipper__isnull=False).values_list("code", flat=True).first() or ""
    site = Site.objects.filter(recipient__isnull=False).values_list("code", flat=True).first() or ""
    shared = {
        "consignment": "C-1001",
        "site": site,
        "origin": origin,
        "date": timezone.now().date().isoformat(),
        "order": "PO-77",
        "pallets": "2",
        "temperature": "ambient",
        "unit": "pack",
        "priority": "normal",
    }
    samples: list[dict[str, str]] = [
        {**shared, "line": "1", "article": "Gloves, nitrile, M", "quantity": "200", "weight_kg": "180"},
        {
            **shared,
            "line": "2",
            "article": "Syringe 5 ml",
            "quantity": "1500",
            "weight_kg": "95.5",
            "batch": "B-42",
        },
    ]
    content = line(columns) + b"".join(
        line([sample.get(column, "") for column in columns]) for sample in samples
    )
    return _csv(content, "orders-sample.csv")


def _page(
    request: ActingRequest,
    shown: Import | None,
    form: OrdersForm,
    *,
    refused: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        **desk_frame(request, section="deliveries"),
        "form": form,
        "refused": refused,
        "problems": refused.details.get("problems", []) if isinstance(refused, FileRefused) else [],
        "shown": shown,
        "page": Paginator(shown.report, REPORT_PAGE).get_page(request.GET.get("page")) if shown else None,
        "imports": Import.objects.defer("report")[:LISTED],
        "required": parsing.REQUIRED,
        "optional": parsing.OPTIONAL,
        "most_bytes": parsing.MAX_BYTES,
        "most_rows": parsing.MAX_ROWS,
    }
    return render(request, "portal/desk/imports.html", context, status=status)


def _summary(brought_in: Import) -> str:
    parts = [
        ngettext("%(count)d consignment is in", "%(count)d consignments are in", brought_in.created)
        % {"count": brought_in.created}
    ]
    if brought_in.unchanged:
        parts.append(_("%(count)d were known already") % {"count": brought_in.unchanged})
    if brought_in.refused:
        parts.append(
            ngettext("%(count)d row was refused", "%(count)d rows were refused", brought_in.refused)
            % {"count": brought_in.refused}
        )
    return ", ".join(parts) + "."


def _csv(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(BYTE_ORDER_MARK + content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
