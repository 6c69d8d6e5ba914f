"""What instruments and hands put in: scans, temperatures typed and logged, drawn signatures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.consignments.ranges import NO_RANGE
from apps.deliveries.scanning import ScanUnreadable, scanned_ssccs
from apps.deliveries.strokes import NoSignature, read_strokes, svg_path
from apps.deliveries.temperatures import Readings, ReadingsUnreadable, limits, read_logger, typed_temperatures

SSCC = "106141411234567897"  # GS1's own example
OTHER = "006141411234567890"
ZONE = ZoneInfo("Africa/Johannesburg")


@pytest.mark.parametrize(
    "scan",
    [
        SSCC,
        f"00{SSCC}",
        f"(00){SSCC}",
        f"]C100{SSCC}",
        f"]C100{SSCC}\x1d10BATCH7",
        f"  {SSCC[:4]} {SSCC[4:]}  ",
    ],
)
def test_a_scan_is_read_however_the_scanner_writes_it(scan):
    assert scanned_ssccs(scan) == (SSCC,)


def test_what_is_scanned_twice_counts_once():
    assert scanned_ssccs(f"{SSCC}\n\n00{OTHER}\n(00){SSCC}\n") == (SSCC, OTHER)


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        (f"{SSCC}\nhello", "Line 2, “hello”"),
        (SSCC[:-1] + "8", "check digit"),
        ("12345", "no SSCC"),
        ("٠" * 18, "check digit|no SSCC"),
        ("1\n" * 6_000, "at once"),
    ],
)
def test_a_scan_that_holds_no_sscc_names_its_line(scan, reason):
    with pytest.raises(ScanUnreadable, match=reason):
        scanned_ssccs(scan)


def test_temperatures_are_typed_with_point_or_comma():
    assert typed_temperatures(" 4.2 5,1; -18 °C".replace(" °C", "°C")) == (4_200, 5_100, -18_000)
    assert typed_temperatures("") == ()


@pytest.mark.parametrize("text", ["warm", "4.2.1", "400", "NaN"])
def test_what_is_no_temperature_is_refused(text):
    with pytest.raises(ReadingsUnreadable):
        typed_temperatures(text)


LOGGED = Readings(
    datetime(2026, 3, 4, 6, 0, tzinfo=UTC), datetime(2026, 3, 4, 7, 30, tzinfo=UTC), 3, 2_100, 8_400
)


@pytest.mark.parametrize(
    "table",
    [
        "Time,Temperature °C\n2026-03-04 08:00,2.1\n2026-03-04 08:30,8.4\n2026-03-04 09:30,3\n",
        "\ufeffLogger T-7\n\nDate;Time;Temp (°C)\n"
        "04.03.2026;08:00;2,1\n04.03.2026;08:30;8,4\n04.03.2026;09:30;3\n",
        "timestamp\ttemperature\n"
        "2026-03-04T06:00:00Z\t2.1\n2026-03-04T06:30:00Z\t8.4\n2026-03-04T07:30:00Z\t3\n",
    ],
)
def test_a_loggers_table_is_read_in_the_shapes_that_loggers_write(table):
    assert read_logger(table.encode(), ZONE) == LOGGED


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"a,b\n1,2\n", "names no column"),
        ("Time,Temperature °F\n2026-03-04 08:00,40\n".encode(), "Fahrenheit"),
        (b"Time,Temperature\n", "no readings"),
        (b"Time,Temperature\n2026-03-04 08:00,cold\n", "Line 2"),
        (b"Time,Temperature\nyesterday,4\n", "Line 2"),
        (b"Time,Temperature\n2026-03-04 08:00\n", "cut short"),
    ],
)
def test_a_table_that_is_none_says_where(table, reason):
    with pytest.raises(ReadingsUnreadable, match=reason):
        read_logger(table, ZONE)


def test_goods_are_held_to_the_range_of_their_class():
    classes = ("ambient", "chilled", "frozen")

    assert [LOGGED.within(limits(each, NO_RANGE)) for each in classes] == [True, False, False]


def test_a_drawn_signature_becomes_a_path():
    strokes = read_strokes("100,100 300,120 500,90;120,200 600,210")

    assert svg_path(strokes) == "M100 100L300 120L500 90 M120 200L600 210"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "10,10",
        "10,10 11,11",
        "5000,10 10,10",
        "10,999 400,10",
        ";".join(["1,1 900,1"] * 4_000),
        "M0 0L9 9",
    ],
)
def test_a_signature_without_strokes_is_none(text):
    with pytest.raises(NoSignature):
        read_strokes(text)
