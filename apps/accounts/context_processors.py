"""What every template may know of who looks at it and where."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.http import HttpRequest

from apps.tenancy.addresses import hub_address
from apps.tenancy.doorway import in_network


def own_zone(request: HttpRequest) -> str:
    """The zone that the reader's browser is in; empty where it is unknown or no zone that there is."""
    named = request.COOKIES.get("zone", "")
    return named if named in _zones() else ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def acting(request: HttpRequest) -> dict[str, Any]:
    """``actor`` (or None), ``shipper`` (None at the hub), ``at_hub``, ``theme`` (auto, light or dark).

    ``hub`` is the address of the network's host.

    ``own_zone`` is the time zone of the reader's device, as ``zone.js`` told it; empty before it has.
    """
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
        "own_zone": own_zone(request),
        "theme": theme if theme in {"auto", "light", "dark"} else "auto",
    }
