"""The workbook: every text comes back as it was, nothing is a formula, equal events give equal bytes."""

import io
import json
from datetime import UTC, datetime

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from apps.custody import spreadsheet
from apps.custody.renditions import workbook
from tests.custody.samples import SampleLog

CREATED = datetime(2026, 11, 20, 18, tzinfo=UTC)
ABOUT = [("What", "=1+1")]
NASTY = (
    "=1+1",
    "+4",
    "-5",
    "@SUM(A1)",
    "'quoted",
    "_x000D_",
    " lead",
    "http://a.example",
    "2026-01-01",
    "é – 漢字 🚚",
    "",
)


def _written(rows, **options) -> bytes:
    output = io.BytesIO()
    book = workbook.Workbook(output, about=ABOUT, created=CREATED, **options)
    for row in rows:
        book.append(row)
    book.close()
    return output.getvalue()


def _read(data: bytes, sheet: str = "Events") -> list[list[str]]:
    book = load_workbook(io.BytesIO(data), read_only=True)
    return [[unescape(cell.value or "") for cell in row] for row in book[sheet].iter_rows()]


def test_texts_that_look_like_formulas_links_and_escapes_come_back_as_they_were():
    rows = [tuple(text for _ in spreadsheet.COLUMNS) for text in NASTY]

    data = _written(rows)

    assert _read(data) == [list(spreadsheet.COLUMNS), *(list(row) for row in rows)]
    cells = list(load_workbook(io.BytesIO(data))["Events"].iter_rows())
    assert {cell.data_type for row in cells for cell in row} <= {"s", "n", "inlineStr"}
    assert not any(cell.hyperlink for row in cells for cell in row)


def test_it_holds_what_the_csv_holds_in_the_columns_that_were_chosen():
    log = SampleLog()
    event = log.add("consignment_created")
    rows = [spreadsheet.event_cells(0, json.loads(log.data[0]))]

    chosen = _read(_written(rows, columns=("event_id", "type")))

    assert chosen == [["event_id", "type"], [event["event_id"], "consignment_created"]]
    assert spreadsheet.line(rows[0]) == spreadsheet.event_line(0, event)


def test_a_text_that_no_cell_holds_says_where_it_stands():
    row = ["7", *("x" for _ in spreadsheet.COLUMNS[1:-1]), "y" * 40_000]

    (_, read) = _read(_written([row]))

    assert read[-1] == "(40000 characters: see the event at log index 7 in events.jsonl)"


def test_more_rows_than_a_sheet_takes_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    rows = [(str(n), *("x" for _ in spreadsheet.COLUMNS[1:])) for n in range(3)]

    data = _written(rows, columns=("log_index",))

    assert _read(data) == [["log_index"], ["0"], ["1"]]
    assert _read(data, "Events 2") == [["log_index"], ["2"]]


def test_equal_events_give_equal_bytes():
    rows = [tuple(NASTY[:1]) * len(spreadsheet.COLUMNS)]

    assert _written(rows) == _written(rows)
    assert _read(_written([])) == [list(spreadsheet.COLUMNS)]
