"""Tables as values: shown on a page, behind a chart, on paper, and taken away as CSV or as a workbook.

A cell has what people read and, where that is another thing, the number behind it. In files a cell is a
number or a text, never a formula: CSV gets an apostrophe before what would be one, a workbook's are typed.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import xlsxwriter

from apps.core.sheets import guarded


@dataclass(frozen=True)
class Cell:
    """``text`` for people; ``number`` for files where it is one; ``note`` below it, ``url`` behind it."""

    text: str
    number: float | None = None
    note: str = ""
    url: str = ""
    state: str = ""

    @property
    def raw(self) -> float | str:
        """What a file gets."""
        return self.text if self.number is None else self.number


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand on the other side than texts."""

    label: str
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """``name`` is what its file is called; ``rows`` have a cell for each column, the first names the row."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    note: str = ""

    @property
    def lines(self) -> list[list[tuple[Column, Cell]]]:
        """The rows with each cell's column beside it, as a template takes them."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


def as_csv(table: Table) -> bytes:
    """UTF-8 with a byte order mark; numbers with a point and no grouping."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([guarded(column.label) for column in table.columns])
    for row in table.rows:
        lines.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_workbook(table: Table) -> bytes:
    """One sheet; texts are written as strings, so that nothing is taken for a formula or a link."""
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet("Figures")
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.label, bold)
            sheet.set_column(place, place, 14 if column.is_number else 32)
        for number, row in enumerate(table.rows, start=1):
            for place, cell in enumerate(row):
                if cell.number is None:
                    sheet.write_string(number, place, cell.text)
                else:
                    sheet.write_number(number, place, cell.number)
        sheet.freeze_panes(1, 1)
    return output.getvalue()


def _plain(cell: Cell) -> str:
    return guarded(cell.text) if cell.number is None else f"{cell.number:.10g}"
