"""The events as an Excel workbook: the columns somebody chose, every cell a text that nothing executes. Pure.

Cells are written as strings, so that nothing is taken for a formula or a link and every text reads back as it
was: there is no apostrophe to drop. A text beyond Excel's 32,767 characters per cell is replaced by a word on
where it stands whole. Equal events give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from apps.custody.spreadsheet import COLUMNS

MAX_CELL = 32_767
MAX_ROWS = 1_048_576
WIDTHS: Mapping[str, int] = {"event_id": 38, "type": 30, "details": 80, "site_name": 30, "consignments": 24}


def write(
    output: IO[bytes],
    rows: Iterable[Sequence[str]],
    *,
    columns: Sequence[str] = COLUMNS,
    about: Sequence[tuple[str, str]],
    created: datetime,
) -> int:
    """Write ``rows``, each with a cell per name of `spreadsheet.COLUMNS`, and return how many there were.

    ``columns`` are the names that are kept, in their order; ``about`` the lines of the first sheet. Rows are
    streamed; what exceeds a sheet goes on in the next.
    """
    kept = [COLUMNS.index(name) for name in columns]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, {**options, "strings_to_numbers": False}) as book:
        book.set_properties({"created": created.replace(tzinfo=None), "title": "Custody record"})
        bold = book.add_format({"bold": True, "bottom": 1})
        _about(book, bold, about)
        sheet: Any = None
        used, count = MAX_ROWS, 0
        for row in rows:
            if used == MAX_ROWS:
                sheet, used = _sheet(book, bold, columns), 1
            for place, column in enumerate(kept):
                sheet.write_string(used, place, _cell(row[column], row[0]))
            used, count = used + 1, count + 1
        if sheet is None:
            _sheet(book, bold, columns)
    return count


def _about(book: Any, bold: Any, about: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    for place, (name, text) in enumerate(about):
        sheet.write_string(place, 0, name, bold)
        sheet.write_string(place, 1, text)


def _sheet(book: Any, bold: Any, columns: Sequence[str]) -> Any:
    number = len(book.worksheets())
    sheet = book.add_worksheet("Events" if number == 1 else f"Events {number}")
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(columns):
        sheet.set_column(place, place, WIDTHS.get(name, 18))
        sheet.write_string(0, place, name, bold)
    return sheet


def _cell(text: str, index: str) -> str:
    """``text`` as it is, or where it stands whole; Excel counts UTF-16 units."""
    if len(text.encode("utf-16-le")) // 2 <= MAX_CELL:
        return text
    return f"({len(text)} characters: see the event at log index {index} in events.jsonl)"
