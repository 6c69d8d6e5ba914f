"""The desk's pages at the tests' moment, with Acme's goods at any stage of their journey."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from tests.deliveries.conftest import DAY, asked, confirmed, delivery, order_file, own_keys_and_store
from tests.factories.cast import NOW

__all__ = ["DAY", "asked", "confirmed", "delivery", "order_file", "own_keys_and_store"]


@pytest.fixture(autouse=True)
def at_the_moment() -> Iterator[None]:
    """Pages read the clock themselves; it stands at the tests' moment."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(browse: Callable[..., Client]) -> Client:
    """Alice, planner at Acme, at Acme's desk."""
    return browse("alice@acme.example", "acme")


@pytest.fixture
def auditors_desk(browse: Callable[..., Client]) -> Client:
    """Arthur, auditor at Acme, at Acme's desk."""
    return browse("arthur@acme.example", "acme")
