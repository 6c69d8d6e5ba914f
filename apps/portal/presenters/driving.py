"""A route as its driver reads it: the next stop with all one needs there, the rest as a list."""

from collections.abc import Sequence
from typing import Any

from apps.deliveries.selectors import consignments_of
from apps.deliveries.states import State
from apps.portal.forms_driving import FINDINGS
from apps.portal.presenters.sites import address
from apps.portal.presenters.times import span_label
from apps.routing.models import Stop

Context = dict[str, Any]
STATE_OF = {
    State.OPEN: "waiting",
    State.LOADED: "loading",
    State.IN_TRANSIT: "departed",
    State.ARRIVED: "arrived",
    State.UNLOADING: "in_progress",
    State.DELIVERED: "delivered",
    State.REFUSED: "refused",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


def facts_of(stop: Stop) -> Context:
    """The next stop: where, when, whom to call, what to wear, what comes off."""
    site, delivery = stop.delivery.site, stop.delivery
    return {
        "pk": stop.pk,
        "position": stop.position,
        "number": delivery.number,
        "state": delivery.state,
        "site": site.name,
        "address": address(site),
        "dock": stop.dock.name,
        "slot": span_label(stop.slot.lower, stop.slot.upper, site.time_zone),
        "gate_instructions": site.gate_instructions,
        "protective_equipment": site.protective_equipment,
        "contact_name": site.contact_name,
        "contact_phone": site.contact_phone,
        "map_url": f"geo:{site.latitude:.6f},{site.longitude:.6f}",
        "units": [
            {"sscc": unit.sscc, "kind": unit.get_kind_display(), "consignment": consignment.number}
            for consignment in consignments_of(delivery)
            for unit in sorted(consignment.handling_units.all(), key=lambda unit: unit.sscc)
        ],
        "findings": FINDINGS,
    }


def rows_of(stops: Sequence[Stop], upcoming: Stop | None) -> list[Context]:
    """Every stop in its order, with its state in word and icon."""
    return [
        {
            "position": stop.position,
            "site": stop.delivery.site.name,
            "number": stop.delivery.number,
            "slot": span_label(stop.slot.lower, stop.slot.upper, stop.delivery.site.time_zone),
            "state": STATE_OF[State(stop.delivery.state)],
            "label": State(stop.delivery.state).label,
            "is_next": upcoming is not None and stop.pk == upcoming.pk,
        }
        for stop in stops
    ]
