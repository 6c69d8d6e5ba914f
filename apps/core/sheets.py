"""Cells of exchanged tables: safe to open in a spreadsheet, and read back as they were."""

import io
import re
import zipfile
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _
from import_export.formats.base_formats import CSV, XLSX

LARGEST = 2 * 1024 * 1024
LARGEST_UNPACKED = 40 * 1024 * 1024
MOST_ROWS = 5000
#: What a spreadsheet would take for a formula (OWASP, CSV injection), full-width forms included.
LIKE_A_FORMULA = re.compile("'|[ \u00a0\u3000\"']*[-=+@\t\r\n\0＝＋－＠]")
#: Numbers and telephone numbers begin with a sign and calculate nothing.
HARMLESS = re.compile(r"[-+]?[\d ]+(\.\d+)?")


def guarded(text: str) -> str:
    """A cell with an apostrophe before what begins like a formula, or with an apostrophe."""
    if not LIKE_A_FORMULA.match(text) or HARMLESS.fullmatch(text):
        return text
    return f"'{text}"


def plain(cell: Any) -> str:
    """What a cell says, as text: without a guard, whole numbers without a point, days and times as in ISO."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return text[1:].strip() if text.startswith("'") and guarded(text[1:]) != text[1:] else text


class SafeCSV(CSV):
    """CSV in UTF-8, at most 5,000 rows."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        return _bounded(super().create_dataset(in_stream, **kwargs))


class SafeXLSX(XLSX):
    """The first sheet of a workbook that unpacks to at most 40 MB, at most 5,000 rows, values alone."""

    def create_dataset(self, in_stream: bytes) -> Any:
        with zipfile.ZipFile(io.BytesIO(in_stream)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
                raise ValueError(_("The workbook is too large; split it."))
        return _bounded(super().create_dataset(in_stream))


def _bounded(dataset: Any) -> Any:
    if len(dataset) > MOST_ROWS:
        raise ValueError(_("At most %d rows at once; split the file.") % MOST_ROWS)
    return dataset
