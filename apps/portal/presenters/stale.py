"""Two people changed one thing at once: what stands now beside what the second one typed."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.db import models
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _


def stale(sentence: str, stands: models.Model, typed: Mapping[str, Any], *, by: str) -> dict[str, Any]:
    """What ``stale.html`` takes: each field that differs, in words, as it stands and as it was typed."""
    rows = []
    for name, value in typed.items():
        field = stands._meta.get_field(name)
        assert isinstance(field, models.Field)
        there = getattr(stands, name)
        if there != value:
            label = capfirst(str(field.verbose_name))
            rows.append({"label": label, "stands": _said(there), "typed": _said(value)})
    return {"sentence": sentence, "by": by, "rows": rows}


def _said(value: object) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.strftime("%H:%M") if isinstance(value, time) else str(localize(value))
