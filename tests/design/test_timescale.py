"""timescale.css is what its command writes, and reaches the longest day there is."""

from pathlib import Path

from apps.portal.management.commands.timescale_css import timescale_css

FILE = Path(__file__).resolve().parents[2] / "static" / "css" / "timescale.css"


def test_the_file_is_what_the_command_writes() -> None:
    assert FILE.read_text("utf-8") == timescale_css()


def test_a_day_of_25_hours_can_be_filled_to_its_last_five_minutes() -> None:
    css = timescale_css()

    assert ".hours-25 { --hours: 25; --units: 300; }" in css
    assert ".from-1495 { grid-column-start: 300; }" in css
    assert ".span-1500 { grid-column-end: span 300; }" in css
