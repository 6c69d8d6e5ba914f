"""Data of another recipient that could leak."""

from datetime import UTC, datetime

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.facilities.models import Closure, Dock, Site

CANARY = "Southern's secret"


@pytest.fixture
def leaks(southern_site: Site) -> None:
    """Southern has a dock and a closure whose names nobody at Northern may read."""
    Dock.objects.create(site=southern_site, name=CANARY)
    during = DateTimeTZRange(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC))
    Closure.objects.create(site=southern_site, during=during, reason=CANARY)
    Site.objects.filter(pk=southern_site.pk).update(gate_instructions=CANARY, city=CANARY)
