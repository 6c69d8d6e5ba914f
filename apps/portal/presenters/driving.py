"""A route as its driver reads it: the next stop with all one needs there, the rest as a list."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.appointments.models import Expected
from apps.consignments.ranges import worded_range
from apps.deliveries.models import Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, temperature_limits, visit_of
from apps.deliveries.services import photos_of
from apps.deliveries.states import State
from apps.documents.rendering import qr_code
from apps.driving.models import DriverAction
from apps.portal.forms_handover import FINDINGS, REASONS, line_choices
from apps.portal.presenters.sites import address
from apps.portal.presenters.times import span_label
from apps.routing.models import Stop
from apps.tenancy.addresses import hub_address

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
    appointment = visit_of(delivery).appointment
    number = appointment.confirmation_number if appointment else ""
    consignments = consignments_of(delivery)
    units = [
        {"sscc": unit.sscc, "kind": unit.get_kind_display(), "consignment": consignment.number}
        for consignment in consignments
        for unit in sorted(consignment.handling_units.all(), key=lambda unit: unit.sscc)
    ]
    lines = line_choices(consignments)
    return {
        "pk": stop.pk,
        "position": stop.position,
        "number": delivery.number,
        "state": delivery.state,
        "site": site.name,
        "address": address(site),
        "dock": stop.dock.name,
        "confirmation_number": number,
        "gate_code": qr_code(hub_address(f"/g/{number}/")) if number else "",
        "slot": span_label(stop.slot.lower, stop.slot.upper, site.time_zone),
        "zone": site.time_zone,
        "expected": Expected.objects.filter(appointment_id=stop.appointment_id).first()
        if delivery.state == State.IN_TRANSIT
        else None,
        "gate_instructions": site.gate_instructions,
        "protective_equipment": site.protective_equipment,
        "contact_name": site.contact_name,
        "contact_phone": site.contact_phone,
        "map_url": f"geo:{site.latitude:.6f},{site.longitude:.6f}",
        "units": units,
        "lines": lines,
        "kinds": Discrepancy.Kind.choices,
        "reasons": REASONS,
        "subjects": [*((unit["sscc"], unit["sscc"]) for unit in units), *lines],
        "photos": len(photos_of(delivery)),
        "seals_out": delivery.seals,
        "temperature_range": worded_range(temperature_limits(delivery)),
        "may_be_unattended": site.allows_unattended,
        "asks_code": site.asks_code,
        "drop_code": delivery.code if delivery.format == delivery.Format.DROP else "",
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


def said_of(action: DriverAction) -> str:
    """What a refused step said, in a line: who received, how much was found, the words that were typed."""
    facts = action.facts
    findings = facts.get("findings")
    condition = facts.get("condition")
    parts = [
        str(facts.get("received_by", "")),
        _("%(n)s findings") % {"n": len(findings)} if isinstance(findings, list) and findings else "",
        str(Handover.Condition(condition).label) if condition in Handover.Condition.values else "",
        *(str(facts.get(name, "")) for name in ("reason", "reservation", "note")),
    ]
    return " · ".join(part for part in parts if part)[:400]
