"""timescale.css is what its generator writes, and reaches the longest day there is."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _written() -> str:
    spec = importlib.util.spec_from_file_location("timescale_css", ROOT / "tools" / "timescale_css.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.timescale_css())


def test_the_file_is_what_the_generator_writes() -> None:
    assert (ROOT / "static" / "css" / "timescale.css").read_text("utf-8") == _written()


def test_a_day_of_25_hours_can_be_filled_to_its_last_five_minutes() -> None:
    css = _written()

    assert ".hours-25 { --hours: 25; --units: 300; }" in css
    assert ".from-1495 { grid-column-start: 300; }" in css
    assert ".span-1500 { grid-column-end: span 300; }" in css
