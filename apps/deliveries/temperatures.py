"""Temperatures on the way: what a class of goods may see, what was typed, what a logger's table says. Pure.

All temperatures are whole thousandths of a degree Celsius, so that nothing is rounded twice.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from apps.consignments.ranges import COLDEST, HOTTEST, NO_RANGE, Range, worded_range

#: Lowest and highest by temperature class; a class that is not here has no limits. Chilled: 2–8 °C, as
#: medicines that are kept in a refrigerator. Frozen: -18 °C, of which transport may deviate briefly by
#: 3 °C (Directive 89/108/EEC, article 5).
RANGES: dict[str, Range] = {"chilled": (2_000, 8_000), "frozen": (None, -15_000)}
MOST_READINGS = 200_000
_TEMPERATURE = re.compile(r"temp|°\s*c|celsius", re.IGNORECASE)
_FAHRENHEIT = re.compile(r"°\s*f\b|fahrenheit", re.IGNORECASE)
_TIME = re.compile(r"time|date|stamp|zeit|datum", re.IGNORECASE)
_CLOCK = re.compile(r"^\s*(time|zeit)\b", re.IGNORECASE)
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M:%S")


class ReadingsUnreadable(ValueError):
    """What was typed, or a logger's table, is no list of temperatures; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Temperatures between two moments, both included."""

    start: datetime
    end: datetime
    count: int
    minimum_mc: int
    maximum_mc: int

    def within(self, limits: Range) -> bool:
        """Whether goods with those limits may have seen all of it."""
        lowest, highest = limits
        return (lowest is None or self.minimum_mc >= lowest) and (
            highest is None or self.maximum_mc <= highest
        )


def limits(temperature_class: str, own: Range) -> Range:
    """What goods may see: the range that their order says, else that of their class."""
    return own if own != NO_RANGE else RANGES.get(temperature_class, NO_RANGE)


def of_its_own(temperature_class: str, within: Range) -> str:
    """A range in words where it is another than its class's, whose name says that one already."""
    return "" if within == RANGES.get(temperature_class, NO_RANGE) else worded_range(within)


def typed_temperatures(text: str) -> tuple[int, ...]:
    """``"4.2 5,1; -18"`` in degrees Celsius as thousandths of a degree.

    Raises:
        ReadingsUnreadable: something in it is no temperature.
    """
    return tuple(_milli(part, f"“{part}”") for part in re.split(r"[\s;]+|, ", text.strip()) if part)


def as_readings(temperatures_mc: Sequence[int], at: datetime) -> Readings:
    """Temperatures that were all taken at one moment."""
    return Readings(at, at, len(temperatures_mc), min(temperatures_mc), max(temperatures_mc))


def read_logger(content: bytes, zone: tzinfo) -> Readings:
    """The readings of a logger's CSV export: a header, a column of times, a column of temperatures in °C.

    Comma, semicolon or tab, decimal point or comma; lines before the header are left aside. Times without a
    zone are those of ``zone``.

    Raises:
        ReadingsUnreadable: there is no such table; says which line or column is wrong.
    """
    try:
        rows = _rows(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadingsUnreadable("The logger's table is no CSV in UTF-8. Export it again.") from error
    top, columns = _columns(rows)
    times: list[datetime] = []
    values: list[int] = []
    for number, row in enumerate(rows[top + 1 :], start=top + 2):
        if not any(cell.strip() for cell in row):
            continue
        if max(columns) >= len(row):
            raise ReadingsUnreadable(f"Line {number} of the logger's table is cut short. Export it again.")
        moment = " ".join(row[column].strip() for column in columns[1:])
        times.append(_moment(moment, zone, number))
        values.append(_milli(row[columns[0]].strip(), f"Line {number} of the logger's table"))
    if not values:
        raise ReadingsUnreadable("The logger's table has a header and no readings. Export it again.")
    return Readings(min(times), max(times), len(values), min(values), max(values))


def _rows(text: str) -> list[list[str]]:
    head = text[:4096]
    delimiter = max(";\t,", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if len(rows) > MOST_READINGS:
        raise ReadingsUnreadable(f"More than {MOST_READINGS:,} readings; export the time of this trip alone.")
    return rows


def _columns(rows: list[list[str]]) -> tuple[int, list[int]]:
    """The header's row, and the columns of temperature, of the date, and of the time where it is apart."""
    for top, row in enumerate(rows[:50]):
        temperature = next((n for n, cell in enumerate(row) if _TEMPERATURE.search(cell)), None)
        times = [n for n, cell in enumerate(row) if _TIME.search(cell) and n != temperature]
        if temperature is None or not times:
            continue
        if _FAHRENHEIT.search(row[temperature]):
            raise ReadingsUnreadable("The logger counts in Fahrenheit. Export it in degrees Celsius.")
        apart = len(times) > 1 and _CLOCK.search(row[times[1]]) and "date" in row[times[0]].lower()
        return top, [temperature, times[0], *([times[1]] if apart else [])]
    raise ReadingsUnreadable(
        "The logger's table names no column of times and none of temperatures in °C. Its first lines should"
        " hold something like “Time,Temperature °C”."
    )


def _milli(text: str, where: str) -> int:
    try:
        value = Decimal(text.replace("−", "-").replace(",", ".").removesuffix("°C").strip())
        milli = int((value * 1000).to_integral_value())
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ReadingsUnreadable(f"{where} is no temperature in °C, like 4.5.") from error
    if not COLDEST <= milli <= HOTTEST:
        raise ReadingsUnreadable(f"{where}: {text} °C can't be right. Degrees Celsius are meant.")
    return milli


def _moment(text: str, zone: tzinfo, number: int) -> datetime:
    moment = None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in _FORMATS:
            try:
                moment = datetime.strptime(text, form)
                break
            except ValueError:
                continue
    if moment is None:
        raise ReadingsUnreadable(
            f"Line {number} of the logger's table: “{text[:40]}” is no date and time, like 2026-03-04 08:15."
        )
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
