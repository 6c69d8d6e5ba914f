"""A shipper's CSV of order lines, read into consignments and a list of what is wrong with it. No Django.

A row of the file is an order line; rows with the same consignment number make one consignment. A
consignment is whole or it is not there: one bad row refuses all of its rows, and each of them says so.
Row numbers are those a spreadsheet shows: the header is row 1.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from apps.consignments.ranges import RangeUnreadable, read_range, written_range
from apps.consignments.sscc import has_valid_check_digit

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
MAX_CELL = 2_000  # characters; the longest column takes 300
MAX_LINES_PER_ROW = 10  # a quoted cell may hold line breaks
VALUE_SHOWN = 80

REQUIRED = ("consignment", "site", "date", "article", "quantity")
OPTIONAL = (
    "order", "origin", "line", "gtin", "unit", "batch", "expires",
    "weight_kg", "volume_m3", "temperature", "temperature_range", "adr", "pallets",
    "priority",
)  # fmt: skip
#: What must be the same in all rows of a consignment; a blank cell leaves it to the other rows.
SHARED = (
    "order", "site", "origin", "date", "temperature", "temperature_range", "adr", "pallets", "priority",
)  # fmt: skip
TEMPERATURES = ("ambient", "chilled", "frozen")
PRIORITIES = ("first", "normal", "can_wait")
ADR_CLASS = re.compile(r"1(\.[1-6])?|2(\.[1-3])?|3|4\.[1-3]|5\.[12]|6\.[12]|[789]")
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Problem:
    """What keeps one row out, in words for the person who made the file."""

    row: int
    column: str
    value: str
    reason: str


class UnreadableFile(ValueError):
    """Nothing of the file could be read; ``problems`` say why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].reason)
        self.problems = problems


@dataclass(frozen=True)
class Line:
    """One order line. ``line`` is its number in the consignment."""

    row: int
    line: int
    article: str
    gtin: str
    quantity: Decimal
    unit: str
    batch: str
    expires: date | None
    weight_kg: Decimal
    volume_m3: Decimal


@dataclass(frozen=True)
class ParsedConsignment:
    """One consignment of the file. ``site`` and ``origin`` are as written: a site code or a GLN."""

    number: str
    order: str
    site: str
    origin: str
    date: date
    temperature: str
    adr: tuple[str, ...]
    pallets: int | None
    lines: tuple[Line, ...]
    temperature_range: str = ""
    priority: str = "normal"

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of the file that it came from."""
        return tuple(line.row for line in self.lines)


@dataclass(frozen=True)
class Parsed:
    """A file as read: each of its ``row_numbers`` is in a consignment or in ``problems``."""

    consignments: tuple[ParsedConsignment, ...]
    problems: tuple[Problem, ...]
    row_numbers: tuple[int, ...]
    ignored_columns: tuple[str, ...]


def parse(content: bytes) -> Parsed:
    """Read a CSV of order lines: UTF-8 with or without BOM; comma, semicolon or tab between cells.

    Raises:
        UnreadableFile: it is too large, no UTF-8 text, empty, or lacks a required column.
    """
    lines = [f"{line}\n" for line in _text_of(content).split("\n")]
    delimiter, header = _header_of(lines)
    columns, ignored = _columns_of(header)
    problems: list[Problem] = []
    rows: list[_Row] = []
    numbers: list[int] = []
    for number, cells in _records(lines, delimiter):
        if number == 1 or (isinstance(cells, list) and not any(cell.strip() for cell in cells)):
            continue
        if len(numbers) == MAX_ROWS:
            raise _unreadable("", f"more than {MAX_ROWS:,} rows; split the file")
        numbers.append(number)
        row = _row_of(number, cells, columns, len(header))
        rows.append(row)
        problems += row.problems
    consignments, refused = _consignments_of(rows)
    return Parsed(tuple(consignments), tuple(sorted(problems + refused, key=_place)), tuple(numbers), ignored)


def shown(value: str) -> str:
    """A cell as the report shows it: printable, in one line, cut to 80 characters."""
    text = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in value[: VALUE_SHOWN + 1]
    )
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…"


def _place(problem: Problem) -> tuple[int, str]:
    return problem.row, problem.column


def _unreadable(column: str, reason: str, value: str = "") -> UnreadableFile:
    return UnreadableFile([Problem(1, column, shown(value), reason)])


# The file ------------------------------------------------------------------------------------


def _text_of(content: bytes) -> str:
    """Bytes that are not UTF-8 stay in as lone surrogates: their cell is reported, not the file."""
    if len(content) > MAX_BYTES:
        raise _unreadable("", f"the file is larger than {MAX_BYTES // 1024**2} MB; split it")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _unreadable("", "this is a workbook; save it as “CSV UTF-8” and import that")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable("", "this is UTF-16 text; save it as “CSV UTF-8” and import that")
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")
    if not text.strip():
        raise _unreadable("", f"the file is empty; it needs a header with {', '.join(REQUIRED)}")
    return _ONE_LINE_END.sub("\n", text)


_ONE_LINE_END = re.compile(r"\r\n?")


def _header_of(lines: list[str]) -> tuple[str, list[str]]:
    """The delimiter under which most of the header's names are known, and those names."""

    def split(delimiter: str) -> list[str]:
        cells = _cells(lines[:1], delimiter)
        return [_column_name(cell) for cell in cells] if isinstance(cells, list) else []

    def known(delimiter: str) -> int:
        return len(set(split(delimiter)) & {*REQUIRED, *OPTIONAL})

    delimiter = max(DELIMITERS, key=known)
    return delimiter, split(delimiter)


def _column_name(cell: str) -> str:
    return re.sub(r"[\s_]+", "_", cell.strip().lower())


def _columns_of(header: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column stands, and the names of the others."""
    problems = [
        Problem(1, name, "", "this column is missing; the header has to name it")
        for name in REQUIRED
        if name not in header
    ]
    known = [name for name in header if name in REQUIRED or name in OPTIONAL]
    problems += [
        Problem(1, name, "", "this column is there twice")
        for name in dict.fromkeys(known)
        if known.count(name) > 1
    ]
    if problems:
        raise UnreadableFile(problems)
    ignored = tuple(shown(name) for name in header if name and name not in known)
    return {name: header.index(name) for name in known}, ignored


@dataclass(frozen=True)
class _Broken:
    """A row that is no row of cells: those that could be read, where it broke (None: unclear), and why."""

    readable: list[str]
    index: int | None
    value: str
    reason: str


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, "list[str] | _Broken"]]:
    """Every row with its number. A cell that breaks costs its own line; reading goes on in the next one."""
    start, number = 0, 0
    while start < len(lines):
        number += 1
        cells, extent = _record_at(lines, start, delimiter)
        yield number, cells
        start += extent


def _record_at(lines: list[str], start: int, delimiter: str) -> tuple["list[str] | _Broken", int]:
    """The row that begins at ``start`` and its number of lines: several where a quoted cell has breaks."""
    first = _cells(lines[start : start + 1], delimiter)
    cells = first
    for extent in range(1, MAX_LINES_PER_ROW + 1):
        record = lines[start : start + extent]
        if extent > 1:
            if len(record) < extent or sum(map(len, record)) > csv.field_size_limit():
                break
            cells = _cells(record, delimiter)
        if isinstance(cells, list):
            return cells, extent
        if cells.reason != _OPEN_QUOTE:
            break
    return first, 1


_OPEN_QUOTE = "a quotation mark opens a cell here and nothing closes it"


def _cells(record: list[str], delimiter: str) -> "list[str] | _Broken":
    try:
        return next(csv.reader(record, delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return _broken("".join(record), delimiter, str(error))


def _broken(record: str, delimiter: str, error: str) -> _Broken:
    """Say which cell broke: read the beginning of the row again, forgivingly, and see where it ends."""
    cells = next(csv.reader([record[: csv.field_size_limit()]], delimiter=delimiter), []) or [""]
    if "larger than field limit" in error:
        index = max(range(len(cells)), key=lambda i: len(cells[i]))
        return _Broken(cells[:index], index, cells[index], f"longer than {MAX_CELL:,} characters")
    if "unexpected end of data" in error:
        index = len(cells) - 1
        return _Broken(cells[:index], index, cells[index], _OPEN_QUOTE)
    return _Broken(
        cells, None, "", "its quotation marks are not as CSV has them: one inside a quoted cell is doubled"
    )


# A row ---------------------------------------------------------------------------------------


@dataclass
class _Row:
    """A row's cells as values, as far as they could be read."""

    number: int
    consignment: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, column: str, value: str, reason: str) -> None:
        self.problems.append(Problem(self.number, column, shown(value), reason))


class _Refused(ValueError):
    """A cell has no value of its column; the message says what would be one."""


def _row_of(number: int, cells: "list[str] | _Broken", columns: dict[str, int], width: int) -> _Row:
    row = _Row(number)
    readable = cells if isinstance(cells, list) else cells.readable
    for name, index in columns.items():
        cell = readable[index] if index < len(readable) else ""
        try:
            row.values[name] = READERS[name](_clean(cell))
        except _Refused as refused:
            if isinstance(cells, list):
                row.refuse(name, cell, str(refused))
    row.consignment = row.values.get("consignment", "")
    if isinstance(cells, _Broken):
        column = next((name for name, index in columns.items() if index == cells.index), "")
        row.refuse(column, cells.value, cells.reason)
    elif any(cell.strip() for cell in cells[width:]):
        row.refuse(
            "", "", f"the row has {len(cells)} cells and the header {width}; is a cell with a comma unquoted?"
        )
    _check_together(row)
    return row


def _check_together(row: _Row) -> None:
    expires, day = row.values.get("expires"), row.values.get("date")
    if expires and day and expires < day:
        row.refuse("expires", expires.isoformat(), f"expires before it is delivered on {day.isoformat()}")


def _clean(cell: str) -> str:
    """A cell's text: one line, single spaces, composed characters.

    Raises:
        _Refused: it is too long, or has bytes that are not UTF-8, or characters that control devices.
    """
    if len(cell) > MAX_CELL:
        raise _Refused(f"longer than {MAX_CELL:,} characters")
    text = " ".join(cell.split())
    if text.isprintable():
        return unicodedata.normalize("NFC", text)
    for char in text:
        if "\udc80" <= char <= "\udcff":
            raise _Refused(f"byte 0x{ord(char) - 0xDC00:02X} is not UTF-8; save the file as “CSV UTF-8”")
        if unicodedata.category(char) == "Cc":
            raise _Refused("has a control character; take it out")
    return unicodedata.normalize("NFC", text)


def _text(longest: int, *, required: bool = False, default: str = "") -> Callable[[str], str]:
    def read(cell: str) -> str:
        if required and not cell:
            raise _Refused("is blank and has to be filled in")
        if len(cell) > longest:
            raise _Refused(f"has {len(cell):,} characters; at most {longest} fit")
        return cell or default

    return read


_PLAIN_NUMBER = re.compile(r"\+?[0-9]+(\.[0-9]+)?")
_AMBIGUOUS_COMMA = re.compile(r"[0-9]{1,3},[0-9]{3}")
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}([ ,'’.][0-9]{3})+([.,][0-9]+)?")


def _number(*, digits: int, places: int, above_zero: bool = False) -> Callable[[str], Decimal]:
    """Plain decimals with a point. What could be read in two ways is refused, not guessed."""

    def read(cell: str) -> Decimal:
        if not cell and not above_zero:
            return Decimal(0)
        if not cell:
            raise _Refused("is blank and has to be a number above zero")
        if cell.startswith(("-", "−")) and _PLAIN_NUMBER.fullmatch(cell[1:]):
            raise _Refused("is negative; it has to be above zero" if above_zero else "is negative")
        if not _PLAIN_NUMBER.fullmatch(cell):
            raise _Refused(_number_hint(cell))
        value = Decimal(cell.removeprefix("+"))
        if above_zero and value == 0:
            raise _Refused("is zero; it has to be above zero")
        if value >= 10 ** (digits - places):
            raise _Refused(f"is too large; at most {digits - places} digits fit before the point")
        if value != round(value, places):
            raise _Refused(f"has more than {places} decimals")
        return value.quantize(Decimal(1).scaleb(-places))

    return read


def _number_hint(cell: str) -> str:
    if _AMBIGUOUS_COMMA.fullmatch(cell):
        return f"could be {cell.replace(',', '')} or {cell.replace(',', '.')}: write it as one of these"
    if _DECIMAL_COMMA.fullmatch(cell):
        return f"has a decimal comma: write it with a point, {cell.replace(',', '.')}"
    if _GROUPED.fullmatch(cell):
        return "groups its thousands: leave the grouping out and write decimals after a point, as in 1250.5"
    return "is no number: write it as in 12 or 12.5"


def _whole(*, most: int) -> Callable[[str], int | None]:
    def read(cell: str) -> int | None:
        if not cell:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", cell) or not 1 <= int(cell) <= most:
            raise _Refused(f"has to be a whole number from 1 to {most:,}")
        return int(cell)

    return read


def _date(*, required: bool) -> Callable[[str], date | None]:
    def read(cell: str) -> date | None:
        if not cell and not required:
            return None
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
            raise _Refused("is no date as we read it: write year-month-day, as in 2026-03-02")
        try:
            day = date.fromisoformat(cell)
        except ValueError:
            raise _Refused("is not in the calendar") from None
        if not 2000 <= day.year <= 2100:
            raise _Refused("is not between the years 2000 and 2100")
        return day

    return read


def _gtin(cell: str) -> str:
    if cell and (len(cell) not in {8, 12, 13, 14} or not has_valid_check_digit(cell)):
        well_formed = cell.isascii() and cell.isdigit() and len(cell) in {8, 12, 13, 14}
        raise _Refused(
            "its last digit does not check the others; one digit is wrong"
            if well_formed
            else "is no GTIN: it has 8, 12, 13 or 14 digits and nothing else"
        )
    return cell


def _temperature(cell: str) -> str:
    if cell and cell.lower() not in TEMPERATURES:
        raise _Refused(f"is none of {', '.join(TEMPERATURES)}")
    return cell.lower()


def _priority(cell: str) -> str:
    """In whichever case, its words parted as people part them: “can wait” is can_wait."""
    named = re.sub(r"[\s_-]+", "_", cell.lower())
    if named and named not in PRIORITIES:
        raise _Refused(f"is none of {', '.join(PRIORITIES)}")
    return named


def _temperature_range(cell: str) -> str:
    """As ``ranges.read_range`` reads it, always written alike."""
    try:
        return written_range(read_range(cell))
    except RangeUnreadable as error:
        raise _Refused(str(error)) from None


def _adr(cell: str) -> tuple[str, ...]:
    classes = sorted(set(re.split(r"[\s,;/+|]+", cell)) - {""})
    unknown = [name for name in classes if not ADR_CLASS.fullmatch(name)]
    if unknown:
        raise _Refused(
            f"{shown(unknown[0])} is no ADR class; write as in 3 or 4.1, several with a space between"
        )
    return tuple(classes)


READERS: dict[str, Callable[[str], Any]] = {
    "consignment": _text(40, required=True),
    "order": _text(60),
    "site": _text(20, required=True),
    "origin": _text(20),
    "date": _date(required=True),
    "line": _whole(most=1_000_000),
    "article": _text(300, required=True),
    "gtin": _gtin,
    "quantity": _number(digits=12, places=3, above_zero=True),
    "unit": _text(20, default="pack"),
    "batch": _text(60),
    "expires": _date(required=False),
    "weight_kg": _number(digits=10, places=2),
    "volume_m3": _number(digits=8, places=3),
    "temperature": _temperature,
    "temperature_range": _temperature_range,
    "adr": _adr,
    "pallets": _whole(most=999),
    "priority": _priority,
}


# A consignment -------------------------------------------------------------------------------


def _consignments_of(rows: list[_Row]) -> tuple[list[ParsedConsignment], list[Problem]]:
    """The consignments whose rows are all good, and what refuses the others' rows."""
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        if row.consignment:
            groups.setdefault(row.consignment, []).append(row)
    consignments: list[ParsedConsignment] = []
    problems: list[Problem] = []
    for number, group in groups.items():
        found = _disagreements(group) + _repeated_lines(group)
        bad = {problem.row for problem in found} | {row.number for row in group if row.problems}
        if bad:
            problems += found + _refused_with([row.number for row in group], number, bad)
        else:
            consignments.append(_consignment(number, group))
    return consignments, problems


def _refused_with(rows: list[int], number: str, bad: set[int]) -> list[Problem]:
    """Rows that are good themselves and stay out because another row of their consignment is bad."""
    reason = f"left out because row {min(bad)} of the same consignment is wrong"
    return [Problem(row, "consignment", shown(number), reason) for row in rows if row not in bad]


def _disagreements(group: list[_Row]) -> list[Problem]:
    problems = []
    for column in SHARED:
        said = [(row, row.values[column]) for row in group if row.values.get(column)]
        for row, value in said[1:]:
            if value != said[0][1]:
                reason = f"row {said[0][0].number} of the same consignment says {_words(said[0][1])}"
                problems.append(Problem(row.number, column, shown(_words(value)), reason))
    return problems


def _words(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _repeated_lines(group: list[_Row]) -> list[Problem]:
    problems = []
    seen: dict[int, int] = {}
    for position, row in enumerate(group, start=1):
        line = row.values.get("line") or position
        if line in seen:
            reason = f"row {seen[line]} is line {line} of this consignment already"
            problems.append(Problem(row.number, "line", str(line), reason))
        seen.setdefault(line, row.number)
    return problems


def _consignment(number: str, group: list[_Row]) -> ParsedConsignment:
    def shared(column: str, default: Any) -> Any:
        return next((row.values[column] for row in group if row.values.get(column)), default)

    return ParsedConsignment(
        number=number,
        order=shared("order", ""),
        site=shared("site", ""),
        origin=shared("origin", ""),
        date=shared("date", None),
        temperature=shared("temperature", "ambient"),
        adr=shared("adr", ()),
        pallets=shared("pallets", None),
        lines=tuple(_line(row, position) for position, row in enumerate(group, start=1)),
        temperature_range=shared("temperature_range", ""),
        priority=shared("priority", "normal"),
    )


def _line(row: _Row, position: int) -> Line:
    values = row.values
    return Line(
        row=row.number,
        line=values.get("line") or position,
        article=values["article"],
        gtin=values.get("gtin", ""),
        quantity=values["quantity"],
        unit=values.get("unit", "pack"),
        batch=values.get("batch", ""),
        expires=values.get("expires"),
        weight_kg=values.get("weight_kg", Decimal(0)),
        volume_m3=values.get("volume_m3", Decimal(0)),
    )
