"""What the site's page sends, and data of another recipient that could leak."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.facilities.models import Closure, Dock, Site

CANARY = "Southern's secret"
PREFIXES = ("docks", "windows", "closures", "rules", "handling_times", "document_requirements")
FIELDS = [
    "name",
    "code",
    "gln",
    "street",
    "postal_code",
    "city",
    "region",
    "country",
    "latitude",
    "longitude",
]
FIELDS += ["time_zone", "gate_instructions", "protective_equipment", "contact_name", "contact_phone"]
FIELDS += ["early_minutes", "grace_minutes", "free_minutes"]


@pytest.fixture
def leaks(southern_site: Site) -> None:
    """Southern has a dock and a closure whose names nobody at Northern may read."""
    Dock.objects.create(site=southern_site, name=CANARY)
    during = DateTimeTZRange(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 3, 21, tzinfo=UTC))
    Closure.objects.create(site=southern_site, during=during, reason=CANARY)
    Site.objects.filter(pk=southern_site.pk).update(gate_instructions=CANARY, city=CANARY)


def site_form(site: Site, **changes: Any) -> dict[str, Any]:
    """The site's page as it would be sent unchanged, without rows of its inlines, then with ``changes``."""
    management = {
        f"{prefix}-{field}": "0" for prefix in PREFIXES for field in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    durations = {"min_lead_time": "4", "max_lead_time": "720", "change_cutoff": "12", "answer_within": "24"}
    values = {name: str(getattr(site, name)) for name in FIELDS}
    limits = {"vehicles_at_once": "", "pallets_per_day": "", "active": "on"}
    return {**values, **durations, **limits, **management, **changes}
