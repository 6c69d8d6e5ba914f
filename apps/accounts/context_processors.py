"""What every template may know of who looks at it and where."""

from typing import Any

from django.http import HttpRequest

from apps.tenancy.addresses import hub_address
from apps.tenancy.doorway import in_network


def acting(request: HttpRequest) -> dict[str, Any]:
    """``actor`` (or None), ``shipper`` (None at the hub), ``at_hub``, ``hub`` (its address), ``theme``."""
    at_hub = in_network()
    person = getattr(request, "user", None)
    theme = (
        person.theme
        if person is not None and person.is_authenticated
        else request.COOKIES.get("theme", "auto")
    )
    return {
        "actor": getattr(request, "actor", None),
        "shipper": None if at_hub else getattr(request, "tenant", None),
        "at_hub": at_hub,
        "hub": hub_address("/"),
        "theme": theme if theme in {"auto", "light", "dark"} else "auto",
    }
