"""Tables that people take away, as CSV or as a workbook."""

from django.http import Http404, HttpResponse

from apps.figures.tables import Table, as_csv, as_workbook

_WRITERS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def table_file(table: Table, ending: str) -> HttpResponse:
    """The table as the file that ``ending`` asks for; 404 where there is no such."""
    if ending not in _WRITERS:
        raise Http404
    write, media_type = _WRITERS[ending]
    answer = HttpResponse(write(table), content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{table.name}.{ending}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
