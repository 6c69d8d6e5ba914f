"""The events as an Excel workbook: the columns somebody chose, every cell a text that nothing executes. Pure.

Cells are written as strings, so that nothing is taken for a formula or a link and every text reads back as it
was: there is no apostrophe to drop. A text beyond Excel's 32,767 characters per cell is replaced by a word on
where it stands whole. Equal events give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from apps.custody.spreadsheet import COLUMNS

MAX_CELL = 32_767
MAX_ROWS = 1_048_576
WIDTHS: Mapping[str, int] = {"event_id": 38, "type": 30, "details": 80, "site_name": 30, "consignments": 24}


class Workbook:
    """Writes a workbook row by row, on disk while it grows; what exceeds a sheet goes on in the next.

    ``columns`` are names of `spreadsheet.COLUMNS`, kept in their order; ``about`` its first sheet's lines.
    """

    def __init__(
        self,
        output: IO[bytes],
        *,
        columns: Sequence[str] = COLUMNS,
        about: Sequence[tuple[str, str]],
        created: datetime,
    ) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(output, {**options, "strings_to_numbers": False})
        self._book.set_properties({"created": created.replace(tzinfo=None), "title": "Custody record"})
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._columns = columns
        self._kept = [COLUMNS.index(name) for name in columns]
        self._add_about(about)
        self._sheet: Any = None
        self._used = MAX_ROWS

    def append(self, cells: Sequence[str]) -> None:
        """One row, with a cell per name of `spreadsheet.COLUMNS`."""
        if self._used >= MAX_ROWS:
            self._add_sheet()
        for place, column in enumerate(self._kept):
            self._sheet.write_string(self._used, place, _cell(cells[column], cells[0]))
        self._used += 1

    def close(self) -> None:
        """Finish the file; nothing can be appended any more."""
        if self._sheet is None:
            self._add_sheet()
        self._book.close()

    def _add_about(self, about: Sequence[tuple[str, str]]) -> None:
        sheet = self._book.add_worksheet("About")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 100)
        for place, (name, text) in enumerate(about):
            sheet.write_string(place, 0, name, self._bold)
            sheet.write_string(place, 1, text)

    def _add_sheet(self) -> None:
        number = len(self._book.worksheets())
        self._sheet = self._book.add_worksheet("Events" if number == 1 else f"Events {number}")
        self._sheet.freeze_panes(1, 1)
        for place, name in enumerate(self._columns):
            self._sheet.set_column(place, place, WIDTHS.get(name, 18))
            self._sheet.write_string(0, place, name, self._bold)
        self._used = 1


def _cell(text: str, index: str) -> str:
    """``text`` as it is, or where it stands whole; Excel counts UTF-16 units."""
    if len(text.encode("utf-16-le")) // 2 <= MAX_CELL:
        return text
    return f"({len(text)} characters: see the event at log index {index} in events.jsonl)"
