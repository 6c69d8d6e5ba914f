"""Reading a shipper's CSV: what goes in, and what is said of what does not."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.consignments import parsing
from apps.consignments.models import Priority
from apps.consignments.parsing import Line, ParsedConsignment, Problem, UnreadableFile, parse
from apps.facilities.models import TemperatureClass

HEADER = "consignment,site,date,article,quantity"
GOOD = "C-1,NH1,2026-03-03,Gloves,10"


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def problems_of(*rows: str, header: str = HEADER) -> list[tuple[int, str, str, str]]:
    return [(p.row, p.column, p.value, p.reason) for p in parse(csv_of(*rows, header=header)).problems]


def numbers_in(content: bytes) -> list[str]:
    return [consignment.number for consignment in parse(content).consignments]


def test_rows_of_one_number_become_one_consignment_with_all_columns():
    header = ",".join([*parsing.REQUIRED, *parsing.OPTIONAL])
    goods = "6001234567899,box,B77,2027-01-31,12.5,0.25,Chilled,2..6 °C,3 8,2,Can wait"

    parsed = parse(
        csv_of(
            f"C-1,NH1,2026-03-03,Gloves,10.5,PO-7,ACME-DC,4,{goods}",
            "C-1,NH1,2026-03-03,Masks,3",
            header=header,
        )
    )

    assert parsed.problems == ()
    assert parsed.row_numbers == (2, 3)
    assert parsed.consignments == (
        ParsedConsignment(
            number="C-1", order="PO-7", site="NH1", origin="ACME-DC", date=date(2026, 3, 3),
            temperature="chilled", temperature_range="2 to 6", adr=("3", "8"), pallets=2, priority="can_wait",
            lines=(
                Line(2, 4, "Gloves", "6001234567899", Decimal("10.5"), "box", "B77", date(2027, 1, 31),
                     Decimal("12.5"), Decimal("0.25")),
                Line(3, 2, "Masks", "", Decimal(3), "pack", "", None, Decimal(0), Decimal(0)),
            ),
        ),
    )  # fmt: skip


def test_temperatures_are_those_of_the_facilities():
    assert list(parsing.TEMPERATURES) == TemperatureClass.values


def test_priorities_are_those_of_the_orders():
    assert list(parsing.PRIORITIES) == Priority.values


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_byte_order_marks_and_line_ends_make_no_difference(delimiter, mark, line_end):
    content = line_end.join([HEADER, GOOD]).replace(",", delimiter).encode()

    assert parse(mark + content) == parse(csv_of(GOOD))


def test_a_quoted_cell_may_hold_the_delimiter_quotes_and_line_breaks():
    parsed = parse(csv_of('C-1,NH1,2026-03-03,"Gloves, ""M""\nblue",10', "C-2,NH1,2026-03-03,Masks,1"))

    assert [c.lines[0].article for c in parsed.consignments] == ['Gloves, "M" blue', "Masks"]
    assert parsed.row_numbers == (2, 3)


# Bad input, each by name ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ("-5", "is negative; it has to be above zero"),
        ("0", "is zero; it has to be above zero"),
        ("", "is blank and has to be a number above zero"),
        ("1.0005", "has more than 3 decimals"),
        ("1e3", "is no number: write it as in 12 or 12.5"),
        ("NaN", "is no number: write it as in 12 or 12.5"),
        ("٣", "is no number: write it as in 12 or 12.5"),
        ("9999999999", "is too large; at most 9 digits fit before the point"),
        ('"1,5"', "has a decimal comma: write it with a point, 1.5"),
        ('"1,250"', "could be 1250 or 1.250: write it as one of these"),
        (
            "1 250",
            "groups its thousands: leave the grouping out and write decimals after a point, as in 1250.5",
        ),
    ],
)
def test_a_bad_quantity_is_refused_with_what_would_work(quantity, reason):
    assert problems_of(f"C-1,NH1,2026-03-03,Gloves,{quantity}") == [
        (2, "quantity", quantity.strip('"'), reason)
    ]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("03/02/2026", "is no date as we read it: write year-month-day, as in 2026-03-02"),
        ("20260302", "is no date as we read it: write year-month-day, as in 2026-03-02"),
        ("2026-02-30", "is not in the calendar"),
        ("0026-03-02", "is not between the years 2000 and 2100"),
        ("", "is no date as we read it: write year-month-day, as in 2026-03-02"),
    ],
)
def test_a_bad_date_is_refused_with_what_would_work(day, reason):
    assert problems_of(f"C-1,NH1,{day},Gloves,1") == [(2, "date", day, reason)]


def test_broken_utf8_is_reported_with_row_and_column_and_the_good_rows_go_in():
    content = csv_of(GOOD) + b"C-2,NH1,2026-03-03,Caf\xe9,1\nC-3,NH1,2026-03-03,Masks,1\n"

    parsed = parse(content)

    assert [c.number for c in parsed.consignments] == ["C-1", "C-3"]
    assert parsed.problems == (
        Problem(3, "article", "Caf�", "byte 0xE9 is not UTF-8; save the file as “CSV UTF-8”"),
    )


@pytest.mark.parametrize("mark", ["", '"'], ids=["plain", "quoted"])
def test_a_cell_of_ten_megabytes_is_reported_and_the_rows_around_it_go_in(mark):
    cell = mark + "x" * 10_000_000 + mark

    parsed = parse(csv_of(GOOD, f"C-2,NH1,2026-03-03,{cell},1", "C-3,NH1,2026-03-03,Masks,1"))

    assert [c.number for c in parsed.consignments] == ["C-1", "C-3"]
    assert parsed.problems == (Problem(3, "article", "x" * 79 + "…", "longer than 2,000 characters"),)


def test_a_long_cell_below_the_readers_limit_is_reported_too():
    assert problems_of(f"C-1,NH1,2026-03-03,{'x' * 301},1", f"C-2,NH1,2026-03-03,{'x' * 2001},1") == [
        (2, "article", "x" * 79 + "…", "has 301 characters; at most 300 fit"),
        (3, "article", "x" * 79 + "…", "longer than 2,000 characters"),
    ]


def test_a_duplicate_line_refuses_its_consignment_and_no_other():
    header = f"{HEADER},line"

    parsed = parse(csv_of(f"{GOOD},1", "C-2,NH1,2026-03-03,Masks,1,1", f"{GOOD},1", header=header))

    assert [c.number for c in parsed.consignments] == ["C-2"]
    assert parsed.problems == (
        Problem(2, "consignment", "C-1", "left out because row 4 of the same consignment is wrong"),
        Problem(4, "line", "1", "row 2 is line 1 of this consignment already"),
    )


def test_rows_that_disagree_on_their_consignment_refuse_it():
    assert problems_of(GOOD, "C-1,NH2,2026-03-03,Masks,1") == [
        (2, "consignment", "C-1", "left out because row 3 of the same consignment is wrong"),
        (3, "site", "NH2", "row 2 of the same consignment says NH1"),
    ]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_alone():
    parsed = parse(csv_of(GOOD, 'C-2,NH1,2026-03-03,"Gloves,1', "C-3,NH1,2026-03-03,Masks,1"))

    assert [c.number for c in parsed.consignments] == ["C-1", "C-3"]
    assert [(p.row, p.column, p.reason) for p in parsed.problems] == [
        (3, "article", "a quotation mark opens a cell here and nothing closes it")
    ]


def test_a_broken_row_refuses_the_consignment_it_belongs_to():
    parsed = parse(csv_of(GOOD, 'C-1,NH1,2026-03-03,"Gloves" M,1'))

    assert parsed.consignments == ()
    assert [(p.row, p.column) for p in parsed.problems] == [(2, "consignment"), (3, "")]


def test_a_gtin_is_checked_when_given():
    header = f"{HEADER},gtin"

    assert problems_of(f"{GOOD},6001234567890", "C-2,NH1,2026-03-03,Masks,1,12345", header=header) == [
        (2, "gtin", "6001234567890", "its last digit does not check the others; one digit is wrong"),
        (3, "gtin", "12345", "is no GTIN: it has 8, 12, 13 or 14 digits and nothing else"),
    ]


def test_goods_that_expire_before_they_are_delivered_are_refused():
    assert problems_of(f"{GOOD},2026-03-02", header=f"{HEADER},expires") == [
        (2, "expires", "2026-03-02", "expires before it is delivered on 2026-03-03")
    ]


def test_control_characters_are_refused_and_not_shown():
    assert problems_of("C-1,NH1,2026-03-03,Glo\x00ves,1") == [
        (2, "article", "Glo�ves", "has a control character; take it out")
    ]


def test_other_classes_than_those_known_are_refused():
    assert problems_of(f"{GOOD},cold,10,0", header=f"{HEADER},temperature,adr,pallets") == [
        (2, "adr", "10", "10 is no ADR class; write as in 3 or 4.1, several with a space between"),
        (2, "pallets", "0", "has to be a whole number from 1 to 999"),
        (2, "temperature", "cold", "is none of ambient, chilled, frozen"),
    ]


def test_more_cells_than_the_header_names_are_refused():
    assert problems_of("C-1,NH1,2026-03-03,Gloves, blue,1") == [
        (2, "", "", "the row has 6 cells and the header 5; is a cell with a comma unquoted?"),
        (2, "quantity", " blue", "is no number: write it as in 12 or 12.5"),
    ]


def test_unknown_columns_are_named_and_ignored():
    parsed = parse(csv_of(f"{GOOD},red,7", header=f"{HEADER},Colour,shelf life"))

    assert (parsed.ignored_columns, len(parsed.consignments)) == (("colour", "shelf_life"), 1)


HEADER_NEEDS = "it needs a header with consignment, site, date, article, quantity"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (
            b"consignment,site,article\nC-1,NH1,Gloves\n",
            [
                ("date", "this column is missing; the header has to name it"),
                ("quantity", "this column is missing; the header has to name it"),
            ],
        ),
        (csv_of(f"{GOOD},1", header=f"{HEADER},Quantity"), [("quantity", "this column is there twice")]),
        (b" \n", [("", f"the file is empty; {HEADER_NEEDS}")]),
        (b"PK\x03\x04rest", [("", "this is a workbook; save it as “CSV UTF-8” and import that")]),
        (GOOD.encode("utf-16"), [("", "this is UTF-16 text; save it as “CSV UTF-8” and import that")]),
        (b"x" * (20 * 1024**2 + 1), [("", "the file is larger than 20 MB; split it")]),
        (csv_of(*[GOOD] * 50_001), [("", "more than 50,000 rows; split the file")]),
    ],
    ids=["columns missing", "column twice", "empty", "workbook", "utf-16", "too large", "too many rows"],
)
def test_a_file_that_cannot_be_read_says_why(content, problems):
    with pytest.raises(UnreadableFile) as refusal:
        parse(content)

    assert refusal.value.problems == [Problem(1, column, "", reason) for column, reason in problems]


# Whatever comes ---------------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        [
            "C-1",
            "C-2",
            "NH1",
            "2026-03-03",
            "Gloves",
            "1",
            "-1",
            "1,5",
            '"',
            'a"b',
            "\x00",
            "\ufeff",
            "x" * 2001,
        ]
    ),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, max_size=8), max_size=8)


@given(
    rows=ROWS, junk=st.binary(max_size=40), quoted=st.booleans(), delimiter=st.sampled_from([",", ";", "\t"])
)
def test_whatever_comes_is_read_or_reported(rows, junk, quoted, delimiter):
    def written(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if quoted else cell

    lines = [HEADER.replace(",", delimiter), *(delimiter.join(map(written, row)) for row in rows)]

    parsed = parse("\n".join(lines).encode("utf-8", "surrogatepass") + b"\n" + junk)

    taken = {row for consignment in parsed.consignments for row in consignment.rows}
    reported = {problem.row for problem in parsed.problems}
    assert taken | reported == set(parsed.row_numbers)
    assert taken & reported == set()
    assert all(len(problem.value) <= 80 and problem.value.isprintable() for problem in parsed.problems)


@given(content=st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way_than_it_says(content):
    try:
        parsed = parse(content)
    except UnreadableFile as refusal:
        reasons = [problem.reason for problem in refusal.problems]
    else:
        taken = {row for consignment in parsed.consignments for row in consignment.rows}
        told = taken | {problem.row for problem in parsed.problems}
        reasons = ["every row is told of"] if told >= set(parsed.row_numbers) else []

    assert reasons != []
    assert all(reasons)
