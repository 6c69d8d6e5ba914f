"""A place of its own for the services that a test starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local import services


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An empty directory to keep services in; whatever runs from it ends with the test."""
    place = tmp_path / "local"
    yield place
    services.destroy(place)
