"""The CSV copy: nothing in it is executed, everything in it can be turned back."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.custody import spreadsheet, verify

CELLS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1)


def read_back(line: bytes) -> list[str]:
    [row] = csv.reader(StringIO(line.decode(), newline=""))
    return row


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "'=1", '"=1', "\uff1d1", "\u3000-1"]
)
def test_what_begins_like_a_formula_gets_an_apostrophe(cell):
    assert read_back(spreadsheet.line([cell])) == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["C-1", "Zoë", "", "12.50", "a=b", "{}"])
def test_ordinary_text_stays_as_it_is(cell):
    assert read_back(spreadsheet.line([cell])) == [cell]


@given(CELLS)
@example(["'"])
@example(["''=1"])
def test_every_cell_can_be_turned_back(cells):
    cells = [cell.replace("\0", "") for cell in cells]

    assert [spreadsheet.restore(cell) for cell in read_back(spreadsheet.line(cells))] == cells


@given(CELLS)
def test_the_verifier_writes_the_same_lines(cells):
    assert verify.csv_line(cells) + b"\n" == spreadsheet.line(cells)
