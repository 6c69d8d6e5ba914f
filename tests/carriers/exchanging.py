"""Tables at the admin as a person exchanges them: tried, confirmed, exported."""

from django.core.files.uploadedfile import SimpleUploadedFile

CSV, XLSX = "0", "1"


def tried(desk, model, text, kind=CSV):
    """The dry run of a file."""
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("rows.csv" if kind == CSV else "rows.xlsx", content)
    url = f"/admin/carriers/{model}/import/"
    return desk.post(url, {"import_file": file, "format": kind, "resource": "0"})


def confirm(desk, model, dry_run):
    form = dry_run.context["confirm_form"]
    return desk.post(f"/admin/carriers/{model}/process_import/", form.initial)


def said(dry_run) -> list[str]:
    """What a dry run has against the file, its rows and their fields."""
    result = dry_run.context["result"]
    rows = [f"{row.number}: {text}" for row in result.invalid_rows for text in row.error.messages]
    broken = [f"{row.number}: {error.error}" for row in result.error_rows for error in row.errors]
    return [*(str(error.error) for error in result.base_errors), *broken, *rows]


def exported(desk, model, kind=CSV) -> bytes:
    answer = desk.post(f"/admin/carriers/{model}/export/", {"format": kind, "resource": "0"})
    assert answer.status_code == 200
    return answer.content
